package turnup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/atomicfile"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

const (
	// haltBudget is how long a machine that is to go may take to stop its kubelet.
	haltBudget = 30 * time.Second
	// nodeBudget is for deleting a Node.
	nodeBudget = 30 * time.Second
)

// leaving are the machines that the config has no more, the last made first:
// those whose numbers are beyond the count of their role. Hosts that somebody
// else listed are never among them.
func leaving(cfg config.Cluster, file machines.File) []machines.Machine {
	if cfg.Provision.Platform == "baremetal" {
		return nil
	}
	var list []machines.Machine
	for role, wanted := range map[machines.Role]int{
		machines.Worker: cfg.Provision.Workers, machines.ControlPlane: cfg.Provision.ControlPlanes,
	} {
		for _, m := range file.WithRole(role) {
			if n, ok := number(cfg.Cluster.Name, m); ok && n >= wanted {
				list = append(list, m)
			}
		}
	}
	// Workers go before control planes, and higher numbers before lower ones.
	slices.SortFunc(list, func(a, b machines.Machine) int {
		if a.Role != b.Role {
			return -strings.Compare(string(a.Role), string(b.Role))
		}
		i, _ := number(cfg.Cluster.Name, a)
		j, _ := number(cfg.Cluster.Name, b)
		return j - i
	})
	return list
}

// number is which of its role's machines it is.
func number(cluster string, m machines.Machine) (int, bool) {
	text, ok := strings.CutPrefix(m.Name, fmt.Sprintf("%s-%s-", cluster, m.Role))
	n, err := strconv.Atoi(text)
	return n, ok && err == nil
}

// retire takes the machines out of the cluster that the config has no more, so
// that nothing is lost when phase 1 removes them. Whoever agreed to the plan has
// agreed to this.
func (t *Turnup) retire(ctx context.Context) error {
	file, err := t.Home.ReadMachines()
	if errors.Is(err, machines.ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	list := leaving(t.Config, file)
	if len(list) == 0 {
		return nil
	}
	to, err := t.connect()
	if err != nil {
		return err
	}
	for _, m := range list {
		lost, err := alone(ctx, to, m.Name)
		if err != nil {
			return ui.Hint(err, "a cluster shrinks while it is up; `kubectl turnup status %s` shows what is not", t.name())
		}
		for _, pod := range lost {
			t.Out.Warnf("pod %s on %s has no controller that makes it again elsewhere", pod, m.Name)
		}
	}
	for _, m := range list {
		if err := t.takeOut(ctx, to, file, m); err != nil {
			return err
		}
		file.Machines = slices.DeleteFunc(slices.Clone(file.Machines), func(o machines.Machine) bool { return o.Name == m.Name })
		if err := atomicfile.Write(t.Home.Machines(), file.Encode(), 0o600); err != nil {
			return err
		}
		if err := t.forgetMachine(m); err != nil {
			return err
		}
		if m.Role == machines.ControlPlane {
			if err := t.rebalance(ctx, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOut drains a machine, takes its vote in etcd away if it has one, stops its
// kubelet, which would register again, and deletes its Node.
func (t *Turnup) takeOut(ctx context.Context, to *cluster.Access, file machines.File, m machines.Machine) error {
	err := t.step(ctx, "drain "+m.Name, drainBudget, func(ctx context.Context, step *ui.Step) error {
		return drain(ctx, to, m.Name, t.isDead(ctx, m), step)
	})
	if err != nil {
		return err
	}
	if m.Role == machines.ControlPlane {
		if err := t.leaveEtcd(ctx, file, m); err != nil {
			return err
		}
	}
	return t.step(ctx, "delete node "+m.Name, haltBudget+nodeBudget, func(ctx context.Context, step *ui.Step) error {
		t.halt(ctx, m, step)
		return deleteNode(ctx, to, m.Name, step)
	})
}

// leaveEtcd takes a control plane out of etcd, if the others can go on without it.
func (t *Turnup) leaveEtcd(ctx context.Context, file machines.File, m machines.Machine) error {
	return t.step(ctx, "take "+m.Name+" out of etcd", bootstrap.EtcdBudget, func(ctx context.Context, step *ui.Step) error {
		speaker, members, err := bootstrap.AwaitMembers(ctx, t.etcds(ctx, file, m), step.See)
		if err != nil {
			return err
		}
		member, ok := bootstrap.MemberOn(m, members)
		if !ok {
			return nil
		}
		if err := t.mayLeave(ctx, file, m, members); err != nil {
			return err
		}
		return speaker.AwaitRemoved(ctx, member, step.See)
	})
}

// mayLeave asks every member how it is, and whether a majority is left without one.
func (t *Turnup) mayLeave(ctx context.Context, file machines.File, m machines.Machine, members []bootstrap.EtcdMember) error {
	well := map[string]bool{}
	for _, e := range t.etcds(ctx, file, m) {
		well[e.Machine] = e.Well(ctx) == nil
	}
	return ui.Hint(bootstrap.MayLeave(m.Name, members, well),
		"start the control planes that are down first: `kubectl turnup create %s` does what it can", t.name())
}

// isDead tells whether the kubelet of a machine does not run, or nobody answers
// there at all.
func (t *Turnup) isDead(ctx context.Context, m machines.Machine) bool {
	ctx, cancel := context.WithTimeout(ctx, haltBudget)
	defer cancel()
	return t.lookAtKubelet(ctx, m).state != "active"
}

// halt stops the kubelet of a machine. One that is gone needs no stopping.
func (t *Turnup) halt(ctx context.Context, m machines.Machine, step *ui.Step) {
	ctx, cancel := context.WithTimeout(ctx, haltBudget)
	defer cancel()
	machine, err := t.open(ctx, m)
	if err == nil {
		_, err = machine.Run(ctx, "systemctl disable --quiet --now "+bootstrap.Unit(m.Role), nil)
	}
	if err != nil {
		step.See(fmt.Sprintf("%s does not answer: %v", m.Name, err))
	}
}

// deleteNode asks again while it is refused: the API server that was asked may be
// the one that goes.
func deleteNode(ctx context.Context, to *cluster.Access, name string, step *ui.Step) error {
	return wait.For(ctx, wait.Options{
		What: "node " + name + " to be deleted", Budget: nodeBudget, Every: 500 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		err := to.Typed.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})
		return err == nil || apierrors.IsNotFound(err), "", err
	})
}

// forgetMachine removes what is known of a machine that phase 1 unmakes. Another
// one may get its address, and shows another host key.
func (t *Turnup) forgetMachine(m machines.Machine) error {
	return errors.Join(t.forgetKeys(m), transport.Forget(t.Home.KnownHosts(), m))
}

// forgetKeys removes the keys of a machine that is no more, and its config.
func (t *Turnup) forgetKeys(m machines.Machine) error {
	err := errors.Join(
		os.RemoveAll(filepath.Join(t.Home.PKI(), "machines", m.Name)),
		os.RemoveAll(filepath.Join(t.Home.Ignition(), m.Name+".json")))
	if err != nil {
		return fmt.Errorf("forget the keys of %s: %w", m.Name, err)
	}
	return nil
}

// rebalance tells the load balancers which control planes there are now.
func (t *Turnup) rebalance(ctx context.Context, file machines.File) error {
	_, rendered, err := t.render(file, nil)
	if err != nil {
		return err
	}
	_, err = t.deliverAndStart(ctx, slices.DeleteFunc(rendered, func(r bootstrap.Rendered) bool {
		return r.Machine.Role != machines.LoadBalancer
	}))
	return err
}
