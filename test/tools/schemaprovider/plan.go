package main

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// planned is what an object would become: what Terraform proposes (the
// configuration, and for computed attributes what they were), with unknown for
// what only the cloud can tell. replace names the attributes that cannot be
// changed in an object that exists.
func planned(block *tfprotov5.SchemaBlock, r rules, prior, proposed tftypes.Value) (tftypes.Value, []*tftypes.AttributePath) {
	next := unknowns(block, proposed)
	if prior.IsNull() || next.Equal(prior) {
		return next, nil
	}
	var replace []*tftypes.AttributePath
	because := func(path string) {
		name, _, _ := strings.Cut(path, ".")
		replace = append(replace, tftypes.NewAttributePath().WithAttributeName(name))
	}
	for _, path := range r.Replace {
		if !same(prior, next, path) {
			because(path)
		}
	}
	for _, path := range r.Keep {
		if lost(prior, next, path) {
			because(path)
		}
	}
	return recomputed(next, r.Recompute), replace
}

// unknowns puts unknown where a computed attribute is null. Applied objects have
// no such null, so in an update these are only the attributes of new blocks.
func unknowns(block *tfprotov5.SchemaBlock, v tftypes.Value) tftypes.Value {
	inner := fields(v)
	if inner == nil {
		return v
	}
	for _, a := range block.Attributes {
		switch {
		case a.WriteOnly:
			inner[a.Name] = tftypes.NewValue(a.Type, nil)
		case a.Computed && inner[a.Name].IsNull():
			inner[a.Name] = tftypes.NewValue(a.Type, tftypes.UnknownValue)
		}
	}
	for _, n := range block.BlockTypes {
		old := inner[n.TypeName]
		if list := elements(old); list != nil {
			for i := range list {
				list[i] = unknowns(n.Block, list[i])
			}
			inner[n.TypeName] = tftypes.NewValue(old.Type(), list)
			continue
		}
		if n.Nesting == tfprotov5.SchemaNestedBlockNestingModeSingle || n.Nesting == tfprotov5.SchemaNestedBlockNestingModeGroup {
			inner[n.TypeName] = unknowns(n.Block, old)
		}
	}
	return tftypes.NewValue(v.Type(), inner)
}

// recomputed puts unknown where a change of the object changes what was computed.
func recomputed(v tftypes.Value, attributes []string) tftypes.Value {
	inner := fields(v)
	for _, name := range attributes {
		inner[name] = tftypes.NewValue(inner[name].Type(), tftypes.UnknownValue)
	}
	return tftypes.NewValue(v.Type(), inner)
}
