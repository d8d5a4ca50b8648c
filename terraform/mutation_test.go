package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/terraform"
)

// A test provider that lets everything pass proves nothing. Each of these
// mistakes has to be found in the module of each cloud, by the real schema.
func TestTheSchemaFindsMistakes(t *testing.T) {
	network := map[string]string{"aws": "aws_vpc", "gce": "google_compute_network", "azure": "azurerm_virtual_network"}
	for name, c := range map[string]struct {
		// per cloud, or for every cloud under ""; TYPE is that of its network.
		inNetwork, inModule map[string]string
		want                string
	}{
		"an attribute that the provider lacks": {
			inNetwork: map[string]string{"": `cider_block = "10.0.0.0/16"`},
			want:      `An argument named "cider_block" is not expected here`},
		"a block that the provider lacks": {
			inNetwork: map[string]string{"": "timeout {}"},
			want:      `Blocks of type "timeout" are not expected here`},
		"a wrong type": {
			inModule: map[string]string{
				"aws":   `resource "aws_vpc" "other" { tags = "demo" }`,
				"gce":   "resource \"google_compute_network\" \"other\" {\n name = \"other\"\n mtu = \"large\"\n}",
				"azure": "resource \"azurerm_resource_group\" \"other\" {\n name = \"other\"\n location = \"here\"\n tags = \"demo\"\n}"},
			want: "Inappropriate value for attribute"},
		"a type that the provider lacks": {
			inModule: map[string]string{"": `resource "TYPEs" "other" {}`},
			want:     "does not support resource type"},
		"a missing argument": {
			inModule: map[string]string{"aws": `resource "aws_subnet" "other" {}`, "gce": `resource "google_compute_subnetwork" "other" {}`, "azure": `resource "azurerm_subnet" "other" {}`},
			want:     "is required, but no definition was found"},
		"an attribute that only the cloud sets": {
			inNetwork: map[string]string{"aws": `owner_id = "me"`, "gce": `self_link = "me"`, "azure": `guid = "me"`},
			want:      "Value for unconfigurable attribute"},
		"a reference to what does not exist": {
			inModule: map[string]string{"": `output "other" { value = TYPE.cluster.vpc_id }`},
			want:     `has no argument, nested block, or exported attribute named "vpc_id"`},
	} {
		for _, platform := range clouds {
			t.Run(name+" on "+platform, func(t *testing.T) {
				t.Parallel()
				s := moduleSite(t, platform)
				text := strings.NewReplacer("TYPE", network[platform])
				if c.inNetwork != nil {
					head := text.Replace(`resource "TYPE" "cluster" {`)
					mutate(t, s.Dir, head, head+"\n"+c.inNetwork[""]+c.inNetwork[platform]+"\n")
				} else {
					ok(t, os.WriteFile(filepath.Join(s.Dir, "other.tf"), []byte(text.Replace(c.inModule[""]+c.inModule[platform])+"\n"), 0o600))
				}
				if out, err := s.tool(t, "validate", "-no-color"); err == nil || !strings.Contains(words(out), c.want) {
					t.Errorf("validate said %v, and not %q:\n%s", err, c.want, out)
				}
			})
		}
	}
}

// Rules that no schema has are those of manners.json.
func TestMannersFindMistakes(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"arguments that exclude each other": {
			`ami           = `, "user_data = \"a\"\n user_data_base64 = \"Yg==\"\n ami = ", `"user_data": conflicts with user_data_base64`},
		"an unknown region": {`region = var.region`, `region = "moon-base-1"`, "invalid AWS Region: moon-base-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTinySite(t)
			mutate(t, s.Dir, c.old, c.new)
			if _, err := s.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("plan said %v, and not %q", err, c.want)
			}
		})
	}
}

// The modules themselves are valid, and nothing in them is deprecated.
func TestModulesAreValidWithoutAWarning(t *testing.T) {
	for _, platform := range append([]string{"local"}, clouds...) {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			s := moduleSite(t, platform)
			if out, err := s.tool(t, "validate", "-no-color"); err != nil || strings.Contains(out, "Warning") {
				t.Errorf("validate said %v:\n%s", err, out)
			}
			if out, err := s.tool(t, "fmt", "-check", "-diff"); err != nil {
				t.Errorf("fmt would change\n%s", out)
			}
		})
	}
}

// moduleSite has the module of the platform in it, and is initialised.
func moduleSite(t *testing.T, platform string) *site {
	t.Helper()
	s := newSite(t)
	module, err := terraform.Module(platform)
	ok(t, err)
	s.write(t, module)
	if out, err := s.tool(t, "init", "-input=false", "-plugin-dir="+s.Tool.Providers); err != nil {
		t.Fatal(out)
	}
	return s
}

// mutate changes the one place in a module where the text is.
func mutate(t *testing.T, dir, before, after string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	ok(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		ok(t, err)
		if strings.Contains(string(data), before) {
			ok(t, os.WriteFile(file, []byte(strings.Replace(string(data), before, after, 1)), 0o600))
			return
		}
	}
	t.Fatalf("%q is nowhere in the module", before)
}

// words is the text without line breaks and frames.
func words(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n╷│╵", r) }), " ")
}
