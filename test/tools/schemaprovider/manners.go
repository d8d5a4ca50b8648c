package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
)

// manners are what a provider does and no schema says. They are written down
// by hand from the provider's documentation, for what the modules use.
type manners struct {
	Provider  rules            `json:"provider"`
	Resources map[string]rules `json:"resources"`
	Data      map[string]rules `json:"data"`
	// Replace and Values hold for attributes of that name in every type that has
	// one, Values only where it has no template of its own.
	Replace []string          `json:"replace"`
	Values  map[string]string `json:"values"`
}

// rules are those of one type. Attributes are named by dotted path: boot_disk.source.
type rules struct {
	// Replace lists the attributes whose change makes a new object; "*" are all.
	Replace []string `json:"replace,omitempty"`
	// Keep lists sets that may grow in an object; without one of their elements it is a new one.
	Keep []string `json:"keep,omitempty"`
	// Recompute lists computed attributes that any change of the object changes.
	Recompute []string `json:"recompute,omitempty"`
	// ExactlyOne and AtMostOne are groups of attributes that exclude each other.
	ExactlyOne [][]string `json:"exactlyOne,omitempty"`
	AtMostOne  [][]string `json:"atMostOne,omitempty"`
	// Unique are attributes that tell objects of the type apart: a second one with the same is refused.
	Unique []string `json:"unique,omitempty"`
	// Legal says what the value of a text has to look like.
	Legal map[string]legal `json:"legal,omitempty"`
	// Values are templates for computed attributes: {name} is another attribute, {provider.name}
	// one of the provider's configuration, {name|other} with what to take instead of nothing, {hex:8} text and {ip:198.18.0.0/15} an address, both
	// the object's own. A template of nothing but {name} takes the value as it is.
	Values map[string]string `json:"values,omitempty"`
	// Fixed are values for computed attributes, as they are.
	Fixed map[string]json.RawMessage `json:"fixed,omitempty"`
	// Cases are fixed values for objects with a text of a certain form: those of the first that fits.
	Cases []fixedCase `json:"cases,omitempty"`
}

type fixedCase struct {
	Where   string                     `json:"where"`
	Matches string                     `json:"matches"`
	Fixed   map[string]json.RawMessage `json:"fixed"`

	pattern *regexp.Regexp
}

// legal is a rule for a text, and the cloud's words for what breaks it; {value} is the value.
type legal struct {
	Pattern string `json:"pattern"`
	Says    string `json:"says"`
	// Late is for what a provider does not know and the cloud refuses when the object is made.
	Late bool `json:"late,omitempty"`

	pattern *regexp.Regexp
}

// readManners reads the rules, and refuses those that name nothing in the schemas.
func readManners(path string, s schemas) (manners, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return manners{}, err
	}
	m, err := parseManners(data, s)
	if err != nil {
		return manners{}, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

func parseManners(data []byte, s schemas) (manners, error) {
	var m manners
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return manners{}, err
	}
	if err := m.Provider.check("provider", s.provider); err != nil {
		return manners{}, err
	}
	if m.Resources == nil {
		m.Resources = map[string]rules{}
	}
	for name, r := range m.Resources {
		if err := r.check(name, s.resources[name]); err != nil {
			return manners{}, err
		}
	}
	for name, schema := range s.resources {
		r := m.Resources[name]
		r.Replace = replacing(schema.Block, slices.Concat(m.Replace, r.Replace))
		m.Resources[name] = r
	}
	for name, r := range m.Data {
		if err := r.check(name, s.data[name]); err != nil {
			return manners{}, err
		}
	}
	return m, nil
}

// check refuses a rule for something that the type does not have, and makes the patterns ready.
func (r rules) check(name string, schema *tfprotov5.Schema) error {
	if schema == nil {
		return fmt.Errorf("%s: there is no schema of that name", name)
	}
	paths := slices.Concat(r.Replace, r.Keep, r.Recompute, r.Unique, sorted(r.Legal), sorted(r.Values), sorted(r.Fixed))
	paths = slices.Concat(paths, slices.Concat(r.ExactlyOne...), slices.Concat(r.AtMostOne...))
	for _, c := range r.Cases {
		paths = append(append(paths, c.Where), sorted(c.Fixed)...)
	}
	for _, path := range paths {
		if path != "*" && !names(schema.Block, strings.Split(path, ".")...) {
			return fmt.Errorf("%s: there is no attribute %s", name, path)
		}
	}
	for i, c := range r.Cases {
		pattern, err := regexp.Compile(c.Matches)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.Cases[i].pattern = pattern
	}
	for path, l := range r.Legal {
		pattern, err := regexp.Compile(l.Pattern)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", name, path, err)
		}
		l.pattern = pattern
		r.Legal[path] = l
	}
	return nil
}

// replacing are those of the paths that the type has.
func replacing(block *tfprotov5.SchemaBlock, paths []string) []string {
	if slices.Contains(paths, "*") {
		paths = nil
		for _, a := range block.Attributes {
			paths = append(paths, a.Name)
		}
		for _, n := range block.BlockTypes {
			paths = append(paths, n.TypeName)
		}
	}
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !names(block, strings.Split(path, ".")...) })
}
