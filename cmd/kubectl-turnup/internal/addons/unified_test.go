package addons

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/internal/golden"
)

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

const serverSide = `
  uid: 1234
  resourceVersion: "7"
  generation: 3
  creationTimestamp: "2026-01-01T00:00:00Z"
  managedFields: [{manager: m}]
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"password":"c2VjcmV0"}}'}
`

func TestADiffShowsWhatPeopleWroteAndNothingElse(t *testing.T) {
	live := parsed(t, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: lab"+serverSide+"data: {one: '1', two: '2'}\nstatus: {x: y}\n")
	would := parsed(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: lab, generation: 4, resourceVersion: '9'}\ndata: {one: '1', two: '3'}\n")
	golden.Check(t, "testdata/diff/changed.txt", unified(object.RefOf(live), "x/a.yaml", live, would))
	golden.Check(t, "testdata/diff/created.txt", unified(object.RefOf(live), "x/a.yaml", nil, would))
	golden.Check(t, "testdata/diff/deleted.txt", unified(object.RefOf(live), "", live, nil))

	same := live.DeepCopy()
	same.SetResourceVersion("100")
	same.SetManagedFields(nil)
	if text := unified(object.RefOf(live), "x", live, same); text != "" {
		t.Errorf("what only the server writes is a difference:\n%s", text)
	}
}

func TestASecretsValuesAreNeverShown(t *testing.T) {
	secret := func(data string) *unstructured.Unstructured {
		return parsed(t, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: lab"+serverSide+"data: "+data+"\n")
	}
	before := secret("{same: c2FtZQ==, other: b2xk, gone: Z29uZQ==}")
	after := secret("{same: c2FtZQ==, other: bmV3, added: YWRkZWQ=}")
	for name, text := range map[string]string{
		"changed": unified(object.RefOf(before), "x/s.yaml", before, after),
		"created": unified(object.RefOf(before), "x/s.yaml", nil, after),
		"deleted": unified(object.RefOf(before), "", before, nil),
	} {
		for _, value := range []string{"c2FtZQ", "b2xk", "bmV3", "Z29uZQ", "YWRkZWQ", "c2VjcmV0"} {
			if strings.Contains(text, value) {
				t.Errorf("%s: a value is shown:\n%s", name, text)
			}
		}
		golden.Check(t, "testdata/diff/secret-"+name+".txt", text)
	}
	if text := unified(object.RefOf(before), "x", before, before.DeepCopy()); text != "" {
		t.Errorf("the same Secret differs:\n%s", text)
	}
	only := unified(object.RefOf(before), "x", secret("{other: b2xk}"), secret("{other: bmV3}"))
	if !strings.Contains(only, "-  other: '*** (before)'") || !strings.Contains(only, "+  other: '*** (after)'") {
		t.Errorf("a changed value cannot be told from one that stays:\n%s", only)
	}
}

func TestFieldsThatAreLeftAloneAreThoseOfTheLiveObject(t *testing.T) {
	live := parsed(t, "spec: {replicas: 7, containers: [{name: b, image: b:2}, {name: a, image: a:2}]}\nmetadata: {annotations: {example.com/x: live}}\n")
	for _, tc := range []struct{ name, path, wish, want string }{
		{"a field", "spec.replicas", "spec: {replicas: 1}\n", "spec: {replicas: 7}\n"},
		{"an item of a list", "spec.containers.[name=a].image", "spec: {containers: [{name: a, image: a:1}]}\n", "spec: {containers: [{name: a, image: a:2}]}\n"},
		{"a key with dots", `metadata.annotations.example\.com/x`, "metadata: {annotations: {example.com/x: tree}}\n", "metadata: {annotations: {example.com/x: live}}\n"},
		{"what the live object lacks", "spec.paused", "spec: {paused: true}\n", "spec: {}\n"},
		{"what nobody has", "spec.a.b.c", "spec: {replicas: 1}\n", "spec: {replicas: 1}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wish := parsed(t, tc.wish)
			leave(wish.Object, live.Object, fieldPath(tc.path))
			if diff := cmp.Diff(parsed(t, tc.want).Object, wish.Object); diff != "" {
				t.Error(diff)
			}
		})
	}
}
