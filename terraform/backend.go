package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"

	"turnup.dev/kubectl-turnup/internal/config"
)

// backendFile is the part of the workspace that says where the state is.
const backendFile = "backend.tf.json"

// Backend is a place where the state is kept.
type Backend struct {
	// Type is local, s3, gcs or azurerm.
	Type string
	// Config holds its settings by Terraform's names; none for local, which is
	// terraform.tfstate in the workspace.
	Config map[string]any
}

// BackendOf is the backend that the config asks for. Credentials are not in it:
// Terraform takes those that the environment has.
func BackendOf(cfg config.Cluster) Backend {
	state := cfg.Provision.State
	below := path.Join(state.Prefix, cfg.Cluster.Name)
	key := below + "/terraform.tfstate"
	switch state.Backend {
	case "s3":
		return Backend{"s3", map[string]any{
			"bucket": state.Bucket, "key": key, "region": state.Region,
			"encrypt": true, "use_lockfile": true, // no DynamoDB table
		}}
	case "gcs":
		return Backend{"gcs", map[string]any{"bucket": state.Bucket, "prefix": below}}
	case "azurerm":
		return Backend{"azurerm", map[string]any{
			"resource_group_name": state.ResourceGroup, "storage_account_name": state.StorageAccount,
			"container_name": state.Bucket, "key": key,
		}}
	}
	return Backend{Type: "local"}
}

// Remote says that the state is not in the workspace.
func (b Backend) Remote() bool { return b.Type != "local" }

func (b Backend) String() string {
	place := func(keys ...string) string {
		text := b.Type + ":/"
		for _, key := range keys {
			text += fmt.Sprintf("/%v", b.Config[key])
		}
		return text
	}
	switch b.Type {
	case "s3":
		return place("bucket", "key")
	case "gcs":
		return place("bucket", "prefix")
	case "azurerm":
		return place("storage_account_name", "container_name", "key")
	case "local":
		return "the cluster's directory"
	}
	return "the backend " + b.Type
}

// encode is the content of backend.tf.json; nil for local, which needs none.
func (b Backend) encode() ([]byte, error) {
	if !b.Remote() {
		return nil, nil
	}
	return encode(map[string]any{"terraform": map[string]any{"backend": map[string]any{b.Type: b.Config}}})
}

// settled leaves out what Terraform's own record of a backend says nothing about.
func (b Backend) settled() Backend {
	settings := map[string]any{}
	for key, value := range b.Config {
		if value != nil {
			settings[key] = value
		}
	}
	return Backend{b.Type, settings}
}

// writeBackend writes backend.tf.json, or takes it away.
func (w *Workspace) writeBackend(b Backend) error {
	file := filepath.Join(w.Dir, backendFile)
	data, err := b.encode()
	if err == nil && data != nil {
		return write(file, data)
	}
	if err := errors.Join(err, remove(file)); err != nil {
		return fmt.Errorf("prepare Terraform: %w", err)
	}
	return nil
}

// same compares what we set; Terraform's own record also has what we do not.
func (b Backend) same(recorded Backend) bool {
	for key, value := range b.Config {
		if !reflect.DeepEqual(value, recorded.Config[key]) {
			return false
		}
	}
	return b.Type == recorded.Type
}

// recorded is the backend of the last init, local before the first one.
func (w *Workspace) recorded() (Backend, error) {
	file := filepath.Join(w.Dir, ".terraform", "terraform.tfstate")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Backend{Type: "local"}, nil
	}
	if err != nil {
		return Backend{}, fmt.Errorf("read Terraform's backend: %w", err)
	}
	var record struct {
		Backend *struct {
			Type   string         `json:"type"`
			Config map[string]any `json:"config"`
		} `json:"backend"`
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return Backend{}, fmt.Errorf("read Terraform's backend: %s: %w", file, err)
	}
	if record.Backend == nil {
		return Backend{Type: "local"}, nil
	}
	return Backend{record.Backend.Type, record.Backend.Config}, nil
}

// written is the backend that backend.tf.json asks for.
func (w *Workspace) written() (Backend, error) {
	data, err := os.ReadFile(filepath.Join(w.Dir, backendFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Backend{Type: "local"}, nil
	}
	if err != nil {
		return Backend{}, fmt.Errorf("read Terraform's backend: %w", err)
	}
	var file struct {
		Terraform struct {
			Backend map[string]map[string]any `json:"backend"`
		} `json:"terraform"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return Backend{}, fmt.Errorf("read Terraform's backend: %s: %w", backendFile, err)
	}
	for kind, settings := range file.Terraform.Backend {
		return Backend{kind, settings}, nil
	}
	return Backend{Type: "local"}, nil
}

// backendReady says that the last init was for the backend that is asked for.
// One in a *.tf file of the user is theirs to initialise.
func (w *Workspace) backendReady() bool {
	written, err := w.written()
	if err != nil || !written.Remote() {
		return true // Terraform says what is wrong better than we do
	}
	recorded, err := w.recorded()
	return err == nil && written.same(recorded)
}
