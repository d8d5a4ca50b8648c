package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// aws are the schemas and manners that the modules' tests use.
func aws(t *testing.T) (schemas, manners) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "terraform", "testdata", "providers", "hashicorp", "aws", "6.47.0")
	s, err := readSchemas(filepath.Join(dir, "schema.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := readManners(filepath.Join(dir, "manners.json"), s)
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

// subnet is an aws_subnet with these attributes, and null elsewhere.
func subnet(t *testing.T, s schemas, attributes map[string]string) tftypes.Value {
	t.Helper()
	kind, _ := s.resources["aws_subnet"].ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, typ := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	for name, text := range attributes {
		values[name] = tftypes.NewValue(tftypes.String, text)
	}
	return tftypes.NewValue(kind, values)
}

func TestAPlanLeavesToTheCloudWhatIsNotSaid(t *testing.T) {
	s, m := aws(t)
	r, block := m.Resources["aws_subnet"], s.resources["aws_subnet"].Block
	none := tftypes.NewValue(s.resources["aws_subnet"].ValueType(), nil)
	asked := subnet(t, s, map[string]string{"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24"})
	next, replace := planned(block, r, none, asked)
	got := fields(next)
	if len(replace) > 0 || got["id"].IsKnown() || got["availability_zone"].IsKnown() || first(at(next, "cidr_block")) != "10.0.0.0/24" {
		t.Errorf("planned %v, replace %v", next, replace)
	}

	made, err := maker{kind: "aws_subnet", rules: r, common: m.Values, provider: none}.fill(next)
	if err != nil || !made.IsFullyKnown() || !strings.HasPrefix(first(at(made, "id")), "subnet-") {
		t.Fatalf("made %v, %v", made, err)
	}
	if same, replace := planned(block, r, made, made); len(replace) > 0 || !same.Equal(made) {
		t.Error("a second plan is not empty")
	}

	other := fields(made)
	other["cidr_block"] = tftypes.NewValue(tftypes.String, "10.0.1.0/24")
	if _, replace := planned(block, r, made, tftypes.NewValue(made.Type(), other)); len(replace) != 1 || dotted(replace[0]) != "cidr_block" {
		t.Errorf("another range replaces because of %v", replace)
	}
}

func TestMannersNameWhatThereIs(t *testing.T) {
	s, _ := aws(t)
	for text, want := range map[string]string{
		`{"resources": {"aws_vpcs": {}}}`:                                              "aws_vpcs: there is no schema of that name",
		`{"resources": {"aws_vpc": {"replace": ["cider_block"]}}}`:                     "aws_vpc: there is no attribute cider_block",
		`{"resources": {"aws_vpc": {"values": {"nick": "x"}}}}`:                        "aws_vpc: there is no attribute nick",
		`{"resources": {"aws_vpc": {"legal": {"cidr_block": {"pattern": "("}}}}}`:      "aws_vpc.cidr_block: error parsing regexp",
		`{"resources": {"aws_instance": {"atMostOne": [["user_data", "user-data"]]}}}`: "aws_instance: there is no attribute user-data",
		`{"resource": {}}`: "unknown field",
	} {
		if _, err := parseManners([]byte(text), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestValuesSurviveTheWorld(t *testing.T) {
	s, _ := aws(t)
	before := subnet(t, s, map[string]string{"vpc_id": "vpc-1"})
	w := world{dir: t.TempDir()}
	data, err := encode(before)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.put(object{Type: "aws_subnet", ID: "subnet-1", Values: data, Config: json.RawMessage("{}")}); err != nil {
		t.Fatal(err)
	}
	o, found, err := w.get("aws_subnet", "subnet-1")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if after, err := decode(o.Values, before.Type()); err != nil || !after.Equal(before) {
		t.Errorf("got %v, %v", after, err)
	}
	if err := w.remove("aws_subnet", "subnet-1"); err != nil {
		t.Fatal(err)
	}
	if _, found, err := w.get("aws_subnet", "subnet-1"); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}
