// Command bridge-network is the agent of the pod network `bridge`: it keeps a
// route to every other machine's pods, lets pods leave the pod range with the
// machine's address, and then writes the CNI configuration.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// again is when the routes are compared anew though no node changed: somebody
// else may have touched them.
const again = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		slog.Error("bridge-network ends", "error", err)
		os.Exit(1)
	}
}

// agent keeps one machine's network as the nodes say.
type agent struct {
	node  string
	pods  netip.Prefix
	mtu   int
	dir   string
	nodes listers.NodeLister
	ready atomic.Bool
}

func start(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bridge-network", flag.ContinueOnError)
	a := agent{}
	flags.StringVar(&a.node, "node", "", "`NAME` of the node that this machine is")
	flags.IntVar(&a.mtu, "mtu", 0, "MTU of pods in bytes; 0 is the kernel's")
	flags.StringVar(&a.dir, "cni-dir", "/etc/cni/net.d", "`DIRECTORY` of CNI configurations")
	flags.TextVar(&a.pods, "pod-cidr", netip.Prefix{}, "`RANGE` of all pods of the cluster")
	listen := flags.String("listen", "127.0.0.1:10297", "`ADDRESS` that answers /healthz")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if a.node == "" || !a.pods.IsValid() {
		return errors.New("--node and --pod-cidr are needed")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := masquerade(ctx, a.pods); err != nil {
		return err
	}
	go a.serve(*listen)
	return a.follow(ctx, informers.NewSharedInformerFactory(client, 0))
}

// follow brings the machine up to date whenever a node changes.
func (a *agent) follow(ctx context.Context, factory informers.SharedInformerFactory) error {
	changed := make(chan struct{}, 1)
	notice := func() {
		select {
		case changed <- struct{}{}:
		default: // one look at all nodes is to come anyway
		}
	}
	nodes := factory.Core().V1().Nodes()
	a.nodes = nodes.Lister()
	if _, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notice() },
		UpdateFunc: func(any, any) { notice() },
		DeleteFunc: func(any) { notice() },
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), nodes.Informer().HasSynced) {
		return ctx.Err()
	}
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		if err := a.update(ctx); err != nil {
			slog.Error("the network is not as it should be, and is looked at again", "error", err, "after", again)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
		}
	}
}

// update makes the machine's network what the nodes say. The CNI configuration
// comes last: it makes the node Ready, and no pod should meet half a network.
func (a *agent) update(ctx context.Context) error {
	list, err := a.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	want, errs := compute(a.node, list)
	changed, err := setRoutes(ctx, want.Routes)
	for _, what := range changed {
		slog.Info(what)
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if !want.Own.IsValid() {
		return fmt.Errorf("node %s has no spec.podCIDR yet: the controller manager allocates it", a.node)
	}
	data, err := conflist(want.Own, a.mtu)
	if err != nil {
		return err
	}
	if err := writeConflist(a.dir, data); err != nil {
		return err
	}
	if !a.ready.Swap(true) {
		slog.Info("the network is ready", "pods", want.Own, "routes", len(want.Routes))
	}
	return nil
}

// serve answers the kubelet's probes: green once the network is ready.
func (a *agent) serve(address string) {
	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			if !a.ready.Load() {
				http.Error(w, "the network is not ready", http.StatusServiceUnavailable)
			}
		})}
	slog.Error("probes are not answered", "error", server.ListenAndServe())
}
