package addons_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// TestAnAPIServerTakesEveryAddon applies all of them, those too whose images cannot
// run here: a field that there is not, or a value that is not allowed, is refused.
func TestAnAPIServerTakesEveryAddon(t *testing.T) {
	cluster := controlplane.Start(t, controlplane.Options{})
	client := dynamic.NewForConfigOrDie(cluster.Config)
	for _, addon := range names(t) {
		t.Run(addon, func(t *testing.T) {
			for _, object := range objects(t, build(t, addon, nil)) {
				if err := serverside.Apply(t.Context(), client, object, 30*time.Second, nil); err != nil {
					t.Errorf("%s: %v", serverside.Title(object), err)
				}
			}
		})
	}
	t.Run("a snapshot without a source is refused", func(t *testing.T) {
		snapshot := func(source map[string]any) *unstructured.Unstructured {
			return &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot",
				"metadata": map[string]any{"name": "data", "namespace": "default"},
				"spec":     map[string]any{"source": source},
			}}
		}
		if err := serverside.Apply(t.Context(), client, snapshot(map[string]any{}), 5*time.Second, nil); err == nil {
			t.Error("it was taken")
		}
		if err := serverside.Apply(t.Context(), client, snapshot(map[string]any{"persistentVolumeClaimName": "data"}), 30*time.Second, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("what it does not know, it refuses", func(t *testing.T) {
		text := strings.Replace(build(t, "gce-pd-csi", nil), "volumeBindingMode:", "volumeBinding:", 1)
		for _, object := range objects(t, text) {
			if object.GetKind() != "StorageClass" {
				continue
			}
			if err := serverside.Apply(t.Context(), client, object, 5*time.Second, nil); err == nil {
				t.Error("a StorageClass with a wrong field was taken")
			}
		}
	})
}

// objects are those of an addon, in an order in which a server takes them.
func objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var list []*unstructured.Unstructured
	for _, document := range strings.Split(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		list = append(list, object)
	}
	first := func(u *unstructured.Unstructured) int { // -1 for all others
		return slices.Index([]string{"CustomResourceDefinition", "Namespace"}, u.GetKind())
	}
	slices.SortStableFunc(list, func(a, b *unstructured.Unstructured) int { return cmp.Compare(first(b), first(a)) })
	return list
}

// TestEverySidecarMayDoItsWork holds what a CSI driver's containers do against the
// rules of the account they do it with.
func TestEverySidecarMayDoItsWork(t *testing.T) {
	needs := map[string][]string{
		"csi-provisioner": {"create persistentvolumes", "delete persistentvolumes", "update persistentvolumeclaims", "watch storageclasses", "watch csinodes", "watch nodes", "create events"},
		"csi-attacher":    {"patch persistentvolumes", "patch volumeattachments", "patch volumeattachments/status", "watch csinodes"},
		"csi-resizer":     {"patch persistentvolumes", "patch persistentvolumeclaims/status", "watch persistentvolumeclaims", "watch pods"},
		"csi-snapshotter": {"watch volumesnapshotclasses", "patch volumesnapshotcontents", "update volumesnapshotcontents", "patch volumesnapshotcontents/status"},
	}
	for _, addon := range []string{"aws-ebs-csi", "gce-pd-csi", "azure-disk-csi"} {
		may := map[string]bool{}
		containers := map[string]bool{}
		for _, object := range objects(t, build(t, addon, nil)) {
			switch object.GetKind() {
			case "ClusterRole":
				if object.GetName() == "turnup:"+addon+"-controller" {
					rules, _, _ := unstructured.NestedSlice(object.Object, "rules")
					for _, rule := range rules {
						resources, _, _ := unstructured.NestedStringSlice(rule.(map[string]any), "resources")
						verbs, _, _ := unstructured.NestedStringSlice(rule.(map[string]any), "verbs")
						for _, resource := range resources {
							for _, verb := range verbs {
								may[verb+" "+resource] = true
							}
						}
					}
				}
			case "Deployment":
				list, _, _ := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
				for _, c := range list {
					name, _, _ := unstructured.NestedString(c.(map[string]any), "name")
					containers[name] = true
				}
			}
		}
		for container, list := range needs {
			if !containers[container] {
				t.Errorf("%s has no %s", addon, container)
			}
			for _, need := range list {
				if !may[need] {
					t.Errorf("%s: %s may not %s", addon, container, need)
				}
			}
		}
	}
}
