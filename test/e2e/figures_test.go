package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/images"
)

// nodesTellWhatTheyUse asks metrics-server, as `kubectl top nodes` does. It has
// figures once it has looked at every kubelet twice.
func (c *cluster) nodesTellWhatTheyUse(ctx context.Context, t *testing.T) {
	took := await(ctx, t, "figures of every node", time.Minute, func(ctx context.Context) (bool, string, error) {
		data, err := c.kube.CoreV1().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/nodes").DoRaw(ctx)
		if err != nil {
			return false, "", err
		}
		var list struct {
			Items []struct {
				Usage map[corev1.ResourceName]resource.Quantity `json:"usage"`
			} `json:"items"`
		}
		if err := json.Unmarshal(data, &list); err != nil {
			return false, "", err
		}
		for _, node := range list.Items {
			if used := node.Usage[corev1.ResourceMemory]; used.IsZero() {
				return false, string(data), nil
			}
		}
		return len(list.Items) == len(c.nodes.Machines), string(data), nil
	})
	t.Logf("figures of all nodes were there after %s", ms(took))
	if out := c.kubectl(ctx, t, "top", "nodes"); out != "" && strings.Count(out, c.name) != len(c.nodes.Machines) {
		t.Errorf("kubectl top nodes:\n%s", out)
	}
}

// claimsAreBound writes into a volume of the default StorageClass in one pod,
// and reads it in the next.
func (c *cluster) claimsAreBound(ctx context.Context, t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("16Mi")},
		},
	}}
	if _, err := c.kube.CoreV1().PersistentVolumeClaims(namespace).Create(ctx, claim, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	took := c.runWithClaim(ctx, t, "writer", "echo kept > /data/text")
	t.Logf("a claim was bound, and written to, after %s", ms(took))
	c.runWithClaim(ctx, t, "reader", "grep -q kept /data/text")

	claims := c.kube.CoreV1().PersistentVolumeClaims(namespace)
	bound, err := claims.Get(ctx, claim.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range []string{"writer", "reader"} {
		if err := c.kube.CoreV1().Pods(namespace).Delete(ctx, pod, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	if err := claims.Delete(ctx, claim.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	gone := await(ctx, t, "the volume to go with its claim", time.Minute, func(ctx context.Context) (bool, string, error) {
		list, err := c.kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		return len(list.Items) == 0, fmt.Sprint(len(list.Items), " volumes"), nil
	})
	t.Logf("volume %s was gone %s after its claim", bound.Spec.VolumeName, ms(gone))
}

// runWithClaim runs a script to its end in a pod that mounts the claim at /data.
func (c *cluster) runWithClaim(ctx context.Context, t *testing.T, name, script string) time.Duration {
	t.Helper()
	pods := c.kube.CoreV1().Pods(namespace)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name: name, Image: images.For(c.release, "").Ref(images.KubeProxy), ImagePullPolicy: corev1.PullNever,
				Command:      []string{"sh", "-c", script},
				VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
			}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
			}}},
		},
	}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return await(ctx, t, "pod "+name+" to have run", time.Minute, func(ctx context.Context) (bool, string, error) {
		now, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		return now.Status.Phase == corev1.PodSucceeded, fmt.Sprintf("%+v", now.Status), nil
	})
}
