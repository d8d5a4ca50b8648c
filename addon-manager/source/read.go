package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// ErrNone is wrapped where nothing was pushed yet.
var ErrNone = errors.New("no revision was pushed yet")

// Current returns the head that counts.
func Current(ctx context.Context, client typed.ConfigMapsGetter) (Head, error) {
	config, err := client.ConfigMaps(object.Namespace).Get(ctx, HeadName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Head{}, ErrNone
	}
	if err != nil {
		return Head{}, fmt.Errorf("read head: %w", err)
	}
	return headOf(config.Data)
}

// Read fetches a revision and proves that it is whole.
func Read(ctx context.Context, client typed.ConfigMapsGetter, head Head) (Tree, error) {
	if head.blob != nil && digest(head.blob) == head.SHA256 {
		return unpack(head, head.blob)
	}
	var blob bytes.Buffer
	for i := range head.Chunks {
		chunk, err := client.ConfigMaps(object.Namespace).Get(ctx, chunkName(head.Name, i), metav1.GetOptions{})
		if err != nil {
			return Tree{}, fmt.Errorf("read revision %s, part %d of %d: %w", head.Revision, i+1, head.Chunks, err)
		}
		if blob.Len() > maxBlob {
			return Tree{}, fmt.Errorf("read revision %s: more than %d MiB", head.Revision, maxBlob>>20)
		}
		blob.Write(chunk.BinaryData[chunkKey])
	}
	if sum := digest(blob.Bytes()); sum != head.SHA256 {
		return Tree{}, fmt.Errorf("read revision %s: its sha256 is %s, the head says %s; push it again", head.Revision, sum, head.SHA256)
	}
	return unpack(head, blob.Bytes())
}

func unpack(head Head, blob []byte) (Tree, error) {
	files, err := Unpack(blob)
	if err != nil {
		return Tree{}, fmt.Errorf("read revision %s: %w", head.Revision, err)
	}
	return Tree{Revision: head.Revision, Author: head.Author, Message: head.Message, Pushed: head.Pushed, SHA256: head.SHA256, Files: files}, nil
}

// Watch calls found with the head that counts now and with each one after it,
// until ctx ends; and lost when the API server cannot be asked, which it waits out.
func Watch(ctx context.Context, client typed.ConfigMapsGetter, found func(Head, error), lost func(error)) {
	var last Head
	tell := func(config *corev1.ConfigMap) {
		head, err := headOf(config.Data)
		if err == nil && head.Is(last) {
			return
		}
		last = head
		head.blob = config.BinaryData[chunkKey]
		found(head, err)
	}
	pause := time.Duration(0)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		begin := time.Now()
		err := follow(ctx, client, tell)
		if err != nil && ctx.Err() == nil {
			lost(err)
		}
		if pause = min(2*pause+100*time.Millisecond, 5*time.Second); time.Since(begin) > time.Minute {
			pause = 0
		}
	}
}

// follow reads the head, then reports its changes until the server closes the watch.
func follow(ctx context.Context, client typed.ConfigMapsGetter, tell func(*corev1.ConfigMap)) error {
	only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", HeadName).String()}
	list, err := client.ConfigMaps(object.Namespace).List(ctx, only)
	if err != nil {
		return err
	}
	for i := range list.Items {
		tell(&list.Items[i])
	}
	only.ResourceVersion, only.AllowWatchBookmarks = list.ResourceVersion, true
	watch, err := client.ConfigMaps(object.Namespace).Watch(ctx, only)
	if err != nil {
		return err
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		switch config := event.Object.(type) {
		case *corev1.ConfigMap:
			// A deleted head means nothing: the last revision goes on counting.
			if event.Type == "ADDED" || event.Type == "MODIFIED" {
				tell(config)
			}
		case *metav1.Status:
			return apierrors.FromObject(config)
		}
	}
	return nil
}
