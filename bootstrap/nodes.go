package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// AwaitNodes waits until every machine has registered as a Node, and as many of
// each group as it counts; each gets the labels that a kubelet may not give
// itself, its role's among them. Machines whose kubelets were started anew have
// to report since then. see hears what is missing, found hears of each Node at
// every look.
func (c *Cluster) AwaitNodes(ctx context.Context, file machines.File, since Heartbeats, see func(string), found func(corev1.Node)) error {
	return wait.For(ctx, wait.Options{
		What: "the machines to register as nodes", Budget: NodesBudget, Every: 200 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		for _, n := range nodes.Items {
			found(n)
			if err := c.label(ctx, n, labelsOf(n, file)); err != nil {
				return false, "", err
			}
		}
		if missing := missing(file, nodes.Items); len(missing) > 0 {
			return false, "not registered yet: " + strings.Join(missing, ", "), nil
		}
		silent, err := c.silent(ctx, since)
		if err != nil {
			return false, "", err
		}
		if len(silent) > 0 {
			return false, "their kubelets were started and have said nothing since: " + strings.Join(silent, ", "), nil
		}
		return true, "", nil
	})
}

// missing lists the machines that are no nodes, and how many of which groups.
func missing(file machines.File, nodes []corev1.Node) []string {
	var list []string
	for _, m := range file.Machines {
		if m.IsNode() && !slices.ContainsFunc(nodes, func(n corev1.Node) bool { return n.Name == m.Name }) {
			list = append(list, m.Name)
		}
	}
	for _, g := range file.Groups {
		if found := len(GroupNodes(g, nodes)); found < g.Count {
			list = append(list, fmt.Sprintf("%d of the %d of group %s", g.Count-found, g.Count, g.Name))
		}
	}
	return list
}

// GroupNodes are the nodes of a group, in the order given.
func GroupNodes(g machines.Group, nodes []corev1.Node) []corev1.Node {
	var list []corev1.Node
	for _, n := range nodes {
		if g.Names(n.Name) {
			list = append(list, n)
		}
	}
	return list
}

const roleLabel = "node-role.kubernetes.io/"

// labelsOf are those that a node does not give itself; none for one that is
// neither a machine's nor a group's.
func labelsOf(n corev1.Node, file machines.File) map[string]string {
	labels := map[string]string{}
	set := func(role machines.Role, more map[string]string) {
		labels[roleLabel+string(role)] = ""
		for key, value := range more {
			if !ownLabel(key) {
				labels[key] = value
			}
		}
	}
	for _, g := range file.Groups {
		if g.Names(n.Name) {
			set(machines.Worker, g.Labels)
		}
	}
	for _, m := range file.Machines {
		if m.Name == n.Name {
			set(m.Role, m.Labels)
		}
	}
	return labels
}

// label gives a node what it lacks of the labels.
func (c *Cluster) label(ctx context.Context, n corev1.Node, labels map[string]string) error {
	for key, value := range labels {
		if has, ok := n.Labels[key]; ok && has == value {
			delete(labels, key)
		}
	}
	if len(labels) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return fmt.Errorf("label node %s: %w", n.Name, err)
	}
	_, err = c.client.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: serverside.FieldManager})
	if err != nil {
		return fmt.Errorf("label node %s: %w", n.Name, err)
	}
	return nil
}
