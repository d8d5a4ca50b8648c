package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider is what the protocol (server.go) asks: it knows values, and no wire format.
type provider struct {
	schemas schemas
	manners manners
	faults  *faults
	world   world
	config  tftypes.Value // of the provider block

	mu sync.Mutex // over looking whether an object exists, and making it
}

func (p *provider) configure(ctx context.Context, config tftypes.Value) error {
	if !p.world.exists() {
		return failure{summary: envWorld + " names no directory"}
	}
	if _, err := p.faults.strike(ctx, "configure", ""); err != nil {
		return err
	}
	p.config = config
	return nil
}

// read returns what the cloud has now, null if it is gone.
func (p *provider) read(ctx context.Context, kind string, state tftypes.Value) (tftypes.Value, error) {
	if _, err := p.faults.strike(ctx, "read", kind); err != nil {
		return tftypes.Value{}, err
	}
	o, found, err := p.world.get(kind, first(at(state, "id")))
	if err != nil {
		return tftypes.Value{}, err
	}
	if !found {
		return tftypes.NewValue(state.Type(), nil), nil
	}
	return decode(o.Values, state.Type())
}

// create makes the object. If it was told to crash afterwards it does not return;
// with an error, the object that it returns is there.
func (p *provider) create(ctx context.Context, kind string, config, next tftypes.Value) (tftypes.Value, error) {
	after, err := p.faults.strike(ctx, "create", kind)
	if err != nil {
		return tftypes.Value{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	made, err := p.make(kind, config, next)
	if err != nil {
		return tftypes.Value{}, err
	}
	return made, after()
}

func (p *provider) make(kind string, config, next tftypes.Value) (tftypes.Value, error) {
	r := p.manners.Resources[kind]
	if bad := r.illegal(next, true); len(bad) > 0 {
		return tftypes.Value{}, bad[0]
	}
	if err := p.unique(kind, r.Unique, next); err != nil {
		return tftypes.Value{}, err
	}
	asked, err := encode(config)
	if err != nil {
		return tftypes.Value{}, err
	}
	var earlier string
	for n := 0; ; n++ {
		m := p.maker(kind, r, sha256.Sum256(fmt.Appendf(nil, "%s %d %s", kind, n, asked)))
		made, err := m.fill(next)
		if err != nil {
			return tftypes.Value{}, err
		}
		id := first(at(made, "id"))
		if id == earlier {
			return tftypes.Value{}, failure{fmt.Sprintf("%s %q already exists", kind, id),
				"to be managed via Terraform this resource needs to be imported into the State"}
		}
		earlier = id
		if _, taken, err := p.world.get(kind, id); err != nil || taken {
			if err != nil {
				return tftypes.Value{}, err
			}
			continue // another one that was asked for in the same words
		}
		return made, p.keep(kind, asked, made, 1)
	}
}

// unique refuses a second object with the same values of these attributes.
func (p *provider) unique(kind string, attributes []string, next tftypes.Value) error {
	if len(attributes) == 0 {
		return nil
	}
	others, err := p.world.list(kind)
	if err != nil {
		return err
	}
	for _, o := range others {
		other, err := decode(o.Values, next.Type())
		if err != nil {
			return err
		}
		equal := true
		for _, path := range attributes {
			equal = equal && same(other, next, path)
		}
		if equal {
			return failure{fmt.Sprintf("%s %q already exists", kind, first(at(next, attributes[0]))), ""}
		}
	}
	return nil
}

func (p *provider) update(ctx context.Context, kind string, config, prior, next tftypes.Value) (tftypes.Value, error) {
	if _, err := p.faults.strike(ctx, "update", kind); err != nil {
		return tftypes.Value{}, err
	}
	r, id := p.manners.Resources[kind], first(at(prior, "id"))
	if bad := r.illegal(next, true); len(bad) > 0 {
		return tftypes.Value{}, bad[0]
	}
	o, found, err := p.world.get(kind, id)
	if err != nil {
		return tftypes.Value{}, err
	}
	if !found {
		return tftypes.Value{}, failure{fmt.Sprintf("%s %q does not exist", kind, id), ""}
	}
	asked, err := encode(config)
	if err != nil {
		return tftypes.Value{}, err
	}
	m := p.maker(kind, r, sha256.Sum256([]byte(kind+" "+id)))
	m.generation = o.Generation + 1
	made, err := m.fill(next)
	if err != nil {
		return tftypes.Value{}, err
	}
	return made, p.keep(kind, asked, made, m.generation)
}

func (p *provider) keep(kind string, asked []byte, made tftypes.Value, generation int) error {
	values, err := encode(made)
	if err != nil {
		return err
	}
	return p.world.put(object{Type: kind, ID: first(at(made, "id")), Generation: generation, Config: asked, Values: values})
}

// delete removes the object, unless another one still names it, as clouds do.
func (p *provider) delete(ctx context.Context, kind string, prior tftypes.Value) error {
	if _, err := p.faults.strike(ctx, "delete", kind); err != nil {
		return err
	}
	id := first(at(prior, "id"))
	if err := p.unused(kind, id); err != nil {
		return err
	}
	return p.world.remove(kind, id)
}

// unused refuses what another object still names. An id that is a name which
// somebody has chosen says nothing: anything may be called so.
func (p *provider) unused(kind, id string) error {
	objects, err := p.world.list("")
	if err != nil {
		return err
	}
	quoted := fmt.Appendf(nil, "%q", id)
	var users []object
	for _, o := range objects {
		switch named := bytes.Contains(o.Config, quoted); {
		case named && o.Type == kind && o.ID == id:
			return nil
		case named:
			users = append(users, o)
		}
	}
	if len(users) > 0 {
		return failure{fmt.Sprintf("%s %q is still used by %s %q", kind, id, users[0].Type, users[0].ID), "DependencyViolation"}
	}
	return nil
}

// data answers a data source.
func (p *provider) data(ctx context.Context, kind string, config tftypes.Value) (tftypes.Value, error) {
	if _, err := p.faults.strike(ctx, "data", kind); err != nil {
		return tftypes.Value{}, err
	}
	r := p.manners.Data[kind]
	if bad := r.illegal(config, true); len(bad) > 0 {
		return tftypes.Value{}, bad[0]
	}
	asked, err := encode(config)
	if err != nil {
		return tftypes.Value{}, err
	}
	m := p.maker(kind, r, sha256.Sum256(asked))
	answer, err := m.fill(unknowns(p.schemas.data[kind].Block, config))
	if err != nil {
		return tftypes.Value{}, err
	}
	// Not an object, but a trace of what was asked for.
	return answer, p.world.asked(object{Type: kind, ID: first(at(answer, "id")), Config: asked})
}

func (p *provider) maker(kind string, r rules, identity [sha256.Size]byte) maker {
	return maker{kind: kind, rules: r, common: p.manners.Values, provider: p.config, identity: identity, generation: 1}
}

// diagnostics are an error as the protocol has it.
func diagnostics(err error) []*tfprotov5.Diagnostic {
	if err == nil {
		return nil
	}
	d := &tfprotov5.Diagnostic{Severity: tfprotov5.DiagnosticSeverityError, Summary: err.Error()}
	var f failure
	if errors.As(err, &f) {
		d.Detail = f.detail
	}
	return []*tfprotov5.Diagnostic{d}
}
