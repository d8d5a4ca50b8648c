package addons

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// AddonTree is every addon with its objects, as they are now.
type AddonTree struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Revision   string      `json:"revision,omitempty"`
	Addons     []AddonNode `json:"addons"`
}

// AddonNode is an addon and what it owns.
type AddonNode struct {
	Name     string       `json:"name"`
	Ready    string       `json:"ready,omitempty"`
	Revision string       `json:"revision,omitempty"`
	Message  string       `json:"message,omitempty"`
	Objects  []ObjectNode `json:"objects"`
}

// ObjectNode is one object, as it is in the cluster now.
type ObjectNode struct {
	object.Ref
	// File is where the tree declares it; "" for what left the tree.
	File string `json:"file,omitempty"`
	// Health is Healthy, Progressing, Failed, Deleting or Missing.
	Health  string `json:"health"`
	Message string `json:"message,omitempty"`
	// Failures are what the manager says of it.
	Failures []api.Failure `json:"failures,omitempty"`
}

// Tree reads what the addons own, and how it is. Without names it is all of them.
func (a *Manager) Tree(ctx context.Context, names []string) (AddonTree, error) {
	view := AddonTree{APIVersion: api.GroupVersion().String(), Kind: "AddonTree", Addons: []AddonNode{}}
	to, err := a.connect()
	if err != nil {
		return view, err
	}
	addons, err := api.ListAddons(ctx, to.Dynamic)
	if err != nil {
		return view, noManager(err)
	}
	owned, err := inventory.NewStore(to.Typed.CoreV1()).Load(ctx)
	if err != nil {
		return view, err
	}
	if err := known(names, addons); err != nil {
		return view, err
	}
	addons = slices.DeleteFunc(addons, func(addon api.Addon) bool {
		return len(names) > 0 && !slices.Contains(names, addon.Name)
	})
	files, revision, err := declaredFiles(ctx, to)
	if err != nil {
		a.Out.Warnf("the tree in force cannot be read, so no files are shown: %v", err)
	}
	view.Revision = revision
	wanted := map[object.Ref]string{}
	for _, addon := range addons {
		for ref, entry := range owned[addon.Name] {
			wanted[ref] = entry.Version
		}
	}
	kinds, err := to.Kinds()
	if err != nil {
		return view, err
	}
	live, err := to.Read(ctx, kinds, wanted)
	if err != nil {
		return view, err
	}
	for _, addon := range addons {
		view.Addons = append(view.Addons, nodeOf(addon, owned[addon.Name], files, live))
	}
	return view, nil
}

// known refuses names of addons that the cluster does not have.
func known(names []string, addons []api.Addon) error {
	var have []string
	for _, addon := range addons {
		have = append(have, addon.Name)
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			problem := fmt.Errorf("the cluster has no addon %q", name)
			if len(have) == 0 {
				return ui.Hint(problem, "it has none at all; `kubectl turnup addons push` ships the tree")
			}
			return ui.Hint(problem, "the addons there are: %s", strings.Join(have, ", "))
		}
	}
	return nil
}

// declaredFiles builds the tree that the cluster has, for the files that its
// objects come from.
func declaredFiles(ctx context.Context, to *cluster.Access) (map[object.Ref]string, string, error) {
	head, err := source.Current(ctx, to.Typed.CoreV1())
	if errors.Is(err, source.ErrNone) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	content, err := source.Read(ctx, to.Typed.CoreV1(), head)
	if err != nil {
		return nil, head.Revision, err
	}
	files := map[object.Ref]string{}
	for _, addon := range build.New().Build(content.Files) {
		for _, declared := range addon.Objects {
			files[declared.Ref] = declared.File
		}
	}
	return files, head.Revision, nil
}

func nodeOf(addon api.Addon, owned inventory.Inventory, files map[object.Ref]string, live map[object.Ref]*unstructured.Unstructured) AddonNode {
	node := AddonNode{
		Name: addon.Name, Ready: addon.Status.Ready, Revision: addon.Status.Revision,
		Message: addon.Status.Message, Objects: []ObjectNode{},
	}
	for ref := range owned {
		one := ObjectNode{Ref: ref, File: files[ref]}
		one.Health, one.Message = healthOf(live[ref])
		for _, failure := range addon.Status.Failures {
			if failure.Object == ref.String() {
				one.Failures = append(one.Failures, failure)
			}
		}
		node.Objects = append(node.Objects, one)
	}
	// What could not be made is in no inventory, perhaps; it must be seen all the same.
	for _, failure := range addon.Status.Failures {
		if !slices.ContainsFunc(node.Objects, func(o ObjectNode) bool { return o.String() == failure.Object }) {
			kind, name, _ := strings.Cut(failure.Object, " ")
			ref := object.Ref{Kind: kind, Name: name}
			if namespace, inner, ok := strings.Cut(name, "/"); ok {
				ref.Namespace, ref.Name = namespace, inner
			}
			node.Objects = append(node.Objects, ObjectNode{Ref: ref, File: failure.File, Health: "Missing", Failures: []api.Failure{failure}})
		}
	}
	slices.SortFunc(node.Objects, func(x, y ObjectNode) int { return x.Compare(y.Ref) })
	return node
}

// healthOf says how a live object is; nil is one that is not there.
func healthOf(live *unstructured.Unstructured) (string, string) {
	if live == nil {
		return "Missing", ""
	}
	if live.GetDeletionTimestamp() != nil {
		return "Deleting", heldBy(live.GetFinalizers())
	}
	switch state := health.Of(live); {
	case state.Healthy:
		return "Healthy", ""
	case state.Failed:
		return "Failed", state.Message
	default:
		return "Progressing", state.Message
	}
}

func heldBy(finalizers []string) string {
	if len(finalizers) == 0 {
		return ""
	}
	return "held by " + strings.Join(finalizers, ", ")
}
