package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// fields are the attributes and blocks of an object; nil if it is null or unknown.
func fields(v tftypes.Value) map[string]tftypes.Value {
	var m map[string]tftypes.Value
	if v.Type() == nil || v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return maps.Clone(m) // As gives the value's own
}

// elements are those of a list or a set; nil if it is null or unknown.
func elements(v tftypes.Value) []tftypes.Value {
	var list []tftypes.Value
	if v.Type() == nil || v.IsNull() || !v.IsKnown() || v.As(&list) != nil {
		return nil
	}
	return slices.Clone(list)
}

// at collects what is at a dotted path, in every element of the lists and sets on the way.
func at(v tftypes.Value, path string) []tftypes.Value {
	if path == "" {
		return []tftypes.Value{v}
	}
	if v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Set{}) {
		var found []tftypes.Value
		for _, e := range elements(v) {
			found = append(found, at(e, path)...)
		}
		return found
	}
	name, rest, _ := strings.Cut(path, ".")
	if inner, ok := fields(v)[name]; ok {
		return at(inner, rest)
	}
	return nil
}

// given says whether the configuration has something at a dotted path, or may
// have once what is unknown is known.
func given(config tftypes.Value, path string) (has, may bool) {
	for _, v := range at(config, path) {
		list := v.Type().Is(tftypes.List{}) || v.Type().Is(tftypes.Set{})
		switch {
		case !v.IsKnown():
			may = true
		case !v.IsNull() && (!list || len(elements(v)) > 0):
			has = true
		}
	}
	return has, has || may
}

// same compares what two objects have at a dotted path.
func same(a, b tftypes.Value, path string) bool {
	x, y := at(a, path), at(b, path)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !x[i].Equal(y[i]) {
			return false
		}
	}
	return true
}

// lost says that a set has no longer one of its elements.
func lost(before, after tftypes.Value, path string) bool {
	for _, old := range at(before, path) {
		for _, element := range elements(old) {
			if !slices.ContainsFunc(at(after, path), func(set tftypes.Value) bool {
				return slices.ContainsFunc(elements(set), element.Equal)
			}) {
				return true
			}
		}
	}
	return false
}

// dotted is the path without the indexes.
func dotted(path *tftypes.AttributePath) string {
	var names []string
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// text is a string, number or bool as a template shows it.
func text(v tftypes.Value) (string, bool) {
	var (
		s string
		n big.Float
		b bool
	)
	switch {
	case v.IsNull() || !v.IsKnown():
		return "", false
	case v.As(&s) == nil:
		return s, true
	case v.As(&n) == nil:
		return n.Text('f', -1), true
	case v.As(&b) == nil:
		return fmt.Sprint(b), true
	}
	return "", false
}

// plain is a known value as encoding/json takes it.
func plain(v tftypes.Value) any {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	var (
		s string
		n big.Float
		b bool
	)
	switch {
	case v.As(&s) == nil:
		return s
	case v.As(&n) == nil:
		return json.Number(n.Text('f', -1))
	case v.As(&b) == nil:
		return b
	}
	if m := fields(v); m != nil {
		out := map[string]any{}
		for name, inner := range m {
			out[name] = plain(inner)
		}
		return out
	}
	out := []any{}
	for _, e := range elements(v) {
		out = append(out, plain(e))
	}
	return out
}

// encode is a known value as in Terraform's state.
func encode(v tftypes.Value) (json.RawMessage, error) { return json.Marshal(plain(v)) }

// decode is the reverse of encode.
func decode(data []byte, kind tftypes.Type) (tftypes.Value, error) {
	// Deprecated for providers that could use the protocol's own values; files are not the protocol.
	return tftypes.ValueFromJSON(data, kind) //nolint:staticcheck
}

// zero is what the SDK of the real providers leaves where the cloud said nothing.
func zero(kind tftypes.Type) tftypes.Value {
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, "")
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, 0)
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, false)
	case kind.Is(tftypes.List{}), kind.Is(tftypes.Set{}):
		return tftypes.NewValue(kind, []tftypes.Value{})
	case kind.Is(tftypes.Map{}):
		return tftypes.NewValue(kind, map[string]tftypes.Value{})
	}
	if o, ok := kind.(tftypes.Object); ok {
		inner := map[string]tftypes.Value{}
		for name, t := range o.AttributeTypes {
			inner[name] = zero(t)
		}
		return tftypes.NewValue(kind, inner)
	}
	return tftypes.NewValue(kind, nil)
}
