package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	turnup "turnup.dev/kubectl-turnup"
)

func TestLoadingAndSavingIsAFixedPoint(t *testing.T) {
	random := random(t)
	for range 300 {
		c := someConfig(random)
		full, minimal := Write(c, "s"), Minimal(c, "")
		for _, data := range [][]byte{full, minimal} {
			doc, err := Read(data, "c", Strict)
			if err != nil {
				t.Fatalf("%v\n%s", err, data)
			}
			if diff := cmp.Diff(string(full), string(Write(doc.Config, "s"))); diff != "" {
				t.Fatalf("read from\n%s\nand written again:\n%s", data, diff)
			}
			if again := Minimal(doc.Config, ""); !bytes.Equal(again, minimal) {
				t.Fatalf("minimal (-want +got):\n%s", cmp.Diff(string(minimal), string(again)))
			}
		}
		if cluster := Of(c); !bytes.Equal(Encode(cluster), Write(c, "")) || Validate(cluster) != nil {
			t.Fatalf("as a Cluster it is %s", Encode(cluster))
		}
	}
}

func TestMinimalHasWhatIsNeeded(t *testing.T) {
	c := New()
	if got := string(Minimal(c, "")); got != "{}\n" {
		t.Errorf("all defaults are %s", got)
	}
	if err := SetAll(c, "provision.platform=aws", "provision.workers=2", "provision.aws.zones=a,b"); err != nil {
		t.Fatal(err)
	}
	want := `{"provision":{"platform":"aws","aws":{"zones":"a,b"}}}`
	if got := strings.Join(strings.Fields(string(Minimal(c, ""))), ""); got != want {
		t.Errorf("%s", got)
	}
}

func TestLenientMendsEveryWrongValue(t *testing.T) {
	doc, err := Read([]byte(`{
  "provision": {"platform": "aws", "workers": 9999, "local": {"subnet": "172.30.0.0/24"}},
  "bootstrap": {"audit": "yes", "audit": true},
  "netwrk": {"deep": [{"a": 1}]},
  "addons": {"interval": 1e9},
  "network": {"pod_cidr": "10.240.0.0/12"}
}`), "c.json", Lenient)
	if err != nil {
		t.Fatal(err)
	}
	want := `c.json:2:47: provision.workers: 9999 is out of range, want a whole number from 0 to 1000 (terraform/Kconfig:LINE); taken as 1000
c.json:2:73: provision.local.subnet: it applies only if provision.platform (=aws) = local; left out
c.json:3:26: bootstrap.audit: "yes" is a string, want true or false; left out
c.json:3:33: bootstrap.audit: the key stands twice, first in line 3; keep one; left out
c.json:4:3: netwrk: there is no such key (did you mean network?); left out
c.json:5:26: addons.interval: "1e9" is no whole number in digits, want a whole number from 5 to 3600; left out`
	var got []string
	for _, w := range doc.Warnings {
		w.Place = ""
		got = append(got, w.Error())
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, " (terraform/Kconfig:LINE)", ""), strings.Join(got, "\n")); diff != "" {
		t.Error(diff)
	}
	c := Of(doc.Config)
	if c.Provision.Workers != 1000 || c.Provision.Local.Subnet != "" || !c.Bootstrap.Audit || c.Addons.Interval != 60 {
		t.Errorf("%+v", c)
	}
	if err := Validate(c); err != nil {
		t.Error(err)
	}
}

func TestLenientCannotMendAnAddress(t *testing.T) {
	if _, err := Read([]byte(`{"network": {"pod_cidr": "10.0.0.0"}}`), "c", Lenient); err == nil {
		t.Error("accepted")
	}
}

func TestAnOldNameMigratesWithANotice(t *testing.T) {
	read := func(text string) (*Document, error) {
		r := newReader([]byte(text), "old.json", Strict)
		r.renamed = map[string]string{"provision.nodes": "provision.workers", "phase2.audit": "bootstrap.audit"}
		return r.read()
	}
	t.Run("in its group or in one that is gone", func(t *testing.T) {
		doc, err := read(`{"provision": {"nodes": 4}, "phase2": {"audit": false}}`)
		if err != nil {
			t.Fatal(err)
		}
		if c := Of(doc.Config); c.Provision.Workers != 4 || c.Bootstrap.Audit {
			t.Errorf("%+v", c)
		}
		want := "old.json:1:16: provision.nodes: this is called provision.workers now; saving the config writes the new name"
		if len(doc.Warnings) != 2 || doc.Warnings[0].Error() != want {
			t.Errorf("%v", doc.Warnings)
		}
	})
	t.Run("beside the new one", func(t *testing.T) {
		_, err := read(`{"provision": {"nodes": 4, "workers": 5}}`)
		if err == nil || !strings.Contains(err.Error(), "set twice, by its old name and by its new one") {
			t.Errorf("%v", err)
		}
	})
	t.Run("what is not renamed in a group that is gone is unknown", func(t *testing.T) {
		if _, err := read(`{"phase2": {"encryption": false}}`); err == nil {
			t.Error("accepted")
		}
	})
}

func TestThePlaceOfAProblemIsTheLineOfItsSymbol(t *testing.T) {
	for _, f := range Fields() {
		path, number, _ := strings.Cut(f.Place(), ":")
		data, err := turnup.Kconfig.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.Split(string(data), "\n")[(&Field{Kind: Int}).Typed(number).(int)-1]
		if line != "config "+f.Path && line != "choice "+f.Path {
			t.Errorf("%s is not at %s, where %q stands", f.Path, f.Place(), line)
		}
	}
}

func TestEveryKconfigFileIsEmbeddedAndRead(t *testing.T) {
	read := map[string]bool{}
	for _, file := range Tree().Files {
		read[file] = true
	}
	for _, pattern := range []string{"Kconfig", "*/Kconfig", "*/*/Kconfig"} {
		files, _ := filepath.Glob("../../" + pattern)
		for _, file := range files {
			file = filepath.ToSlash(strings.TrimPrefix(file, "../../"))
			data, err := os.ReadFile("../../" + file)
			if err != nil {
				t.Fatal(err)
			}
			if embedded, err := turnup.Kconfig.ReadFile(file); err != nil || !bytes.Equal(embedded, data) || !read[file] {
				t.Errorf("%s is not embedded, or no other file sources it (%v)", file, err)
			}
		}
	}
}

func BenchmarkParseEvaluateValidate(b *testing.B) {
	data := Write(New(), "")
	b.ReportAllocs()
	for b.Loop() {
		d, err := freshly()
		if err != nil {
			b.Fatal(err)
		}
		if len(d.fields) == 0 {
			b.Fatal("no fields")
		}
		if _, err := Decode(data, "c"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestATextIsJudgedWhileItIsTyped(t *testing.T) {
	c := New()
	cases := []struct{ symbol, text, want string }{
		{"provision.workers", "51", "51 is out of range, want a whole number from 0 to 50"},
		{"provision.workers", "5", ""},
		{"cluster.name", "A", `"A" is not legal, want a DNS label of at most 30 characters (a-z and 0-9, with - inside)`},
		{"bootstrap.audit", "n", ""},
		{"addons.path", "", "it is empty, want the path of a directory"},
		{"network.provider.none", "y", ""},
	}
	for _, tc := range cases {
		if got := CheckText(c, Tree().Symbol(tc.symbol), tc.text); got != tc.want {
			t.Errorf("%s=%s: %q", tc.symbol, tc.text, got)
		}
	}
	for range c.UserSet() {
		t.Error("judging has changed the config")
	}
}
