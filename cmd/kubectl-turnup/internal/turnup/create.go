package turnup

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/internal/kubeconfig"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Create is the whole story: machines, nodes, addons, and proof that the
// cluster works. Every step looks at the world first, so that a second run
// changes nothing and an interrupted one goes on where it was.
func (t *Turnup) Create(ctx context.Context) error {
	start := time.Now()
	took := stopwatch{begun: start, last: start}
	if err := Reachable(t.Config); err != nil {
		return err
	}
	end, err := t.Begin()
	if err != nil {
		return err
	}
	defer end()
	defer t.follow(stageMachine, stageConfig, stageStart, stageNode, stageReady)()

	if err := t.soundTree(); err != nil {
		return err
	}
	if err := t.Provision(ctx); err != nil {
		return err
	}
	took.lap("provision")
	plane, err := t.startControlPlane(ctx)
	if err != nil {
		return err
	}
	to, err := t.connect()
	if err != nil {
		return err
	}
	// The manager starts while the workers join: it needs no network, and what
	// it installs is what makes nodes ready.
	var provide shipping
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return plane.join(both) })
	group.Go(func() (err error) {
		if err := t.deployManager(both, to); err != nil {
			return err
		}
		provide, err = t.prepareTree(both, to)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if len(plane.workers) > 0 {
		if err := settle(ctx); err != nil {
			return err
		}
	}
	took.lap("bootstrap")
	shipped, err := provide(ctx)
	if err != nil {
		return err
	}
	if err := t.await(ctx, to, shipped); err != nil {
		return err
	}
	took.lap("addons")
	t.farewell(plane.machines, shipped, took)
	return nil
}

// settling is how long a kubelet that has just registered takes to have read the
// Services. A pod that reaches it earlier fails, and is tried again 10 s later.
const settling = time.Second

func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settling):
		return nil
	}
}

// Begin makes the cluster's directory, takes its lock and records the config.
// The returned func gives the lock back; where nothing was made for a new
// cluster (its checks failed, say), the directory goes, too.
func (t *Turnup) Begin() (end func(), err error) {
	if err := kubeconfig.Check(t.Kubeconfig); err != nil {
		return nil, err
	}
	if err := t.Home.Make(); err != nil {
		return nil, err
	}
	unlock, err := t.Home.Lock()
	if err != nil {
		return nil, err
	}
	t.before, _ = os.ReadFile(t.Home.Config()) // there is none before the first run
	if err := t.Home.WriteConfig(t.Config); err != nil {
		unlock()
		return nil, err
	}
	return func() {
		if t.Home.Untouched() {
			_ = t.Home.Remove() // the config alone does no harm
		}
		unlock()
	}, nil
}

func (t *Turnup) farewell(file machines.File, shipped addons.Shipment, took stopwatch) {
	t.Out.Printf("")
	t.Out.Printf("The cluster %s is up: %s, addons %s, after %s.", t.name(),
		ui.Count(nodes(file), "node"),
		strings.Join(shipped.Addons, ", "), took)
	t.Out.Printf("Its kubeconfig is %s, and the context %s is selected. Next:",
		ui.Relative(t.Home.Kubeconfig()), kubeconfig.Context(t.name()))
	t.Out.Printf("")
	edit := fmt.Sprintf("edit %s/coredns, git commit, kubectl turnup addons push", strings.TrimSuffix(t.Config.Addons.Path, "/"))
	if t.Config.Addons.Source == api.Git {
		edit = "commit to " + t.Config.Addons.Git.URL
	}
	for _, line := range []string{"kubectl get nodes,pods -A", "kubectl turnup status", edit} {
		t.Out.Printf("    %s", line)
	}
}

// stopwatch takes the time of each phase.
type stopwatch struct {
	begun, last time.Time
	laps        []string
}

// lap ends a phase.
func (s *stopwatch) lap(phase string) {
	now := time.Now()
	s.laps = append(s.laps, phase+" "+seconds(now.Sub(s.last)))
	s.last = now
}

func (s stopwatch) String() string {
	return fmt.Sprintf("%s (%s)", seconds(s.last.Sub(s.begun)), strings.Join(s.laps, ", "))
}

func seconds(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
