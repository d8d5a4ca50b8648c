package apply

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parsed(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWhatAServiceKeepsIsNotAskedForTwice(t *testing.T) {
	live := parsed(t, `{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 80, nodePort: 30080}, {port: 81, nodePort: 30081}]}}`)
	manifest := parsed(t, `{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {clusterIP: 10.96.0.2, ports: [{port: 80, nodePort: 30080}, {port: 82, nodePort: 30082}, {port: 83}]}}`)
	unclaim(manifest, live)
	want := parsed(t, `{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {clusterIP: 10.96.0.2, ports: [{port: 80}, {port: 82, nodePort: 30082}, {port: 83}]}}`)
	if !reflect.DeepEqual(manifest, want) {
		t.Errorf("it asks for %v", manifest.Object)
	}
	t.Run("other kinds are left as they are", func(t *testing.T) {
		other := parsed(t, `{apiVersion: example.org/v1, kind: Service, metadata: {name: x}, spec: {clusterIP: 10.96.0.1}}`)
		unclaim(other, live)
		if ip, _, _ := unstructured.NestedString(other.Object, "spec", "clusterIP"); ip != "10.96.0.1" {
			t.Errorf("it asks for %v", other.Object)
		}
	})
}

func TestADefinitionSaysWhereItsObjectsAre(t *testing.T) {
	crd := parsed(t, `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x.y},
spec: {group: example.org, names: {plural: x}, versions: [{name: v1, served: false}, {name: v2, served: true}, {name: v3, served: true}]}}`)
	list := served(crd)
	if len(list) != 2 || list[0].String() != "example.org/v2, Resource=x" || list[1].Version != "v3" {
		t.Errorf("it serves %v", list)
	}
	if list := served(parsed(t, "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x.y}}")); len(list) != 0 {
		t.Errorf("it serves %v", list)
	}
}

func TestOnlyALabelIsNoClaimToTheRest(t *testing.T) {
	for fields, want := range map[string]bool{
		`{"f:metadata":{"f:labels":{"f:turnup.dev/addon":{}}}}`:                     true,
		`{"f:metadata":{"f:labels":{"f:turnup.dev/addon":{},"f:other":{}}}}`:        false,
		`{"f:metadata":{"f:annotations":{"f:x":{}},"f:labels":{}}}`:                 false,
		`{"f:metadata":{"f:labels":{"f:turnup.dev/addon":{}}},"f:data":{"f:a":{}}}`: false,
		`{"f:data":{"f:a":{}}}`: false,
	} {
		u := parsed(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, managedFields: [{manager: turnup/a, operation: Apply, fieldsType: FieldsV1, fieldsV1: `+fields+`}]}}`)
		if got := labelOnly(u, "turnup/a"); got != want {
			t.Errorf("%s: %t", fields, got)
		}
	}
}

func TestARefusalToChangeIsTold(t *testing.T) {
	for text, want := range map[string]bool{
		"spec.selector: Invalid value: field is immutable":                                      true,
		"spec.clusterIPs[0]: Invalid value: may not change once set":                            true,
		"updates to statefulset spec for fields other than 'replicas' are forbidden":            true,
		"spec.template.metadata.labels: Invalid value: `selector` does not match":               false,
		"spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated":      false,
		"metadata.annotations: Too long: may not be more than 262144 bytes":                     false,
		"spec.template.spec.containers[0].image: Required value":                                false,
		"ValidatingAdmissionPolicy 'protect' with binding 'protect' denied request: not this 1": false,
	} {
		if got := immutable(errorText(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

type errorText string

func (e errorText) Error() string { return string(e) }
