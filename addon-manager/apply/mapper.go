// Package apply sends objects to the API server and takes them away again.
package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	// silent are the groups whose API server did not answer.
	silent map[string]error
	at     time.Time
}

// NewMapper returns a mapper that has asked nothing yet.
func NewMapper(client discovery.DiscoveryInterface) *Mapper { return &Mapper{client: client} }

// ErrSilent is wrapped where a group's own API server (metrics.k8s.io, say) does
// not answer: nothing is known about its kinds then, least of all that they are gone.
var ErrSilent = errors.New("the API group does not answer")

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
	if meta.IsNoMatchError(err) && time.Since(m.at) >= 500*time.Millisecond && ctx.Err() == nil {
		if err := m.load(); err != nil {
			return nil, err
		}
		mapping, err = m.mapper.RESTMapping(kind, versions...)
	}
	if cause := m.silent[kind.Group]; meta.IsNoMatchError(err) && cause != nil {
		return nil, fmt.Errorf("%s: %w: %w", kind, ErrSilent, cause)
	}
	return mapping, err
}

// Forget makes the next question go to the server.
func (m *Mapper) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mapper = nil
}

// load asks the server. A group that does not answer (an aggregated API whose
// pod is down) is remembered as such; every other group goes on working.
func (m *Mapper) load() error {
	groups, lists, err := m.client.ServerGroupsAndResources()
	silent := map[string]error{}
	var partial *discovery.ErrGroupDiscoveryFailed
	if errors.As(err, &partial) && len(groups) > 0 {
		for version, cause := range partial.Groups {
			silent[version.Group] = cause
		}
	} else if err != nil {
		return fmt.Errorf("discover the API server's kinds: %w", err)
	}
	m.mapper, m.silent, m.at = restmapper.NewDiscoveryRESTMapper(join(groups, lists)), silent, time.Now()
	return nil
}

// join puts the resources beside the groups that they belong to.
func join(groups []*metav1.APIGroup, lists []*metav1.APIResourceList) []*restmapper.APIGroupResources {
	byVersion := map[string][]metav1.APIResource{}
	for _, list := range lists {
		byVersion[list.GroupVersion] = list.APIResources
	}
	joined := make([]*restmapper.APIGroupResources, 0, len(groups))
	for _, group := range groups {
		g := &restmapper.APIGroupResources{Group: *group, VersionedResources: map[string][]metav1.APIResource{}}
		for _, version := range group.Versions {
			if resources, known := byVersion[version.GroupVersion]; known {
				g.VersionedResources[version.Version] = resources
			}
		}
		joined = append(joined, g)
	}
	return joined
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
