// Package apply sends objects to the API server and takes them away again.
package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/restmapper"
)

// Mapper knows which resource a kind is. It asks the server once, and again
// when a kind is unknown: a CustomResourceDefinition may just have been made.
type Mapper struct {
	client discovery.DiscoveryInterface
	mu     sync.Mutex
	mapper meta.RESTMapper
	at     time.Time
}

// NewMapper returns a mapper that has asked nothing yet.
func NewMapper(client discovery.DiscoveryInterface) *Mapper { return &Mapper{client: client} }

// Mapping returns the resource of a kind. An unknown one is asked for anew, but
// at most twice a second.
func (m *Mapper) Mapping(ctx context.Context, kind schema.GroupKind, version string) (*meta.RESTMapping, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mapper == nil {
		if err := m.load(); err != nil {
			return nil, err
		}
	}
	versions := []string{}
	if version != "" {
		versions = append(versions, version)
	}
	mapping, err := m.mapper.RESTMapping(kind, versions...)
	if !meta.IsNoMatchError(err) || time.Since(m.at) < 500*time.Millisecond || ctx.Err() != nil {
		return mapping, err
	}
	if err := m.load(); err != nil {
		return nil, err
	}
	return m.mapper.RESTMapping(kind, versions...)
}

// load asks the server. A group that does not answer (an aggregated API whose
// pod is down) is left out; every other group goes on working.
func (m *Mapper) load() error {
	groups, err := restmapper.GetAPIGroupResources(m.client)
	if err != nil {
		return fmt.Errorf("discover the API server's kinds: %w", err)
	}
	m.mapper, m.at = restmapper.NewDiscoveryRESTMapper(groups), time.Now()
	return nil
}

// Namespaced lists the resources that live in namespaces and can be listed. An
// incomplete answer is an error: it must never be taken for "nothing there".
func (m *Mapper) Namespaced() ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(m.client)
	if err != nil {
		return nil, fmt.Errorf("discover the kinds that live in namespaces: %w", err)
	}
	all, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, lists))
	if err != nil {
		return nil, err
	}
	resources := make([]schema.GroupVersionResource, 0, len(all))
	for gvr := range all {
		resources = append(resources, gvr)
	}
	return resources, nil
}

// Plural returns the preferred version of a resource.
func (m *Mapper) Plural(resource schema.GroupResource) (schema.GroupVersionResource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mapper == nil {
		if err := m.load(); err != nil {
			return schema.GroupVersionResource{}, err
		}
	}
	return m.mapper.ResourceFor(resource.WithVersion(""))
}
