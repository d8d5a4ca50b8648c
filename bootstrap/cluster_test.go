package bootstrap

import (
	"context"
	"slices"
	"testing"
	"time"

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

func TestAControlPlaneRunsAsRenderedOnceEveryPodDoes(t *testing.T) {
	pod := func(name, hash string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: metav1.NamespaceSystem,
				Labels: map[string]string{"tier": "control-plane"}, Annotations: map[string]string{hashAnnotation: hash},
			},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	rendered := map[string]string{"etcd-cp": "1", "kube-apiserver-cp": "2"}
	for name, c := range map[string]struct {
		pods []*corev1.Pod
		done bool
	}{
		"all of them":         {[]*corev1.Pod{pod("etcd-cp", "1", "True"), pod("kube-apiserver-cp", "2", "True")}, true},
		"the old one is up":   {[]*corev1.Pod{pod("etcd-cp", "1", "True"), pod("kube-apiserver-cp", "old", "True")}, false},
		"one is not ready":    {[]*corev1.Pod{pod("etcd-cp", "1", "False"), pod("kube-apiserver-cp", "2", "True")}, false},
		"one is not there":    {[]*corev1.Pod{pod("etcd-cp", "1", "True")}, false},
		"others do not count": {[]*corev1.Pod{pod("etcd-cp", "1", "True"), pod("kube-apiserver-cp", "2", "True"), pod("etcd-other", "x", "False")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			for _, p := range c.pods {
				if err := client.Tracker().Add(p); err != nil {
					t.Fatal(err)
				}
			}
			cluster := &Cluster{client: client}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			err := cluster.AwaitPods(ctx, rendered, nil)
			if (err == nil) != c.done {
				t.Errorf("got %v, want done %v", err, c.done)
			}
		})
	}
	if err := (&Cluster{}).AwaitPods(context.Background(), nil, nil); err != nil {
		t.Errorf("a new cluster has nothing to wait for: %v", err)
	}
}
