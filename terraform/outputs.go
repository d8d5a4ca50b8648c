package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Outputs are a module's outputs by name, each as JSON.
type Outputs map[string]json.RawMessage

// Machines makes the machines file out of a module's outputs. Whatever a module
// leaves out or gets wrong is an error here, and not in the middle of bootstrap.
func (o Outputs) Machines() (machines.File, error) {
	var (
		endpoint string
		list     []machines.Machine
		groups   []machines.Group
		cloud    map[string]string
	)
	err := errors.Join(o.decode("endpoint", &endpoint), o.decode("machines", &list))
	if len(o["groups"]) > 0 { // only clouds make workers that nobody knows by name
		err = errors.Join(err, o.decode("groups", &groups))
	}
	if len(o["cloud"]) > 0 { // only Azure tells what its controllers cannot find out
		err = errors.Join(err, o.decode("cloud", &cloud))
	}
	if err == nil {
		file := machines.New(endpoint, list)
		file.Groups, file.Cloud = groups, cloud
		if err = file.Validate(); err == nil {
			return file, nil
		}
	}
	return machines.File{}, ui.Hint(fmt.Errorf("read Terraform outputs: %w", err),
		"the module has to have the outputs endpoint and machines, as outputs.tf describes them; `kubectl turnup provision` writes it anew")
}

func (o Outputs) decode(name string, into any) error {
	raw := bytes.TrimSpace(o[name])
	if len(raw) == 0 || string(raw) == "null" {
		return fmt.Errorf("output %q is missing", name)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("output %q: %w", name, err)
	}
	return nil
}
