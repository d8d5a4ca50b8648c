package manifests

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

func TestAnAPIServerTakesTheInstallation(t *testing.T) {
	cluster := controlplane.Start(t, controlplane.Options{})
	client := dynamic.NewForConfigOrDie(cluster.Config)
	objects, err := Render(Options{Image: "none", APIHost: "127.0.0.1", APIPort: "1", Replicas: 2})
	if err != nil {
		t.Fatal(err)
	}
	// In one breath: the source comes right after its definition.
	for _, object := range objects {
		if err := serverside.Apply(t.Context(), client, object, 30*time.Second, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a definition's schema is structural", func(t *testing.T) {
		for _, object := range objects {
			if object.GetKind() != "CustomResourceDefinition" {
				continue
			}
			resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
			live, err := client.Resource(resource).Get(t.Context(), object.GetName(), metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
			for _, one := range conditions {
				condition, _ := one.(map[string]any)
				switch condition["type"] {
				case "NonStructuralSchema", "KubernetesAPIApprovalPolicyConformant":
					t.Errorf("%s: %v", object.GetName(), condition)
				}
			}
		}
	})
	t.Run("the source can be read", func(t *testing.T) {
		source, made, err := api.ReadSource(t.Context(), client)
		if err != nil || !made || source.Spec.Type != api.Push {
			t.Errorf("%+v, %t, %v", source.Spec, made, err)
		}
	})
	t.Run("what makes no sense is refused", func(t *testing.T) { refusals(t, client) })
	t.Run("kubectl shows the columns", func(t *testing.T) { columns(t, cluster.Config, client) })
}

func refusals(t *testing.T, client dynamic.Interface) {
	for text, want := range map[string]string{
		"spec: {type: git}":                                             "a source of type git needs spec.git",
		"spec: {type: svn}":                                             "Unsupported value",
		"spec: {pruneBudget: 101}":                                      "less than or equal to 100",
		"spec: {git: {branch: main}}":                                   "spec.git.url: Required",
		"spec: {git: {url: /tmp/repo}}":                                 "spec.git.url",
		"spec: {git: {url: 'https://a/b', branch: main, tag: v1}}":      "branch, tag and commit exclude each other",
		"spec: {git: {url: 'https://a/b', path: a/../../b}}":            "the path stays inside the repository",
		"spec: {git: {url: 'https://a/b', path: /etc}}":                 "the path stays inside the repository",
		"spec: {git: {url: 'https://a/b', interval: soon}}":             "spec.git.interval",
		"spec: {git: {url: 'https://a/b', commit: abc}}":                "spec.git.commit",
		"{metadata: {name: other}, spec: {type: push}}":                 "its name is addons",
		"spec: {type: git, git: {url: 'git@host:a/b', path: a..b/c}}":   "",
		"spec: {type: git, git: {url: 'ssh://git@host/a', tag: v1}}":    "",
		"spec: {type: git, git: {url: 'https://a/b', interval: 1m30s}}": "",
	} {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
			t.Fatal(err)
		}
		u.SetGroupVersionKind(api.GroupVersion().WithKind("AddonSource"))
		if u.GetName() == "" {
			u.SetName(api.SourceName)
		}
		_, err := client.Resource(api.Sources()).Apply(t.Context(), u.GetName(), u,
			metav1.ApplyOptions{FieldManager: "somebody", Force: true, DryRun: []string{metav1.DryRunAll}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func columns(t *testing.T, config *rest.Config, client dynamic.Interface) {
	ctx := t.Context()
	addon := &unstructured.Unstructured{Object: map[string]any{}}
	addon.SetGroupVersionKind(api.GroupVersion().WithKind("Addon"))
	addon.SetName("coredns")
	if err := serverside.Apply(ctx, client, addon, 10*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	for resource, status := range map[string]string{
		"addons/coredns": `{"status":{"ready":"False","mode":"enforce","revision":"abc","objects":7,"drift":1,"message":"why"}}`,
		"addonsources/addons": `{"status":{"revision":"abc","conditions":[{"type":"Fetched","status":"True","reason":"Fetched",` +
			`"message":"new","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`,
	} {
		kind, name, _ := strings.Cut(resource, "/")
		_, err := client.Resource(api.GroupVersion().WithResource(kind)).Patch(ctx, name, types.MergePatchType, []byte(status), metav1.PatchOptions{}, "status")
		if err != nil {
			t.Fatal(err)
		}
	}
	for resource, want := range map[string]string{
		"addons":       "Name coredns | Ready False | Revision abc | Objects 7 | Drift 1 | Message why | Mode enforce",
		"addonsources": "Name addons | Type push | Revision abc | Ready True | Message new",
	} {
		if got := table(t, config, resource); got != want {
			t.Errorf("%s are shown as %q, want %q", resource, got, want)
		}
	}
}

// table is what kubectl prints, without the age.
func table(t *testing.T, config *rest.Config, resource string) string {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, config.Host+"/apis/turnup.dev/v1alpha1/"+resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var found metav1.Table
	if err := json.Unmarshal(data, &found); err != nil || len(found.Rows) != 1 {
		t.Fatalf("%s: %v", data, err)
	}
	var cells []string
	for i, column := range found.ColumnDefinitions {
		if column.Name != "Age" {
			value, err := json.Marshal(found.Rows[0].Cells[i])
			if err != nil {
				t.Fatal(err)
			}
			cells = append(cells, column.Name+" "+strings.Trim(string(value), `"`))
		}
	}
	return strings.Join(cells, " | ")
}
