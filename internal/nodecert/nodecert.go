// Package nodecert decides whether a kubelet may have the certificate it asks
// for: it holds the request against the machines file. It approves nothing
// itself; `kubectl turnup bootstrap` and the addon manager do.
package nodecert

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	certificates "k8s.io/api/certificates/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// ErrNotOurs is returned for requests this package has no opinion on: other
// signers, renewals (which Kubernetes itself approves), decided requests.
var ErrNotOurs = errors.New("not a kubelet's first or serving certificate")

// The users and groups of https://kubernetes.io/docs/reference/access-authn-authz/node/
const (
	nodePrefix   = "system:node:"
	nodesGroup   = "system:nodes"
	bootstrapper = "system:bootstrappers"
	tokenPrefix  = "system:bootstrap:"
)

// Check returns nil if the request may be approved, ErrNotOurs if it is no
// business of ours, and otherwise what is wrong with it.
func Check(csr *certificates.CertificateSigningRequest, file machines.File) error {
	if decided(csr) {
		return ErrNotOurs
	}
	switch csr.Spec.SignerName {
	case certificates.KubeAPIServerClientKubeletSignerName:
		return checkClient(csr, file)
	case certificates.KubeletServingSignerName:
		return checkServing(csr, file)
	}
	return ErrNotOurs
}

func decided(csr *certificates.CertificateSigningRequest) bool {
	return slices.ContainsFunc(csr.Status.Conditions, func(c certificates.CertificateSigningRequestCondition) bool {
		return c.Type == certificates.CertificateApproved || c.Type == certificates.CertificateDenied
	})
}

// checkClient judges a first client certificate, asked for with a bootstrap token.
func checkClient(csr *certificates.CertificateSigningRequest, file machines.File) error {
	if strings.HasPrefix(csr.Spec.Username, nodePrefix) {
		return ErrNotOurs
	}
	if !strings.HasPrefix(csr.Spec.Username, tokenPrefix) || !slices.Contains(csr.Spec.Groups, bootstrapper) {
		return fmt.Errorf("user %q did not come with a bootstrap token", csr.Spec.Username)
	}
	request, m, err := asked(csr, file)
	if err != nil {
		return err
	}
	// Control planes get their certificate with their keys, never by a token.
	if m.Role != machines.Worker {
		return fmt.Errorf("machine %s is a %s, and only workers join by a token", m.Name, m.Role)
	}
	if len(request.DNSNames)+len(request.IPAddresses)+len(request.URIs)+len(request.EmailAddresses) > 0 {
		return errors.New("a client certificate has no names or addresses")
	}
	return usages(csr, certificates.UsageClientAuth)
}

// checkServing judges the certificate with which a kubelet serves logs, exec
// and metrics: its name and addresses must be those of the machine.
func checkServing(csr *certificates.CertificateSigningRequest, file machines.File) error {
	if !strings.HasPrefix(csr.Spec.Username, nodePrefix) || !slices.Contains(csr.Spec.Groups, nodesGroup) {
		return fmt.Errorf("user %q is not a node", csr.Spec.Username)
	}
	request, m, err := asked(csr, file)
	if err != nil {
		return err
	}
	if csr.Spec.Username != nodePrefix+m.Name {
		return fmt.Errorf("%s asks for a certificate of %s", csr.Spec.Username, m.Name)
	}
	if len(request.URIs)+len(request.EmailAddresses) > 0 {
		return errors.New("a serving certificate has no URIs and no e-mail addresses")
	}
	if len(request.IPAddresses) == 0 {
		return errors.New("the request names no address")
	}
	for _, name := range request.DNSNames {
		if name != m.Name {
			return fmt.Errorf("DNS name %q is not that of machine %s", name, m.Name)
		}
	}
	for _, ip := range request.IPAddresses {
		if addr, ok := netip.AddrFromSlice(ip); !ok || addr.Unmap().String() != m.Address {
			return fmt.Errorf("address %s is not that of machine %s (%s)", ip, m.Name, m.Address)
		}
	}
	return usages(csr, certificates.UsageServerAuth)
}

// asked reads the request and finds the machine that its subject names.
func asked(csr *certificates.CertificateSigningRequest, file machines.File) (*x509.CertificateRequest, machines.Machine, error) {
	request, err := parse(csr.Spec.Request)
	if err != nil {
		return nil, machines.Machine{}, err
	}
	m, err := machineOf(request, file)
	return request, m, err
}

func parse(data []byte) (*x509.CertificateRequest, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("the request is not one PEM certificate request")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse request: %w", err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, fmt.Errorf("check request's signature: %w", err)
	}
	return request, nil
}

// machineOf finds the machine that the request's subject names.
func machineOf(request *x509.CertificateRequest, file machines.File) (machines.Machine, error) {
	name, ok := strings.CutPrefix(request.Subject.CommonName, nodePrefix)
	if !ok || !slices.Equal(request.Subject.Organization, []string{nodesGroup}) {
		return machines.Machine{}, fmt.Errorf("subject %q is not a node's", request.Subject)
	}
	for _, m := range file.Machines {
		if m.Name == name {
			return m, nil
		}
	}
	return machines.Machine{}, fmt.Errorf("no machine is named %q", name)
}

// usages wants the one extended usage, digital signature, and (RSA keys) key
// encipherment: what the signer would sign.
func usages(csr *certificates.CertificateSigningRequest, extended certificates.KeyUsage) error {
	seen := map[certificates.KeyUsage]bool{}
	for _, usage := range csr.Spec.Usages {
		switch usage {
		case extended, certificates.UsageDigitalSignature, certificates.UsageKeyEncipherment:
			seen[usage] = true
		default:
			return fmt.Errorf("usage %q is not for a kubelet", usage)
		}
	}
	if !seen[extended] || !seen[certificates.UsageDigitalSignature] {
		return fmt.Errorf("usages %v lack %q or %q", csr.Spec.Usages, extended, certificates.UsageDigitalSignature)
	}
	return nil
}
