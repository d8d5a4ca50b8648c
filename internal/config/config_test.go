package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/internal/images"
)

func TestTheStructAndTheKconfigTreeAreTheSame(t *testing.T) {
	kinds := map[string]reflect.Kind{}
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			path := prefix + field.Tag.Get("json")
			switch {
			case field.Anonymous:
				walk(prefix, field.Type)
			case field.Type.Kind() == reflect.Struct:
				walk(path+".", field.Type)
			default:
				kinds[path] = field.Type.Kind()
			}
		}
	}
	walk("", reflect.TypeFor[Cluster]())
	want := map[Kind]reflect.Kind{Bool: reflect.Bool, Int: reflect.Int, String: reflect.String, Choice: reflect.String}
	for _, f := range Fields() {
		if kinds[f.Path] != want[f.Kind] {
			t.Errorf("%s is a %s in the Kconfig files and a %s in the struct", f.Path, f.Kind, kinds[f.Path])
		}
		if f.at == nil {
			t.Errorf("%s has no place in the struct", f.Path)
		}
		delete(kinds, f.Path)
	}
	for path := range kinds {
		t.Errorf("%s is in the struct and not in the Kconfig files", path)
	}
}

func TestEveryFieldSaysWhatItIsAndWhatIsLegal(t *testing.T) {
	if warnings := Tree().Warnings; len(warnings) > 0 {
		t.Error(warnings)
	}
	forms := forms()
	for _, f := range Fields() {
		if f.Prompt() == "" || f.Help() == "" {
			t.Errorf("%s has no prompt or no help", f.Path)
		}
		if f.Legal(New()) == "" || f.Kind == String && f.form.accepts == nil {
			t.Errorf("%s does not say what is legal", f.Path)
		}
		if f.Kind == Int && len(f.Symbol.Ranges) == 0 {
			t.Errorf("%s has no range", f.Path)
		}
		if keys := described().keys[f.Path]; len(keys) > 0 {
			t.Errorf("%s is a value and a group", f.Path)
		}
		if f.Choice == nil {
			delete(forms, f.Path)
			continue
		}
		for _, m := range f.Choice.Members {
			if !strings.HasPrefix(m.Name, f.Path+".") || m.Prompt() == "" || m.Help() == "" {
				t.Errorf("%s has a bad name, no prompt or no help", m.Name)
			}
		}
	}
	for path := range forms {
		t.Errorf("%s has a form and is no string", path)
	}
}

func TestEveryHelpTextFitsA80ColumnTerminal(t *testing.T) {
	for n := range Tree().Nodes() {
		for line := range strings.SplitSeq(n.Help, "\n") {
			if len(line) > 76 {
				t.Errorf("%s: %q is too long", n.Span, line)
			}
		}
	}
}

func TestTheDefaultIsValid(t *testing.T) {
	if err := Validate(Default()); err != nil {
		t.Error(err)
	}
}

func TestEveryKubernetesVersionHasImages(t *testing.T) {
	for _, minor := range Lookup("bootstrap.kubernetes_version").values(New()) {
		if images.KubernetesVersion(minor) == "" {
			t.Errorf("%s is legal, and internal/images does not know it", minor)
		}
	}
}

func TestEncodeIsStableAndCompleteAndInTheOrderOfTheFiles(t *testing.T) {
	c := Default()
	c.Addons.Path = "a<b>&c"
	data := string(Encode(c))
	golden.Check(t, "testdata/encoded.json", data)
	at := 0
	for _, f := range Fields() {
		if !Visible(New(), f) {
			continue
		}
		path := f.Path
		key := `"` + path[strings.LastIndex(path, ".")+1:] + `": `
		next := strings.Index(data[at:], key)
		if next < 0 {
			t.Fatalf("%s is missing or out of order", path)
		}
		at += next
	}
	again, err := Decode([]byte(data), "c")
	if err != nil || again != c {
		t.Errorf("decodes to something else: %v", err)
	}
}

func TestSetAssignsWhatDecodeWouldAccept(t *testing.T) {
	c := Default()
	err := Set(&c, "cluster.name=lab", "provision.workers=1", "bootstrap.audit=false",
		"bootstrap.extra_sans=api.example.org,10.1.2.3,fd00::1", "provision.workers=5", "bootstrap.bundle=a=b")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Cluster.Name, want.Provision.Workers, want.Bootstrap.Audit = "lab", 5, false
	want.Bootstrap.ExtraSANs, want.Bootstrap.Bundle = "api.example.org,10.1.2.3,fd00::1", "a=b"
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestAWrongAssignmentSaysSoAndChangesNothing(t *testing.T) {
	cases := []struct{ name, assignment, want string }{
		{"no equals sign", "provision.workers", `"provision.workers" assigns nothing; write PATH=VALUE, like provision.workers=3`},
		{"an unknown path", "provision.wrokers=3", "provision.wrokers: there is no such key (did you mean provision.workers?)"},
		{"a path without its group", "workers=3", "workers: there is no such key (did you mean provision.workers?)"},
		{"an unknown path near nothing", "provision.zzzzzzzz=3",
			"provision.zzzzzzzz: there is no such key, only platform, control_planes, workers, local, gce, aws, azure, baremetal, pools, state"},
		{"no path", "=3", ": there is no such key, only cluster, provision, bootstrap, network, addons"},
		{"a group", "provision.local=x", "provision.local: this is a group, not a value; its keys are subnet, share_images"},
		{"a wrong number", "provision.workers=three", `provision.workers: "three" is no whole number in digits, want a whole number from 0 to 50 (terraform/Kconfig:LINE)`},
		{"a signed number", "provision.workers=+3", `provision.workers: "+3" is no whole number in digits, want a whole number from 0 to 50 (terraform/Kconfig:LINE)`},
		{"an empty number", "provision.workers=", `provision.workers: "" is no whole number in digits, want a whole number from 0 to 50 (terraform/Kconfig:LINE)`},
		{"out of range", "provision.workers=51", "provision.workers: 51 is out of range, want a whole number from 0 to 50 (terraform/Kconfig:LINE)"},
		{"an even number of voters", "provision.control_planes=2", "provision.control_planes: 2 is an even number; etcd votes, so take 1 or 3 (terraform/Kconfig:LINE)"},
		{"a wrong boolean", "bootstrap.audit=yes", `bootstrap.audit: "yes" is not true or false (bootstrap/Kconfig:LINE)`},
		{"a wrong choice", "network.provider=flanel", `network.provider: "flanel" is not legal, want one of flannel, bridge, calico, cilium, none (did you mean flannel?) (Kconfig:LINE)`},
		{"an overlap", "provision.local.subnet=10.244.3.0/24",
			"network.pod_cidr: 10.244.0.0/16 overlaps 10.244.3.0/24 of provision.local.subnet; choose ranges that share no address (Kconfig:LINE)"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := Default()
			err := Set(&c, "cluster.name=lab", tc.assignment)
			if err == nil {
				t.Fatal("accepted")
			}
			if got, want := unnumbered(err.Error()), strings.TrimPrefix(tc.want, ": "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if c != Default() {
				t.Error("the config has changed")
			}
		})
	}
}

func TestGetReturnsTypedValues(t *testing.T) {
	for path, want := range map[string]any{"cluster.name": "demo", "provision.workers": 2, "bootstrap.audit": true} {
		if got, err := Get(Default(), path); err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", path, got, err, want)
		}
	}
	if _, err := Get(Default(), "provision.local"); err == nil {
		t.Error("a group has no value")
	}
}

func TestAddressesAtTheEdges(t *testing.T) {
	cases := []struct {
		name, assignment string
		ok               bool
	}{
		{"ranges that only touch", "network.pod_cidr=10.97.0.0/16", true},
		{"the smallest Service range with a 10th address", "network.service_cidr=10.96.0.0/28", true},
		{"a Service range without one", "network.service_cidr=10.96.0.0/29", false},
		{"a Service range larger than the API server takes", "network.service_cidr=10.96.0.0/11", false},
		{"a domain of one label", "network.domain=cluster", true},
		{"a name of 30 characters", "cluster.name=a-name-of-just-thirty-characte", true},
		{"a name that ends in a dash", "cluster.name=a-", false},
		{"an IPv6 zone", "bootstrap.extra_sans=fe80::1%eth0", false},
		{"a registry with a path", "bootstrap.registry=mirror.example.com/a/b_c", true},
		{"a registry that ends in a slash", "bootstrap.registry=mirror.example.com/", false},
		{"a registry with no port", "bootstrap.registry=mirror.example.com:", false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := Default()
			if err := Set(&c, tc.assignment); (err == nil) != tc.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTheServiceAddressesAreTheFirstAndTheTenth(t *testing.T) {
	c := Default()
	c.Network.ServiceCIDR = "10.1.255.240/28"
	if got, want := APIServiceIP(c), netip.MustParseAddr("10.1.255.241"); got != want {
		t.Errorf("API %s, want %s", got, want)
	}
	if got, want := DNSServiceIP(c), netip.MustParseAddr("10.1.255.250"); got != want {
		t.Errorf("DNS %s, want %s", got, want)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	three := `{"provision": {"workers": 3}}`

	t.Run("no path and no file is the default", func(t *testing.T) {
		if c, err := Load("", nil); err != nil || c != Default() {
			t.Errorf("%v", err)
		}
	})
	t.Run("a missing file that was asked for is an error", func(t *testing.T) {
		if _, err := Load("no.json", nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no.json") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no path reads the file of the working directory", func(t *testing.T) {
		write(DefaultPath, three)
		if c, err := Load("", nil); err != nil || c.Provision.Workers != 3 {
			t.Errorf("%v", err)
		}
	})
	t.Run("a dash is stdin", func(t *testing.T) {
		if c, err := Load("-", strings.NewReader(three)); err != nil || c.Provision.Workers != 3 {
			t.Errorf("%v", err)
		}
		if _, err := Load("-", strings.NewReader("")); err == nil || !strings.HasPrefix(err.Error(), "<stdin>") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a directory says so", func(t *testing.T) {
		if _, err := Load(dir, nil); err == nil || !strings.Contains(err.Error(), "directory") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a file that is far too large is not read", func(t *testing.T) {
		write(filepath.Join(dir, "big"), strings.Repeat(" ", maxSize+1))
		if _, err := Load("big", nil); err == nil || !strings.Contains(err.Error(), "1 MiB") {
			t.Errorf("%v", err)
		}
	})
}
