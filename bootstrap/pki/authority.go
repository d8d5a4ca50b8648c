package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

// Lifetimes of what is issued. Authorities outlive the machines of a cluster;
// leafs are renewed by the next `create` once less than RenewBefore is left.
const (
	AuthorityLifetime = 10 * 365 * 24 * time.Hour
	LeafLifetime      = 365 * 24 * time.Hour
	RenewBefore       = 60 * 24 * time.Hour
	// backdate forgives machines whose clocks are a little behind.
	backdate = 5 * time.Minute
)

// Pair is a certificate and its private key, both PEM.
type Pair struct {
	Cert []byte
	Key  []byte
}

// Leaf says what a certificate is for.
type Leaf struct {
	CommonName   string
	Organization []string
	Usages       []x509.ExtKeyUsage
	// Names are DNS names and IP addresses, mixed.
	Names    []string
	Lifetime time.Duration // 0 means LeafLifetime
}

// newKey returns a fresh ECDSA P-256 private key, PEM (PKCS #8).
func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// newAuthority self-signs a CA certificate over an existing key.
func newAuthority(name string, key []byte, now time.Time) ([]byte, error) {
	signer, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(AuthorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	return sign(template, template, signer.Public(), signer)
}

// Issue signs a leaf with a new key of its own.
func (ca Pair) Issue(leaf Leaf, now time.Time) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	cert, err := ca.certify(leaf, key, now)
	return Pair{Cert: cert, Key: key}, err
}

func (ca Pair) certify(leaf Leaf, key []byte, now time.Time) ([]byte, error) {
	parent, err := parseCert(ca.Cert)
	if err != nil {
		return nil, err
	}
	authority, err := parseKey(ca.Key)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	lifetime := leaf.Lifetime
	if lifetime == 0 {
		lifetime = LeafLifetime
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Organization},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: leaf.Usages,
	}
	template.DNSNames, template.IPAddresses = split(leaf.Names)
	return sign(template, parent, signer.Public(), authority)
}

// fits reports whether an existing pair still serves as the leaf: signed by this
// authority, for the same subject and names, and not about to expire.
func (ca Pair) fits(pair Pair, leaf Leaf, now time.Time) bool {
	cert, err := parseCert(pair.Cert)
	if err != nil {
		return false
	}
	parent, err := parseCert(ca.Cert)
	if err != nil || cert.CheckSignatureFrom(parent) != nil {
		return false
	}
	key, err := parseKey(pair.Key)
	if err != nil {
		return false
	}
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok || !public.Equal(cert.PublicKey) {
		return false
	}
	names, addresses := split(leaf.Names)
	return cert.Subject.CommonName == leaf.CommonName &&
		slices.Equal(cert.Subject.Organization, leaf.Organization) &&
		slices.Equal(cert.DNSNames, names) &&
		slices.EqualFunc(cert.IPAddresses, addresses, net.IP.Equal) &&
		now.Add(RenewBefore).Before(cert.NotAfter)
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %q: %w", template.Subject.CommonName, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func split(names []string) (dns []string, addresses []net.IP) {
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			addresses = append(addresses, ip)
			continue
		}
		dns = append(dns, name)
	}
	return dns, addresses
}

func parseCert(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("not a PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("not a PEM private key (PKCS #8)")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("private key cannot sign")
	}
	return signer, nil
}

// publicKey returns the PEM public half of a PEM private key.
func publicKey(key []byte) ([]byte, error) {
	signer, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
