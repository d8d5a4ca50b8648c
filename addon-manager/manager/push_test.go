package manager_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	certificates "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/certificates/v1"
	"k8s.io/client-go/rest"

	"turnup.dev/kubectl-turnup/addon-manager/approve"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/machines"
)

func TestTenRevisionsAreKept(t *testing.T) {
	w := newWorld(t)
	var last source.Head
	for i := range 13 {
		head, err := source.Push(t.Context(), w.config, source.Tree{
			Files: map[string][]byte{"a/x": fmt.Appendf(nil, "%d", i)}, Pushed: time.Unix(int64(1_800_000_000+i), 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		last = head
	}
	heads, err := source.Revisions(t.Context(), w.config)
	if err != nil || len(heads) != 10 || heads[0].Name != last.Name {
		t.Fatalf("%d revisions, the newest %+v (%v)", len(heads), heads[0], err)
	}
	t.Run("the one that counts stays, however old", func(t *testing.T) {
		old, err := source.Push(t.Context(), w.config, source.Tree{Files: map[string][]byte{"a/x": []byte("old")}, Pushed: time.Unix(1_000_000_000, 0)})
		if err != nil {
			t.Fatal(err)
		}
		if tree, err := source.Read(t.Context(), w.config, old); err != nil || string(tree.Files["a/x"]) != "old" {
			t.Errorf("%v, %v", tree, err)
		}
	})
}

func TestATreeThatIsPushedAgainIsTheNewestAgain(t *testing.T) {
	w := newWorld(t)
	first, second := configMap("again", "1"), configMap("again", "2")
	want := w.push(first)
	w.push(second)
	if again := w.push(first); again != want {
		t.Fatalf("the same tree is revision %s and %s", want, again)
	}
	revisions, err := source.Revisions(t.Context(), w.config)
	if err != nil || len(revisions) != 2 || revisions[0].Revision != want {
		t.Errorf("%v: the newest of %+v is not %s", err, revisions, want)
	}
}

func TestALargeTreeTravelsInParts(t *testing.T) {
	w := newWorld(t)
	noise := make([]byte, 3<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	head, err := source.Push(t.Context(), w.config, source.Tree{Revision: "abc-dirty", Files: map[string][]byte{"a/noise": noise}})
	if err != nil || head.Chunks < 4 {
		t.Fatalf("%+v, %v", head, err)
	}
	current, err := source.Current(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := source.Read(t.Context(), w.config, current)
	if err != nil || !bytes.Equal(tree.Files["a/noise"], noise) || tree.Revision != "abc-dirty" {
		t.Fatalf("revision %s: %v", tree.Revision, err)
	}
	t.Run("pushing it again changes nothing", func(t *testing.T) {
		if again, err := source.Push(t.Context(), w.config, source.Tree{Revision: "abc-dirty", Files: tree.Files}); err != nil || again.Name != head.Name {
			t.Errorf("%+v, %v", again, err)
		}
	})
	t.Run("nothing pushed is an error of its own", func(t *testing.T) {
		w.clean()
		if _, err := source.Current(t.Context(), w.config); !errors.Is(err, source.ErrNone) {
			t.Error(err)
		}
	})
}

func TestAKubeletsServingCertificateIsApproved(t *testing.T) {
	w := newWorld(t)
	approver, err := approve.New(shared.Config, slog.New(slog.NewTextHandler(w.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); approver.Run(ctx) }()
	defer func() { cancel(); <-done }()
	config := foreign("turnup-system")
	config.Name = approve.MachinesName
	config.Data = map[string]string{approve.MachinesKey: string(machines.New("10.0.0.1:6443", []machines.Machine{{
		Name: "cp", Role: machines.ControlPlane, Address: "10.0.0.1", Transport: machines.Transport{Docker: &machines.Docker{Container: "cp"}},
	}}).Encode())}
	if _, err := w.config.ConfigMaps("turnup-system").Create(t.Context(), config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	asKubelet := rest.CopyConfig(shared.Config)
	asKubelet.Impersonate = rest.ImpersonationConfig{UserName: "system:node:cp", Groups: []string{"system:nodes", "system:authenticated"}}
	client := typed.NewForConfigOrDie(asKubelet).CertificateSigningRequests()
	ask := func(address string) string {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
			Subject:  pkix.Name{CommonName: "system:node:cp", Organization: []string{"system:nodes"}},
			DNSNames: []string{"cp"}, IPAddresses: []net.IP{net.ParseIP(address)},
		}, key)
		if err != nil {
			t.Fatal(err)
		}
		csr, err := client.Create(t.Context(), &certificates.CertificateSigningRequest{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "csr-"},
			Spec: certificates.CertificateSigningRequestSpec{
				Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), SignerName: certificates.KubeletServingSignerName,
				Usages: []certificates.KeyUsage{certificates.UsageDigitalSignature, certificates.UsageServerAuth},
			},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return csr.Name
	}
	admin := typed.NewForConfigOrDie(shared.Config).CertificateSigningRequests()
	begin := time.Now()
	honest := ask("10.0.0.1")
	w.eventually("the certificate is there", func() error {
		csr, err := admin.Get(t.Context(), honest, metav1.GetOptions{})
		if err == nil && len(csr.Status.Certificate) == 0 {
			err = fmt.Errorf("conditions are %v", csr.Status.Conditions)
		}
		return err
	})
	t.Logf("asked → signed: %s", time.Since(begin))
	stranger := ask("10.0.0.99")
	w.eventually("the log says why not", func() error {
		if !w.log.has("address 10.0.0.99 is not that of machine cp") {
			return errors.New("it does not")
		}
		return nil
	})
	csr, err := admin.Get(t.Context(), stranger, metav1.GetOptions{})
	if err != nil || len(csr.Status.Conditions) > 0 {
		t.Fatalf("%v, %v", csr.Status.Conditions, err)
	}
}
