// Package object names the objects an addon is made of, and tells from their
// metadata whether anyone touched the fields we wrote.
package object

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Label is on every object the manager applies; its value is the addon's name.
// It is how the watches find the objects, never how prune does.
const Label = "turnup.dev/addon"

// Namespace is where the manager lives and keeps its own objects.
const Namespace = "turnup-system"

// Manager is what the manager is called: its Deployment, its Lease, its container,
// and the addon that it is itself, where the tree has it.
const Manager = "addon-manager"

// FieldManager is the name under which an addon's fields are applied.
func FieldManager(addon string) string { return "turnup/" + addon }

// Ref names one object. The version is left out: the same object is served in
// several.
type Ref struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// RefOf returns the name of an object.
func RefOf(u *unstructured.Unstructured) Ref {
	return Ref{Group: u.GroupVersionKind().Group, Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
}

// GroupKind is the ref's type.
func (r Ref) GroupKind() schema.GroupKind { return schema.GroupKind{Group: r.Group, Kind: r.Kind} }

// String is how a ref reads in messages: "Deployment kube-system/coredns".
func (r Ref) String() string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + r.Name
	}
	return r.Kind + " " + name
}

// Compare orders refs for stable output.
func (r Ref) Compare(o Ref) int {
	if c := strings.Compare(r.Group, o.Group); c != 0 {
		return c
	}
	if c := strings.Compare(r.Kind, o.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(r.Namespace, o.Namespace); c != 0 {
		return c
	}
	return strings.Compare(r.Name, o.Name)
}
