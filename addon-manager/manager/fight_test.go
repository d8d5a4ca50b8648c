package manager

import (
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func TestAFightIsOverAfterATruce(t *testing.T) {
	ref := object.Ref{Kind: "ConfigMap", Namespace: "default", Name: "x"}
	for _, c := range []struct {
		what  string
		count int
		next  time.Duration
		want  string
	}{
		{"a few repairs are no fight", fight - 1, time.Second, ""},
		{"many are", fight, time.Second, "rival"},
		{"it lasts as long as they are not far apart", fight, -truce / 2, "rival"},
		{"and no longer", fight, -2 * truce, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := &worker{undone: map[object.Ref]*trouble{ref: {count: c.count, by: "rival", next: time.Now().Add(c.next)}}}
			if got := w.contested(ref); got != c.want {
				t.Errorf("%q fights", got)
			}
			w.forgetFights()
			if _, kept := w.undone[ref]; kept != (c.next > -truce) {
				t.Errorf("kept: %t", kept)
			}
		})
	}
}
