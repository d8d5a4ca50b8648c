package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

const (
	// patience is the budget of one object's requests; a webhook may take 30 s to time out.
	patience = 35 * time.Second
	// settle is how long a kind is waited for whose definition was just applied.
	settle = 3 * time.Second
	// parallel is how many objects are worked on at once.
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

func (c *Client) resource(ctx context.Context, ref object.Ref, version string) (dynamic.ResourceInterface, error) {
	gvr, namespaced, err := c.Resource(ctx, ref, version)
	switch {
	case err != nil:
		return nil, err
	case !namespaced && ref.Namespace != "":
		return nil, fmt.Errorf("%s names a namespace, and objects of this kind live in none", ref)
	case !namespaced:
		return c.objects.Resource(gvr), nil
	case ref.Namespace == "":
		return nil, fmt.Errorf("%s names no namespace", ref)
	}
	return c.objects.Resource(gvr).Namespace(ref.Namespace), nil
}

// meta is resource for metadata only.
func (c *Client) meta(ctx context.Context, ref object.Ref) (metadata.ResourceInterface, error) {
	gvr, namespaced, err := c.Resource(ctx, ref, "")
	switch {
	case err != nil:
		return nil, err
	case namespaced:
		return c.metadata.Resource(gvr).Namespace(ref.Namespace), nil
	}
	return c.metadata.Resource(gvr), nil
}

// unserved tells whether the API server knows nothing of the path that was asked
// for, rather than of the object.
func unserved(err error) bool {
	return apierrors.IsNotFound(err) && strings.Contains(err.Error(), "could not find the requested resource")
}
