package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The protocol: values come in and go out, provider.go decides.

func (p *provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
		Provider:           p.schemas.provider, ResourceSchemas: p.schemas.resources, DataSourceSchemas: p.schemas.data}, nil
}

func (p *provider) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	config, err := r.Config.Unmarshal(p.schemas.provider.ValueType())
	if err != nil {
		return nil, err
	}
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config, Diagnostics: found(p.manners.Provider.problems(config))}, nil
}

func (p *provider) ConfigureProvider(ctx context.Context, r *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	config, err := r.Config.Unmarshal(p.schemas.provider.ValueType())
	if err != nil {
		return nil, err
	}
	return &tfprotov5.ConfigureProviderResponse{Diagnostics: diagnostics(p.configure(ctx, config))}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	p.faults.stopped()
	return &tfprotov5.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	values, err := unmarshal(p.schemas.resources, r.TypeName, r.Config)
	if err != nil {
		return nil, err
	}
	problems := append(unconfigurable(p.schemas.resources[r.TypeName].Block, values[0]), p.manners.Resources[r.TypeName].problems(values[0])...)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: found(problems)}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	schema, ok := p.schemas.resources[r.TypeName]
	if !ok {
		return nil, fmt.Errorf("there is no resource type %s", r.TypeName)
	}
	state, err := r.RawState.UnmarshalWithOpts(schema.ValueType(), tfprotov5.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return nil, err
	}
	out, err := marshal(state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: out}, err
}

func (p *provider) ReadResource(ctx context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	values, err := unmarshal(p.schemas.resources, r.TypeName, r.CurrentState)
	if err != nil {
		return nil, err
	}
	state, err := p.read(ctx, r.TypeName, values[0])
	if err != nil {
		return &tfprotov5.ReadResourceResponse{NewState: r.CurrentState, Diagnostics: diagnostics(err)}, nil
	}
	out, err := marshal(state)
	return &tfprotov5.ReadResourceResponse{NewState: out}, err
}

func (p *provider) PlanResourceChange(ctx context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	values, err := unmarshal(p.schemas.resources, r.TypeName, r.PriorState, r.ProposedNewState)
	if err != nil {
		return nil, err
	}
	if _, err := p.faults.strike(ctx, "plan", r.TypeName); err != nil {
		return &tfprotov5.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, Diagnostics: diagnostics(err)}, nil
	}
	next, replace := planned(p.schemas.resources[r.TypeName].Block, p.manners.Resources[r.TypeName], values[0], values[1])
	out, err := marshal(next)
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: out, RequiresReplace: replace}, err
}

func (p *provider) ApplyResourceChange(ctx context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	values, err := unmarshal(p.schemas.resources, r.TypeName, r.PriorState, r.PlannedState, r.Config)
	if err != nil {
		return nil, err
	}
	prior, next, config := values[0], values[1], values[2]
	var made tftypes.Value // of no type if there is nothing new to remember
	switch {
	case next.IsNull():
		if err = p.delete(ctx, r.TypeName, prior); err == nil {
			made = next
		}
	case prior.IsNull():
		made, err = p.create(ctx, r.TypeName, config, next)
	default:
		made, err = p.update(ctx, r.TypeName, config, prior, next)
	}
	if err != nil && made.Type() == nil {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PriorState, Diagnostics: diagnostics(err)}, nil
	}
	out, failed := marshal(made)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: out, Diagnostics: diagnostics(err)}, failed
}

func (p *provider) ValidateDataSourceConfig(_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	values, err := unmarshal(p.schemas.data, r.TypeName, r.Config)
	if err != nil {
		return nil, err
	}
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: found(p.manners.Data[r.TypeName].problems(values[0]))}, nil
}

func (p *provider) ReadDataSource(ctx context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	values, err := unmarshal(p.schemas.data, r.TypeName, r.Config)
	if err != nil {
		return nil, err
	}
	state, err := p.data(ctx, r.TypeName, values[0])
	if err != nil {
		return &tfprotov5.ReadDataSourceResponse{Diagnostics: diagnostics(err)}, nil
	}
	out, err := marshal(state)
	return &tfprotov5.ReadDataSourceResponse{State: out}, err
}

// unmarshal reads values of one type.
func unmarshal(schemas map[string]*tfprotov5.Schema, kind string, from ...*tfprotov5.DynamicValue) ([]tftypes.Value, error) {
	schema, ok := schemas[kind]
	if !ok {
		return nil, fmt.Errorf("there is no type %s", kind)
	}
	values := make([]tftypes.Value, len(from))
	for i, f := range from {
		var err error
		if values[i], err = f.Unmarshal(schema.ValueType()); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
	}
	return values, nil
}

func marshal(v tftypes.Value) (*tfprotov5.DynamicValue, error) {
	out, err := tfprotov5.NewDynamicValue(v.Type(), v)
	return &out, err
}

func found(failures []failure) []*tfprotov5.Diagnostic {
	var list []*tfprotov5.Diagnostic
	for _, f := range failures {
		list = append(list, diagnostics(f)...)
	}
	return list
}
