package turnup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/serverside"
	"turnup.dev/kubectl-turnup/test/controlplane"
)

const balancerFinalizer = "service.kubernetes.io/load-balancer-cleanup"

// rented is a cluster with a real API server and controller manager, and with
// what controllers of a cloud rent: they are played by give.
type rented struct {
	t  *testing.T
	to *cluster.Access
	// stuck is a Service whose load balancer the cloud does not remove.
	stuck string
}

func newRented(t *testing.T) *rented {
	t.Helper()
	api := controlplane.Start(t, controlplane.Options{ControllerManager: true})
	to, err := cluster.New(api.Config)
	if err != nil {
		t.Fatal(err)
	}
	r := &rented{t: t, to: to}
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			r.give(ctx)
			time.Sleep(100 * time.Millisecond)
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
	return r
}

// give does what the controllers of a cloud do: a Service that is deleted loses
// its load balancer, a volume that is released its disk.
func (r *rented) give(ctx context.Context) {
	services, err := r.to.Typed.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for _, s := range services.Items {
		if s.DeletionTimestamp != nil && s.Name != r.stuck {
			s.Finalizers = nil
			_, _ = r.to.Typed.CoreV1().Services(s.Namespace).Update(ctx, &s, metav1.UpdateOptions{})
		}
	}
	if contents, err := r.to.Dynamic.Resource(contentKind).List(ctx, metav1.ListOptions{}); err == nil {
		for _, content := range contents.Items {
			name := strings.TrimPrefix(content.GetName(), "snap-")
			_, err := r.to.Dynamic.Resource(snapshotKind).Namespace("default").Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				_ = r.to.Dynamic.Resource(contentKind).Delete(ctx, content.GetName(), metav1.DeleteOptions{})
			}
		}
	}
	volumes, err := r.to.Typed.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for _, v := range volumes.Items {
		if v.Status.Phase == corev1.VolumeReleased && v.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete {
			_ = r.to.Typed.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{})
		}
	}
}

func (r *rented) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rented) service(name string, kind corev1.ServiceType) {
	r.t.Helper()
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Type: kind, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	if kind == corev1.ServiceTypeLoadBalancer {
		s.Finalizers = []string{balancerFinalizer}
	}
	_, err := r.to.Typed.CoreV1().Services("default").Create(r.t.Context(), s, metav1.CreateOptions{})
	r.must(err)
}

// volume makes a claim and the volume that a provisioner made for it.
func (r *rented) volume(name, provisioner string, policy corev1.PersistentVolumeReclaimPolicy) {
	r.t.Helper()
	class, size := "cloud", corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	claim, err := r.to.Typed.CoreV1().PersistentVolumeClaims("default").Create(r.t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: modes, StorageClassName: &class, VolumeName: "pvc-" + name, Resources: corev1.VolumeResourceRequirements{Requests: size},
		},
	}, metav1.CreateOptions{})
	r.must(err)
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: size, AccessModes: modes, StorageClassName: class, PersistentVolumeReclaimPolicy: policy,
			ClaimRef:               &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: "default", Name: name, UID: claim.UID},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "ebs.csi.aws.com", VolumeHandle: "vol-" + name}},
		},
	}
	if provisioner != "" {
		volume.Annotations = map[string]string{"pv.kubernetes.io/provisioned-by": provisioner}
	}
	_, err = r.to.Typed.CoreV1().PersistentVolumes().Create(r.t.Context(), volume, metav1.CreateOptions{})
	r.must(err)
}

// snapshotKinds has the cluster know them, as the addon defines them.
func (r *rented) snapshotKinds() {
	r.t.Helper()
	definitions, err := addons.FS.ReadFile("snapshots/crds.yaml")
	r.must(err)
	r.apply(string(definitions))
}

// apply makes the objects of a YAML text.
func (r *rented) apply(text string) {
	r.t.Helper()
	for _, document := range strings.Split(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		r.must(yaml.Unmarshal([]byte(document), &object.Object))
		r.must(serverside.Apply(r.t.Context(), r.to.Dynamic, object, 30*time.Second, nil))
	}
}

// snapshot makes one of a claim, as the controller does that makes its content.
func (r *rented) snapshot(claim, policy string) {
	r.t.Helper()
	r.apply(fmt.Sprintf(`
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: %s, namespace: default}
spec: {source: {persistentVolumeClaimName: %s}}
---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotContent
metadata: {name: snap-%s}
spec:
  deletionPolicy: %s
  driver: ebs.csi.aws.com
  source: {volumeHandle: vol-%s}
  volumeSnapshotRef: {namespace: default, name: %s}
`, claim, claim, claim, policy, claim, claim))
}

// database is a StatefulSet whose pod is on a node, uses a claim, and comes back
// when it is deleted.
func (r *rented) database(claim string) {
	r.t.Helper()
	labels := map[string]string{"app": "db"}
	one := int32(1)
	_, err := r.to.Typed.AppsV1().StatefulSets("default").Create(r.t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Name: "db", Image: "db"}},
					Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
						PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}}},
				},
			},
		},
	}, metav1.CreateOptions{})
	r.must(err)
	r.eventually("the pod of the database", func() bool {
		_, err := r.to.Typed.CoreV1().Pods("default").Get(r.t.Context(), "db-0", metav1.GetOptions{})
		return err == nil
	})
}

func (r *rented) eventually(what string, is func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestWhatControllersRentedIsGivenBackBeforeTheMachinesGo(t *testing.T) {
	r := newRented(t)
	r.service("web", corev1.ServiceTypeLoadBalancer)
	r.service("inside", corev1.ServiceTypeClusterIP)
	r.volume("data", "ebs.csi.aws.com", corev1.PersistentVolumeReclaimDelete)
	r.volume("archive", "ebs.csi.aws.com", corev1.PersistentVolumeReclaimRetain)
	r.volume("nfs", "", corev1.PersistentVolumeReclaimDelete) // nobody's provisioner made it
	r.database("data")
	r.snapshotKinds()
	r.snapshot("data", "Delete")
	r.snapshot("archive", "Retain")

	kept, err := releaseAll(t.Context(), r.to, time.Minute, nil)
	r.must(err)
	if !slices.Equal(kept, []string{"snapshot snap-archive", "the disk of volume pvc-archive"}) {
		t.Errorf("kept are %v", kept)
	}
	if _, err := r.to.Typed.CoreV1().Services("default").Get(t.Context(), "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the load balancer is still there: %v", err)
	}
	if _, err := r.to.Typed.CoreV1().Services("default").Get(t.Context(), "inside", metav1.GetOptions{}); err != nil {
		t.Errorf("a Service that rents nothing was deleted: %v", err)
	}
	volumes, err := r.to.Typed.CoreV1().PersistentVolumes().List(t.Context(), metav1.ListOptions{})
	r.must(err)
	var names []string
	for _, v := range volumes.Items {
		names = append(names, v.Name)
	}
	if !slices.Equal(names, []string{"pvc-archive", "pvc-nfs"}) {
		t.Errorf("volumes left are %v", names)
	}

	contents, err := r.to.Dynamic.Resource(contentKind).List(t.Context(), metav1.ListOptions{})
	r.must(err)
	if len(contents.Items) != 1 || contents.Items[0].GetName() != "snap-archive" {
		t.Errorf("snapshots left are %v", contents.Items)
	}

	again, err := releaseAll(t.Context(), r.to, time.Minute, nil)
	if err != nil || !slices.Equal(again, kept) {
		t.Errorf("the second time: %v, %v", again, err)
	}
}

func TestALoadBalancerThatDoesNotGoIsNamedWhenTheTimeIsUp(t *testing.T) {
	r := newRented(t)
	r.stuck = "web"
	r.service("web", corev1.ServiceTypeLoadBalancer)
	var seen []string
	_, err := releaseAll(t.Context(), r.to, 3*time.Second, func(state string) { seen = append(seen, state) })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "Service default/web") {
		t.Errorf("got %v", err)
	}
	if len(seen) == 0 || seen[0] != "Service default/web" {
		t.Errorf("while waiting it said %q", seen)
	}
}
