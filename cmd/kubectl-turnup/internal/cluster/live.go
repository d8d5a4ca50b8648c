package cluster

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Parallel is how many requests run at once.
const Parallel = 16

// Kinds asks the API server which kinds it serves. A group that does not answer
// is left out; every other one goes on working.
func (a *Access) Kinds() (meta.RESTMapper, error) {
	groups, err := restmapper.GetAPIGroupResources(a.Typed.Discovery())
	if err != nil {
		return nil, fmt.Errorf("discover the API server's kinds: %w", err)
	}
	return restmapper.NewDiscoveryRESTMapper(groups), nil
}

// Client returns the way to the objects of a kind in a namespace.
func (a *Access) Client(kinds meta.RESTMapper, ref object.Ref, version string) (dynamic.ResourceInterface, error) {
	var versions []string
	if version != "" {
		versions = append(versions, version)
	}
	mapping, err := kinds.RESTMapping(ref.GroupKind(), versions...)
	switch {
	case err != nil:
		return nil, err
	case mapping.Scope.Name() != meta.RESTScopeNameNamespace:
		return a.Dynamic.Resource(mapping.Resource), nil
	case ref.Namespace == "":
		return nil, fmt.Errorf("%s names no namespace", ref)
	}
	return a.Dynamic.Resource(mapping.Resource).Namespace(ref.Namespace), nil
}

// Read fetches objects by their version: one list of what carries our label for
// each kind, and one request for each object that is not in it. What is not
// there is not in the result.
func (a *Access) Read(ctx context.Context, kinds meta.RESTMapper, wanted map[object.Ref]string) (map[object.Ref]*unstructured.Unstructured, error) {
	byKind := map[schema.GroupVersionKind][]object.Ref{}
	for ref, version := range wanted {
		gvk := ref.GroupKind().WithVersion(version)
		byKind[gvk] = append(byKind[gvk], ref)
	}
	var mu sync.Mutex
	found := map[object.Ref]*unstructured.Unstructured{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Parallel)
	for gvk, refs := range byKind {
		group.Go(func() error {
			some, err := a.readKind(ctx, kinds, gvk, refs)
			mu.Lock()
			defer mu.Unlock()
			for ref, live := range some {
				found[ref] = live
			}
			return err
		})
	}
	return found, group.Wait()
}

func (a *Access) readKind(ctx context.Context, kinds meta.RESTMapper, gvk schema.GroupVersionKind, refs []object.Ref) (map[object.Ref]*unstructured.Unstructured, error) {
	found := map[object.Ref]*unstructured.Unstructured{}
	mapping, err := kinds.RESTMapping(gvk.GroupKind(), versionOf(gvk)...)
	if meta.IsNoMatchError(err) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := a.Dynamic.Resource(mapping.Resource).List(ctx, metav1.ListOptions{LabelSelector: object.Label})
	if err != nil && !apierrors.IsMethodNotSupported(err) && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("list %s: %w", mapping.Resource.Resource, err)
	}
	labelled := map[object.Ref]*unstructured.Unstructured{}
	if err == nil {
		for i := range list.Items {
			labelled[object.RefOf(&list.Items[i])] = &list.Items[i]
		}
	}
	for _, ref := range refs {
		if live, ok := labelled[ref]; ok {
			found[ref] = live
			continue
		}
		client, err := a.Client(kinds, ref, gvk.Version)
		if err != nil {
			continue // It cannot be there.
		}
		live, err := client.Get(ctx, ref.Name, metav1.GetOptions{})
		switch {
		case err == nil:
			found[ref] = live
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("read %s: %w", ref, err)
		}
	}
	return found, nil
}

func versionOf(gvk schema.GroupVersionKind) []string {
	if gvk.Version == "" {
		return nil
	}
	return []string{gvk.Version}
}
