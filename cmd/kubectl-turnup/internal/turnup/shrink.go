package turnup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// shrinkBudget is how long a cloud may take to end machines of a group: their
// kubelets give pods a minute to end, and are missed after another.
const shrinkBudget = 10 * time.Minute

// shrinkGroups waits until no group has more nodes than machines. The cloud chooses
// which machines go, and their kubelets end their pods in order; who deletes the
// nodes that are left is turnup, where no cloud controller does.
func (t *Turnup) shrinkGroups(ctx context.Context, to *cluster.Access) error {
	if _, cloud := config.CloudOf(t.Config); !cloud {
		return nil
	}
	file, err := t.Home.ReadMachines()
	if err != nil {
		return err
	}
	beyond, err := forgetGone(ctx, to, file)
	if err != nil || len(beyond) == 0 {
		return err
	}
	return t.step(ctx, "see the cloud end machines that are too many", shrinkBudget, func(ctx context.Context, step *ui.Step) error {
		return wait.For(ctx, wait.Options{
			What: "the groups to have no more nodes than machines", Budget: shrinkBudget, Every: 2 * time.Second, See: step.See,
		}, func(ctx context.Context) (bool, string, error) {
			beyond, err := forgetGone(ctx, to, file)
			return len(beyond) == 0, "too many: " + strings.Join(beyond, ", "), err
		})
	})
}

// forgetGone deletes nodes of groups that have more of them than machines, and those
// of groups that are no more, as far as their kubelets are silent. It returns which
// have too many still.
func forgetGone(ctx context.Context, to *cluster.Access, file machines.File) (beyond []string, err error) {
	list, err := to.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	type members struct {
		name  string
		count int
		nodes []corev1.Node
	}
	all := []members{{name: "a group that is no more", nodes: ofNoGroup(file, list.Items)}}
	for _, g := range file.Groups {
		all = append(all, members{g.Name, g.Count, bootstrap.GroupNodes(g, list.Items)})
	}
	for _, g := range all {
		excess := len(g.nodes) - g.count
		for _, n := range silent(g.nodes) {
			if excess <= 0 {
				break
			}
			err := to.Typed.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &n.UID}})
			if err != nil && !apierrors.IsNotFound(err) {
				return nil, fmt.Errorf("delete node %s, whose machine is gone: %w", n.Name, err)
			}
			excess--
		}
		if excess > 0 {
			beyond = append(beyond, fmt.Sprintf("%s has %d nodes for %d machines", g.name, g.count+excess, g.count))
		}
	}
	return beyond, nil
}

// ofNoGroup are the nodes that have joined as turnup's workers, and are neither a
// machine nor of a group that there is.
func ofNoGroup(file machines.File, nodes []corev1.Node) []corev1.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n corev1.Node) bool {
		return n.Labels["turnup.dev/role"] != string(machines.Worker) ||
			slices.ContainsFunc(file.Machines, func(m machines.Machine) bool { return m.Name == n.Name }) ||
			slices.ContainsFunc(file.Groups, func(g machines.Group) bool { return g.Names(n.Name) })
	})
}

// silent are the nodes whose kubelets the cluster has not heard of, the longest
// silent first. A kubelet that says itself that it is not ready is there.
func silent(nodes []corev1.Node) []corev1.Node {
	since := func(n corev1.Node) time.Time {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown {
				return c.LastTransitionTime.Time
			}
		}
		return time.Time{}
	}
	list := slices.DeleteFunc(slices.Clone(nodes), func(n corev1.Node) bool { return since(n).IsZero() })
	slices.SortFunc(list, func(a, b corev1.Node) int { return since(a).Compare(since(b)) })
	return list
}
