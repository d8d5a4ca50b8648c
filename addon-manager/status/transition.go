package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/events"
)

// Transition is something that people may want to hear about an object.
type Transition struct {
	// Addon is the addon's name; "" for the source.
	Addon string
	// Type is events.Normal or events.Warning.
	Type    string
	Reason  string
	Message string
}

// transitions are what turned between two statuses. One that is ready all along,
// if with another revision, tells nothing: its history does.
func transitions(k key, last, next status) []Transition {
	if k.source {
		return sourceTransitions(last.source, next.source)
	}
	var list []Transition
	add := func(kind, reason, message string) {
		list = append(list, Transition{Addon: k.name, Type: kind, Reason: reason, Message: message})
	}
	was, is := last.addon, next.addon
	if is.Ready == string(metav1.ConditionTrue) {
		// That a new addon arrives is what everybody expects of it.
		again := was.Ready != "" && was.Ready != is.Ready
		if again && (len(was.History) > 1 || was.Ready == string(metav1.ConditionFalse)) {
			add(events.Normal, events.Ready, fmt.Sprintf("%d objects are as revision %s has them", is.Objects, is.Revision))
		}
		return list
	}
	for _, condition := range is.Conditions {
		if reason := wrong(condition); reason != "" && wrong(find(was.Conditions, condition.Type)) != reason {
			add(events.Warning, reason, condition.Message)
		}
	}
	if is.Ready == string(metav1.ConditionFalse) && was.Ready != is.Ready && len(list) == 0 {
		add(events.Warning, events.NotReady, is.Message)
	}
	return list
}

// wrong is the reason of an event about a condition; "" where it is as it should
// be, or on the way there.
func wrong(c api.Condition) string {
	if c.Status != metav1.ConditionFalse {
		return ""
	}
	switch {
	case c.Type == api.Built:
		return events.BuildFailed
	case c.Type == api.Applied && (c.Reason == events.ApplyFailed || c.Reason == events.Contested):
		return c.Reason
	case c.Type == api.Healthy && c.Reason == "Failed":
		return events.NotReady
	case c.Type == api.Pruned && c.Reason == events.PruneBlocked:
		return events.PruneBlocked
	}
	return ""
}

func sourceTransitions(was, is api.SourceStatus) (list []Transition) {
	for _, condition := range is.Conditions {
		old := find(was.Conditions, condition.Type).Status
		switch {
		case condition.Status == metav1.ConditionFalse && old != metav1.ConditionFalse:
			list = append(list, Transition{Type: events.Warning, Reason: events.SourceFailed, Message: condition.Message})
		case condition.Status == metav1.ConditionTrue && old == metav1.ConditionFalse:
			list = append(list, Transition{Type: events.Normal, Reason: events.SourceRecovered, Message: first(condition.Message, "the newest revision can be used again")})
		}
	}
	return list
}

func first(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
