package turnup

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds of snapshots: what a user asked for, and what the cloud has of it.
// https://kubernetes.io/docs/concepts/storage/volume-snapshots/
var (
	snapshotKind = schema.GroupVersionResource{Group: "snapshot.storage.k8s.io", Version: "v1", Resource: "volumesnapshots"}
	contentKind  = schema.GroupVersionResource{Group: "snapshot.storage.k8s.io", Version: "v1", Resource: "volumesnapshotcontents"}
)

// snapshots deletes those that go with their objects. Finalizers hold the objects
// until the cloud's driver has removed them. A cluster may not know the kinds.
func (r *releaser) snapshots(ctx context.Context) ([]string, error) {
	list, err := r.to.Dynamic.Resource(contentKind).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, gone(err)
	}
	var left []string
	for _, content := range list.Items {
		if policy, _, _ := unstructured.NestedString(content.Object, "spec", "deletionPolicy"); policy != "Delete" {
			r.kept = append(r.kept, "snapshot "+content.GetName())
			continue
		}
		left = append(left, "snapshot "+content.GetName())
		err = errors.Join(err, r.forgo(ctx, content))
	}
	return left, err
}

// forgo deletes the snapshot that a content is bound to: the content goes with it.
// Where there is none, the content is all there is.
func (r *releaser) forgo(ctx context.Context, content unstructured.Unstructured) error {
	namespace, _, _ := unstructured.NestedString(content.Object, "spec", "volumeSnapshotRef", "namespace")
	name, _, _ := unstructured.NestedString(content.Object, "spec", "volumeSnapshotRef", "name")
	err := r.to.Dynamic.Resource(snapshotKind).Namespace(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if !apierrors.IsNotFound(err) || content.GetDeletionTimestamp() != nil {
		return gone(err)
	}
	return gone(r.to.Dynamic.Resource(contentKind).Delete(ctx, content.GetName(), metav1.DeleteOptions{}))
}
