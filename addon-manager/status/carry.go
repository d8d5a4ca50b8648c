package status

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// The most of each list that a status holds, and the longest message. A status
// that the API server refuses for its size would never be seen.
const (
	mostFailures = 20
	mostHistory  = 10
	longest      = 1024
)

// The outcomes of a change.
const (
	outcomeReady       = "Ready"
	outcomeFailed      = "Failed"
	outcomeProgressing = "Progressing"
)

// carry completes a status with what is known from the last one: when its
// conditions turned, and what it was before.
func carry(k key, last, next status, now time.Time) status {
	at := metav1.NewTime(now.Truncate(time.Second))
	if k.source {
		next.source.Conditions = stamp(last.source.Conditions, next.source.Conditions, at)
		next.source.Message = short(next.source.Message)
		next.source.History = revisions(last.source.History, next.source, at)
		return next
	}
	s := &next.addon
	s.Conditions = stamp(last.addon.Conditions, s.Conditions, at)
	s.Message = short(s.Message)
	s.Failures = append([]api.Failure(nil), s.Failures[:min(len(s.Failures), mostFailures)]...)
	for i := range s.Failures {
		s.Failures[i].Message = short(s.Failures[i].Message)
	}
	if s.PendingPrune != nil {
		pending := *s.PendingPrune
		// The list is always written, if only as an empty one.
		pending.Objects = append([]string{}, pending.Objects[:min(len(pending.Objects), mostFailures)]...)
		s.PendingPrune = &pending
	}
	s.History = changes(last.addon.History, *s, at)
	return next
}

// stamp keeps the transition time of each condition that stays as it was.
func stamp(last, next []api.Condition, now metav1.Time) []api.Condition {
	stamped := make([]api.Condition, len(next))
	for i, condition := range next {
		condition.LastTransitionTime = now
		if old := find(last, condition.Type); old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
		if condition.Reason == "" {
			condition.Reason = condition.Type
		}
		condition.Message = short(condition.Message)
		stamped[i] = condition
	}
	return stamped
}

// find returns the condition of a type; the zero one if it is not there.
func find(conditions []api.Condition, kind string) api.Condition {
	for _, c := range conditions {
		if c.Type == kind {
			return c
		}
	}
	return api.Condition{}
}

// changes is the history with the addon's newest state first.
func changes(last []api.Change, s api.AddonStatus, now metav1.Time) []api.Change {
	history := append([]api.Change(nil), last...)
	if s.Revision == "" && s.TreeHash == "" {
		return history
	}
	if len(history) == 0 || history[0].Revision != s.Revision || history[0].TreeHash != s.TreeHash {
		change := api.Change{Revision: s.Revision, TreeHash: s.TreeHash, Time: now, Outcome: outcomeProgressing}
		history = append([]api.Change{change}, history...)
	}
	// The outcome is the best that the state ever came to.
	switch {
	case s.Ready == string(metav1.ConditionTrue):
		history[0].Outcome = outcomeReady
	case s.Ready == string(metav1.ConditionFalse) && history[0].Outcome == outcomeProgressing:
		history[0].Outcome = outcomeFailed
	}
	return history[:min(len(history), mostHistory)]
}

// revisions is the history with the revision in force first.
func revisions(last []api.Revision, s api.SourceStatus, now metav1.Time) []api.Revision {
	history := append([]api.Revision(nil), last...)
	if s.Revision != "" && (len(history) == 0 || history[0].Revision != s.Revision) {
		revision := api.Revision{Revision: s.Revision, Author: s.Author, Message: s.Message, Time: now}
		history = append([]api.Revision{revision}, history...)
	}
	return history[:min(len(history), mostHistory)]
}

// short cuts what is too long for a status.
func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
