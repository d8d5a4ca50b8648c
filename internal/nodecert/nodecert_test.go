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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

func file() machines.File {
	file := machines.New("10.0.0.1:6443", []machines.Machine{
		{Name: "cp-0", Role: machines.ControlPlane, Address: "10.0.0.1"},
		{Name: "w-0", Role: machines.Worker, Address: "10.0.0.2"},
	})
	file.Groups = []machines.Group{
		{Name: "pool", Count: 2, Subnets: []string{"10.0.0.0/16"}},
		{Name: "pool-gpu", Count: 1, Subnets: []string{"10.1.0.0/16"}},
	}
	return file
}

// nodes are those that are there: two of a group, one of them long gone.
func nodes() ([]corev1.Node, error) {
	node := func(name, address string, ready corev1.ConditionStatus) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}},
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}},
		}}
	}
	return []corev1.Node{node("pool-ready", "10.0.0.8", corev1.ConditionTrue), node("pool-gone", "10.0.0.9", corev1.ConditionUnknown)}, nil
}

// as makes a request that of another node.
func (a *ask) as(name string, addresses ...string) {
	a.cn, a.ips = "system:node:"+name, addresses
	if strings.HasPrefix(a.user, "system:node:") {
		a.user, a.dns = a.cn, []string{name}
	}
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
		{"a new machine of a group is approved", client, func(a *ask) { a.as("pool-new") }, ""},
		{"a machine whose node is not ready any longer is approved", client, func(a *ask) { a.as("pool-gone") }, ""},
		{"a node that is ready is not taken over", client, func(a *ask) { a.as("pool-ready") }, "node pool-ready is ready"},
		{"the name of a group is nobody's", client, func(a *ask) { a.as("pool-") }, "no machine"},
		{"a suffix with a dash is no group's", client, func(a *ask) { a.as("pool-a-b") }, "no machine"},
		{"a suffix with a dot is no group's", client, func(a *ask) { a.as("pool-a.b") }, "no machine"},
		{"a group that begins like another is itself", client, func(a *ask) { a.as("pool-gpu-x1") }, ""},
		{"a group's machine serves at its own address", serving, func(a *ask) { a.as("pool-new", "10.0.7.7") }, ""},
		{"it goes on to, once it is ready", serving, func(a *ask) { a.as("pool-ready", "10.0.0.8") }, ""},
		{"it may have the address of one that is gone", serving, func(a *ask) { a.as("pool-new", "10.0.0.9") }, ""},
		{"an address of another subnet is refused", serving, func(a *ask) { a.as("pool-gpu-x1", "10.0.7.7") }, "none of the subnets"},
		{"the address of a control plane is refused", serving, func(a *ask) { a.as("pool-new", "10.0.0.1") }, "cluster's endpoint"},
		{"the address of a machine is refused", serving, func(a *ask) { a.as("pool-new", "10.0.0.2") }, "that of machine w-0"},
		{"the address of a node is refused", serving, func(a *ask) { a.as("pool-new", "10.0.7.7", "10.0.0.8") }, "that of node pool-ready"},
		{"missing usages are refused", serving, func(a *ask) { a.usages = a.usages[:1] }, "lack"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := c.base()
			c.edit(&a)
			err := Check(a.csr(t), file(), nodes)
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
		if err := Check(csr, file(), nodes); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s by %s: got %v, want ErrNotOurs", csr.Spec.SignerName, csr.Spec.Username, err)
		}
	}
}

func TestABrokenRequestIsRefused(t *testing.T) {
	csr := client().csr(t)
	csr.Spec.Request = []byte("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
	if err := Check(csr, file(), nodes); err == nil || errors.Is(err, ErrNotOurs) {
		t.Fatalf("got %v, want a refusal", err)
	}
}

func TestWithoutTheNodesNothingIsApproved(t *testing.T) {
	unknown := func() ([]corev1.Node, error) { return nil, errors.New("etcd is gone") }
	if err := Check(client().csr(t), file(), unknown); err == nil || !strings.Contains(err.Error(), "etcd is gone") {
		t.Errorf("got %v", err)
	}
}
