package bootstrap

import (
	"context"
	"errors"
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
	for i := range list.Items {
		csr := &list.Items[i]
		if err := nodecert.Check(csr, file); err != nil {
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
