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

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/apply"
	"turnup.dev/kubectl-turnup/addon-manager/build"
	"turnup.dev/kubectl-turnup/addon-manager/drift"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/addon-manager/status"
)

// Options are what a manager is told.
type Options struct {
	// Interval is the time between two passes over everything.
	Interval time.Duration
	Log      *slog.Logger
}

// Manager keeps the addons of one cluster true.
type Manager struct {
	options Options
	log     *slog.Logger
	config  typedcore.ConfigMapsGetter
	client  *apply.Client
	store   *inventory.Store
	drift   *drift.Watcher
	writer  *status.Writer
	builder *build.Builder
	Metrics Metrics

	mu      sync.Mutex
	workers map[string]*worker
	// owners says which addon declares an object, over the whole tree.
	owners     map[object.Ref]string
	revision   string
	generation int
	since      time.Time
	sourceErr  error
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
	m := &Manager{
		options: options, log: options.Log, config: core,
		client: apply.New(objects, meta, apply.NewMapper(disco)),
		store:  inventory.NewStore(core), writer: status.NewWriter(objects, options.Log),
		builder: build.New(), workers: map[string]*worker{}, owners: map[object.Ref]string{},
	}
	m.drift = drift.New(meta, m.touched, m.listed)
	return m, nil
}

// Run keeps the addons true until ctx ends. Only one manager of a cluster may run.
func (m *Manager) Run(ctx context.Context) error {
	m.context = ctx
	if err := m.remember(ctx); err != nil {
		return err
	}
	m.running.Go(func() { m.writer.Run(ctx) })
	m.running.Go(func() {
		source.Watch(ctx, m.config, func(head source.Head, err error) { m.found(ctx, head, err) },
			func(err error) { m.log.Warn("source not watched", "error", err) })
	})
	m.running.Go(func() { m.tick(ctx) })
	<-ctx.Done()
	m.running.Wait()
	return nil
}

// remember reads what earlier managers own and told. Without it nothing may start.
func (m *Manager) remember(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		inventories, err := m.store.Load(ctx)
		if err == nil {
			err = m.writer.Load(ctx)
		}
		if err == nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			for addon, inv := range inventories {
				m.start(ctx, addon, inv)
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

// found takes a new head. Where it cannot be used, the last tree goes on being
// enforced; a manager that has none takes the newest revision that is whole.
func (m *Manager) found(ctx context.Context, head source.Head, err error) {
	var tree source.Tree
	if err == nil {
		tree, err = source.Read(ctx, m.config, head)
	}
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	m.sourceErr = err
	first := m.revision == ""
	m.mu.Unlock()
	if err == nil {
		m.log.Info("revision", "revision", tree.Revision, "author", tree.Author, "message", tree.Message)
		m.revise(ctx, tree)
		return
	}
	m.log.Error("source", "error", err)
	if first {
		if older, ok := m.older(ctx); ok {
			m.log.Warn("older revision kept", "revision", older.Revision)
			m.revise(ctx, older)
		}
	}
	m.wakeAll()
}

// revise makes a tree the goal of all workers.
func (m *Manager) revise(ctx context.Context, tree source.Tree) {
	begin := time.Now()
	built := m.builder.Build(tree.Files)
	m.Metrics.BuildSeconds.Observe(time.Since(begin))
	kept := m.lastGood(ctx, built)
	m.mu.Lock()
	defer m.mu.Unlock()
	addons := plan.Make(built, build.Value(tree.Files, "network_provider"), m.holder)
	m.revision, m.since = tree.Revision, time.Now()
	m.generation++
	inTree := map[string]bool{}
	for i := range addons {
		addon := &addons[i]
		inTree[addon.Name] = true
		w := m.workers[addon.Name]
		if w == nil {
			w = m.start(ctx, addon.Name, nil)
		}
		if addon.Err != nil {
			if old, ok := kept[addon.Name]; ok {
				w.aim(&old, tree.Revision, m.generation)
			}
			m.log.Error("addon not usable", "addon", addon.Name, "revision", tree.Revision, "error", addon.Err)
		}
		w.aim(addon, tree.Revision, m.generation)
	}
	for name, w := range m.workers {
		if inTree[name] {
			continue
		}
		w.leave(tree.Revision, m.generation, len(addons) == 0)
	}
	for _, name := range m.writer.Names() {
		if m.workers[name] == nil {
			m.writer.Remove(name)
		}
	}
	m.owners = map[object.Ref]string{}
	for name, w := range m.workers {
		for _, ref := range w.declared() {
			m.owners[ref] = name
		}
	}
	if len(addons) == 0 {
		m.log.Error("tree is empty: nothing is pruned", "revision", tree.Revision)
	}
	for _, w := range m.workers {
		w.poke()
	}
}

// holder says which addon has applied an object; m.mu is held.
func (m *Manager) holder(ref object.Ref) string {
	for name, w := range m.workers {
		if w.owns(ref) {
			return name
		}
	}
	return ""
}

// declares returns the addon whose tree has an object, "" for none.
func (m *Manager) declares(ref object.Ref) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[ref]
}

// touched wakes the worker whose object changed.
func (m *Manager) touched(ref object.Ref) {
	m.mu.Lock()
	w := m.workers[m.owners[ref]]
	m.mu.Unlock()
	if w != nil {
		w.poke()
	}
}

// listed wakes everybody who may have lost or gained an object of a kind.
func (m *Manager) listed(schema.GroupKind) { m.wakeAll() }

func (m *Manager) wakeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.workers {
		w.poke()
	}
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

// kinds are those of everything that is owned or declared.
func (m *Manager) kinds() map[schema.GroupKind]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	kinds := map[schema.GroupKind]bool{}
	for ref := range m.owners {
		kinds[ref.GroupKind()] = true
	}
	for _, w := range m.workers {
		w.mu.Lock()
		for ref := range w.inventory {
			kinds[ref.GroupKind()] = true
		}
		w.mu.Unlock()
	}
	return kinds
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
	m.Metrics.forget(w.name)
	return true
}

// Working tells whether this manager acts and knows what earlier ones own.
func (m *Manager) Working() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.working
}
