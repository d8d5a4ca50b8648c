package turnup

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/tree"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestTheManagersAddonIsItsInstallation(t *testing.T) {
	// The tree holds copies of the room's own files: only who gives the values differs.
	for _, name := range []string{"namespace.yaml", "crd.yaml", "rbac.yaml", "deployment.yaml"} {
		data, err := manifests.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, filepath.Join("..", "..", "..", "..", "addons", object.Manager, name), string(data))
	}
	cfg := config.Default()
	cfg.Provision.ControlPlanes, cfg.Addons.Interval, cfg.Bootstrap.Registry = 3, 90, "mirror.example"
	own, err := tree.Open(cfg, machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	files, err := own.Files(cfg)
	if err != nil {
		t.Fatal(err)
	}
	installed, err := (&Turnup{Config: cfg}).managerObjects(machines.New(testdir.Endpoint, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[object.Ref]string{}
	for _, u := range installed {
		if u.GetKind() != "AddonSource" {
			want[object.RefOf(u)] = labelled(t, u)
		}
	}
	got := map[object.Ref]string{}
	for _, addon := range build.New().Build(files) {
		if addon.Err != nil {
			t.Errorf("%s: %v", addon.Name, addon.Err)
		}
		for _, one := range addon.Objects {
			if addon.Name == object.Manager {
				u := &unstructured.Unstructured{}
				if err := u.UnmarshalJSON(one.Data); err != nil {
					t.Fatal(err)
				}
				got[one.Ref] = labelled(t, u)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what create applies and what the tree says (-create +tree):\n%s", diff)
	}
}

// labelled is an object as the addon manager applies it.
func labelled(t *testing.T, u *unstructured.Unstructured) string {
	t.Helper()
	u = u.DeepCopy()
	labels := u.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[object.Label] = object.Manager
	u.SetLabels(labels)
	data, err := yaml.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
