package turnup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// The longest that the last waits of create may take.
const (
	readyBudget = 3 * time.Minute
	dnsBudget   = time.Minute
)

// await waits until the cluster is what create promises: every node ready,
// every addon healthy at the pushed revision, DNS answering through its Service.
func (t *Turnup) await(ctx context.Context, to *cluster.Access, shipped addons.Shipment) error {
	if err := t.shrinkGroups(ctx, to); err != nil {
		return err
	}
	err := t.step(ctx, "nodes ready", readyBudget, func(ctx context.Context, step *ui.Step) error {
		return t.awaitNodesReady(ctx, to, step)
	})
	if err != nil {
		return err
	}
	err = addons.AwaitHealthy(ctx, t.Out, to, shipped, addons.HealthyBudget)
	if err != nil || !t.Config.Addons.CoreDNS {
		return err
	}
	return t.step(ctx, "DNS answers", dnsBudget, func(ctx context.Context, step *ui.Step) error {
		return t.awaitDNS(ctx, to, step)
	})
}

func (t *Turnup) awaitNodesReady(ctx context.Context, to *cluster.Access, step *ui.Step) error {
	return wait.For(ctx, wait.Options{
		What: "every node to be ready", Budget: readyBudget, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		nodes, err := to.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		var waiting []string
		for _, n := range nodes.Items {
			t.registered(n)
			if why := notReady(n); why != "" {
				waiting = append(waiting, n.Name+": "+why)
			}
		}
		return len(waiting) == 0, strings.Join(waiting, "; "), nil
	})
}

// notReady says why a node is not ready; "" for one that is.
func notReady(n corev1.Node) string {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			if c.Status == corev1.ConditionTrue {
				return ""
			}
			return c.Message
		}
	}
	return "it has said nothing yet"
}

// awaitDNS has the addon manager look up the API server's own name at the DNS
// Service's address: that takes kube-proxy, the pod network and CoreDNS.
func (t *Turnup) awaitDNS(ctx context.Context, to *cluster.Access, step *ui.Step) error {
	name := "kubernetes.default.svc." + t.Config.Network.Domain
	server := config.DNSServiceIP(t.Config).String() + ":53"
	return wait.For(ctx, wait.Options{
		What: fmt.Sprintf("DNS to answer for %s at %s", name, server), Budget: dnsBudget, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		out, err := execInManager(ctx, to, "/addon-manager", "lookup", name, "--server", server)
		if err != nil {
			return false, "", err
		}
		want := config.APIServiceIP(t.Config).String()
		return slices.Contains(strings.Fields(out), want), "it answers " + strings.TrimSpace(out) + ", want " + want, nil
	})
}

// execInManager runs a command in a running addon-manager pod.
func execInManager(ctx context.Context, to *cluster.Access, command ...string) (string, error) {
	pods, err := to.Typed.CoreV1().Pods(object.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: addons.ManagerSelector, FieldSelector: "status.phase=Running",
	})
	if err != nil {
		return "", err
	}
	if len(pods.Items) == 0 {
		return "", errors.New("the addon manager does not run")
	}
	url := to.Typed.CoreV1().RESTClient().Post().Resource("pods").
		Namespace(object.Namespace).Name(pods.Items[0].Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	exec, err := remotecommand.NewWebSocketExecutor(to.Rest, "GET", url.String())
	if err != nil {
		return "", fmt.Errorf("run %s in the addon manager: %w", command[0], err)
	}
	var stdout, stderr bytes.Buffer
	if err := exec.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr}); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
