package turnup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/pki"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/kubeconfig"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Bootstrap is phase 2: the machines of the machines file become a cluster's
// nodes. Whatever is already as it should be is left alone.
func (t *Turnup) Bootstrap(ctx context.Context) error {
	if err := Reachable(t.Config); err != nil {
		return err
	}
	defer t.follow(stageConfig, stageStart, stageNode)()
	plane, err := t.startControlPlane(ctx)
	if err != nil {
		return err
	}
	return plane.join(ctx)
}

// controlPlane is a cluster whose API server answers.
type controlPlane struct {
	*bootstrap.Cluster
	turnup   *Turnup
	machines machines.File
	// workers are those whose kubelets have yet to be started.
	workers []machines.Machine
	// silent are the machines whose kubelets are started anew, with what was
	// last heard of them.
	silent bootstrap.Heartbeats
}

// startControlPlane delivers every machine's config and waits for the API
// server. The control planes go first, with the load balancer before them; the
// workers' delivery hides in their start.
func (t *Turnup) startControlPlane(ctx context.Context) (*controlPlane, error) {
	file, err := t.Home.ReadMachines()
	if err != nil {
		return nil, err
	}
	if err := t.preflight(ctx, file); err != nil {
		return nil, err
	}
	starts, joining, err := t.planEtcd(ctx, file)
	if err != nil {
		return nil, err
	}
	keys, rendered, err := t.render(file, starts)
	if err != nil {
		return nil, err
	}
	superuser, err := keys.Superuser(time.Now())
	if err != nil {
		return nil, err
	}
	cluster, err := bootstrap.Connect(t.name(), file.Endpoint, keys.CA.Cert, superuser)
	if err != nil {
		return nil, err
	}
	plane := &controlPlane{Cluster: cluster, turnup: t, machines: file}
	heard := cluster.Heartbeats(ctx)
	planes, workers := byRole(rendered)
	changed, err := plane.roll(ctx, others(planes, joining), heard)
	if err != nil {
		return nil, err
	}
	joined, err := t.joinEtcd(ctx, file, starts, joining)
	if err != nil {
		return nil, t.explain(ctx, err, file, machines.ControlPlane)
	}
	expected := restarted(planes, changed, heard)
	for _, r := range joined {
		changed = append(changed, r.Machine)
		maps.Copy(expected, r.Pods)
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		plane.workers, err = t.deliver(both, workers)
		return err
	})
	group.Go(func() error {
		return t.step(both, "start the control plane", bootstrap.APIBudget, func(ctx context.Context, step *ui.Step) error {
			err := t.unlessCrashing(ctx, file.WithRole(machines.ControlPlane), func(ctx context.Context) error {
				if err := cluster.AwaitAPI(ctx, step.See); err != nil {
					return err
				}
				// One of them may be a new machine of an old name, whose kubelet waits
				// for its certificate; the addon manager may have run on the old one.
				answering, stop := context.WithCancel(ctx)
				defer stop()
				go cluster.ApproveUntil(answering, file)
				return cluster.AwaitPods(ctx, expected, step.See)
			})
			if err != nil {
				return t.explain(ctx, err, file, machines.ControlPlane)
			}
			return cluster.Install(ctx, keys, file)
		})
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	plane.silent = bootstrap.Heartbeats{}
	for _, m := range append(changed, plane.workers...) {
		if version, ok := heard[m.Name]; ok {
			plane.silent[m.Name] = version
		}
	}
	return plane, t.writeKubeconfig(file, keys)
}

// restarted are the static pods of control planes that ran before and changed.
func restarted(planes []bootstrap.Rendered, changed []machines.Machine, heard bootstrap.Heartbeats) map[string]string {
	pods := map[string]string{}
	for _, r := range planes {
		_, ran := heard[r.Machine.Name]
		if ran && slices.ContainsFunc(changed, func(m machines.Machine) bool { return m.Name == r.Machine.Name }) {
			maps.Copy(pods, r.Pods)
		}
	}
	return pods
}

// byRole parts what makes the API server from what joins it.
func byRole(rendered []bootstrap.Rendered) (planes, workers []bootstrap.Rendered) {
	for _, r := range rendered {
		if r.Machine.Role == machines.Worker {
			workers = append(workers, r)
			continue
		}
		planes = append(planes, r)
	}
	return planes, workers
}

// others leaves out some machines.
func others(rendered []bootstrap.Rendered, list []machines.Machine) []bootstrap.Rendered {
	return slices.DeleteFunc(slices.Clone(rendered), func(r bootstrap.Rendered) bool {
		return slices.ContainsFunc(list, func(m machines.Machine) bool { return m.Name == r.Machine.Name })
	})
}

// render makes the Ignition configs and keeps a copy beside the machines file.
func (t *Turnup) render(file machines.File, starts bootstrap.EtcdStarts) (*pki.PKI, []bootstrap.Rendered, error) {
	keys, err := t.keys(file)
	if err != nil {
		return nil, nil, err
	}
	rendered, err := bootstrap.RenderMembers(t.Config, file, keys, starts)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rendered {
		if err := atomicfile.Write(filepath.Join(t.Home.Ignition(), r.Machine.Name+".json"), r.Ignition, 0o600); err != nil {
			return nil, nil, err
		}
	}
	return keys, rendered, nil
}

// deliver carries the configs to their machines, all at once, and returns the
// machines that changed: their kubelets are to be started.
func (t *Turnup) deliver(ctx context.Context, rendered []bootstrap.Rendered) ([]machines.Machine, error) {
	image := config.Images(t.Config).Ref(images.Bootstrap)
	changes := make([]bool, len(rendered))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range rendered {
		group.Go(func() error {
			step := t.Out.Step("bootstrap "+r.Machine.Name, bootstrap.DeliverBudget)
			t.board.Start(r.Machine.Name, stageConfig)
			changed, err := t.deliverOne(ctx, r, image, step)
			if err == nil && !changed {
				step.Skip("nothing to change")
				t.board.Skip(r.Machine.Name, stageConfig)
				return nil
			}
			changes[i] = changed
			t.board.End(r.Machine.Name, stageConfig, err)
			return step.End(err)
		})
	}
	err := group.Wait()
	var changed []machines.Machine
	for i, r := range rendered {
		if changes[i] {
			changed = append(changed, r.Machine)
		}
	}
	return changed, err
}

func (t *Turnup) deliverOne(ctx context.Context, r bootstrap.Rendered, image string, step *ui.Step) (bool, error) {
	machine, err := t.open(ctx, r.Machine)
	if err != nil {
		return false, err
	}
	if err := t.carryImages(ctx, machine, r, step); err != nil {
		return false, err
	}
	return bootstrap.Deliver(ctx, machine, r, image)
}

// start starts the kubelets of machines, all at once.
func (t *Turnup) start(ctx context.Context, list []machines.Machine) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range list {
		group.Go(func() error {
			t.board.Start(m.Name, stageStart)
			machine, err := t.open(ctx, m)
			if err == nil {
				err = bootstrap.Start(ctx, machine, m)
			}
			t.started(m, err)
			return err
		})
	}
	return group.Wait()
}

// join starts the workers and waits until every machine is a node, answering
// the kubelets' requests for certificates meanwhile.
func (p *controlPlane) join(ctx context.Context) error {
	title := "register " + ui.Count(len(p.machines.Nodes()), "node")
	return p.turnup.step(ctx, title, bootstrap.NodesBudget, func(ctx context.Context, step *ui.Step) error {
		answering, stop := context.WithCancel(ctx)
		defer stop()
		go p.ApproveUntil(answering, p.machines)
		if err := p.turnup.start(ctx, p.workers); err != nil {
			return err
		}
		err := p.turnup.unlessCrashing(ctx, p.workers, func(ctx context.Context) error {
			return p.AwaitNodes(ctx, p.machines, p.silent, step.See, p.turnup.registered)
		})
		return p.turnup.explain(ctx, err, p.machines, machines.Worker)
	})
}

// writeKubeconfig writes the admin's kubeconfig into the cluster's directory and
// merges it into the user's as context turnup-<name>.
func (t *Turnup) writeKubeconfig(file machines.File, keys *pki.PKI) error {
	entry := kubeconfig.Entry{
		Cluster: t.name(), Endpoint: file.Endpoint,
		CA: keys.CA.Cert, Cert: keys.Admin.Cert, Key: keys.Admin.Key,
	}
	data, err := entry.Encode()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(t.Home.Kubeconfig(), data, 0o600); err != nil {
		return err
	}
	_, err = kubeconfig.Merge(t.Kubeconfig, entry)
	return err
}

// explain adds the end of the kubelet's log, from the first machine that the
// error names or else of a role, to an error of a wait that timed out.
func (t *Turnup) explain(ctx context.Context, err error, file machines.File, role machines.Role) error {
	list := file.WithRole(role)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || len(list) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	suspect := list[0]
	words := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" ,:", r) })
	for _, m := range file.Machines {
		if slices.Contains(words, m.Name) {
			suspect = m
			break
		}
	}
	log, logErr := t.kubeletLog(ctx, suspect)
	if logErr != nil || strings.TrimSpace(log) == "" {
		return err
	}
	return fmt.Errorf("%w\nthe kubelet of %s says:\n%s", err, suspect.Name, log)
}

func (t *Turnup) kubeletLog(ctx context.Context, m machines.Machine) (string, error) {
	machine, err := t.open(ctx, m)
	if err != nil {
		return "", err
	}
	// Without what every kubelet says until its API server is there, and each line once.
	return machine.Run(ctx, `# read the kubelet's log
		journalctl --unit kubelet --no-pager --output cat --lines 2000 |
		grep -v -e 'mirror pod' -e 'not found' -e 'connection refused' | grep -e '^E' -e '^F' -e rror -e 'Main process exited' |
		cut -c 1-400 | tac | awk '!said[$0]++' | head -n 8 | tac`, nil)
}
