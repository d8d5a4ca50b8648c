package manager

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// The lease's times: a manager that stops hands over at once, one that vanishes
// after 30 s; holding it costs a write every 5 s.
const (
	leaseDuration = 30 * time.Second
	renewDeadline = 20 * time.Second
	retryPeriod   = 5 * time.Second
)

// ErrLeaseLost is returned when another manager may act by now.
var ErrLeaseLost = errors.New("the lease was lost")

// Lead runs act while this process holds the lease. A container that was killed
// and restarted in its pod has the same identity, and goes on at once.
func Lead(ctx context.Context, config *rest.Config, identity string, act func(context.Context) error) error {
	client, err := coordination.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: object.Namespace, Name: object.Manager},
		Client:     client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
	asked := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	acted := make(chan error, 1)
	var started atomic.Bool
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, Name: object.Manager,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				started.Store(true)
				acted <- act(leading)
				cancel()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("elect a manager: %w", err)
	}
	elector.Run(ctx)
	if !started.Load() {
		return nil
	}
	// The lease is only given up after the last request: two managers never act at once.
	err = <-acted
	if err == nil && asked.Err() == nil {
		return ErrLeaseLost
	}
	if err == nil {
		err = release(client, identity)
	}
	return err
}

// release lets the next manager start without waiting for the lease to run out.
func release(client coordination.LeasesGetter, identity string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	leases := client.Leases(object.Namespace)
	lease, err := leases.Get(ctx, object.Manager, metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity != identity {
		return err
	}
	seconds, now := int32(1), metav1.NowMicro()
	lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds, lease.Spec.RenewTime = nil, &seconds, &now
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}
