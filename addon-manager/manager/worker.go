package manager

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/health"
	"turnup.dev/kubectl-turnup/addon-manager/inventory"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/addon-manager/plan"
)

// goal is what a worker has to make true.
type goal struct {
	generation int
	revision   string
	// addon is the last plan without error; nil where there never was one.
	addon *plan.Addon
	// since is when addon last changed.
	since time.Time
	// leave says that the addon is not in the tree any more.
	leave bool
	// hold says why nothing may be pruned, "" for nothing.
	hold string
	// err says why the revision's own plan is not in addon.
	err error
}

// worker makes the cluster like one addon. Its goroutine does one pass at a
// time; a slow or broken addon holds up no other.
type worker struct {
	m    *Manager
	name string
	wake chan struct{}

	mu   sync.Mutex
	goal goal
	// founded is the generation whose definitions and roles were tried.
	founded int
	// readyHash is the last addon hash that was applied and healthy.
	readyHash string
	inventory inventory.Inventory

	// The rest belongs to the goroutine alone.
	unsaved  bool
	failures map[object.Ref]*trouble
	doomed   map[object.Ref]*trouble
	undone   map[object.Ref]*trouble
	health   map[object.Ref]health.State
	looked   time.Time
	waiting  string
	// told is what was logged last.
	told string
}

// trouble is an object that has to be tried again.
type trouble struct {
	hash    string
	message string
	reason  string
	count   int
	next    time.Time
}

// again sets the next try, later each time and never at the same time as others'.
func (t *trouble) again(first, most time.Duration) {
	wait := min(first<<min(t.count, 20), most)
	t.count++
	t.next = time.Now().Add(wait/2 + rand.N(wait/2+1))
}

func newWorker(m *Manager, name string, inv inventory.Inventory) *worker {
	return &worker{
		m: m, name: name, wake: make(chan struct{}, 1), inventory: inv.Clone(),
		failures: map[object.Ref]*trouble{}, doomed: map[object.Ref]*trouble{},
		undone: map[object.Ref]*trouble{}, health: map[object.Ref]health.State{},
	}
}

// poke makes the worker look again, soon.
func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run does passes until ctx ends or the addon is gone.
func (w *worker) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		begin := time.Now()
		next, done := w.pass(ctx)
		if done || ctx.Err() != nil {
			return
		}
		w.m.Metrics.PassSeconds.Observe(time.Since(begin))
		if next <= 0 {
			next = time.Hour
		}
		timer.Reset(next)
	}
}

// aim gives the worker a new plan; one with an error leaves the last one in force.
func (w *worker) aim(addon *plan.Addon, revision string, generation int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &w.goal
	g.generation, g.revision, g.leave, g.hold, g.err = generation, revision, false, "", addon.Err
	if addon.Err != nil {
		g.hold = "the revision could not be used"
		return
	}
	if len(addon.Objects) == 0 && len(w.inventory) > 0 {
		// More likely a mistake than a wish; who wishes it removes the directory.
		g.hold = "the addon builds to nothing; nothing is pruned (to remove it, remove its directory)"
		return
	}
	if g.addon == nil || g.addon.Hash != addon.Hash || len(g.addon.Objects) != len(addon.Objects) {
		g.since = time.Now()
	}
	g.addon = addon
}

// leave tells the worker that its addon is not in the tree.
func (w *worker) leave(revision string, generation int, empty bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &w.goal
	g.generation, g.revision, g.err = generation, revision, nil
	if empty {
		g.hold = "the addon tree is empty; nothing is pruned"
		return
	}
	g.leave, g.hold, g.addon = true, "", nil
}

func (w *worker) snapshot() goal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal
}

func (w *worker) leaving() bool { return w.snapshot().leave }

// declared lists the objects of the goal.
func (w *worker) declared() []object.Ref {
	g := w.snapshot()
	if g.addon == nil {
		return nil
	}
	refs := make([]object.Ref, 0, len(g.addon.Objects))
	for _, o := range g.addon.Objects {
		refs = append(refs, o.Ref)
	}
	return refs
}

func (w *worker) owns(ref object.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inventory[ref].Print != ""
}

func (w *worker) entry(ref object.Ref) (inventory.Entry, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.inventory[ref]
	return e, ok
}

// own puts an entry into the inventory, or takes it out with nil.
func (w *worker) own(ref object.Ref, entry *inventory.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if entry == nil {
		delete(w.inventory, ref)
	} else {
		w.inventory[ref] = *entry
	}
	w.unsaved = true
}

// found marks a generation's definitions and roles as tried, and wakes those who wait.
func (w *worker) found(generation int) {
	w.mu.Lock()
	news := w.founded < generation
	w.founded = max(w.founded, generation)
	w.mu.Unlock()
	if news {
		w.m.wakeAll()
	}
}

// behind tells whether others should wait for this addon's definitions and roles.
func (w *worker) behind(generation int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.goal.addon != nil && !w.goal.leave && w.founded < generation
}

// holdsUp tells whether others should wait for this network addon.
func (w *worker) holdsUp() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.goal
	return g.addon != nil && g.addon.Network && w.readyHash != g.addon.Hash && time.Since(g.since) < networkBudget
}

// ready marks an addon hash as having been healthy, and wakes those who wait.
func (w *worker) ready(hash string, network bool) {
	w.mu.Lock()
	news := w.readyHash != hash
	w.readyHash = hash
	w.mu.Unlock()
	if news && network {
		w.m.wakeAll()
	}
}
