package bootstrap

import (
	"context"
	"errors"
	"slices"
	"time"

	certificates "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/nodecert"
	"turnup.dev/kubectl-turnup/internal/serverside"
)

// ApproveUntil answers the kubelets' certificate requests until ctx ends. The
// addon manager does the same for the cluster's life; this is for the seconds
// before it runs. Errors of single calls are left to the next round.
func (c *Cluster) ApproveUntil(ctx context.Context, file machines.File) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		c.approve(ctx, file)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Cluster) approve(ctx context.Context, file machines.File) {
	requests := c.client.CertificatesV1().CertificateSigningRequests()
	list, err := requests.List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	// The machines of the file are the caller's to start, and may be new ones of
	// an old name: only the nodes of groups are in nobody's way.
	nodes := func() ([]corev1.Node, error) {
		list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(list.Items, func(n corev1.Node) bool {
			return slices.ContainsFunc(file.Machines, func(m machines.Machine) bool { return m.Name == n.Name })
		}), nil
	}
	for i := range list.Items {
		csr := &list.Items[i]
		if err := nodecert.Check(csr, file, nodes); err != nil {
			// A refusal is the addon manager's to report: it watches for good.
			continue
		}
		csr.Status.Conditions = append(csr.Status.Conditions, certificates.CertificateSigningRequestCondition{
			Type: certificates.CertificateApproved, Status: corev1.ConditionTrue,
			Reason: "MatchesMachine", Message: "The name and addresses are those of the machine.",
		})
		_, err := requests.UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{FieldManager: serverside.FieldManager})
		if errors.Is(err, context.Canceled) {
			return
		}
	}
}
