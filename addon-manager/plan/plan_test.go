package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func built(addon string, kinds ...string) build.Addon {
	b := build.Addon{Name: addon, Hash: addon}
	for _, kind := range kinds {
		b.Objects = append(b.Objects, object.Declared{Ref: object.Ref{Kind: kind, Name: "x"}, File: addon + "/x.yaml"})
	}
	return b
}

func nobody(object.Ref) string { return "" }

func TestObjectsAreOrderedByStage(t *testing.T) {
	addons := Make([]build.Addon{built("a", "Widget", "Deployment", "Service", "ValidatingWebhookConfiguration", "RoleBinding", "Role",
		"ConfigMap", "Namespace", "ServiceAccount", "CustomResourceDefinition")}, "", nobody)
	var kinds []string
	for _, o := range addons[0].Objects {
		kinds = append(kinds, o.Kind)
	}
	want := []string{"CustomResourceDefinition", "Namespace", "Role", "ServiceAccount", "RoleBinding", "ConfigMap", "Service",
		"Deployment", "Widget", "ValidatingWebhookConfiguration"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestAnObjectBelongsToOneAddon(t *testing.T) {
	two := []build.Addon{built("a", "ConfigMap"), built("b", "ConfigMap")}
	t.Run("of nobody yet: both are wrong", func(t *testing.T) {
		for _, addon := range Make(two, "", nobody) {
			if addon.Err == nil || !strings.Contains(addon.Err.Error(), "a/x.yaml") || !strings.Contains(addon.Err.Error(), "b/x.yaml") {
				t.Errorf("%s: %v", addon.Name, addon.Err)
			}
		}
	})
	t.Run("who has it goes on", func(t *testing.T) {
		addons := Make(two, "", func(object.Ref) string { return "b" })
		if addons[0].Err == nil || addons[1].Err != nil {
			t.Errorf("%v, %v", addons[0].Err, addons[1].Err)
		}
	})
}

func TestAnAddonThatDidNotBuildKeepsItsError(t *testing.T) {
	broken := errors.New("broken")
	addons := Make([]build.Addon{{Name: "a", Err: broken}, built("b", "ConfigMap")}, "b", nobody)
	if !errors.Is(addons[0].Err, broken) || addons[1].Err != nil || !addons[1].Network {
		t.Errorf("%+v", addons)
	}
}
