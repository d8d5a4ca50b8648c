package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// plainWorkers is how many objects plain server-side apply sends at a time.
const plainWorkers = 4

// plainApplier applies every object at every pass and knows nothing else, as a
// loop around `kubectl apply --server-side` does.
func plainApplier(config *rest.Config, t *tree) (applier, error) {
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect plain ssa: %w", err)
	}
	return func(ctx context.Context, s state) error {
		var all errgroup.Group
		all.SetLimit(plainWorkers)
		for _, d := range t.objects {
			all.Go(func() error {
				_, err := objects.Resource(t.kinds[d.kind].gvr).Namespace(t.namespace).
					Apply(ctx, d.name, t.object(d, s), metav1.ApplyOptions{FieldManager: "plain", Force: true})
				return err
			})
		}
		return all.Wait()
	}, nil
}
