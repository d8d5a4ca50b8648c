package nodecert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"testing"

	certificates "k8s.io/api/certificates/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

func file() machines.File {
	return machines.New("10.0.0.1:6443", []machines.Machine{
		{Name: "cp-0", Role: machines.ControlPlane, Address: "10.0.0.1"},
		{Name: "w-0", Role: machines.Worker, Address: "10.0.0.2"},
	})
}

type ask struct {
	cn, user, signer string
	org, groups      []string
	dns, ips         []string
	usages           []certificates.KeyUsage
}

func client() ask {
	return ask{
		cn: "system:node:w-0", org: []string{"system:nodes"}, user: "system:bootstrap:abcdef",
		groups: []string{"system:bootstrappers", "system:authenticated"},
		signer: certificates.KubeAPIServerClientKubeletSignerName,
		usages: []certificates.KeyUsage{"digital signature", "client auth"},
	}
}

func serving() ask {
	return ask{
		cn: "system:node:w-0", org: []string{"system:nodes"}, user: "system:node:w-0",
		groups: []string{"system:nodes"}, signer: certificates.KubeletServingSignerName,
		dns: []string{"w-0"}, ips: []string{"10.0.0.2"},
		usages: []certificates.KeyUsage{"digital signature", "server auth"},
	}
}

func (a ask) csr(t *testing.T) *certificates.CertificateSigningRequest {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: a.cn, Organization: a.org}, DNSNames: a.dns,
	}
	for _, ip := range a.ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	return &certificates.CertificateSigningRequest{Spec: certificates.CertificateSigningRequestSpec{
		Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
		SignerName: a.signer, Username: a.user, Groups: a.groups, Usages: a.usages,
	}}
}

func TestAKubeletGetsOnlyTheCertificatesOfItsMachine(t *testing.T) {
	cases := []struct {
		name string
		base func() ask
		edit func(*ask)
		want string // "" approves
	}{
		{"a worker's first client certificate is approved", client, func(*ask) {}, ""},
		{"an RSA kubelet may add key encipherment", client, func(a *ask) { a.usages = append(a.usages, "key encipherment") }, ""},
		{"a name that is no machine's is refused", client, func(a *ask) { a.cn = "system:node:w-9" }, "no machine"},
		{"a token cannot become a control plane", client, func(a *ask) { a.cn = "system:node:cp-0" }, "only workers"},
		{"a user without a token is refused", client, func(a *ask) { a.user = "mallory" }, "bootstrap token"},
		{"a token user outside the group is refused", client, func(a *ask) { a.groups = nil }, "bootstrap token"},
		{"another group in the subject is refused", client, func(a *ask) { a.org = []string{"system:masters"} }, "not a node's"},
		{"a second group in the subject is refused", client, func(a *ask) { a.org = append(a.org, "system:masters") }, "not a node's"},
		{"a client certificate with a DNS name is refused", client, func(a *ask) { a.dns = []string{"x"} }, "no names"},
		{"a client certificate for serving is refused", client, func(a *ask) { a.usages[1] = "server auth" }, "not for a kubelet"},
		{"a worker's serving certificate is approved", serving, func(*ask) {}, ""},
		{"a control plane's serving certificate is approved", serving, func(a *ask) {
			a.cn, a.user, a.dns, a.ips = "system:node:cp-0", "system:node:cp-0", []string{"cp-0"}, []string{"10.0.0.1"}
		}, ""},
		{"a node asking in another's name is refused", serving, func(a *ask) { a.user = "system:node:cp-0" }, "asks for a certificate of"},
		{"a foreign address is refused", serving, func(a *ask) { a.ips = append(a.ips, "10.0.0.1") }, "not that of machine"},
		{"no address is refused", serving, func(a *ask) { a.ips = nil }, "no address"},
		{"a foreign DNS name is refused", serving, func(a *ask) { a.dns = append(a.dns, "kubernetes.default") }, "not that of machine"},
		{"a serving certificate for clients is refused", serving, func(a *ask) { a.usages[1] = "client auth" }, "not for a kubelet"},
		{"missing usages are refused", serving, func(a *ask) { a.usages = a.usages[:1] }, "lack"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := c.base()
			c.edit(&a)
			err := Check(a.csr(t), file())
			switch {
			case c.want == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOtherRequestsAreNoneOfOurBusiness(t *testing.T) {
	renewal := client()
	renewal.user = "system:node:w-0"
	other := client()
	other.signer = "example.com/other"
	decided := client().csr(t)
	decided.Status.Conditions = []certificates.CertificateSigningRequestCondition{{Type: certificates.CertificateDenied}}
	for _, csr := range []*certificates.CertificateSigningRequest{renewal.csr(t), other.csr(t), decided} {
		if err := Check(csr, file()); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s by %s: got %v, want ErrNotOurs", csr.Spec.SignerName, csr.Spec.Username, err)
		}
	}
}

func TestABrokenRequestIsRefused(t *testing.T) {
	csr := client().csr(t)
	csr.Spec.Request = []byte("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
	if err := Check(csr, file()); err == nil || errors.Is(err, ErrNotOurs) {
		t.Fatalf("got %v, want a refusal", err)
	}
}
