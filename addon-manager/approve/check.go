// Package approve answers the kubelets' requests for their first client
// certificate and for their serving certificates. Kubernetes' own approver
// would believe any name in the former and leaves the latter to somebody who
// knows the machines: this does, by the machines file.
package approve

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	certificates "k8s.io/api/certificates/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/nodecert"
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
	// Ignore is for what is none of ours, or already answered.
	Ignore
)

// Check decides on one request, and says why.
func Check(request *certificates.CertificateSigningRequest, file machines.File, nodes nodecert.Nodes) (Verdict, string) {
	err := nodecert.Check(request, file, nodes)
	switch {
	case err == nil:
		return Approve, "the name and addresses are those of the machine"
	case errors.Is(err, nodecert.ErrNotOurs):
		return Ignore, err.Error()
	}
	if why := forged(request.Spec); why != "" {
		return Deny, why
	}
	return Wait, err.Error()
}

// forged says why a node's request is a forgery, whatever the machines file
// will say tomorrow; "" if it may be a mistake.
func forged(spec certificates.CertificateSigningRequestSpec) string {
	if !strings.HasPrefix(spec.Username, "system:node:") || !slices.Contains(spec.Groups, "system:nodes") {
		return ""
	}
	block, _ := pem.Decode(spec.Request)
	if block == nil {
		return ""
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return ""
	}
	if csr.Subject.CommonName != spec.Username || !slices.Equal(csr.Subject.Organization, []string{"system:nodes"}) {
		return fmt.Sprintf("%s asks for a certificate of %q in %q", spec.Username, csr.Subject.CommonName, csr.Subject.Organization)
	}
	return ""
}
