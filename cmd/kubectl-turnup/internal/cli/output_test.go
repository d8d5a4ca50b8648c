package cli

import (
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
	if err := new(outputFlag).Set("jsonpath={.cluster"); err == nil {
		t.Error("half an expression is taken")
	}
}
