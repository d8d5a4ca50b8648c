package approve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"testing"

	certificates "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

var file = machines.New("10.0.0.1:6443", []machines.Machine{
	{Name: "demo-control-plane-0", Role: machines.ControlPlane, Address: "10.0.0.1"},
	{Name: "demo-worker-0", Role: machines.Worker, Address: "10.0.0.2"},
})

func noNodes() ([]corev1.Node, error) { return nil, nil }

// honest is what the kubelet of demo-worker-0 asks for.
func honest() x509.CertificateRequest {
	return x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "system:node:demo-worker-0", Organization: []string{"system:nodes"}},
		DNSNames: []string{"demo-worker-0"}, IPAddresses: []net.IP{net.ParseIP("10.0.0.2")},
	}
}

func request(t *testing.T, template x509.CertificateRequest) certificates.CertificateSigningRequestSpec {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return certificates.CertificateSigningRequestSpec{
		Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}),
		SignerName: certificates.KubeletServingSignerName,
		Username:   "system:node:demo-worker-0", Groups: []string{"system:nodes", "system:authenticated"},
		Usages: []certificates.KeyUsage{certificates.UsageDigitalSignature, certificates.UsageServerAuth},
	}
}

func TestAFirstClientCertificateIsApprovedForAWorkerOnly(t *testing.T) {
	for name, want := range map[string]Verdict{"demo-worker-0": Approve, "demo-control-plane-0": Wait, "demo-worker-9": Wait} {
		spec := request(t, x509.CertificateRequest{
			Subject: pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}},
		})
		spec.SignerName = certificates.KubeAPIServerClientKubeletSignerName
		spec.Username, spec.Groups = "system:bootstrap:abcdef", []string{"system:bootstrappers", "system:authenticated"}
		spec.Usages = []certificates.KeyUsage{certificates.UsageDigitalSignature, certificates.UsageClientAuth}
		verdict, why := Check(&certificates.CertificateSigningRequest{Spec: spec}, file, noNodes)
		if verdict != want {
			t.Errorf("%s: verdict %d (%s), want %d", name, verdict, why, want)
		}
	}
}

func TestOnlyAMachinesOwnNameAndAddressAreApproved(t *testing.T) {
	type spec = certificates.CertificateSigningRequestSpec
	for what, test := range map[string]struct {
		csr  func(*x509.CertificateRequest)
		spec func(*spec)
		want Verdict
	}{
		"what an honest kubelet asks for":     {want: Approve},
		"a key that may encipher (RSA)":       {want: Approve, spec: func(s *spec) { s.Usages = append(s.Usages, certificates.UsageKeyEncipherment) }},
		"no DNS name":                         {want: Approve, csr: func(c *x509.CertificateRequest) { c.DNSNames = nil }},
		"another signer":                      {want: Ignore, spec: func(s *spec) { s.SignerName = certificates.KubeAPIServerClientSignerName }},
		"a user that is no node":              {want: Wait, spec: func(s *spec) { s.Username = "system:serviceaccount:a:b" }},
		"a node that is not in system:nodes":  {want: Wait, spec: func(s *spec) { s.Groups = []string{"system:authenticated"} }},
		"another node's name as common name":  {want: Deny, csr: func(c *x509.CertificateRequest) { c.Subject.CommonName = "system:node:demo-control-plane-0" }},
		"an organization that rules":          {want: Deny, csr: func(c *x509.CertificateRequest) { c.Subject.Organization = []string{"system:masters"} }},
		"two organizations":                   {want: Deny, csr: func(c *x509.CertificateRequest) { c.Subject.Organization = []string{"system:nodes", "system:masters"} }},
		"another node's DNS name":             {want: Wait, csr: func(c *x509.CertificateRequest) { c.DNSNames = []string{"demo-control-plane-0"} }},
		"the API server's DNS name":           {want: Wait, csr: func(c *x509.CertificateRequest) { c.DNSNames = []string{"demo-worker-0", "kubernetes.default.svc"} }},
		"another node's address":              {want: Wait, csr: func(c *x509.CertificateRequest) { c.IPAddresses = []net.IP{net.ParseIP("10.0.0.1")} }},
		"its own address and one more":        {want: Wait, csr: func(c *x509.CertificateRequest) { c.IPAddresses = append(c.IPAddresses, net.ParseIP("10.96.0.1")) }},
		"no address":                          {want: Wait, csr: func(c *x509.CertificateRequest) { c.IPAddresses = nil }},
		"a URI":                               {want: Wait, csr: func(c *x509.CertificateRequest) { c.URIs = []*url.URL{{Scheme: "spiffe", Host: "x"}} }},
		"an e-mail address":                   {want: Wait, csr: func(c *x509.CertificateRequest) { c.EmailAddresses = []string{"a@b"} }},
		"a client certificate":                {want: Wait, spec: func(s *spec) { s.Usages = append(s.Usages, certificates.UsageClientAuth) }},
		"no server certificate":               {want: Wait, spec: func(s *spec) { s.Usages = s.Usages[:1] }},
		"a certificate authority":             {want: Wait, spec: func(s *spec) { s.Usages = append(s.Usages, certificates.UsageCertSign) }},
		"no request":                          {want: Wait, spec: func(s *spec) { s.Request = []byte("hello") }},
		"two requests":                        {want: Wait, spec: func(s *spec) { s.Request = append(s.Request, s.Request...) }},
		"a request whose signature is broken": {want: Wait, spec: func(s *spec) { s.Request = tampered(s.Request) }},
		"a machine that nobody made": {
			want: Wait, spec: func(s *spec) { s.Username = "system:node:stranger" },
			csr: func(c *x509.CertificateRequest) { c.Subject.CommonName = "system:node:stranger" },
		},
	} {
		t.Run(what, func(t *testing.T) {
			template := honest()
			if test.csr != nil {
				test.csr(&template)
			}
			asked := request(t, template)
			if test.spec != nil {
				test.spec(&asked)
			}
			csr := &certificates.CertificateSigningRequest{Spec: asked}
			if got, why := Check(csr, file, noNodes); got != test.want || why == "" {
				t.Errorf("verdict %d, want %d: %s", got, test.want, why)
			}
		})
	}
}

// tampered flips a bit of the signature.
func tampered(request []byte) []byte {
	block, _ := pem.Decode(request)
	block.Bytes[len(block.Bytes)-1] ^= 1
	return pem.EncodeToMemory(block)
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"), "system:node:demo-worker-0")
	f.Fuzz(func(t *testing.T, body []byte, user string) {
		spec := certificates.CertificateSigningRequestSpec{
			Request: body, SignerName: certificates.KubeletServingSignerName, Username: user, Groups: []string{"system:nodes"},
		}
		if verdict, _ := Check(&certificates.CertificateSigningRequest{Spec: spec}, file, noNodes); verdict == Approve {
			t.Error("approved without usages")
		}
	})
}
