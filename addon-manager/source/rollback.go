package source

import (
	"context"
	"fmt"

	typed "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Point makes the cluster's head name a revision that is kept there, whole.
// What is not whole is refused, and the head stays where it is.
func Point(ctx context.Context, client typed.ConfigMapsGetter, head Head) error {
	if _, err := Read(ctx, client, head); err != nil {
		return err
	}
	if err := point(ctx, client, head); err != nil {
		return fmt.Errorf("point at revision %s: %w", head.Revision, err)
	}
	return nil
}
