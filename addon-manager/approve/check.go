// Package approve decides on the kubelets' serving certificates. The API
// server's own approver leaves them to somebody who knows the machines: this
// does, by the machines file.
package approve

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	certificates "k8s.io/api/certificates/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Verdict is what to do with a request.
type Verdict int

// The verdicts.
const (
	// Wait leaves the request open: the machine may become known later.
	Wait Verdict = iota
	Approve
	// Deny is for a request that no honest kubelet makes.
	Deny
)

// Check decides on one request of the signer kubernetes.io/kubelet-serving, and says why.
func Check(request certificates.CertificateSigningRequestSpec, file machines.File) (Verdict, string) {
	if request.SignerName != certificates.KubeletServingSignerName {
		return Wait, "another signer's request"
	}
	node, isNode := strings.CutPrefix(request.Username, "system:node:")
	if !isNode || node == "" || !slices.Contains(request.Groups, "system:nodes") {
		return Wait, fmt.Sprintf("%q is no node", request.Username)
	}
	block, rest := pem.Decode(request.Request)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(bytes.TrimSpace(rest)) > 0 {
		return Deny, "it is not one PEM certificate request"
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return Deny, fmt.Sprintf("it cannot be parsed: %v", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return Deny, fmt.Sprintf("it is not signed with its own key: %v", err)
	}
	if csr.Subject.CommonName != request.Username || !slices.Equal(csr.Subject.Organization, []string{"system:nodes"}) {
		return Deny, fmt.Sprintf("%s asks for a certificate of %q in %q", request.Username, csr.Subject.CommonName, csr.Subject.Organization)
	}
	if why := usages(request.Usages); why != "" {
		return Deny, why
	}
	i := slices.IndexFunc(file.Machines, func(m machines.Machine) bool { return m.Name == node })
	if i < 0 {
		return Wait, fmt.Sprintf("the machines file has no machine %s", node)
	}
	return names(csr, file.Machines[i])
}

// names compares what the certificate would be valid for with the machine.
func names(csr *x509.CertificateRequest, machine machines.Machine) (Verdict, string) {
	if len(csr.EmailAddresses)+len(csr.URIs) > 0 {
		return Deny, "it asks for e-mail addresses or URIs"
	}
	for _, name := range csr.DNSNames {
		if name != machine.Name {
			return Deny, fmt.Sprintf("%s asks for the DNS name %q", machine.Name, name)
		}
	}
	if len(csr.IPAddresses) == 0 {
		return Wait, "it asks for no IP address"
	}
	for _, ip := range csr.IPAddresses {
		if ip.String() != machine.Address {
			return Wait, fmt.Sprintf("%s asks for the address %s; the machines file says %s", machine.Name, ip, machine.Address)
		}
	}
	return Approve, fmt.Sprintf("%s at %s is in the machines file", machine.Name, machine.Address)
}

// usages are exactly those of a serving certificate; RSA keys may encipher, too.
func usages(list []certificates.KeyUsage) string {
	needed := map[certificates.KeyUsage]bool{certificates.UsageDigitalSignature: false, certificates.UsageServerAuth: false}
	for _, usage := range list {
		if _, ok := needed[usage]; ok {
			needed[usage] = true
		} else if usage != certificates.UsageKeyEncipherment {
			return fmt.Sprintf("it asks for the usage %q", usage)
		}
	}
	for usage, found := range needed {
		if !found {
			return fmt.Sprintf("it does not ask for the usage %q", usage)
		}
	}
	return ""
}
