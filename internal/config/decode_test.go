package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/internal/golden"
)

// unnumbered leaves out the lines of Kconfig files, which change whenever
// somebody adds a symbol.
func unnumbered(text string) string {
	return regexp.MustCompile(`(Kconfig):[0-9]+\)`).ReplaceAllString(text, "$1:LINE)")
}

func TestEveryWrongFileIsRefusedWithPlaceAndLegalValues(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d wrong files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Decode(data, filepath.Base(file))
			if err == nil {
				t.Fatal("accepted")
			}
			golden.Check(t, strings.TrimSuffix(file, ".json")+".golden", unnumbered(err.Error())+"\n")
		})
	}
}

func TestAnEmptyObjectIsTheDefault(t *testing.T) {
	got, err := Decode([]byte("{}"), "config.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileChangesOnlyWhatItNames(t *testing.T) {
	got, err := Decode([]byte(`{"$schema": "schema.json",
		"provision": {"workers": 0}, "bootstrap": {"audit": false, "registry": "mirror.example.com:5000/k8s"}}`), "c")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Provision.Workers = 0
	want.Bootstrap.Audit = false
	want.Bootstrap.Registry = "mirror.example.com:5000/k8s"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileOfAnythingElseIsGivenUpSoon(t *testing.T) {
	text := "{" + strings.Repeat("\"key\": 1,\n", 60_000) + "\"key\": 1}"
	for _, strictness := range []Strictness{Strict, Lenient} {
		_, err := Read([]byte(text), "c", strictness)
		if err == nil || !strings.HasSuffix(err.Error(), "\nc: more than 100 problems; is this a config?") {
			t.Errorf("%.200v", err)
		}
	}
}

func TestSchemaIsOnlyAKeyAtTheTop(t *testing.T) {
	if _, err := Decode([]byte(`{"network": {"$schema": "x"}}`), "c"); err == nil {
		t.Error("accepted in a group")
	}
}

func TestProblemsCarryPlaceAndPath(t *testing.T) {
	_, err := Decode([]byte("{\n \"provision\": {\"workers\": 99}}"), "c.json")
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%T: %v", err, err)
	}
	want := Problems{{File: "c.json", Path: "provision.workers", Line: 2, Column: 27,
		Text: "99 is out of range, want a whole number from 0 to 50", Place: Lookup("provision.workers").Place()}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/wrong/*.json")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(Encode(Default()))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode(data, "fuzz.json")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.json") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		again, err := Decode(Encode(c), "again.json")
		if err != nil || again != c {
			t.Errorf("not a fixed point: %v\n%s", err, cmp.Diff(c, again))
		}
	})
}
