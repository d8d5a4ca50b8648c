package manager

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// worker makes the cluster like one addon. Its goroutine does one pass at a
// time; a slow or broken addon holds up no other.
type worker struct {
	m    *Manager
	name string
	wake chan struct{}
	// hurry makes the next pass try again what failed, without waiting.
	hurry atomic.Bool

	mu   sync.Mutex
	goal goal
	// cancel ends the pass that is under way.
	cancel context.CancelFunc
	// needs are the addons that the last usable plan depends on.
	needs []string
	// founded is the generation whose definitions and roles were tried.
	founded int
	// readyHash is the last addon hash that was applied and healthy, mostlyHash the
	// last that was so on most nodes, doneHash the last that was applied.
	readyHash, mostlyHash, doneHash string
	inventory                       inventory.Inventory

	// The rest belongs to the goroutine alone.
	unsaved atomic.Bool
	// grown: the inventory has entries that never reached the cluster.
	grown    bool
	failures map[object.Ref]*trouble
	doomed   map[object.Ref]*trouble
	undone   map[object.Ref]*trouble
	health   map[object.Ref]health.State
	verdicts map[object.Ref]verdict
	looked   time.Time
	born     time.Time
	// settledAs is the goal, and settledAsk what people asked, when nothing was left to do.
	settledAs  stamp
	settledAsk api.AddonSpec
	waiting    string
	pending    *api.PendingPrune
	// told is what was logged last.
	told string
	// wary are the objects that an earlier manager announced and never applied, as
	// far as it could tell: another tool may own them.
	wary map[object.Ref]bool
}

// trouble is an object that has to be tried again.
type trouble struct {
	hash    string
	message string
	reason  string
	by      string
	count   int
	next    time.Time
	// held: it is tried again as soon as the object is gone.
	held bool
}

// again sets the next try, later each time and never at the same time as others'.
func (t *trouble) again(first, most time.Duration) {
	wait := min(first<<min(t.count, 20), most)
	t.count++
	t.next = time.Now().Add(wait/2 + rand.N(wait/2+1))
}

func newWorker(m *Manager, name string, inv inventory.Inventory) *worker {
	wary := map[object.Ref]bool{}
	for ref, entry := range inv {
		if entry.Print == "" {
			wary[ref] = true
		}
	}
	return &worker{
		wary: wary,
		m:    m, name: name, wake: make(chan struct{}, 1), cancel: func() {}, inventory: inv.Clone(), born: time.Now(), looked: time.Now(),
		failures: map[object.Ref]*trouble{}, doomed: map[object.Ref]*trouble{}, undone: map[object.Ref]*trouble{},
		health: map[object.Ref]health.State{}, verdicts: map[object.Ref]verdict{},
	}
}

// poke makes the worker look again, soon.
func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run does passes until ctx ends or the addon is gone.
func (w *worker) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		begin := time.Now()
		next, done := w.cancellable(ctx)
		if done || ctx.Err() != nil {
			return
		}
		w.m.metrics.Passed(time.Since(begin))
		if next <= 0 {
			next = time.Hour
		}
		timer.Reset(next)
	}
}

// cancellable is a pass that ends when the addon changes: what the old revision
// waits for, a webhook that does not answer say, holds the new one up no longer.
func (w *worker) cancellable(ctx context.Context) (time.Duration, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mu.Lock()
	w.cancel = cancel
	w.mu.Unlock()
	return w.pass(ctx)
}

func (w *worker) owns(ref object.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inventory[ref].Print != ""
}

func (w *worker) entry(ref object.Ref) (inventory.Entry, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.inventory[ref]
	return e, ok
}

// own puts an entry into the inventory, or takes it out with nil.
func (w *worker) own(ref object.Ref, entry *inventory.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if entry == nil {
		delete(w.inventory, ref)
	} else {
		w.inventory[ref] = *entry
	}
	w.unsaved.Store(true)
}

func (w *worker) size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.inventory)
}

// undeclared lists what is owned and not in the addon's own plan.
func (w *worker) undeclared() []inventory.Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	declared := map[object.Ref]bool{}
	if w.goal.addon != nil {
		for _, o := range w.goal.addon.Objects {
			declared[o.Ref] = true
		}
	}
	var list []inventory.Entry
	for ref, entry := range w.inventory {
		if !declared[ref] {
			list = append(list, entry)
		}
	}
	return list
}

// declared lists the objects of the goal.
func (w *worker) declared() []object.Ref {
	g := w.snapshot()
	if g.addon == nil {
		return nil
	}
	refs := make([]object.Ref, 0, len(g.addon.Objects))
	for _, o := range g.addon.Objects {
		refs = append(refs, o.Ref)
	}
	return refs
}

// keeps tells whether an object stays in the cluster when it leaves the tree. The
// manager's own never go with it: nothing would be left to bring them back.
func (w *worker) keeps(o plan.Object) bool {
	return o.Keep || o.EnsureExists || w.name == object.Manager || apply.System(o.Ref)
}
