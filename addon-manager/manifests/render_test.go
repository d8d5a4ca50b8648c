package manifests

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestRenderPutsTheOptionsIn(t *testing.T) {
	objects, err := Render(Options{Image: "mirror.example/addon-manager:v9", APIHost: "192.0.2.7", APIPort: "7443", Interval: 90 * time.Second})
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
	if got := strings.Join(kinds, " "); got != "Namespace CustomResourceDefinition ServiceAccount ClusterRoleBinding Deployment" {
		t.Errorf("order is %s", got)
	}
	data, err := deployment.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"mirror.example/addon-manager:v9"`, `"192.0.2.7"`, `"7443"`, `"--interval=1m30s"`, `"hostNetwork":true`,
		`"runAsNonRoot":true`, `"readOnlyRootFilesystem":true`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in it", want)
		}
	}
}
