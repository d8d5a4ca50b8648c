package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// Fate is what became of an object that should go.
type Fate string

// The fates. Only Gone and NotOurs let go of the inventory's entry.
const (
	// Gone: the API server confirmed that it is not there any more.
	Gone Fate = "gone"
	// NotOurs: it is another object by now, or another addon's.
	NotOurs Fate = "not ours"
	// Terminating: the deletion was accepted, a finalizer holds the object.
	Terminating Fate = "terminating"
	// Kept: deleting it now would destroy more than this object.
	Kept Fate = "kept"
)

// System tells whether an object is a namespace of the cluster itself, which is
// never deleted, whoever declared it.
func System(ref object.Ref) bool {
	return ref.GroupKind() == schema.GroupKind{Kind: "Namespace"} &&
		slices.Contains([]string{"default", "kube-system", "kube-public", "kube-node-lease", object.Namespace}, ref.Name)
}

// Delete takes one object away that the inventory lists with this uid, and says
// what became of it and why. declared tells whether a uid is that of an object
// which the tree has: the same one is served in several groups (Event, Ingress).
func (c *Client) Delete(ctx context.Context, addon string, ref object.Ref, uid string, declared func(uid string) bool) (Fate, string, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resource, err := c.meta(ctx, ref)
	if meta.IsNoMatchError(err) {
		return Gone, "its kind is gone", nil
	}
	if err != nil {
		return Kept, "", err
	}
	live, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Gone, "", nil
	case err != nil:
		return Kept, "", err
	case declared(string(live.UID)):
		return NotOurs, "the tree declares it in another API group", nil
	case live.Labels[object.Label] != addon && live.Labels[object.Label] != "":
		return NotOurs, "it belongs to addon " + live.Labels[object.Label] + " now", nil
	case !slices.Contains(object.Owners(live), addon) && (uid == "" || string(live.UID) != uid):
		// A recorded uid may be older than the object: a manager that was killed
		// after making it again. Our field manager on it tells that it is ours.
		return NotOurs, "somebody else made it", nil
	case uid == "" && owned(live, object.Declared{Data: []byte("{}")}) != nil:
		// It never was ours on record: our fields got onto it before anybody saw
		// whose it is, and the manager was stopped before it took them off again.
		return NotOurs, "another tool owns it", c.LetGo(ctx, addon, ref)
	case live.DeletionTimestamp != nil:
		return Terminating, held(live), nil
	}
	if why, err := c.precious(ctx, ref); why != "" || err != nil {
		return Kept, why, err
	}
	background := metav1.DeletePropagationBackground
	err = resource.Delete(ctx, ref.Name, metav1.DeleteOptions{
		// Whoever took it over since it was looked at keeps it.
		Preconditions:     &metav1.Preconditions{UID: &live.UID, ResourceVersion: &live.ResourceVersion},
		PropagationPolicy: &background,
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return Kept, "", err
	}
	after, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Gone, "", nil
	case err != nil:
		return Terminating, "", err
	case after.UID != live.UID:
		return Gone, "", nil
	}
	return Terminating, held(after), nil
}

func held(live metav1.Object) string {
	if len(live.GetFinalizers()) == 0 {
		return "being deleted"
	}
	return "held by " + strings.Join(live.GetFinalizers(), ", ")
}

// precious says why an object must not be deleted although nobody declares it.
func (c *Client) precious(ctx context.Context, ref object.Ref) (string, error) {
	switch ref.GroupKind() {
	case schema.GroupKind{Kind: "Namespace"}:
		if System(ref) {
			return "the namespace is part of the cluster", nil
		}
		return c.inhabited(ctx, ref.Name)
	case schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		return c.instantiated(ctx, ref)
	}
	return "", nil
}

// inhabited names something that lives in a namespace. What the cluster itself
// puts into each namespace does not count.
func (c *Client) inhabited(ctx context.Context, namespace string) (string, error) {
	resources, err := c.mapper.Namespaced()
	if err != nil {
		return "", err
	}
	slices.SortFunc(resources, func(a, b schema.GroupVersionResource) int { return strings.Compare(a.String(), b.String()) })
	for _, gvr := range resources {
		if gvr.Resource == "events" {
			continue
		}
		list, err := c.metadata.Resource(gvr).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: 3})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("look for %s in namespace %s: %w", gvr.Resource, namespace, err)
		}
		for _, item := range list.Items {
			if !native(gvr.Resource, item.Name) {
				return fmt.Sprintf("it still holds %s/%s", gvr.Resource, item.Name), nil
			}
		}
	}
	return "", nil
}

func native(resource, name string) bool {
	return resource == "configmaps" && name == "kube-root-ca.crt" || resource == "serviceaccounts" && name == "default"
}

// instantiated names an object whose kind would go with its definition. The
// definition itself says where to look: what is known of the API server's kinds may
// be older than it.
func (c *Client) instantiated(ctx context.Context, ref object.Ref) (string, error) {
	crd, err := c.Get(ctx, ref, "v1")
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, gvr := range served(crd) {
		list, err := c.metadata.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
		switch {
		case apierrors.IsNotFound(err):
			continue // It was never established, so nothing could be made of it.
		case err != nil:
			return "", fmt.Errorf("look for objects of %s: %w", ref.Name, err)
		case len(list.Items) > 0:
			name := list.Items[0].Name
			if namespace := list.Items[0].Namespace; namespace != "" {
				name = namespace + "/" + name
			}
			return fmt.Sprintf("there still is %s %s", gvr.Resource, name), nil
		}
		break // Every version lists the same objects.
	}
	return "", nil
}

// served lists the resources that a definition makes.
func served(crd *unstructured.Unstructured) (list []schema.GroupVersionResource) {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, version := range items(versions) {
		if name, ok := version["name"].(string); ok && version["served"] == true {
			list = append(list, schema.GroupVersionResource{Group: group, Version: name, Resource: plural})
		}
	}
	return list
}
