package manifests

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// definition is what the tests read of a CustomResourceDefinition; the API
// server judges the whole.
type definition struct {
	Spec struct {
		Names    struct{ Kind string }
		Versions []struct {
			Schema struct{ OpenAPIV3Schema schema }
		}
	}
}

type schema struct {
	Type, Format, Description string
	Properties                map[string]schema
	Items                     *schema
	Required                  []string
	ListType                  string `json:"x-kubernetes-list-type"`
}

func TestTheDefinitionsSayWhatTheTypesSay(t *testing.T) {
	types := map[string]reflect.Type{"Addon": reflect.TypeFor[api.Addon](), "AddonSource": reflect.TypeFor[api.AddonSource]()}
	for kind, whole := range definitions(t) {
		t.Run(kind, func(t *testing.T) {
			for _, part := range []string{"spec", "status"} {
				field, ok := types[kind].FieldByName(strings.ToUpper(part[:1]) + part[1:])
				if !ok {
					t.Fatalf("%s has no %s", kind, part)
				}
				property, ok := whole.Properties[part]
				if !ok {
					t.Fatalf("the definition of %s has no %s", kind, part)
				}
				same(t, part, field.Type, property)
			}
		})
	}
}

func TestEveryFieldOfTheSpecsIsExplained(t *testing.T) {
	for kind, whole := range definitions(t) {
		explained(t, kind+".spec", whole.Properties["spec"])
	}
}

func explained(t *testing.T, path string, of schema) {
	if of.Description == "" {
		t.Errorf("%s has no description", path)
	}
	for name, property := range of.Properties {
		explained(t, path+"."+name, property)
	}
}

// same compares a Go type with its schema, all the way down.
func same(t *testing.T, path string, typ reflect.Type, of schema) {
	t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := map[reflect.Kind]string{
		reflect.Struct: "object", reflect.Slice: "array", reflect.String: "string",
		reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
	}[typ.Kind()]
	if typ == reflect.TypeFor[metav1.Time]() {
		if of.Type != "string" || of.Format != "date-time" {
			t.Errorf("%s is %s %s, want a time", path, of.Type, of.Format)
		}
		return
	}
	if of.Type != want {
		t.Errorf("%s is of type %q, want %q", path, of.Type, want)
		return
	}
	switch typ.Kind() {
	case reflect.Slice:
		if of.ListType == "" {
			t.Errorf("%s has no list type", path)
		}
		same(t, path+"[]", typ.Elem(), *of.Items)
	case reflect.Struct:
		sameFields(t, path, typ, of)
	}
}

func sameFields(t *testing.T, path string, typ reflect.Type, of schema) {
	t.Helper()
	fields, required := map[string]bool{}, []string{}
	for i := range typ.NumField() {
		name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		fields[name] = true
		if option == "" {
			required = append(required, name)
		}
		property, ok := of.Properties[name]
		if !ok {
			t.Errorf("%s.%s is missing in the definition", path, name)
			continue
		}
		same(t, path+"."+name, typ.Field(i).Type, property)
	}
	for name := range of.Properties {
		if !fields[name] {
			t.Errorf("%s.%s is missing in the type", path, name)
		}
	}
	slices.Sort(required)
	if got := slices.Sorted(slices.Values(of.Required)); !slices.Equal(got, required) {
		t.Errorf("%s requires %q, its type always writes %q", path, got, required)
	}
}

func definitions(t *testing.T) map[string]schema {
	t.Helper()
	objects, err := Render(Options{})
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]schema{}
	for _, o := range objects {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		data, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var d definition
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
		schemas[d.Spec.Names.Kind] = d.Spec.Versions[0].Schema.OpenAPIV3Schema
	}
	if len(schemas) != 2 {
		t.Fatalf("there are %d definitions", len(schemas))
	}
	return schemas
}
