package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// schemas are those of one provider, in the words of Terraform's protocol 5.
type schemas struct {
	address         string // registry.terraform.io/hashicorp/aws
	provider        *tfprotov5.Schema
	resources, data map[string]*tfprotov5.Schema
}

// The output of `terraform providers schema -json`, as far as it matters here.
type (
	schemaFile struct {
		Providers map[string]struct {
			Provider  schemaJSON            `json:"provider"`
			Resources map[string]schemaJSON `json:"resource_schemas"`
			Data      map[string]schemaJSON `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	schemaJSON struct {
		Version int64     `json:"version"`
		Block   blockJSON `json:"block"`
	}
	blockJSON struct {
		Attributes map[string]attributeJSON `json:"attributes"`
		Blocks     map[string]nestedJSON    `json:"block_types"`
		Deprecated bool                     `json:"deprecated"`
	}
	attributeJSON struct {
		Type       json.RawMessage `json:"type"`
		Nested     json.RawMessage `json:"nested_type"`
		Required   bool            `json:"required"`
		Optional   bool            `json:"optional"`
		Computed   bool            `json:"computed"`
		Sensitive  bool            `json:"sensitive"`
		WriteOnly  bool            `json:"write_only"`
		Deprecated bool            `json:"deprecated"`
	}
	nestedJSON struct {
		Nesting string    `json:"nesting_mode"`
		Block   blockJSON `json:"block"`
		Min     int64     `json:"min_items"`
		Max     int64     `json:"max_items"`
	}
)

func readSchemas(path string) (schemas, error) {
	file, err := os.Open(path)
	if err != nil {
		return schemas{}, err
	}
	defer file.Close()
	s, err := parseSchemas(file)
	if err != nil {
		return schemas{}, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

// parseSchemas takes a gzipped file with the schemas of one provider.
func parseSchemas(r io.Reader) (schemas, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return schemas{}, err
	}
	var file schemaFile
	if err := json.NewDecoder(unzipped).Decode(&file); err != nil {
		return schemas{}, err
	}
	if len(file.Providers) != 1 {
		return schemas{}, fmt.Errorf("it has the schemas of %d providers, not of one", len(file.Providers))
	}
	s := schemas{resources: map[string]*tfprotov5.Schema{}, data: map[string]*tfprotov5.Schema{}}
	for address, p := range file.Providers {
		s.address = address
		if s.provider, err = p.Provider.schema(); err != nil {
			return schemas{}, fmt.Errorf("provider: %w", err)
		}
		for _, kind := range []struct {
			from map[string]schemaJSON
			to   map[string]*tfprotov5.Schema
		}{{p.Resources, s.resources}, {p.Data, s.data}} {
			for name, from := range kind.from {
				if kind.to[name], err = from.schema(); err != nil {
					return schemas{}, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return s, nil
}

func (s schemaJSON) schema() (*tfprotov5.Schema, error) {
	block, err := s.Block.block()
	if err != nil {
		return nil, err
	}
	return &tfprotov5.Schema{Version: s.Version, Block: block}, nil
}

func (b blockJSON) block() (*tfprotov5.SchemaBlock, error) {
	block := &tfprotov5.SchemaBlock{Deprecated: b.Deprecated}
	for _, name := range sorted(b.Attributes) {
		a := b.Attributes[name]
		if len(a.Nested) > 0 {
			return nil, fmt.Errorf("%s is a nested attribute, which only protocol 6 has", name)
		}
		// The only parser of type JSON there is; it is deprecated for providers with types of their own.
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		block.Attributes = append(block.Attributes, &tfprotov5.SchemaAttribute{Name: name, Type: kind,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly, Deprecated: a.Deprecated})
	}
	for _, name := range sorted(b.Blocks) {
		n := b.Blocks[name]
		inner, err := n.Block.block()
		if err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		mode, known := nestings[n.Nesting]
		if !known {
			return nil, fmt.Errorf("%s has the nesting mode %q", name, n.Nesting)
		}
		block.BlockTypes = append(block.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: mode, MinItems: n.Min, MaxItems: n.Max})
	}
	return block, nil
}

var nestings = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
	"group":  tfprotov5.SchemaNestedBlockNestingModeGroup,
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov5.SchemaNestedBlockNestingModeMap,
}

// names says that the block has an attribute or a block at the dotted path.
func names(block *tfprotov5.SchemaBlock, path ...string) bool {
	for _, a := range block.Attributes {
		if a.Name == path[0] {
			return len(path) == 1
		}
	}
	for _, n := range block.BlockTypes {
		if n.TypeName == path[0] {
			return len(path) == 1 || names(n.Block, path[1:]...)
		}
	}
	return false
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
