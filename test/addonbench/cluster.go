package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	discoverymemory "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"turnup.dev/kubectl-turnup/addon-manager/manifests"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

// cluster is a control plane without nodes, and what the benchmark asks it with.
type cluster struct {
	*controlplane.Cluster
	dir      string
	ledger   *ledger
	objects  dynamic.Interface
	config   typedcore.ConfigMapsGetter
	accounts typedcore.ServiceAccountsGetter
	// manager and peer are the kubeconfigs of the contestants.
	manager, peer string
	mapper        *restmapper.DeferredDiscoveryRESTMapper
	apiserver     int
	etcd          int
	// environment is what the manager's manifest sets, GOMEMLIMIT above all.
	environment []string
}

// newCluster starts a control plane and installs all that an addon manager finds: its own
// objects, a definition and the namespaces of the trees.
func newCluster(ctx context.Context, namespaces ...string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "turnup-addonbench-")
	if err != nil {
		return nil, err
	}
	started, err := controlplane.Run(dir, controlplane.Options{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c := &cluster{Cluster: started, dir: dir}
	if err := c.install(ctx, namespaces); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *cluster) stop() {
	c.Stop()
	if err := os.RemoveAll(c.dir); err != nil {
		fmt.Fprintln(os.Stderr, "warning:", err)
	}
}

func (c *cluster) install(ctx context.Context, namespaces []string) error {
	var err1, err2, err3 error
	c.apiserver, err1 = child("kube-apiserver")
	c.etcd, err2 = child("etcd")
	client, err3 := rest.HTTPClientFor(rest.CopyConfig(c.Config))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	c.ledger = &ledger{client: client, url: c.Config.Host + "/metrics", own: counts{}}
	config := rest.CopyConfig(c.Config)
	config.Wrap(c.ledger.wrap)
	config.WarningHandler = rest.NoWarnings{}
	c.objects, err1 = dynamic.NewForConfig(config)
	core, err2 := typedcore.NewForConfig(config)
	c.config, c.accounts = core, core
	disco, err3 := discovery.NewDiscoveryClientForConfig(config)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(discoverymemory.NewMemCacheClient(disco))
	own, err := manifests.Render(manifests.Options{Image: "none", APIHost: "127.0.0.1", APIPort: "1"})
	if err != nil {
		return err
	}
	for _, u := range append(own, crd()) {
		if u.GetKind() == "Deployment" {
			c.environment = environment(u)
			continue
		}
		if err := c.apply(ctx, u); err != nil {
			return err
		}
	}
	for _, name := range namespaces {
		u := &unstructured.Unstructured{Object: m{"apiVersion": "v1", "kind": "Namespace", "metadata": m{"name": name}}}
		if err := c.apply(ctx, u); err != nil {
			return err
		}
	}
	for _, u := range accounts() {
		if err := c.apply(ctx, u); err != nil {
			return err
		}
	}
	c.manager, err1 = c.kubeconfigFor(ctx, "turnup-system", "addon-manager")
	c.peer, err2 = c.kubeconfigFor(ctx, warm, peerAccount)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	widget := schema.GroupVersionResource{Group: "bench.turnup.dev", Version: "v1", Resource: "widgets"}
	return eventually(ctx, 20*time.Second, func() error {
		_, err := c.objects.Resource(widget).List(ctx, metav1.ListOptions{})
		return err
	})
}

func (c *cluster) apply(ctx context.Context, u *unstructured.Unstructured) error {
	// A definition that was just made is served a moment later.
	return eventually(ctx, 20*time.Second, func() error {
		gvk := u.GroupVersionKind()
		mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			c.mapper.Reset()
			return fmt.Errorf("install %s %s: %w", gvk.Kind, u.GetName(), err)
		}
		_, err = c.objects.Resource(mapping.Resource).Namespace(u.GetNamespace()).
			Apply(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: "kubectl-turnup", Force: true})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("install %s %s: %w", gvk.Kind, u.GetName(), err)
		}
		return err
	})
}

// environment is what a Deployment's container is told, but for where the API server is.
func environment(deployment *unstructured.Unstructured) (all []string) {
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	for _, container := range containers {
		variables, _, _ := unstructured.NestedSlice(container.(m), "env")
		for _, v := range variables {
			name, _ := v.(m)["name"].(string)
			value, literal := v.(m)["value"].(string)
			if literal && name != "KUBERNETES_SERVICE_HOST" && name != "KUBERNETES_SERVICE_PORT" {
				all = append(all, name+"="+value)
			}
		}
	}
	return all
}

// eventually tries until it works.
func eventually(ctx context.Context, budget time.Duration, try func() error) error {
	deadline := time.Now().Add(budget)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w (≤ %s)", err, budget)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// quiet waits until nobody asks anything any more, and returns the last snapshot.
func (c *cluster) quiet(ctx context.Context) (snapshot, error) {
	last, err := c.ledger.read(ctx)
	if err != nil {
		return last, err
	}
	for range 30 {
		if err := sleep(ctx, time.Second); err != nil {
			return last, err
		}
		next, err := c.ledger.read(ctx)
		if err != nil {
			return last, err
		}
		if next.since(last).total == 0 {
			return next, nil
		}
		last = next
	}
	return last, nil
}
