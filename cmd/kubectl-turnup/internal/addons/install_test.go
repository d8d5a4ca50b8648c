package addons

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// theirs is the tree in which somebody has changed the manager's memory limit.
func theirs(t *testing.T) []object.Declared {
	t.Helper()
	own, err := tree.Open(config.Default(), machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := own.Files(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	const file = object.Manager + "/deployment.yaml"
	text := strings.Replace(string(files[file]), "memory: 256Mi", "memory: 300Mi", 1)
	if text == string(files[file]) {
		t.Fatal("the Deployment has no such limit")
	}
	files[file] = []byte(text)
	for _, addon := range build.New().Build(files) {
		if addon.Name == object.Manager && addon.Err == nil {
			return addon.Objects
		}
	}
	t.Fatal("the tree has no manager")
	return nil
}

func TestDeployLeavesAManagerThatTheTreeHasAlone(t *testing.T) {
	s := newStage(t)
	deployments := s.api.Typed.AppsV1().Deployments(object.Namespace)
	t.Cleanup(func() { _ = deployments.Delete(context.Background(), object.Manager, metav1.DeleteOptions{}) })
	read := func() *appsv1.Deployment {
		d, err := deployments.Get(t.Context(), object.Manager, metav1.GetOptions{})
		s.must(err)
		return d
	}
	limit := func(d *appsv1.Deployment) string {
		return d.Spec.Template.Spec.Containers[0].Resources.Limits.Memory().String()
	}
	budget := 7
	deploy := func() {
		source := api.SourceSpec{Type: api.Push, PruneBudget: &budget}
		s.must(s.install(t.Context(), s.api, Deployment{Image: "mine:1", APIServer: "192.0.2.9:6443", Source: source}))
	}
	deploy()
	if image := read().Spec.Template.Spec.Containers[0].Image; image != "mine:1" {
		t.Fatalf("it was not deployed: %s", image)
	}
	for _, one := range theirs(t) {
		s.apply(object.Manager, one)
	}
	before := read()
	if limit(before) != "300Mi" || before.Labels[object.Label] != object.Manager {
		t.Fatalf("limit %s, labels %v", limit(before), before.Labels)
	}
	for _, entry := range before.ManagedFields {
		if strings.HasPrefix(entry.Manager, "kubectl") {
			t.Errorf("%s holds fields that the tree cannot drop", entry.Manager)
		}
	}

	budget = 8
	deploy()
	if after := read(); after.ResourceVersion != before.ResourceVersion || !strings.Contains(s.said.String(), RuledByTree) {
		t.Errorf("the tree's Deployment was written, limit %s; it said %q", limit(after), s.said)
	}
	if from, err := readSource(t.Context(), s.api); err != nil || *from.Spec.PruneBudget != 8 {
		t.Errorf("the source was not applied: %+v, %v", from.Spec, err)
	}

	available := func(is string) {
		status, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{
			map[string]any{"type": "Available", "status": is, "reason": "Test"},
		}}})
		s.must(err)
		_, err = deployments.Patch(context.Background(), object.Manager, types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status")
		s.must(err)
	}
	t.Run("while it replaces itself", func(t *testing.T) {
		available("False")
		time.AfterFunc(time.Second, func() { available("True") })
		deploy()
		if got := limit(read()); got != "300Mi" {
			t.Errorf("its limit is %s", got)
		}
	})
	t.Run("unless none runs for long", func(t *testing.T) {
		available("False")
		deploy()
		after := read()
		if limit(after) != "256Mi" || after.Labels[object.Label] != object.Manager {
			t.Errorf("it was not repaired: limit %s, labels %v", limit(after), after.Labels)
		}
		if n := len(slices.DeleteFunc(after.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return e.Subresource != "" })); n != 1 {
			t.Errorf("%d managers hold its fields", n)
		}
	})
}
