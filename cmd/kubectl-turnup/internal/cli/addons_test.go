package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/internal/golden"
)

func noon() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

func reported() addons.AddonList {
	addon := func(name string, status api.AddonStatus) api.Addon {
		a := api.Addon{Status: status}
		a.Name, a.CreationTimestamp = name, metav1.NewTime(noon().Add(-90*time.Minute))
		return a
	}
	suspended := addon("quiet", api.AddonStatus{Ready: "Unknown", Mode: "observe"})
	suspended.Spec.Suspend = true
	return addons.AddonList{Items: []api.Addon{
		addon("coredns", api.AddonStatus{Ready: "True", Mode: "enforce", Revision: strings.Repeat("6f2b", 10), Objects: 5,
			Conditions: []api.Condition{{Type: "Built", Status: "True"}, {Type: "Applied", Status: "True"}}}),
		addon("flannel", api.AddonStatus{Ready: "False", Mode: "enforce", Revision: "tree-0123456789abcdef", Objects: 7, Drift: 1,
			Message:    "refused by\n  a webhook",
			Conditions: []api.Condition{{Type: "Built", Status: "True"}, {Type: "Applied", Status: "False"}},
			Failures:   []api.Failure{{Object: "DaemonSet flannel/flannel", Reason: "ApplyFailed", Message: "refused by\n  a webhook", File: "flannel/daemonset.yaml"}}}),
		suspended,
	}}
}

func TestTablesOfAddons(t *testing.T) {
	var b strings.Builder
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("---\n")
	}
	check(addonColumns(&b, reported(), false, noon()))
	check(addonColumns(&b, reported(), true, noon()))
	check(listFlag("name").print(&b, nil, addonNames(reported()), nil))
	ref := func(kind, name string) object.Ref { return object.Ref{Kind: kind, Namespace: "flannel", Name: name} }
	check(drawTree(&b, addons.AddonTree{Addons: []addons.AddonNode{
		{Name: "empty", Objects: []addons.ObjectNode{}},
		{Name: "flannel", Ready: "False", Revision: "r1", Message: "refused", Objects: []addons.ObjectNode{
			{Ref: ref("ConfigMap", "net"), File: "flannel/net.yaml", Health: "Healthy"},
			{Ref: ref("DaemonSet", "flannel"), File: "flannel/daemonset.yaml", Health: "Progressing", Message: "Ready: 1/3",
				Failures: []api.Failure{{Reason: "ApplyFailed", Message: "refused by\na webhook"}, {Reason: "Progressing", Message: "Ready: 1/3"}}},
			{Ref: ref("Secret", "old"), Health: "Deleting", Message: "held by example.com/hold"},
		}},
	}}))
	ago := func(d time.Duration) *metav1.Time { at := metav1.NewTime(noon().Add(-d)); return &at }
	check(originLines(&b, addons.Origin{
		Object: ref("ConfigMap", "net"), Addon: "flannel", File: "flannel/net.yaml", Revision: "r1", Applied: ago(time.Hour), Exists: true,
		Managers: []addons.FieldManager{{Name: "kubectl-edit", Operation: "Update", Time: ago(time.Minute)}, {Name: "turnup/flannel", Operation: "Apply", Time: ago(time.Hour)},
			{Name: "kubelet", Operation: "Update", Subresource: "status"}},
		Remarks: []string{"the tree in force does not declare it any more"},
	}, noon()))
	check(originLines(&b, addons.Origin{Object: ref("Pod", "mine"), Exists: true}, noon()))
	check(revisionTable(&b, addons.RevisionList{Items: []addons.Revision{
		{Revision: strings.Repeat("6f2b", 10), Current: true, Author: "a <a@example.com>", Message: "More CoreDNS", Pushed: noon().Add(-time.Hour)},
		{Revision: "tree-0123456789abcdef", Pushed: noon().Add(-48 * time.Hour)},
	}}, noon()))
	check(diffText(&b, addons.AddonDiff{Changes: []addons.Change{
		{Addon: "flannel", Ref: ref("ConfigMap", "net"), What: "moved", From: "old", Diff: "--- a\n+++ b\n"},
		{Addon: "flannel", Ref: ref("Secret", "kept"), What: "kept"},
	}}))
	golden.Check(t, "testdata/tables.txt", b.String())
}

func TestEveryVerbOfAddonsShowsHowItIsUsed(t *testing.T) {
	app := &app{}
	addons, _, err := app.root("kubectl-turnup").Find([]string{"addons"})
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			verbs = append(verbs, sub.CommandPath())
			if sub.Short == "" || strings.HasSuffix(sub.Short, ".") {
				t.Errorf("%s: short text %q", sub.CommandPath(), sub.Short)
			}
			for line := range strings.Lines(sub.Example) {
				words := strings.Fields(line)
				if len(words) < 3 || words[0] == "#" {
					continue
				}
				// The example must be understood as far as its flags go.
				verb, rest, err := app.root("kubectl-turnup").Find(words[2:])
				if err != nil || verb.CommandPath() != sub.CommandPath() && !strings.HasPrefix(verb.CommandPath(), sub.CommandPath()+" ") {
					t.Errorf("the example %q runs %q (%v)", strings.TrimSpace(line), verb.CommandPath(), err)
					continue
				}
				if pipe := strings.Index(strings.Join(rest, "\x00"), "\x00|"); pipe >= 0 {
					rest = strings.Split(strings.Join(rest, "\x00")[:pipe], "\x00")
				}
				if err := verb.ParseFlags(rest); err != nil {
					t.Errorf("the example %q: %v", strings.TrimSpace(line), err)
				}
			}
			if sub.Example == "" {
				t.Errorf("%s has no example", sub.CommandPath())
			}
			if sub.GroupID == "" && sub.Parent() == addons {
				t.Errorf("%s is in no group", sub.CommandPath())
			}
			visit(sub)
		}
	}
	visit(addons)
	if len(verbs) < 14 {
		t.Errorf("only %v", verbs)
	}
}
