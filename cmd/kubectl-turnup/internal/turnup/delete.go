package turnup

import (
	"context"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/internal/kubeconfig"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Delete removes a cluster: machines, kubeconfig entries, and last the
// cluster's directory with its keys. Interrupted, it can be run again.
func (t *Turnup) Delete(ctx context.Context) error {
	question := fmt.Sprintf("Delete the cluster %s with its machines, its data and its keys?", t.name())
	if err := t.Out.Confirm(ctx, question); err != nil {
		return err
	}
	if err := kubeconfig.Check(t.Kubeconfig); err != nil {
		return err
	}
	unlock, err := t.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := t.Unprovision(ctx); err != nil {
		return err
	}
	return t.step(ctx, "forget "+t.name(), 10*time.Second, func(context.Context, *ui.Step) error {
		if _, err := kubeconfig.Remove(t.Kubeconfig, t.name()); err != nil {
			return err
		}
		return t.Home.remove()
	})
}
