package manager_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// of is an addon of some manifests, in the namespace default where they name none.
func of(addon string, manifests ...string) map[string]string {
	return map[string]string{addon + "/all.yaml": strings.Join(manifests, "\n---\n")}
}

// noted is an addon whose kustomization carries annotations, as YAML in one line.
func noted(addon, annotations string, manifests ...string) map[string]string {
	files := of(addon, manifests...)
	files[addon+"/kustomization.yaml"] = "metadata: {annotations: {" + annotations + "}}\nresources: [all.yaml]\n"
	return files
}

// cm is the manifest of a ConfigMap; more goes into its metadata, each with a comma before it.
func cm(name, data string, more ...string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default%s}\ndata: {%s}\n", name, strings.Join(more, ""), data)
}

// notes are annotations for cm and its like.
func notes(annotations string) string { return ", annotations: {" + annotations + "}" }

// deployment is the manifest of a Deployment; its pods never run: there is no kubelet.
func deployment(name, spec string, more ...string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: default%s}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: main, image: "image:1"}]}
%s`, name, strings.Join(more, ""), name, name, spec)
}

// resource is that of a plural, with its group after a dot.
func (w *world) resource(plural, namespace string) dynamic.ResourceInterface {
	plural, group, _ := strings.Cut(plural, ".")
	resource := w.objects.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural})
	if namespace == "" {
		return resource
	}
	return resource.Namespace(namespace)
}

// live is an object of the namespace default, which has to be there.
func (w *world) live(resource, name string) *unstructured.Unstructured {
	w.t.Helper()
	u, err := w.get(resource, "default", name)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// there waits until an object is there, vanished until it is not.
func (w *world) there(resource, name string) {
	w.t.Helper()
	w.eventually(name+" is there", func() error { _, err := w.get(resource, "default", name); return err })
}

func (w *world) vanished(resource, name string) {
	w.t.Helper()
	w.eventually(name+" is gone", func() error { _, err := w.get(resource, "default", name); return gone(err) })
}

// field is one field of an object of the namespace default, printed; "" if it has none.
func (w *world) field(resource, name, path string) string {
	w.t.Helper()
	return fieldOf(w.live(resource, name), path)
}

func fieldOf(u *unstructured.Unstructured, path string) string {
	to := map[string]any{}
	object.ParsePath(path).Copy(u.Object, to)
	if len(to) == 0 {
		return ""
	}
	var value any = to
	for _, step := range object.ParsePath(path) {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[step]
		case []any:
			value = inner[0]
		}
	}
	return fmt.Sprint(value)
}

// becomes waits until a field has a value.
func (w *world) becomes(resource, name, path, want string) {
	w.t.Helper()
	w.eventually(name+" changes", func() error {
		u, err := w.get(resource, "default", name)
		if err != nil {
			return err
		}
		if got := fieldOf(u, path); got != want {
			return fmt.Errorf("%s is %q, not %q", path, got, want)
		}
		return nil
	})
}

// is fails unless a field has a value now.
func (w *world) is(resource, name, path, want string) {
	w.t.Helper()
	if got := w.field(resource, name, path); got != want {
		w.t.Errorf("%s of %s is %q, not %q", path, name, got, want)
	}
}

// create makes an object as another manager does, by an update.
func (w *world) create(resource, manager, manifest string) *unstructured.Unstructured {
	w.t.Helper()
	u := parse(w.t, manifest)
	made, err := w.resource(resource, u.GetNamespace()).Create(context.Background(), u, metav1.CreateOptions{FieldManager: manager})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		unhold := []byte(`{"metadata":{"finalizers":null,"labels":null}}`)
		_, _ = w.resource(resource, u.GetNamespace()).Patch(context.Background(), u.GetName(), types.MergePatchType, unhold, metav1.PatchOptions{})
		_ = w.resource(resource, u.GetNamespace()).Delete(context.Background(), u.GetName(), metav1.DeleteOptions{})
	})
	return made
}

func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

// change patches an object of the namespace default as another manager does.
func (w *world) change(resource, name, manager, patch string, subresources ...string) {
	w.t.Helper()
	_, err := w.resource(resource, "default").Patch(context.Background(), name, types.MergePatchType, []byte(patch),
		metav1.PatchOptions{FieldManager: manager}, subresources...)
	if err != nil {
		w.t.Fatal(err)
	}
}

// managersOf lists who has written an object's content, each as manager/operation.
func managersOf(u *unstructured.Unstructured) []string {
	var list []string
	for _, entry := range u.GetManagedFields() {
		if entry.Subresource == "" {
			list = append(list, entry.Manager+"/"+string(entry.Operation))
		}
	}
	slices.Sort(list)
	return list
}

// essence is all of an object but what every write changes.
func essence(u *unstructured.Unstructured) string {
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	u.SetGeneration(0)
	unstructured.RemoveNestedField(u.Object, "status")
	text, err := yaml.Marshal(u.Object)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// says waits until an addon's message has all of these parts.
func (w *world) says(addon string, parts ...string) api.Addon {
	w.t.Helper()
	return w.addon(addon, func(a api.Addon) error {
		for _, part := range parts {
			if !strings.Contains(a.Status.Message, part) {
				return fmt.Errorf("%s: message %q does not say %q", a.Status.Ready, a.Status.Message, part)
			}
		}
		return nil
	})
}

// through pushes a tree and waits until a marker in it is through: everything
// that was going to happen at once has begun by then.
func (w *world) through(files map[string]string) string {
	w.t.Helper()
	w.marks++
	tree := join(files, configMap("marker", fmt.Sprint(w.marks)))
	revision := w.push(tree)
	w.ready("marker", revision)
	return revision
}

// left waits until an addon has left nothing behind, not even an inventory.
func (w *world) left(addon string) {
	w.t.Helper()
	w.eventually("addon "+addon+" is gone", func() error {
		_, err := w.get("configmaps", object.Namespace, "inventory-"+addon)
		return gone(err)
	})
}

// step runs a part of a test that shares its world with the others.
func (w *world) step(name string, run func(t *testing.T)) {
	outer := w.t
	outer.Run(name, func(t *testing.T) {
		w.t = t
		defer func() { w.t = outer }()
		run(t)
	})
}

// noContext is for what has to happen when a test's own context has ended.
func noContext() context.Context { return context.Background() }
