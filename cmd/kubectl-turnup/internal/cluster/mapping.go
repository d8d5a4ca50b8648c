package cluster

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/restmapper"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// uncached is a discovery client for code that insists on one with a cache.
type uncached struct{ discovery.DiscoveryInterface }

// Fresh reports that nothing old is ever answered.
func (uncached) Fresh() bool { return true }

// Invalidate has nothing to forget.
func (uncached) Invalidate() {}

// Mapping finds a kind by any of its names: deployments, deployment, deploy,
// Deployment, deployments.apps.
func (a *Access) Mapping(name string) (*meta.RESTMapping, error) {
	kinds, err := a.Kinds()
	if err != nil {
		return nil, err
	}
	short := restmapper.NewShortcutExpander(kinds, uncached{a.Typed.Discovery()}, nil)
	full, group := schema.ParseResourceArg(name)
	var gvk schema.GroupVersionKind
	if full != nil {
		gvk, _ = short.KindFor(*full)
	}
	if gvk.Empty() {
		gvk, err = short.KindFor(group.WithVersion(""))
	}
	if err != nil {
		problem := fmt.Errorf("the cluster has no kind %q", name)
		var ambiguous *meta.AmbiguousResourceError
		if errors.As(err, &ambiguous) {
			problem = err
		}
		return nil, ui.Hint(problem, "`kubectl api-resources` lists the kinds there are")
	}
	return kinds.RESTMapping(gvk.GroupKind(), gvk.Version)
}
