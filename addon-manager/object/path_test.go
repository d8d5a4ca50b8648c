package object

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPathLeadsThroughMapsAndLists(t *testing.T) {
	for text, want := range map[string]Path{
		"spec.replicas":                                 {"spec", "replicas"},
		`metadata.annotations.example\.com/x`:           {"metadata", "annotations", "example.com/x"},
		"spec.containers.[name=a.b].image":              {"spec", "containers", "[name=a.b]", "image"},
		"spec.template.spec.containers.[name=app].args": {"spec", "template", "spec", "containers", "[name=app]", "args"},
	} {
		if diff := cmp.Diff(want, ParsePath(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestAFieldIsRemovedAndCopied(t *testing.T) {
	const whole = `{"spec":{"containers":[{"image":"x","name":"side"},{"image":"y","name":"app"}],"replicas":3}}`
	for _, c := range []struct{ path, without, only string }{
		{"spec.replicas", `{"spec":{"containers":[{"image":"x","name":"side"},{"image":"y","name":"app"}]}}`, `{"spec":{"replicas":3}}`},
		{"spec.containers.[name=app].image", `{"spec":{"containers":[{"image":"x","name":"side"},{"name":"app"}],"replicas":3}}`,
			`{"spec":{"containers":[{"image":"y","name":"app"}]}}`},
		{"spec.missing.deep", whole, `{}`},
	} {
		t.Run(c.path, func(t *testing.T) {
			from, to := decoded(t, whole), map[string]any{}
			path := ParsePath(c.path)
			path.Copy(from, to)
			if diff := cmp.Diff(decoded(t, c.only), to); diff != "" {
				t.Errorf("copied: %s", diff)
			}
			path.Remove(from)
			if diff := cmp.Diff(decoded(t, c.without), from); diff != "" {
				t.Errorf("removed: %s", diff)
			}
			if path.In(from) {
				t.Error("it is still there")
			}
		})
	}
}

func TestManagedFieldsTellWhetherAFieldIsOwned(t *testing.T) {
	fields := decoded(t, `{"f:spec":{"f:replicas":{},"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{}}}}}`)
	for path, want := range map[string]bool{
		"spec.replicas": true, "spec.paused": false, "spec.containers.[name=app].image": true,
		"spec.containers.[name=side].image": false, "spec.containers.[name=app].args": false,
	} {
		if got := ParsePath(path).Owned(fields); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func decoded(t *testing.T, text string) (content map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &content); err != nil {
		t.Fatal(err)
	}
	return content
}
