package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// state is what we read of a Terraform state.
type state struct {
	// Lineage is the same for all versions of one state, and for no other state.
	Lineage   string `json:"lineage"`
	Resources []struct {
		Mode      string `json:"mode"` // managed or data
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			Attributes struct {
				ID string `json:"id"`
			} `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// parseState reads a state; no text at all is one that knows nothing: Terraform
// locks the file before it has anything to write, and may be killed then.
func parseState(data []byte) (state, error) {
	var s state
	if len(data) == 0 {
		return s, nil
	}
	err := json.Unmarshal(data, &s)
	return s, err
}

// Known returns the ids of all resources in the state, wherever it is kept. What
// carries the cluster's label and is not among them was orphaned by a crash.
func (w *Workspace) Known(ctx context.Context) (map[string]bool, error) {
	s, err := w.state(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, resource := range s.Resources {
		for _, instance := range resource.Instances {
			known[instance.Attributes.ID] = true
		}
	}
	return known, nil
}

// Remains lists what Terraform still has to remove, "aws_vpc.cluster", one for
// each instance.
func (w *Workspace) Remains(ctx context.Context) ([]string, error) {
	s, err := w.state(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, resource := range s.Resources {
		for range resource.Instances {
			if resource.Mode != "data" {
				list = append(list, resource.Type+"."+resource.Name)
			}
		}
	}
	return list, nil
}

func (w *Workspace) state(ctx context.Context) (state, error) {
	recorded, err := w.recorded()
	if err != nil {
		return state{}, err
	}
	written, err := w.written()
	if err != nil {
		return state{}, err
	}
	if recorded.Remote() || written.Remote() {
		return w.pull(ctx)
	}
	return w.file()
}

// file reads the state in the workspace.
func (w *Workspace) file() (state, error) {
	path := filepath.Join(w.Dir, "terraform.tfstate")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state{}, fmt.Errorf("read Terraform state: %w", err)
	}
	s, err := parseState(data)
	if err != nil {
		return state{}, fmt.Errorf("read Terraform state %s: %w", path, err)
	}
	return s, nil
}

// pull asks Terraform for the state.
func (w *Workspace) pull(ctx context.Context) (state, error) {
	var text string
	_, err := w.run(ctx, "state pull", func(tf *tfexec.Terraform, _ io.Writer) (err error) {
		text, err = tf.StatePull(ctx)
		return err
	})
	if err != nil {
		return state{}, err
	}
	s, err := parseState([]byte(text))
	if err != nil {
		return state{}, fmt.Errorf("read Terraform state: %w", err)
	}
	return s, nil
}

// Applied says that there may be a state: something may have been made already.
func (w *Workspace) Applied() bool {
	recorded, errRecorded := w.recorded()
	written, errWritten := w.written()
	if errRecorded != nil || errWritten != nil || recorded.Remote() || written.Remote() {
		return true
	}
	info, err := os.Stat(filepath.Join(w.Dir, "terraform.tfstate"))
	return err == nil && info.Size() > 0
}
