package terraform_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// shape is what was made, for people to review: every resource by its address,
// with all that the module says about it and nothing that the cloud has made up.
// A value of another resource is that resource's name for it. With a base, only
// what is different from the base.
func (s *site) shape(t *testing.T, base string, differs bool) string {
	t.Helper()
	lines := s.lines(t)
	if !differs {
		return blocks(lines)
	}
	data, err := os.ReadFile(base)
	ok(t, err)
	before := unblock(string(data))
	out := "# What is different from " + filepath.Base(base) + ".\n"
	for _, line := range union(before, lines) {
		switch {
		case !slices.Contains(lines, line):
			out += "- " + line + "\n"
		case !slices.Contains(before, line):
			out += "+ " + line + "\n"
		}
	}
	return out
}

// lines are "ADDRESS ATTRIBUTE = VALUE", sorted: resources, data sources and outputs.
func (s *site) lines(t *testing.T) []string {
	t.Helper()
	state := s.readState(t)
	names := map[string]string{}
	objects := s.objects(t, "")
	for _, o := range objects {
		maps.Copy(names, nicknames(o, state.addresses[o.Type+" "+o.ID]))
	}
	for _, o := range s.questions(t) {
		o.Type = "data." + o.Type
		if objects = append(objects, o); madeUp.MatchString(o.ID) {
			names[o.ID] = state.addresses[o.Type+" "+o.ID] + ".id"
		}
	}
	replace := replacer(names)
	var lines []string
	add := func(address string, config any) {
		lines = append(lines, address)
		flatten(config, "", func(path, value string) {
			lines = append(lines, strings.TrimSpace(address+" "+path)+" = "+replace.Replace(value))
		})
	}
	for _, o := range objects {
		address, known := state.addresses[o.Type+" "+o.ID]
		if !known {
			t.Errorf("%s %s is in the cloud and not in the state", o.Type, o.ID)
		}
		add(address, o.Config)
	}
	for name, value := range state.outputs {
		add("output."+name, value)
	}
	slices.Sort(lines)
	return lines
}

// madeUp is what an id looks like that nobody has chosen.
var madeUp = regexp.MustCompile(`-[0-9a-f]{8,}|/`)

// state is a Terraform state: addresses of what is in it by type and id, and outputs by name.
type state struct {
	addresses map[string]string
	outputs   map[string]any
}

func (s *site) readState(t *testing.T) state {
	t.Helper()
	var file struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				Key        any `json:"index_key"`
				Attributes struct{ ID string }
			}
		}
		Outputs map[string]struct{ Value any }
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "terraform.tfstate"))
	ok(t, err)
	ok(t, json.Unmarshal(text, &file))
	read := state{map[string]string{}, map[string]any{}}
	for name, output := range file.Outputs {
		read.outputs[name] = output.Value
	}
	for _, r := range file.Resources {
		kind := r.Type
		if r.Mode == "data" {
			kind = "data." + kind
		}
		for _, i := range r.Instances {
			address := kind + "." + r.Name
			switch key := i.Key.(type) {
			case string:
				address += fmt.Sprintf("[%q]", key)
			case float64:
				address += fmt.Sprintf("[%d]", int(key))
			}
			read.addresses[kind+" "+i.Attributes.ID] = address
		}
	}
	return read
}

// nicknames are ADDRESS.ATTRIBUTE for what the cloud has made up for the object,
// an id or an address. What the module says itself stays: the id of a role is its name.
func nicknames(o object, address string) map[string]string {
	said, names := map[string]bool{}, map[string]string{}
	flatten(o.Config, "", func(_, value string) { said[strings.Trim(value, `"`)] = true })
	// Of attributes with the same value (id and arn), the shortest gives its name.
	for _, attribute := range slices.SortedFunc(maps.Keys(o.Values), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	}) {
		value, text := o.Values[attribute].(string)
		if text && len(value) > 7 && !said[value] && attribute != "region" && attribute != "project" {
			names[value] = address + "." + attribute
			if madeUp.MatchString(value) {
				names[strings.ReplaceAll(value, "-", "")] = address + "." + attribute // of an NVMe disk's link
			}
		}
	}
	return names
}

// replacer puts names in the place of values. A value that is nothing else loses its quotes.
func replacer(names map[string]string) *strings.Replacer {
	var pairs []string
	// The longest first, since the id of one may be part of another's.
	for _, value := range slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	}) {
		pairs = append(pairs, `"`+value+`"`, names[value], value, names[value])
	}
	return strings.NewReplacer(pairs...)
}

// flatten tells of every value that is not empty, by dotted path. A text of JSON
// is taken apart as well, and base64 is read.
func flatten(value any, path string, tell func(path, value string)) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for name, inner := range v {
			flatten(inner, strings.TrimPrefix(path+"."+name, "."), tell)
		}
	case []any:
		for i, inner := range v {
			if _, nested := inner.(map[string]any); nested && len(v) > 1 {
				flatten(inner, fmt.Sprintf("%s[%d]", path, i), tell)
			} else if !nested {
				flatten(inner, path+"[]", tell)
			} else {
				flatten(inner, path, tell)
			}
		}
	case string:
		var inner map[string]any
		if json.Unmarshal([]byte(v), &inner) == nil {
			flatten(inner, path, tell)
			return
		}
		if text, err := base64.StdEncoding.DecodeString(v); err == nil && len(v) > 40 && utf8.Valid(text) {
			tell(path, fmt.Sprintf("base64 of %q", text))
			return
		}
		tell(path, fmt.Sprintf("%q", v))
	default:
		tell(path, fmt.Sprint(v))
	}
}

// blocks writes each address once.
func blocks(lines []string) string {
	var out strings.Builder
	for _, line := range lines {
		address, rest := split(line)
		if rest == "" {
			fmt.Fprintln(&out, address)
		} else {
			fmt.Fprintln(&out, "  "+rest)
		}
	}
	return out.String()
}

// unblock is the reverse of blocks.
func unblock(text string) []string {
	var lines []string
	address := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, inner := strings.CutPrefix(line, "  "); inner {
			lines = append(lines, address+" "+rest)
		} else {
			address = line
			lines = append(lines, line)
		}
	}
	return lines
}

// split parts a line behind the address, in whose key there may be a space.
func split(line string) (address, rest string) {
	end := strings.Index(line, " ")
	if i := strings.Index(line, `["`); i >= 0 && (end < 0 || i < end) {
		end = i + strings.Index(line[i:], `"]`) + len(`"]`)
	}
	if end < 0 || end == len(line) {
		return line, ""
	}
	return line[:end], line[end+1:]
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// plansWhatIsExpected compares what a real provider would make with the plans of the tests.
func (s *site) plansWhatIsExpected(t *testing.T, platform, name string) {
	t.Helper()
	changes, err := s.Plan(t.Context())
	ok(t, err)
	if name != "one" {
		return // the file has the differences only
	}
	data, err := os.ReadFile(planFile(platform, name))
	ok(t, err)
	var want, got []string
	for _, line := range unblock(string(data)) {
		address, rest := split(line)
		if rest == "" && !strings.HasPrefix(address, "data.") && !strings.HasPrefix(address, "output.") {
			want = append(want, "create "+address)
		}
	}
	for _, c := range changes.Resources {
		if c.Action != "read" {
			got = append(got, c.String())
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the plan is\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
