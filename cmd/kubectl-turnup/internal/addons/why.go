package addons

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Origin says where an object of the cluster comes from.
type Origin struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Object     object.Ref `json:"object"`
	// Exists: it is in the cluster now.
	Exists bool `json:"exists"`
	// Addon owns it by the inventory; Label is the addon that it is labelled with.
	Addon string `json:"addon,omitempty"`
	Label string `json:"label,omitempty"`
	// File is where the tree that the cluster has declares it.
	File string `json:"file,omitempty"`
	// Revision is that in which the addon last changed.
	Revision string `json:"revision,omitempty"`
	// Applied is when the addon's fields last changed.
	Applied *metav1.Time `json:"applied,omitempty"`
	// Managers are all who have set fields of it.
	Managers []FieldManager `json:"managers"`
	// Remarks are what does not fit together.
	Remarks []string `json:"remarks,omitempty"`
}

// FieldManager is somebody who has set fields of an object.
type FieldManager struct {
	Name        string       `json:"name"`
	Operation   string       `json:"operation"`
	Subresource string       `json:"subresource,omitempty"`
	Time        *metav1.Time `json:"time,omitempty"`
}

// Ours tells whether an addon owns the object.
func (o Origin) Ours() bool { return o.Addon != "" }

// ObjectWords are the words by which a user names an object.
type ObjectWords struct{ Type, Namespace, Name string }

// ReadObject reads "deploy/coredns", "deploy coredns" or "ConfigMap
// kube-system/coredns", as our own messages write it.
func ReadObject(args []string, namespace string) (ObjectWords, error) {
	words := ObjectWords{Namespace: namespace}
	switch {
	case len(args) == 1:
		var slash bool
		if words.Type, words.Name, slash = strings.Cut(args[0], "/"); !slash {
			words.Name = ""
		}
	case len(args) == 2:
		words.Type, words.Name = args[0], args[1]
	}
	if inner, name, ok := strings.Cut(words.Name, "/"); ok {
		if namespace != "" && namespace != inner {
			return words, ui.Hint(fmt.Errorf("%s is in the namespace %s, and --namespace says %s", words.Name, inner, namespace), "leave one of the two out")
		}
		words.Namespace, words.Name = inner, name
	}
	if words.Type == "" || words.Name == "" || strings.ContainsAny(words.Type+words.Name, "/ ") {
		return words, ui.Hint(fmt.Errorf("%q names no object", strings.Join(args, " ")), "name one: deployment/coredns -n kube-system, or Deployment kube-system/coredns")
	}
	return words, nil
}

// Why says where an object comes from.
func (a *Manager) Why(ctx context.Context, words ObjectWords) (Origin, error) {
	origin := Origin{APIVersion: api.GroupVersion().String(), Kind: "Origin", Managers: []FieldManager{}}
	to, err := a.connect()
	if err != nil {
		return origin, err
	}
	mapping, err := to.Mapping(words.Type)
	if err != nil {
		return origin, err
	}
	origin.Object = object.Ref{Group: mapping.GroupVersionKind.Group, Kind: mapping.GroupVersionKind.Kind, Name: words.Name}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if origin.Object.Namespace = words.Namespace; words.Namespace == "" {
			origin.Object.Namespace = a.namespace()
		}
	}
	live, err := to.Dynamic.Resource(mapping.Resource).Namespace(origin.Object.Namespace).Get(ctx, words.Name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return origin, fmt.Errorf("read %s: %w", origin.Object, err)
	}
	owned, err := inventory.NewStore(to.Typed.CoreV1()).Load(ctx)
	if err != nil {
		return origin, err
	}
	origin.Addon = ownersOf(owned)[origin.Object]
	if live == nil && origin.Addon == "" {
		return origin, ui.Hint(fmt.Errorf("the cluster has no %s", origin.Object), "say in which namespace it is with -n, if it is in another one")
	}
	return origin, a.explain(ctx, to, &origin, live)
}

// explain fills in what the object, its addon and the tree say.
func (a *Manager) explain(ctx context.Context, to *cluster.Access, origin *Origin, live *unstructured.Unstructured) error {
	if live != nil {
		origin.Exists = true
		origin.describe(live)
	}
	if origin.Addon != "" {
		u, err := to.Dynamic.Resource(api.Addons()).Get(ctx, origin.Addon, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("read addon %s: %w", origin.Addon, err)
		}
		if err == nil {
			addon, err := api.DecodeAddon(u)
			if err != nil {
				return err
			}
			origin.Revision = addon.Status.Revision
		}
	}
	files, _, err := declaredFiles(ctx, to)
	if err != nil {
		a.Out.Warnf("the tree in force cannot be read, so no file is shown: %v", err)
	}
	origin.File = files[origin.Object]
	origin.judge(err == nil)
	return nil
}

// describe takes from the live object who wrote it.
func (o *Origin) describe(live *unstructured.Unstructured) {
	o.Label = live.GetLabels()[object.Label]
	for _, entry := range live.GetManagedFields() {
		o.Managers = append(o.Managers, FieldManager{
			Name: entry.Manager, Operation: string(entry.Operation), Subresource: entry.Subresource, Time: entry.Time,
		})
		if o.Addon != "" && entry.Manager == object.FieldManager(o.Addon) && entry.Operation == metav1.ManagedFieldsOperationApply {
			o.Applied = entry.Time
		}
	}
	slices.SortStableFunc(o.Managers, func(x, y FieldManager) int { return y.at().Compare(x.at()) })
}

func (m FieldManager) at() time.Time {
	if m.Time == nil {
		return time.Time{}
	}
	return m.Time.Time
}

// judge says what does not fit together. read tells whether the tree was read.
func (o *Origin) judge(read bool) {
	remark := func(format string, args ...any) { o.Remarks = append(o.Remarks, fmt.Sprintf(format, args...)) }
	switch {
	case o.Addon == "" && o.Label != "":
		remark("it is labelled as one of addon %s, whose inventory does not list it: it will never be pruned", o.Label)
	case o.Addon != "" && o.Exists && o.Label != o.Addon:
		remark("the inventory of addon %s lists it, and its label says %q", o.Addon, o.Label)
	}
	if o.Addon != "" && !o.Exists {
		remark("it is not in the cluster now")
	}
	if o.Addon != "" && read && o.File == "" {
		remark("the tree in force does not declare it any more")
	}
}

// namespace is the one of the kubeconfig's context, as for kubectl.
func (a *Manager) namespace() string {
	if a.other != nil {
		if namespace, _, err := a.other.Namespace(); err == nil && namespace != "" {
			return namespace
		}
	}
	return metav1.NamespaceDefault
}
