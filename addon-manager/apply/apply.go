package apply

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

const (
	// patience is the budget of one request; a webhook may take 30 s to time out.
	patience = 35 * time.Second
	// settle is how long a kind is waited for whose definition was just applied.
	settle = 3 * time.Second
	// parallel is how many requests run at once.
	parallel = 16
)

// Client applies, reads and deletes objects of any kind.
type Client struct {
	objects  dynamic.Interface
	metadata metadata.Interface
	mapper   *Mapper
	slots    chan struct{}
}

// New returns a client.
func New(objects dynamic.Interface, meta metadata.Interface, mapper *Mapper) *Client {
	return &Client{objects: objects, metadata: meta, mapper: mapper, slots: make(chan struct{}, parallel)}
}

// Resource returns the resource of an object and whether it lives in a namespace.
func (c *Client) Resource(ctx context.Context, ref object.Ref, version string) (schema.GroupVersionResource, bool, error) {
	mapping, err := c.mapper.Mapping(ctx, ref.GroupKind(), version)
	if err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	return mapping.Resource, mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

// Apply sends one object by server-side apply under the addon's field manager,
// and returns it as it is then. Fields that foreign managers hold are taken over:
// the tree is what counts. soon says that the object's kind is being defined.
func (c *Client) Apply(ctx context.Context, addon string, o plan.Object, soon bool) (*unstructured.Unstructured, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	resource, err := c.await(ctx, o.Ref, o.Version, soon)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	force := true
	return resource.Patch(ctx, o.Name, types.ApplyPatchType, o.Data,
		metav1.PatchOptions{FieldManager: object.FieldManager(addon), Force: &force})
}

// await finds the object's resource, waiting a little for one that is being defined.
func (c *Client) await(ctx context.Context, ref object.Ref, version string, soon bool) (dynamic.ResourceInterface, error) {
	deadline := time.Now().Add(settle)
	for {
		resource, err := c.resource(ctx, ref, version)
		if !soon || !meta.IsNoMatchError(err) || time.Now().After(deadline) {
			return resource, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (c *Client) resource(ctx context.Context, ref object.Ref, version string) (dynamic.ResourceInterface, error) {
	gvr, namespaced, err := c.Resource(ctx, ref, version)
	switch {
	case err != nil:
		return nil, err
	case !namespaced:
		return c.objects.Resource(gvr), nil
	case ref.Namespace == "":
		return nil, fmt.Errorf("%s names no namespace", ref)
	}
	return c.objects.Resource(gvr).Namespace(ref.Namespace), nil
}

// Get reads one object.
func (c *Client) Get(ctx context.Context, ref object.Ref, version string) (*unstructured.Unstructured, error) {
	resource, err := c.resource(ctx, ref, version)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return resource.Get(ctx, ref.Name, metav1.GetOptions{})
}
