package status

import (
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// key names an object: an Addon, or the AddonSource.
type key struct {
	source bool
	name   string
}

func ofAddon(name string) key { return key{name: name} }

func ofSource() key { return key{source: true, name: api.SourceName} }

// status is that of an addon or of the source; the other is zero.
type status struct {
	addon  api.AddonStatus
	source api.SourceStatus
}

// record is what is known of one object, and what it is to become.
type record struct {
	// written is what the API server has, wanted what it is to have; nil for the same.
	written status
	wanted  *status
	// given is wanted before it was completed.
	given  status
	exists bool
	remove bool
	// uid is the object's, for events about it.
	uid types.UID
	// first is when something began to wait, due when it is written.
	first, due time.Time
	// last is when it was written.
	last  time.Time
	tries int
	// said is the error that was logged last.
	said string
}

func (r *record) waiting() bool { return r.wanted != nil || r.remove }

// newest is what was said last.
func (r *record) newest() status {
	if r.wanted != nil {
		return *r.wanted
	}
	return r.written
}

// want puts a status in the place of what was waiting. One that says what is
// written already makes the waiting one vanish.
func (r *record) want(k key, given status, now time.Time) {
	r.remove = false
	if r.wanted != nil && same(r.given, given) {
		return
	}
	next := carry(k, r.written, given, now)
	if r.exists && same(r.written, next) {
		r.wanted, r.tries = nil, 0
		return
	}
	if r.wanted == nil {
		r.first = now
	}
	r.wanted, r.given = &next, given
	if r.tries > 0 {
		return // The API server refused the last one; this one waits its turn too.
	}
	wait := settle
	if next.addon.Ready == string(metav1.ConditionTrue) {
		wait = settleReady
	}
	r.due = earlier(now.Add(wait), r.first.Add(latest))
	if soonest := r.last.Add(spacing); r.exists && minor(r.written, next) && r.due.Before(soonest) {
		r.due = soonest
	}
}

// remake makes an object again that is gone, as it was or was to be.
func (r *record) remake(now time.Time) {
	if r.wanted == nil {
		kept := r.written
		r.wanted, r.given, r.first = &kept, kept, now
	}
	r.exists, r.due = false, now
}

// forget makes the object go.
func (r *record) forget(now time.Time) {
	r.wanted, r.remove = nil, true
	r.first, r.due, r.tries = now, now, 0
}

// backoff is a time to wait that doubles from try to try, and is never the same as others'.
func backoff(tries *int, most time.Duration) time.Duration {
	wait := min(200*time.Millisecond<<min(*tries, 10), most)
	*tries++
	return wait/2 + rand.N(wait/2+1)
}

func same(a, b status) bool {
	return equality.Semantic.DeepEqual(a.addon, b.addon) && equality.Semantic.DeepEqual(a.source, b.source)
}

// minor tells whether two statuses differ in numbers and messages only.
func minor(a, b status) bool {
	if a.addon.Ready != b.addon.Ready || a.addon.Revision != b.addon.Revision || a.addon.TreeHash != b.addon.TreeHash ||
		a.addon.Mode != b.addon.Mode || a.source.Revision != b.source.Revision || (a.addon.PendingPrune == nil) != (b.addon.PendingPrune == nil) {
		return false
	}
	if p := a.addon.PendingPrune; p != nil && p.Token != b.addon.PendingPrune.Token {
		return false
	}
	return alike(a.addon.Conditions, b.addon.Conditions) && alike(a.source.Conditions, b.source.Conditions)
}

// alike tells whether two lists have the same conditions, but for their messages.
func alike(a, b []api.Condition) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if y := find(b, x.Type); y.Status != x.Status || y.Reason != x.Reason {
			return false
		}
	}
	return true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
