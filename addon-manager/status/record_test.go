package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/events"
)

func ready(ready, revision string) status {
	return status{addon: api.AddonStatus{Ready: ready, Revision: revision, TreeHash: "hash of " + revision}}
}

// written is a record of what the API server has.
func written(s status) *record {
	return &record{written: carry(ofAddon("a"), status{}, s, time.Unix(1_800_000_000, 0)), exists: true}
}

func TestAFinalStatusTakesThePlaceOfTheOnesBefore(t *testing.T) {
	r, now := written(ready("True", "1")), time.Unix(1_800_000_100, 0)
	r.want(ofAddon("a"), ready("Unknown", "2"), now)
	if wait := r.due.Sub(now); wait != settle {
		t.Errorf("a status on the way waits %s", wait)
	}
	r.want(ofAddon("a"), ready("True", "2"), now.Add(200*time.Millisecond))
	if wait := r.due.Sub(now); wait != 200*time.Millisecond+settleReady {
		t.Errorf("the final one is due after %s", wait)
	}
	if got := r.newest().addon.History; len(got) != 2 || got[0].Outcome != "Ready" || got[1].Revision != "1" {
		t.Errorf("history is %+v", got)
	}
}

func TestNoStatusWaitsLongerThanASecondForNewerOnes(t *testing.T) {
	r, begin := written(ready("True", "1")), time.Unix(1_800_000_100, 0)
	for i := range 100 {
		s := ready("False", "1")
		s.addon.Message = fmt.Sprint(i)
		r.want(ofAddon("a"), s, begin.Add(time.Duration(i)*50*time.Millisecond))
	}
	if wait := r.due.Sub(begin); wait != latest {
		t.Errorf("it is due after %s", wait)
	}
}

func TestTheSameStatusAgainDelaysNothing(t *testing.T) {
	r, now := written(ready("True", "1")), time.Unix(1_800_000_100, 0)
	r.want(ofAddon("a"), ready("False", "1"), now)
	due := r.due
	r.want(ofAddon("a"), ready("False", "1"), now.Add(100*time.Millisecond))
	if r.due != due {
		t.Errorf("it is due at %s, was %s", r.due, due)
	}
}

func TestAStatusThatIsBackToWhatWasWrittenIsNotWritten(t *testing.T) {
	r, now := written(ready("True", "1")), time.Unix(1_800_000_100, 0)
	r.want(ofAddon("a"), ready("Unknown", "1"), now)
	r.want(ofAddon("a"), ready("True", "1"), now)
	if r.waiting() {
		t.Errorf("%+v waits", r.wanted)
	}
}

func TestNumbersAloneAreWrittenSeldom(t *testing.T) {
	r, now := written(ready("Unknown", "1")), time.Unix(1_800_000_100, 0)
	r.last = now
	s := ready("Unknown", "1")
	s.addon.Message = "3 of 5 pods are ready"
	r.want(ofAddon("a"), s, now)
	if wait := r.due.Sub(now); wait != spacing {
		t.Errorf("a message waits %s", wait)
	}
	r.want(ofAddon("a"), ready("False", "1"), now.Add(100*time.Millisecond))
	if wait := r.due.Sub(now); wait > latest {
		t.Errorf("trouble waits %s behind it", wait)
	}
}

func TestTheHistoryHoldsTheLastTenStates(t *testing.T) {
	last := status{}
	for i := range 25 {
		for _, value := range []string{"Unknown", "True", "False", "Unknown"} {
			last = carry(ofAddon("a"), last, ready(value, fmt.Sprint(i)), time.Unix(int64(1_800_000_000+i), 0))
		}
	}
	history := last.addon.History
	if len(history) != mostHistory || history[0].Revision != "24" || history[9].Revision != "15" {
		t.Fatalf("history is %+v", history)
	}
	for i, change := range history {
		// It was ready once, whatever came then.
		if change.Outcome != outcomeReady || change.Time.Unix() != int64(1_800_000_024-i) || change.TreeHash != "hash of "+change.Revision {
			t.Errorf("change %d is %+v", i, change)
		}
	}
}

func TestAnOutcomeIsTheBestThatAStateCameTo(t *testing.T) {
	for path, want := range map[string]string{
		"Unknown": "Progressing", "Unknown False": "Failed", "False Unknown": "Failed", "False True": "Ready", "True False": "Ready",
	} {
		last := status{}
		for _, value := range strings.Fields(path) {
			last = carry(ofAddon("a"), last, ready(value, "1"), time.Unix(1_800_000_000, 0))
		}
		if got := last.addon.History; len(got) != 1 || got[0].Outcome != want {
			t.Errorf("%s is %+v, want %s", path, got, want)
		}
	}
}

func TestAConditionKeepsTheTimeOfItsTurn(t *testing.T) {
	condition := func(value metav1.ConditionStatus, message string) status {
		return status{addon: api.AddonStatus{Conditions: []api.Condition{{Type: api.Built, Status: value, Message: message}}}}
	}
	a := carry(ofAddon("a"), status{}, condition(metav1.ConditionFalse, "one"), time.Unix(100, 0))
	b := carry(ofAddon("a"), a, condition(metav1.ConditionFalse, "two"), time.Unix(200, 0))
	c := carry(ofAddon("a"), b, condition(metav1.ConditionTrue, ""), time.Unix(300, 0))
	for i, want := range []int64{100, 100, 300} {
		if got := []status{a, b, c}[i].addon.Conditions[0]; got.LastTransitionTime.Unix() != want || got.Reason == "" {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

func TestNothingIsTooLongForAStatus(t *testing.T) {
	s := ready("False", "1")
	for range 100 {
		s.addon.Failures = append(s.addon.Failures, api.Failure{Object: "ConfigMap a/b", Message: strings.Repeat("ü", 100_000)})
	}
	s.addon.PendingPrune = &api.PendingPrune{Objects: make([]string, 50)}
	got := carry(ofAddon("a"), status{}, s, time.Unix(100, 0)).addon
	if len(got.Failures) != 20 || len(got.Failures[19].Message) > longest+3 || len(got.PendingPrune.Objects) != 20 {
		t.Errorf("%d failures, the last of %d bytes", len(got.Failures), len(got.Failures[19].Message))
	}
	if len(s.addon.Failures[0].Message) != 200_000 || len(s.addon.PendingPrune.Objects) != 50 {
		t.Error("what was given has changed")
	}
}

func TestOnlyTurnsAreTold(t *testing.T) {
	with := func(value string, conditions ...api.Condition) status {
		s := ready(value, "1")
		s.addon.Message, s.addon.Conditions = "the message", conditions
		return s
	}
	later := func(s status) status {
		s.addon.History = []api.Change{{Revision: "1"}, {Revision: "0"}}
		return s
	}
	refused := api.Condition{Type: api.Applied, Status: metav1.ConditionFalse, Reason: events.ApplyFailed, Message: "refused"}
	waiting := api.Condition{Type: api.Applied, Status: metav1.ConditionFalse, Reason: "Waiting", Message: "waits"}
	blocked := api.Condition{Type: api.Pruned, Status: metav1.ConditionFalse, Reason: events.PruneBlocked, Message: "31 objects"}
	for _, one := range []struct {
		name       string
		last, next status
		want       string
	}{
		{"a new addon that is ready at once tells nothing", status{}, with("True"), ""},
		{"another revision, ready at once, tells nothing", ready("True", "0"), with("True"), ""},
		{"on the way tells nothing", with("True"), with("Unknown", waiting), ""},
		{"a new addon arrives", with("Unknown"), with("True"), ""},
		{"another revision arrives", later(with("Unknown")), with("True"), "Ready"},
		{"an object is refused", with("Unknown", waiting), with("False", refused), "ApplyFailed!"},
		{"it is still refused", with("False", refused), with("False", refused), ""},
		{"more goes wrong", with("False", refused), with("False", refused, blocked), "PruneBlocked!"},
		{"nobody says why", with("True"), with("False"), "NotReady!"},
		{"it recovers", with("False", refused), with("True"), "Ready"},
	} {
		t.Run(one.name, func(t *testing.T) {
			var got []string
			for _, x := range transitions(ofAddon("a"), one.last, one.next) {
				if x.Addon != "a" || x.Message == "" {
					t.Errorf("%+v", x)
				}
				if x.Type == events.Warning {
					x.Reason += "!"
				}
				got = append(got, x.Reason)
			}
			if strings.Join(got, " ") != one.want {
				t.Errorf("told %q, want %q", got, one.want)
			}
		})
	}
}

func TestTheSourceTellsTroubleAndItsEnd(t *testing.T) {
	source := func(revision string, fetched metav1.ConditionStatus) status {
		return status{source: api.SourceStatus{Revision: revision, Conditions: []api.Condition{{Type: api.Fetched, Status: fetched}}}}
	}
	for _, one := range []struct {
		last, next status
		want       string
	}{
		{status{}, source("1", "True"), ""},
		{source("1", "True"), source("1", "False"), "SourceFailed"},
		{source("1", "False"), source("2", "True"), "SourceRecovered"},
		{source("2", "True"), source("2", "True"), ""},
	} {
		var got []string
		for _, x := range transitions(ofSource(), one.last, one.next) {
			got = append(got, x.Reason)
		}
		if strings.Join(got, " ") != one.want {
			t.Errorf("told %q, want %q", got, one.want)
		}
	}
}
