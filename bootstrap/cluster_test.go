package bootstrap

import (
	"context"
	"slices"
	"testing"

	coordination "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestAKubeletThatWasRestartedHasToReport(t *testing.T) {
	ctx := context.Background()
	lease := func(name, version string) *coordination.Lease {
		return &coordination.Lease{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: corev1.NamespaceNodeLease, ResourceVersion: version,
		}}
	}
	client := fake.NewClientset(lease("crashing", "7"), lease("well", "8"), lease("untouched", "9"))
	c := &Cluster{client: client}
	since := c.Heartbeats(ctx)
	delete(since, "untouched")
	if _, err := client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Update(ctx, lease("well", "10"), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	silent, err := c.silent(ctx, since)
	if err != nil || !slices.Equal(silent, []string{"crashing"}) {
		t.Errorf("got %v, %v", silent, err)
	}
	if silent, err := c.silent(ctx, nil); err != nil || len(silent) > 0 {
		t.Errorf("in a new cluster: %v, %v", silent, err)
	}
}
