package cli

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestJSONPathPicksFromAResult(t *testing.T) {
	type machine struct {
		Name string `json:"name"`
	}
	value := struct {
		Cluster  string    `json:"cluster"`
		Machines []machine `json:"machines"`
	}{"demo", []machine{{"a"}, {"b"}}}
	for expression, want := range map[string]string{
		"{.cluster}": "demo\n", ".cluster": "demo\n", "cluster": "demo\n",
		"{.machines[*].name}":                    "a b\n",
		`{range .machines[*]}{.name}{"\n"}{end}`: "a\nb\n",
		"{.nothing}":                             "",
	} {
		var flag outputFlag
		if err := flag.Set("jsonpath=" + expression); err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var out strings.Builder
		if err := flag.print(&out, value, nil); err != nil || out.String() != want {
			t.Errorf("%s: %v, %q, want %q", expression, err, out.String(), want)
		}
	}
	if err := new(listFlag).Set("jsonpath={.cluster"); err == nil || strings.Contains(err.Error(), "want") {
		t.Errorf("half an expression: %v", err)
	}
	if err := new(outputFlag).Set("jsonpath={.cluster"); err == nil {
		t.Error("half an expression is taken")
	}
}

func TestAListHasNamesAndAWideTable(t *testing.T) {
	table := func(w io.Writer, wide bool) error {
		_, err := fmt.Fprintln(w, "table", wide)
		return err
	}
	for format, want := range map[string]string{
		"": "table false\n", "wide": "table true\n", "name": "machine/a\nmachine/b\n", "json": "1\n", "yaml": "1\n",
	} {
		var flag listFlag
		if err := flag.Set(format); err != nil && format != "" {
			t.Errorf("%s: %v", format, err)
		}
		var out strings.Builder
		if err := flag.print(&out, 1, []string{"machine/a", "machine/b"}, table); err != nil || out.String() != want {
			t.Errorf("%s: %v, %q, want %q", format, err, out.String(), want)
		}
	}
	if err := new(listFlag).Set("table"); err == nil || !strings.Contains(err.Error(), "wide, name") {
		t.Errorf("a format that there is not: %v", err)
	}
}
