// Package nodecert decides whether a kubelet may have the certificate it asks
// for: it holds the request against the machines file. It approves nothing
// itself; `kubectl turnup bootstrap` and the addon manager do.
package nodecert

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	certificates "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"

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

// Nodes lists the nodes that a request is held against, besides the machines
// file. It is called only when a decision takes it.
type Nodes func() ([]corev1.Node, error)

// Check returns nil if the request may be approved, ErrNotOurs if it is no
// business of ours, and otherwise what is wrong with it.
func Check(csr *certificates.CertificateSigningRequest, file machines.File, nodes Nodes) error {
	if decided(csr) {
		return ErrNotOurs
	}
	switch csr.Spec.SignerName {
	case certificates.KubeAPIServerClientKubeletSignerName:
		return checkClient(csr, file, nodes)
	case certificates.KubeletServingSignerName:
		return checkServing(csr, file, nodes)
	}
	return ErrNotOurs
}

func decided(csr *certificates.CertificateSigningRequest) bool {
	return slices.ContainsFunc(csr.Status.Conditions, func(c certificates.CertificateSigningRequestCondition) bool {
		return c.Type == certificates.CertificateApproved || c.Type == certificates.CertificateDenied
	})
}

// checkClient judges a first client certificate, asked for with a bootstrap token.
func checkClient(csr *certificates.CertificateSigningRequest, file machines.File, nodes Nodes) error {
	if strings.HasPrefix(csr.Spec.Username, nodePrefix) {
		return ErrNotOurs
	}
	if !strings.HasPrefix(csr.Spec.Username, tokenPrefix) || !slices.Contains(csr.Spec.Groups, bootstrapper) {
		return fmt.Errorf("user %q did not come with a bootstrap token", csr.Spec.Username)
	}
	request, err := parse(csr.Spec.Request)
	if err != nil {
		return err
	}
	who, err := subject(request, file)
	if err != nil {
		return err
	}
	// Control planes get their certificate with their keys, never by a token.
	if who.role != machines.Worker {
		return fmt.Errorf("machine %s is a %s, and only workers join by a token", who.name, who.role)
	}
	if len(request.DNSNames)+len(request.IPAddresses)+len(request.URIs)+len(request.EmailAddresses) > 0 {
		return errors.New("a client certificate has no names or addresses")
	}
	if err := usages(csr, certificates.UsageClientAuth); err != nil {
		return err
	}
	return vacant(who.name, nodes)
}

// vacant wants nobody to be the node: whoever has the token could otherwise
// become any worker. A machine that lost its certificate can ask again once its
// node is not ready any longer, which takes Kubernetes less than a minute.
func vacant(name string, nodes Nodes) error {
	list, err := nodes()
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range list {
		if n.Name == name && ready(n) {
			return fmt.Errorf("node %s is ready: it has a certificate, and asks for no other with a token", name)
		}
	}
	return nil
}

func ready(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// checkServing judges the certificate with which a kubelet serves logs, exec
// and metrics: its name and addresses must be those of the machine.
func checkServing(csr *certificates.CertificateSigningRequest, file machines.File, nodes Nodes) error {
	if !strings.HasPrefix(csr.Spec.Username, nodePrefix) || !slices.Contains(csr.Spec.Groups, nodesGroup) {
		return fmt.Errorf("user %q is not a node", csr.Spec.Username)
	}
	request, err := parse(csr.Spec.Request)
	if err != nil {
		return err
	}
	who, err := subject(request, file)
	if err != nil {
		return err
	}
	if csr.Spec.Username != nodePrefix+who.name {
		return fmt.Errorf("%s asks for a certificate of %s", csr.Spec.Username, who.name)
	}
	if len(request.URIs)+len(request.EmailAddresses) > 0 {
		return errors.New("a serving certificate has no URIs and no e-mail addresses")
	}
	if len(request.IPAddresses) == 0 {
		return errors.New("the request names no address")
	}
	for _, name := range request.DNSNames {
		if name != who.name {
			return fmt.Errorf("DNS name %q is not that of machine %s", name, who.name)
		}
	}
	if err := usages(csr, certificates.UsageServerAuth); err != nil {
		return err
	}
	return who.owns(request.IPAddresses, file, nodes)
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
