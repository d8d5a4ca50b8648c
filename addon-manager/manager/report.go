package manager

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// failuresShown bounds the list in an Addon's status.
const failuresShown = 20

// The reasons of failures in an Addon's status, beside those of an apply.
const (
	unhealthy    = "Unhealthy"
	progressing  = "Progressing"
	prunePending = "PrunePending"
	isContested  = events.Contested
	isDrifted    = "Drifted"
)

// patience is how long a new manager waits for the watches before it tells
// that it does not know.
const patience = 15 * time.Second

// suspended is what a suspended addon waits for.
const suspended = "suspended"

// publish tells what the pass found.
func (w *worker) publish(g goal) {
	r := w.survey(g)
	s := api.AddonStatus{
		Revision: g.changed, TreeHash: g.hash, Mode: mode(g.addon), Objects: w.size(), Drift: len(r.drift),
		Failures: r.failures[:min(len(r.failures), failuresShown)], PendingPrune: w.pending,
		Conditions: []api.Condition{r.built(g), r.applied(w.waiting), r.healthy(), w.pruned(g, r)},
	}
	s.Ready, s.Message = verdictOf(s.Conditions)
	switch {
	case w.waiting == suspended:
		s.Ready, s.Message = string(metav1.ConditionUnknown), cmp.Or(r.suspended(), "suspended: nothing is applied, repaired or pruned")
	case s.Message != "":
	case s.Mode == api.Observe && len(r.drift) > 0:
		s.Ready, s.Message = string(metav1.ConditionFalse), fmt.Sprintf("observed only: %d objects differ from the tree", len(r.drift))
	case g.leave:
		s.Ready, s.Message = string(metav1.ConditionUnknown), "being removed"
	case w.leftovers(g) && time.Since(g.since) < outlive:
		s.Ready = string(metav1.ConditionUnknown)
	}
	if g.addon != nil && len(w.failures) == 0 && w.waiting == "" && !w.incomplete(g) {
		healthy := r.unhealthy == nil
		w.ready(g.addon, healthy, healthy || g.addon.Network && w.mostly(g))
	}
	w.m.metrics.Addon(w.name, s.Ready == string(metav1.ConditionTrue), s.Objects, s.Drift)
	if told := s.Ready + s.TreeHash + s.Message; told != w.told {
		w.told = told
		w.m.log.Info("addon", "addon", w.name, "ready", s.Ready, "revision", s.Revision, "message", s.Message)
	}
	if r.unseen && time.Since(w.born) < patience {
		return // The watches have not told yet; what an earlier manager told still counts.
	}
	w.m.writer.Put(w.name, s)
	w.settle(g, s.Ready == string(metav1.ConditionTrue))
}

func mode(addon *plan.Addon) string {
	if addon == nil {
		return api.Enforce
	}
	return cmp.Or(addon.Mode, api.Enforce)
}

// leftovers tells whether the inventory holds more than the goal and nothing blocks its pruning.
func (w *worker) leftovers(g goal) bool {
	return g.addon != nil && g.hold == "" && g.frozen == "" && w.pending == nil && w.size() > len(g.addon.Objects)
}

// findings are what is not as it should be.
type findings struct {
	failures []api.Failure
	drift    []object.Ref
	// unhealthy is the condition's message and whether a person is needed.
	unhealthy *trouble
	// unseen: of some objects nothing is known yet.
	unseen bool
}

// survey looks over everything that the pass has found.
func (w *worker) survey(g goal) findings {
	r := findings{drift: w.differing(g)}
	files := map[object.Ref]string{}
	if g.addon != nil {
		for _, o := range g.addon.Objects {
			files[o.Ref] = o.File
		}
	}
	add := func(ref object.Ref, reason, message string) {
		r.failures = append(r.failures, api.Failure{Object: ref.String(), Reason: reason, Message: message, File: files[ref]})
	}
	for ref, t := range w.failures {
		add(ref, t.reason, t.message)
	}
	for ref, t := range w.doomed {
		add(ref, prunePending, t.message)
	}
	for ref := range w.undone {
		if by := w.contested(ref); by != "" {
			add(ref, isContested, fmt.Sprintf("%s keeps changing it; it is repaired less and less often", by))
		}
	}
	for _, ref := range r.drift {
		if w.contested(ref) == "" {
			add(ref, isDrifted, "it differs from the tree")
		}
	}
	if g.addon != nil && g.addon.Mode != api.Observe && w.waiting != suspended {
		for _, o := range g.addon.Objects {
			w.surveyHealth(&r, o, add)
		}
	}
	slices.SortFunc(r.failures, func(a, b api.Failure) int { return strings.Compare(a.Reason+a.Object, b.Reason+b.Object) })
	return r
}

func (w *worker) surveyHealth(r *findings, o plan.Object, add func(object.Ref, string, string)) {
	state, known := w.state(o.Ref)
	if state.Healthy {
		return
	}
	if r.unhealthy == nil {
		r.unhealthy = &trouble{reason: progressing, message: "not looked at yet"}
	}
	switch {
	case w.failures[o.Ref] != nil:
	case !known && w.owns(o.Ref):
		r.unseen = true
	case state.Failed:
		r.unhealthy.reason = "Failed"
		add(o.Ref, unhealthy, state.Message)
	case known:
		add(o.Ref, progressing, state.Message)
	}
}

func (r findings) built(g goal) api.Condition {
	return condition(api.Built, g.err, "Unusable")
}

func (r findings) applied(waiting string) api.Condition {
	for _, reason := range []string{applyFailed, foreignOwner, isContested} {
		if line := r.line(reason); line != "" {
			return say(api.Applied, metav1.ConditionFalse, reason, line)
		}
	}
	if waiting != "" {
		return say(api.Applied, metav1.ConditionUnknown, "Waiting", waiting)
	}
	return say(api.Applied, metav1.ConditionTrue, api.Applied, "")
}

func (r findings) healthy() api.Condition {
	switch {
	case r.unhealthy == nil:
		return say(api.Healthy, metav1.ConditionTrue, api.Healthy, "")
	case r.unhealthy.reason == "Failed":
		return say(api.Healthy, metav1.ConditionFalse, "Failed", r.line(unhealthy))
	}
	return say(api.Healthy, metav1.ConditionUnknown, progressing, cmp.Or(r.line(progressing), r.unhealthy.message))
}

func (w *worker) pruned(g goal, r findings) api.Condition {
	pending := w.pending
	switch line := r.line(prunePending); {
	case g.frozen != "" && (g.leave || g.addon != nil && w.size() > len(g.addon.Objects)):
		return say(api.Pruned, metav1.ConditionFalse, events.PruneBlocked, g.frozen)
	case g.hold != "" && g.err == nil && w.size() > 0:
		return say(api.Pruned, metav1.ConditionFalse, events.PruneBlocked, g.hold)
	case pending != nil:
		why := cmp.Or(g.over, "namespaces, definitions and volumes are not deleted unasked")
		return say(api.Pruned, metav1.ConditionFalse, events.PruneBlocked, fmt.Sprintf(
			"%s: %s; `kubectl turnup addons approve` deletes them", why, strings.Join(pending.Objects[:min(3, len(pending.Objects))], ", ")+more(pending.Count-3)))
	case line != "":
		return say(api.Pruned, metav1.ConditionUnknown, prunePending, line)
	}
	return say(api.Pruned, metav1.ConditionTrue, api.Pruned, "")
}

// suspended is what a suspended addon's message says of its drift.
func (r findings) suspended() string {
	if len(r.drift) == 0 {
		return ""
	}
	return fmt.Sprintf("suspended: %d objects differ from the tree", len(r.drift))
}

// line is one line about all failures of a reason: the first, and how many more.
func (r findings) line(reason string) string {
	line, count := "", 0
	for _, f := range r.failures {
		if f.Reason != reason {
			continue
		}
		if line == "" {
			line = fmt.Sprintf("%s%s: %s", f.Object, verbs[reason], f.Message)
		}
		count++
	}
	return line + more(count-1)
}

var verbs = map[string]string{
	applyFailed: " not applied", foreignOwner: " not applied", unhealthy: " not healthy", progressing: " not ready yet",
	prunePending: " not pruned yet", isContested: " is contested",
}

func more(count int) string {
	if count <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", count)
}

func say(kind string, value metav1.ConditionStatus, reason, message string) api.Condition {
	return api.Condition{Type: kind, Status: value, Reason: reason, Message: message}
}

// verdictOf sums conditions up: False before Unknown before True, with the first
// message of the worst.
func verdictOf(conditions []api.Condition) (ready, message string) {
	ready = string(metav1.ConditionTrue)
	for _, want := range []metav1.ConditionStatus{metav1.ConditionFalse, metav1.ConditionUnknown} {
		for _, c := range conditions {
			if c.Status == want {
				return string(want), c.Message
			}
		}
	}
	return ready, ""
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
