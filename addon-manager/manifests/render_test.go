package manifests

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

func TestRenderPutsTheOptionsIn(t *testing.T) {
	objects, err := Render(Options{Image: "mirror.example/addon-manager:v9", APIHost: "192.0.2.7", APIPort: "7443", Interval: 90 * time.Second, Replicas: 2})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	var deployment *unstructured.Unstructured
	for _, o := range objects {
		kinds = append(kinds, o.GetKind())
		if o.GetKind() == "Deployment" {
			deployment = o
		}
	}
	if got := strings.Join(kinds, " "); got != "Namespace CustomResourceDefinition CustomResourceDefinition ServiceAccount ClusterRoleBinding AddonSource Deployment" {
		t.Errorf("order is %s", got)
	}
	data, err := deployment.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"mirror.example/addon-manager:v9"`, `"192.0.2.7"`, `"7443"`, `"--interval=1m30s"`, `"hostNetwork":true`, `"replicas":2`,
		`"runAsNonRoot":true`, `"readOnlyRootFilesystem":true`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestTheSourceIsPushUnlessOneIsGiven(t *testing.T) {
	for want, given := range map[string]api.SourceSpec{
		`{"type":"push"}`: {},
		`{"git":{"branch":"main","url":"https://git.example/addons"},"type":"git"}`: {
			Type: api.Git, Git: &api.GitSpec{URL: "https://git.example/addons", Branch: "main"},
		},
	} {
		objects, err := Render(Options{Source: given})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, o := range objects {
			if o.GetKind() != "AddonSource" {
				continue
			}
			found = true
			if spec, err := json.Marshal(o.Object["spec"]); err != nil || string(spec) != want || o.GetName() != "addons" {
				t.Errorf("%s is %s, want %s (%v)", o.GetName(), spec, want, err)
			}
		}
		if !found {
			t.Error("there is no source")
		}
	}
}
