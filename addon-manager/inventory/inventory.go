// Package inventory remembers in the cluster what each addon owns there. It is
// the only thing that prune ever reads, and it is never smaller than reality:
// an object is in it before it is applied, and leaves it after the API server
// has confirmed that it is gone.
package inventory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Entry is what is known about one owned object since it was last applied. An
// entry without Print was announced, and perhaps never applied.
type Entry struct {
	object.Ref
	Version string `json:"version,omitempty"`
	UID     string `json:"uid,omitempty"`
	// Hash is that of what was applied, Print that of what the server made of it.
	Hash  string `json:"hash,omitempty"`
	Print string `json:"print,omitempty"`
	// Claims are what only one object can have, and this one has.
	Claims []string `json:"claims,omitempty"`
	// Keep: it is let go of rather than deleted when it leaves the tree.
	Keep bool `json:"keep,omitempty"`
	// Approved: a person has agreed to its deletion.
	Approved bool `json:"approved,omitempty"`
	// Seen is the resourceVersion of the answer; not kept across restarts.
	Seen uint64 `json:"-"`
}

// Inventory is what one addon owns.
type Inventory map[object.Ref]Entry

// Clone returns a copy that can be changed.
func (i Inventory) Clone() Inventory {
	if i == nil {
		return Inventory{}
	}
	return maps.Clone(i)
}

const (
	prefix       = "inventory-"
	label        = "turnup.dev/inventory"
	dependsOn    = "turnup.dev/depends-on"
	key          = "objects.json"
	fieldManager = "turnup-addon-manager"
)

// Store keeps inventories as ConfigMaps.
type Store struct {
	client typed.ConfigMapsGetter
	needs  map[string][]string
}

// NewStore returns a store.
func NewStore(client typed.ConfigMapsGetter) *Store { return &Store{client: client} }

// Load reads all inventories, by addon. One that cannot be read is an error:
// taking it for empty would forget what is owned.
func (s *Store) Load(ctx context.Context) (map[string]Inventory, error) {
	list, err := s.client.ConfigMaps(object.Namespace).List(ctx, metav1.ListOptions{LabelSelector: label})
	if err != nil {
		return nil, fmt.Errorf("read inventories: %w", err)
	}
	inventories, needs := map[string]Inventory{}, map[string][]string{}
	for _, config := range list.Items {
		inventory, err := decode([]byte(config.Data[key]))
		if err != nil {
			return nil, fmt.Errorf("read ConfigMap %s/%s: %w; repair it by hand: without it nothing can be pruned safely", object.Namespace, config.Name, err)
		}
		addon := config.Labels[label]
		inventories[addon] = inventory
		if names := config.Annotations[dependsOn]; names != "" {
			needs[addon] = strings.Split(names, ",")
		}
	}
	s.needs = needs
	return inventories, nil
}

// Needs lists the addons that one depended on when its inventory was loaded: what
// is taken away goes in the other order.
func (s *Store) Needs(addon string) []string { return s.needs[addon] }

// Save writes an addon's inventory as a whole.
func (s *Store) Save(ctx context.Context, addon string, inventory Inventory, needs []string) error {
	metadata := map[string]any{
		"name": prefix + addon, "namespace": object.Namespace, "labels": map[string]string{label: addon},
	}
	if len(needs) > 0 {
		metadata["annotations"] = map[string]string{dependsOn: strings.Join(needs, ",")}
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
		"data": map[string]string{key: string(encode(inventory))},
	})
	if err != nil {
		return err
	}
	force := true
	_, err = s.client.ConfigMaps(object.Namespace).Patch(ctx, prefix+addon, types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	if err != nil {
		return fmt.Errorf("write inventory of addon %s: %w", addon, err)
	}
	return nil
}

// Remove deletes the inventory of an addon that owns nothing any more.
func (s *Store) Remove(ctx context.Context, addon string) error {
	err := s.client.ConfigMaps(object.Namespace).Delete(ctx, prefix+addon, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove inventory of addon %s: %w", addon, err)
	}
	return nil
}

// encode writes one object per line, ordered: a person can read it.
func encode(inventory Inventory) []byte {
	entries := slices.SortedFunc(maps.Values(inventory), func(a, b Entry) int { return a.Compare(b.Ref) })
	var buf bytes.Buffer
	buf.WriteString("[")
	for i, entry := range entries {
		line, err := json.Marshal(entry)
		if err != nil {
			continue // An Entry is made of strings: it cannot be refused.
		}
		if i > 0 {
			buf.WriteString(",")
		}
		buf.WriteString("\n")
		buf.Write(line)
	}
	buf.WriteString("\n]\n")
	return buf.Bytes()
}

func decode(data []byte) (Inventory, error) {
	var entries []Entry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("key %s: %w", key, err)
	}
	inventory := Inventory{}
	for _, entry := range entries {
		inventory[entry.Ref] = entry
	}
	return inventory, nil
}
