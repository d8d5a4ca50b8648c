package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// problems are what a provider finds wrong with a configuration before it asks
// the cloud, in the words of the SDK of the real ones. Terraform itself has
// looked at names, types, required attributes and numbers of blocks by then.
func (r rules) problems(config tftypes.Value) []failure {
	var found []failure
	for _, group := range r.AtMostOne {
		if set, _ := among(config, group); len(set) > 1 {
			found = append(found, failure{"Conflicting configuration arguments",
				fmt.Sprintf("%q: conflicts with %s", set[0], strings.Join(set[1:], ", "))})
		}
	}
	for _, group := range r.ExactlyOne {
		set, maybe := among(config, group)
		switch {
		case len(set) > 1:
			found = append(found, failure{"Invalid combination of arguments",
				fmt.Sprintf("%q: only one of `%s` can be specified, but `%s` were specified.", set[0], strings.Join(group, ","), strings.Join(set, ","))})
		case !maybe:
			found = append(found, failure{"Invalid combination of arguments",
				fmt.Sprintf("%q: one of `%s` must be specified", group[0], strings.Join(group, ","))})
		}
	}
	return append(found, r.illegal(config, false)...)
}

// unconfigurable are attributes that only the provider sets, and the configuration sets as well.
func unconfigurable(block *tfprotov5.SchemaBlock, config tftypes.Value) []failure {
	var found []failure
	inner := fields(config)
	for _, a := range block.Attributes {
		if v, ok := inner[a.Name]; ok && a.Computed && !a.Optional && !v.IsNull() {
			found = append(found, failure{"Value for unconfigurable attribute", fmt.Sprintf("Can't configure a value for %q: "+
				"its value will be decided automatically based on the result of applying this configuration.", a.Name)})
		}
	}
	for _, n := range block.BlockTypes {
		list := elements(inner[n.TypeName])
		if list == nil {
			list = []tftypes.Value{inner[n.TypeName]}
		}
		for _, element := range list {
			found = append(found, unconfigurable(n.Block, element)...)
		}
	}
	return found
}

// among returns the attributes of the group that are set, and whether one is or may be.
func among(config tftypes.Value, group []string) (set []string, maybe bool) {
	for _, path := range group {
		has, may := given(config, path)
		if has {
			set = append(set, path)
		}
		maybe = maybe || may
	}
	return set, maybe
}

// illegal are texts that the provider (or late, the cloud) refuses.
func (r rules) illegal(config tftypes.Value, late bool) []failure {
	var found []failure
	for _, path := range sorted(r.Legal) {
		rule := r.Legal[path]
		if rule.Late != late {
			continue
		}
		for _, v := range at(config, path) {
			if value, known := text(v); known && !rule.pattern.MatchString(value) {
				found = append(found, failure{strings.ReplaceAll(rule.Says, "{value}", value), ""})
			}
		}
	}
	return found
}
