// Package manager joins the manager's parts: a source gives trees, each addon
// has a worker that makes the cluster like its part of the newest tree, and the
// watches wake the worker whose object was touched.
package manager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/drift"
	"turnup.dev/kubectl-turnup/addon-manager/events"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/metrics"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addon-manager/status"
)

// Options are what a manager is told.
type Options struct {
	// Interval is the time between two passes over everything.
	Interval time.Duration
	Log      *slog.Logger
	// Metrics count what the manager does; nil for none that anybody sees.
	Metrics *metrics.Metrics
}

// Manager keeps the addons of one cluster true.
type Manager struct {
	options Options
	log     *slog.Logger
	config  typedcore.CoreV1Interface
	objects dynamic.Interface
	client  *apply.Client
	store   *inventory.Store
	drift   *drift.Watcher
	writer  *status.Writer
	builder *build.Builder
	asks    *asks
	origin  origin
	events  *events.Teller
	metrics *metrics.Metrics

	mu      sync.Mutex
	workers map[string]*worker
	// owners says which addon declares an object, over the whole tree.
	owners map[object.Ref]string
	// wanted are the addresses and ports that a declared object needs.
	wanted map[string]object.Ref
	// approved are the pushes whose messages were asked for an approval.
	approved map[string]bool
	// instead: the tree is an older one, since the newest could not be read.
	instead bool
	// tree is what the workers aim at, without its files.
	tree       source.Tree
	generation int
	since      time.Time
	working    bool
	running    sync.WaitGroup
	// context ends with Run; watches live as long.
	context context.Context
}

// New returns a manager for the cluster that config leads to.
func New(config *rest.Config, options Options) (*Manager, error) {
	config = rest.CopyConfig(config)
	// The API server's own priority and fairness is the only throttle wanted.
	config.QPS, config.Burst = -1, 0
	// Deprecations concern the tree's author; `kubectl apply --dry-run=server` shows them.
	config.WarningHandler = rest.NoWarnings{}
	compact := rest.CopyConfig(config)
	compact.ContentType = "application/vnd.kubernetes.protobuf"
	compact.AcceptContentTypes = compact.ContentType + ",application/json"
	core, err := typedcore.NewForConfig(compact)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	objects, err1 := dynamic.NewForConfig(config)
	meta, err2 := metadata.NewForConfig(config)
	disco, err3 := discovery.NewDiscoveryClientForConfig(config)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	if options.Metrics == nil {
		options.Metrics = metrics.New()
	}
	m := &Manager{
		options: options, log: options.Log, metrics: options.Metrics, config: core, objects: objects,
		client: apply.New(objects, meta, apply.NewMapper(disco)),
		store:  inventory.NewStore(core), writer: status.NewWriter(objects, options.Log),
		builder: build.New(), workers: map[string]*worker{}, owners: map[object.Ref]string{}, wanted: map[string]object.Ref{},
		approved: map[string]bool{},
	}
	m.drift = drift.New(meta, objects, m.touched, m.listed)
	m.asks = newAsks(m)
	m.events = events.New(core, m.writer.UID, options.Log)
	m.writer.Tell(func(t status.Transition) { m.events.Tell(t.Addon, t.Type, t.Reason, t.Message) })
	m.metrics.DroppedEvents(m.events.Dropped)
	return m, nil
}

// Run keeps the addons true until ctx ends. Only one manager of a cluster may run.
func (m *Manager) Run(ctx context.Context) error {
	m.mu.Lock()
	m.context = ctx
	m.mu.Unlock()
	if err := m.remember(ctx); err != nil {
		return err
	}
	m.running.Go(func() { m.writer.Run(ctx) })
	m.running.Go(func() { m.events.Run(ctx) })
	m.repository(ctx, m.asks.origin())
	m.asks.watch(ctx)
	m.running.Go(func() { m.follow(ctx) })
	m.running.Go(func() { m.tick(ctx) })
	<-ctx.Done()
	m.running.Wait()
	return nil
}

// remember reads what earlier managers own and told, and what people have asked
// for since. Without it nothing may start.
func (m *Manager) remember(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		inventories, err := m.store.Load(ctx)
		if err == nil {
			err = m.writer.Load(ctx)
		}
		if err == nil {
			err = m.asks.load(ctx)
		}
		if err == nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			for addon, inv := range inventories {
				m.start(ctx, addon, inv).needs = m.store.Needs(addon)
			}
			m.working = true
			return nil
		}
		m.log.Warn("state not read", "error", err, "again", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// start adds a worker; m.mu is held.
func (m *Manager) start(ctx context.Context, addon string, inv inventory.Inventory) *worker {
	w := newWorker(m, addon, inv)
	m.workers[addon] = w
	m.running.Go(func() { w.run(ctx) })
	return w
}

// tick wakes every worker once per interval: a net under the watches. Where
// nothing is wrong, a pass asks the API server nothing.
func (m *Manager) tick(ctx context.Context) {
	ticker := time.NewTicker(m.options.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			m.drift.Keep(m.kinds())
			m.wakeAll()
		}
	}
}

func (m *Manager) wakeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pokeAll()
}

// pokeAll is wakeAll where m.mu is held.
func (m *Manager) pokeAll() {
	for _, w := range m.workers {
		w.poke()
	}
}

// drop forgets a worker whose addon has left nothing behind; false if the addon
// is back in the tree by now.
func (m *Manager) drop(w *worker) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !w.leaving() {
		return false
	}
	delete(m.workers, w.name)
	m.metrics.Forget(w.name)
	m.pokeAll()
	return true
}

// Working tells whether this manager does what it is there for: it stands by, or
// it acts and knows what earlier ones own.
func (m *Manager) Working() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.context == nil || m.working
}
