package source

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

const (
	chunkBytes = 700 << 10
	// inlineBytes is how large a packed tree may be that travels with its head as
	// well: the manager then has it with the event, and asks for nothing.
	inlineBytes = 256 << 10
	// keep is how many revisions stay in the cluster.
	keep         = 10
	fieldManager = "kubectl-turnup"
)

// Push ships a tree into the cluster and returns its head. The head is written
// last: whoever reads it finds the whole revision, and a push cut short changes
// nothing. Revisions to be spared stay in the
// cluster however old they are: a suspended source keeps its own in force.
func Push(ctx context.Context, client typed.ConfigMapsGetter, tree Tree, spare ...string) (Head, error) {
	blob, sum, err := Pack(tree.Files)
	if err != nil {
		return Head{}, err
	}
	head := Head{
		Revision: tree.Revision, SHA256: sum, Author: tree.Author, Message: tree.Message, Pushed: tree.Pushed,
	}
	if head.Revision == "" {
		head.Revision = "tree-" + sum[:16]
	}
	if head.Pushed.IsZero() {
		head.Pushed = time.Now()
	}
	if len(head.Revision) > 63 {
		return Head{}, fmt.Errorf("push revision %q: longer than 63 characters", head.Revision)
	}
	// The hash makes the name the content's: a dirty tree of the same commit gets another.
	short := strings.TrimPrefix(head.Revision, "tree-")
	head.Name = strings.ToLower(short[:min(12, len(short))]) + "-" + sum[:8]
	chunks := slices.Collect(slices.Chunk(blob, chunkBytes))
	head.Chunks = len(chunks)
	for i, data := range chunks {
		if err := create(ctx, client, chunk(head, i, data)); err != nil {
			return Head{}, fmt.Errorf("push revision %s, part %d of %d: %w", head.Revision, i+1, len(chunks), err)
		}
	}
	if len(blob) <= inlineBytes {
		head.blob = blob
	}
	if err := point(ctx, client, head); err != nil {
		return Head{}, fmt.Errorf("push revision %s: %w", head.Revision, err)
	}
	if err := expire(ctx, client, head, spare); err != nil {
		return head, fmt.Errorf("revision %s is pushed, but old ones could not be removed: %w", head.Revision, err)
	}
	return head.Slim(), nil
}

func chunk(head Head, i int, data []byte) *corev1.ConfigMap {
	immutable := true
	marks := map[string]string{}
	for key, value := range head.data() {
		marks[annotation+key] = value
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: object.Namespace, Name: chunkName(head.Name, i),
			Labels:      map[string]string{labelSource: "push", labelRevision: head.Revision, labelName: head.Name},
			Annotations: marks,
		},
		Immutable:  &immutable,
		BinaryData: map[string][]byte{chunkKey: data},
	}
}

// create makes a chunk; one of that name that exists already has the same
// content, since the name is made of the content's hash.
func create(ctx context.Context, client typed.ConfigMapsGetter, chunk *corev1.ConfigMap) error {
	_, err := client.ConfigMaps(object.Namespace).Create(ctx, chunk, metav1.CreateOptions{FieldManager: fieldManager})
	switch {
	case apierrors.IsAlreadyExists(err):
		return renew(ctx, client, chunk)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("namespace %s is missing; deploy the addon manager with `kubectl turnup addons deploy`: %w", object.Namespace, err)
	}
	return err
}

// renew tells of a revision that is pushed once more when that was: it is the
// newest again.
func renew(ctx context.Context, client typed.ConfigMapsGetter, chunk *corev1.ConfigMap) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": chunk.Annotations}})
	if err != nil {
		return err
	}
	_, err = client.ConfigMaps(object.Namespace).Patch(ctx, chunk.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: fieldManager})
	return err
}

// point makes the head name a revision. The whole head is one server-side
// apply: two pushes at once leave one of the two, never a mixture.
func point(ctx context.Context, client typed.ConfigMapsGetter, head Head) error {
	content := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": HeadName, "namespace": object.Namespace},
		"data":     head.data(),
	}
	if head.blob != nil {
		content["binaryData"] = map[string][]byte{chunkKey: head.blob}
	}
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	force := true
	_, err = client.ConfigMaps(object.Namespace).Patch(ctx, HeadName, types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	return err
}

// expire removes all revisions but the newest, and never the head's or one to be spared.
func expire(ctx context.Context, client typed.ConfigMapsGetter, head Head, spare []string) error {
	revisions, err := Revisions(ctx, client)
	if err != nil {
		return err
	}
	kept := 0
	for _, old := range revisions {
		if kept++; kept <= keep || old.Name == head.Name || slices.Contains(spare, old.Revision) {
			continue
		}
		for i := range old.Chunks {
			err := client.ConfigMaps(object.Namespace).Delete(ctx, chunkName(old.Name, i), metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return err
			}
		}
	}
	return nil
}

// Revisions lists what is kept in the cluster, the newest first.
func Revisions(ctx context.Context, client typed.ConfigMapsGetter) ([]Head, error) {
	list, err := client.ConfigMaps(object.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labelSource + "=push"})
	if err != nil {
		return nil, fmt.Errorf("list revisions: %w", err)
	}
	byName := map[string]Head{}
	for i := range list.Items {
		if head, err := headOfChunk(&list.Items[i]); err == nil {
			byName[head.Name] = head
		}
	}
	heads := make([]Head, 0, len(byName))
	for _, head := range byName {
		heads = append(heads, head)
	}
	slices.SortFunc(heads, func(a, b Head) int {
		if c := b.Pushed.Compare(a.Pushed); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return heads, nil
}
