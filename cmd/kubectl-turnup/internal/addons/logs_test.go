package addons

import (
	"bytes"
	"context"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestTheLogOfOneAddonIsItsLinesOnly(t *testing.T) {
	const log = `level=INFO msg=applied addon=coredns objects=5
level=INFO msg=applied addon=coredns-extra
level=INFO msg="the addon=coredns is said" other=x
{"level":"INFO","addon":"coredns","msg":"x"}
level=WARN msg=slow addon="coredns"
level=INFO msg=leading
`
	var out bytes.Buffer
	if err := filter(strings.NewReader(log), &out, "coredns"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 4 || strings.Contains(out.String(), "extra") || strings.Contains(out.String(), "leading") {
		t.Errorf("got\n%s", out.String())
	}
	out.Reset()
	if err := filter(strings.NewReader(log), &out, ""); err != nil || out.String() != log {
		t.Errorf("without a name: %v\n%s", err, out.String())
	}
}

func TestLogsAreThoseOfWhoActs(t *testing.T) {
	s := newStage(t)
	leases := s.api.Typed.CoordinationV1().Leases(object.Namespace)
	if err := s.Logs(t.Context(), Logging{}, &bytes.Buffer{}); err == nil || !strings.Contains(ui.HintOf(err), "deploy") {
		t.Errorf("without a lease: %v", err)
	}
	holder := "me@laptop"
	_, err := leases.Create(t.Context(), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: object.Manager}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder}}, metav1.CreateOptions{})
	s.must(err)
	t.Cleanup(func() { _ = leases.Delete(context.Background(), object.Manager, metav1.DeleteOptions{}) })
	if err := s.Logs(t.Context(), Logging{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "me@laptop, is no pod") {
		t.Errorf("a manager outside the cluster: %v", err)
	}
}
