package manager

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// failuresShown bounds the list in an Addon's status.
const failuresShown = 20

// sourceCondition tells whether the newest revision could be read.
const sourceCondition = "Source"

// healthy tells whether every declared object does its work.
func (w *worker) healthy(g goal) bool {
	if g.addon == nil {
		return false
	}
	for _, o := range g.addon.Objects {
		if !w.health[o.Ref].Healthy {
			return false
		}
	}
	return true
}

// publish tells what the pass found.
func (w *worker) publish(g goal) {
	w.m.mu.Lock()
	sourceErr := w.m.sourceErr
	w.m.mu.Unlock()
	failures, failed, unhealthy := w.findings(g)
	s := api.AddonStatus{Ready: string(metav1.ConditionTrue), Revision: g.revision, Objects: w.size(), Failures: failures}
	if g.addon != nil {
		s.TreeHash = g.addon.Hash
	}
	say := func(kind string, ok bool, reason, message string) {
		condition := metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind}
		if !ok {
			condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, reason, message
			if s.Message == "" {
				s.Message = message
			}
		}
		s.Conditions = append(s.Conditions, condition)
	}
	notReady := func(value metav1.ConditionStatus) {
		if s.Ready != string(metav1.ConditionFalse) {
			s.Ready = string(value)
		}
	}
	if g.err != nil {
		notReady(metav1.ConditionFalse)
	}
	say(api.Built, g.err == nil, "Unusable", text(g.err))
	if len(w.failures) > 0 {
		notReady(metav1.ConditionFalse)
	}
	if w.waiting != "" {
		notReady(metav1.ConditionUnknown)
	}
	say(api.Applied, len(w.failures) == 0 && w.waiting == "", reason(len(w.failures) > 0, "ApplyFailed", "Waiting"),
		first(summary(failures, "ApplyFailed", "not applied"), w.waiting))
	healthy := w.healthy(g) || g.leave
	if !healthy {
		notReady(statusOf(failed))
	}
	say(api.Healthy, healthy, reason(failed, "Failed", "Progressing"), first(summary(failures, "Unhealthy", "not healthy"), summary(failures, "Progressing", "not ready yet"), unhealthy))
	pending := summary(failures, "PrunePending", "not pruned yet")
	if pending != "" {
		notReady(metav1.ConditionUnknown)
	}
	if g.hold != "" && g.err == nil {
		notReady(metav1.ConditionFalse)
	}
	say(api.Pruned, pending == "" && g.hold == "", reason(g.hold != "", "PruneBlocked", "Pending"), first(g.hold, pending))
	say(sourceCondition, sourceErr == nil, "Unreadable", text(sourceErr))
	if g.leave && s.Message == "" {
		notReady(metav1.ConditionUnknown)
		s.Message = "being removed"
	}
	if healthy && g.addon != nil && len(w.failures) == 0 && w.waiting == "" {
		w.ready(g.addon.Hash, g.addon.Network)
	}
	if time.Since(g.since) < outlive && w.leftovers(g) && s.Ready == string(metav1.ConditionTrue) {
		s.Ready = string(metav1.ConditionUnknown)
	}
	w.m.Metrics.report(w.name, s.Ready == string(metav1.ConditionTrue), s.Objects)
	if told := s.Ready + s.Revision + s.Message; told != w.told {
		w.told = told
		w.m.log.Info("addon", "addon", w.name, "ready", s.Ready, "revision", s.Revision, "message", s.Message)
	}
	w.m.writer.Put(w.name, s)
}

// leftovers tells whether the inventory holds more than the goal and nothing blocks its pruning.
func (w *worker) leftovers(g goal) bool {
	return g.addon != nil && g.hold == "" && w.size() > len(g.addon.Objects)
}

// findings lists the objects that are not as they should be, ordered.
func (w *worker) findings(g goal) (list []api.Failure, failed bool, message string) {
	add := func(ref object.Ref, reason, message string) {
		list = append(list, api.Failure{Object: ref.String(), Reason: reason, Message: message})
	}
	for ref, t := range w.failures {
		add(ref, t.reason, t.message)
	}
	for ref, t := range w.doomed {
		add(ref, t.reason, t.message)
	}
	if g.addon != nil {
		for _, o := range g.addon.Objects {
			state, known := w.health[o.Ref]
			switch {
			case w.failures[o.Ref] != nil || state.Healthy:
			case state.Failed:
				failed = true
				add(o.Ref, "Unhealthy", state.Message)
			case known:
				add(o.Ref, "Progressing", state.Message)
			default:
				message = "not looked at yet"
			}
		}
	}
	slices.SortFunc(list, func(a, b api.Failure) int { return strings.Compare(a.Reason+a.Object, b.Reason+b.Object) })
	return list[:min(len(list), failuresShown)], failed, message
}

// summary is one line about all failures of a reason: the first, and how many more.
func summary(failures []api.Failure, reason, verb string) string {
	line, more := "", -1
	for _, f := range failures {
		if f.Reason != reason {
			continue
		}
		if line == "" {
			line = fmt.Sprintf("%s %s: %s", f.Object, verb, f.Message)
		}
		more++
	}
	if more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	return line
}

func statusOf(failed bool) metav1.ConditionStatus {
	if failed {
		return metav1.ConditionFalse
	}
	return metav1.ConditionUnknown
}

func reason(choose bool, yes, no string) string {
	if choose {
		return yes
	}
	return no
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
