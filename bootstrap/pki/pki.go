// Package pki makes and keeps a cluster's keys and certificates in one
// directory (clusters/<name>/pki). It is the only place they are made; nothing
// else writes there.
package pki

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// AdminGroup is the organization in the admin's certificate. It is bound to
// cluster-admin by RBAC, so unlike system:masters it can be taken away again.
const AdminGroup = "turnup:cluster-admins"

// KubeletClient is the user name by which API servers call kubelets.
const KubeletClient = "kube-apiserver-kubelet-client"

// PKI is everything secret a cluster has.
type PKI struct {
	CA           Pair
	EtcdCA       Pair
	FrontProxyCA Pair
	// ServiceAccountKey signs service-account tokens, ServiceAccountPub verifies them.
	ServiceAccountKey []byte
	ServiceAccountPub []byte
	// EncryptionKey is the base64 of the 32 bytes that encrypt Secrets at rest.
	EncryptionKey string
	Admin         Pair
	Token         Token
	// SSH is empty unless it was asked for.
	SSH SSHKey
	// ControlPlanes holds the leafs of each control-plane machine, by machine name.
	ControlPlanes map[string]ControlPlane
}

// ControlPlane is the set of leafs one control-plane machine holds.
type ControlPlane struct {
	APIServer              Pair
	APIServerKubeletClient Pair
	APIServerEtcdClient    Pair
	FrontProxyClient       Pair
	EtcdServer             Pair
	EtcdPeer               Pair
	ControllerManager      Pair
	Scheduler              Pair
	Kubelet                Pair
}

// Request says for which cluster.
type Request struct {
	Cluster string
	Domain  string // cluster DNS domain
	// ServiceIP is the address of the Service "kubernetes".
	ServiceIP string
	// Endpoint is the host kubelets and admins dial.
	Endpoint  string
	ExtraSANs []string
	Machines  []machines.Machine // control planes only
	// SSH is the kind of SSH key that turnup logs in with, Ed25519 or RSA; ""
	// wants none. It and the CA are there before any machine is.
	SSH string
}

// Ensure loads what the directory holds and makes what is missing, outdated or
// about to expire. A second call with the same request changes no file.
func Ensure(dir string, req Request, now time.Time) (*PKI, error) {
	return (&store{dir: dir, now: now}).all(req)
}

// Preview is Ensure without writing: what is missing is made up, and forgotten.
func Preview(dir string, req Request, now time.Time) (*PKI, error) {
	return (&store{dir: dir, now: now, preview: true}).all(req)
}

func (s *store) all(req Request) (*PKI, error) {
	p := &PKI{ControlPlanes: map[string]ControlPlane{}}
	// What a running cluster cannot do without is made before the CA's
	// certificate: once that is there, their absence is a loss, not a beginning.
	s.established = s.read("ca.crt") != nil
	p.ServiceAccountKey, p.ServiceAccountPub = s.keyPair("service-account")
	p.EncryptionKey = s.secret("encryption.key", newEncryptionKey)
	p.CA = s.authority("ca", "turnup "+req.Cluster)
	p.EtcdCA = s.authority("etcd-ca", "turnup "+req.Cluster+" etcd")
	p.FrontProxyCA = s.authority("front-proxy-ca", "turnup "+req.Cluster+" front proxy")
	p.Admin = s.leaf(p.CA, "admin", Leaf{
		CommonName: "kubernetes-admin", Organization: []string{AdminGroup}, Usages: client(),
	})
	p.Token = s.token()
	if req.SSH != "" {
		p.SSH = s.sshKey(req.SSH, req.Cluster)
	}
	for _, m := range req.Machines {
		p.ControlPlanes[m.Name] = s.controlPlane(p, req, m)
	}
	if s.err != nil {
		return nil, s.err
	}
	return p, nil
}

func (s *store) controlPlane(p *PKI, req Request, m machines.Machine) ControlPlane {
	at := func(name string) string { return "machines/" + m.Name + "/" + name }
	loopback := []string{"localhost", "127.0.0.1", "::1"}
	self := append([]string{m.Name, m.Address}, loopback...)
	api := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + req.Domain,
		req.ServiceIP, req.Endpoint,
	}, self...)
	api = append(api, req.ExtraSANs...)
	return ControlPlane{
		APIServer: s.leaf(p.CA, at("kube-apiserver"), Leaf{
			CommonName: "kube-apiserver", Usages: server(), Names: unique(api),
		}),
		APIServerKubeletClient: s.leaf(p.CA, at("kube-apiserver-kubelet-client"), Leaf{
			CommonName: KubeletClient, Usages: client(),
		}),
		APIServerEtcdClient: s.leaf(p.EtcdCA, at("kube-apiserver-etcd-client"), Leaf{
			CommonName: "kube-apiserver-etcd-client", Usages: client(),
		}),
		FrontProxyClient: s.leaf(p.FrontProxyCA, at("front-proxy-client"), Leaf{
			CommonName: "front-proxy-client", Usages: client(),
		}),
		EtcdServer: s.leaf(p.EtcdCA, at("etcd-server"), Leaf{
			CommonName: m.Name, Usages: both(), Names: unique(self),
		}),
		EtcdPeer: s.leaf(p.EtcdCA, at("etcd-peer"), Leaf{
			CommonName: m.Name, Usages: both(), Names: unique(self),
		}),
		ControllerManager: s.leaf(p.CA, at("kube-controller-manager"), Leaf{
			CommonName: "system:kube-controller-manager", Usages: client(),
		}),
		Scheduler: s.leaf(p.CA, at("kube-scheduler"), Leaf{
			CommonName: "system:kube-scheduler", Usages: client(),
		}),
		Kubelet: s.leaf(p.CA, at("kubelet"), Leaf{
			CommonName: "system:node:" + m.Name, Organization: []string{"system:nodes"}, Usages: client(),
		}),
	}
}

// Superuser issues a client certificate of the group system:masters for one
// hour. It stays in memory: it is only needed to bind AdminGroup in a new cluster.
func (p *PKI) Superuser(now time.Time) (Pair, error) {
	return p.CA.Issue(Leaf{
		CommonName: "turnup-bootstrap", Organization: []string{"system:masters"},
		Usages: client(), Lifetime: time.Hour,
	}, now)
}

// CAHash is the pin of the cluster CA as kubeadm writes it: "sha256:" and the
// hex digest of the certificate's Subject Public Key Info (RFC 7469).
func (p *PKI) CAHash() (string, error) {
	cert, err := parseCert(p.CA.Cert)
	if err != nil {
		return "", fmt.Errorf("read cluster CA: %w", err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

func newEncryptionKey() (string, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("draw encryption key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(key), nil
}

func client() []x509.ExtKeyUsage { return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
func server() []x509.ExtKeyUsage { return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
func both() []x509.ExtKeyUsage {
	return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
}

func unique(names []string) []string {
	seen := map[string]bool{"": true}
	var list []string
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}
