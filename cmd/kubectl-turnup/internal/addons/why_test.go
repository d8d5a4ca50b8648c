package addons

import (
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestAnObjectIsNamedAsPeopleNameIt(t *testing.T) {
	for _, tc := range []struct {
		name      string
		args      []string
		namespace string
		want      ObjectWords
		wrong     bool
	}{
		{"type and name with a slash", []string{"deploy/coredns"}, "kube-system", ObjectWords{"deploy", "kube-system", "coredns"}, false},
		{"two words", []string{"deploy", "coredns"}, "", ObjectWords{"deploy", "", "coredns"}, false},
		{"as our own messages write it", []string{"ConfigMap", "kube-system/coredns"}, "", ObjectWords{"ConfigMap", "kube-system", "coredns"}, false},
		{"the same namespace twice", []string{"ConfigMap", "a/b"}, "a", ObjectWords{"ConfigMap", "a", "b"}, false},
		{"a group", []string{"deployments.apps/x"}, "", ObjectWords{"deployments.apps", "", "x"}, false},
		{"type, namespace and name", []string{"cm/a/b"}, "", ObjectWords{"cm", "a", "b"}, false},
		{"a name with a colon", []string{"clusterrole", "system:coredns"}, "", ObjectWords{"clusterrole", "", "system:coredns"}, false},
		{"two namespaces", []string{"ConfigMap", "a/b"}, "c", ObjectWords{}, true},
		{"a type only", []string{"deploy"}, "", ObjectWords{}, true},
		{"an empty name", []string{"deploy/"}, "", ObjectWords{}, true},
		{"nothing", nil, "", ObjectWords{}, true},
		{"three words", []string{"a", "b", "c"}, "", ObjectWords{}, true},
		{"too many slashes", []string{"a/b/c/d"}, "", ObjectWords{}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := ReadObject(tc.args, tc.namespace)
			switch {
			case tc.wrong && (err == nil || ui.HintOf(err) == ""):
				t.Errorf("got %+v and error %v, want an error with a way out", got, err)
			case !tc.wrong && (err != nil || got != tc.want):
				t.Errorf("got %+v, %v, want %+v", got, err, tc.want)
			}
		})
	}
}
