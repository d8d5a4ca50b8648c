package pki

import (
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func request() Request {
	return Request{
		Cluster: "demo", Domain: "cluster.local", ServiceIP: "10.96.0.1", Endpoint: "172.30.0.11",
		ExtraSANs: []string{"api.example.com"},
		Machines:  []machines.Machine{{Name: "demo-control-plane-0", Role: machines.ControlPlane, Address: "172.30.0.11"}},
	}
}

func ensure(t *testing.T, dir string, req Request, now time.Time) *PKI {
	t.Helper()
	p, err := Ensure(dir, req, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// snapshot reads every file of a directory.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func changed(before, after map[string]string) []string {
	var names []string
	for name, text := range after {
		if before[name] != text {
			names = append(names, name)
		}
	}
	return names
}

func TestASecondCallChangesNoFile(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	before := snapshot(t, dir)
	ensure(t, dir, request(), start.Add(time.Hour))
	if names := changed(before, snapshot(t, dir)); len(names) > 0 {
		t.Errorf("changed: %v", names)
	}
}

func TestLeafsAreRenewedBeforeTheyExpireAndAuthoritiesAreKept(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	before := snapshot(t, dir)
	ensure(t, dir, request(), start.Add(LeafLifetime-RenewBefore+time.Hour))
	after := snapshot(t, dir)
	for _, name := range []string{"ca.crt", "ca.key", "etcd-ca.crt", "front-proxy-ca.key", "service-account.key", "encryption.key"} {
		if before[name] != after[name] {
			t.Errorf("%s changed: every node trusts the old one", name)
		}
	}
	for _, name := range []string{"admin.crt", "machines/demo-control-plane-0/kube-apiserver.crt", "bootstrap-token.json"} {
		if before[name] == after[name] {
			t.Errorf("%s was not renewed", name)
		}
	}
}

func TestANewNameReissuesOnlyTheCertificatesThatCarryIt(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	before := snapshot(t, dir)
	req := request()
	req.ExtraSANs = append(req.ExtraSANs, "192.0.2.7")
	p := ensure(t, dir, req, start)
	names := changed(before, snapshot(t, dir))
	if len(names) != 2 {
		t.Errorf("changed %v, want kube-apiserver's certificate and key", names)
	}
	cert, err := parseCert(p.ControlPlanes["demo-control-plane-0"].APIServer.Cert)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"192.0.2.7", "api.example.com", "kubernetes.default.svc.cluster.local", "10.96.0.1", "127.0.0.1", "172.30.0.11"} {
		if err := cert.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryLeafVerifiesAgainstItsOwnAuthorityOnly(t *testing.T) {
	p := ensure(t, t.TempDir(), request(), start)
	m := p.ControlPlanes["demo-control-plane-0"]
	cases := []struct {
		name  string
		leaf  Pair
		ca    Pair
		usage x509.ExtKeyUsage
	}{
		{"API server", m.APIServer, p.CA, x509.ExtKeyUsageServerAuth},
		{"API server to kubelets", m.APIServerKubeletClient, p.CA, x509.ExtKeyUsageClientAuth},
		{"API server to etcd", m.APIServerEtcdClient, p.EtcdCA, x509.ExtKeyUsageClientAuth},
		{"front proxy", m.FrontProxyClient, p.FrontProxyCA, x509.ExtKeyUsageClientAuth},
		{"etcd server", m.EtcdServer, p.EtcdCA, x509.ExtKeyUsageServerAuth},
		{"etcd peer", m.EtcdPeer, p.EtcdCA, x509.ExtKeyUsageClientAuth},
		{"controller manager", m.ControllerManager, p.CA, x509.ExtKeyUsageClientAuth},
		{"scheduler", m.Scheduler, p.CA, x509.ExtKeyUsageClientAuth},
		{"kubelet", m.Kubelet, p.CA, x509.ExtKeyUsageClientAuth},
		{"admin", p.Admin, p.CA, x509.ExtKeyUsageClientAuth},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			leaf, err := parseCert(c.leaf.Cert)
			if err != nil {
				t.Fatal(err)
			}
			for _, ca := range []Pair{p.CA, p.EtcdCA, p.FrontProxyCA} {
				pool := x509.NewCertPool()
				pool.AppendCertsFromPEM(ca.Cert)
				_, err := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: start, KeyUsages: []x509.ExtKeyUsage{c.usage}})
				if want := string(ca.Cert) == string(c.ca.Cert); (err == nil) != want {
					t.Errorf("verifies is %v, want %v", err == nil, want)
				}
			}
			if leaf.PublicKeyAlgorithm != x509.ECDSA {
				t.Errorf("key is %s, want ECDSA", leaf.PublicKeyAlgorithm)
			}
		})
	}
}

func TestNobodyInTheDirectoryIsASuperuser(t *testing.T) {
	dir := t.TempDir()
	p := ensure(t, dir, request(), start)
	superuser, err := p.Superuser(start)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range snapshot(t, dir) {
		if text == string(superuser.Key) || text == string(superuser.Cert) {
			t.Errorf("%s is the superuser's", name)
		}
		if cert, err := parseCert([]byte(text)); err == nil {
			for _, group := range cert.Subject.Organization {
				if group == "system:masters" {
					t.Errorf("%s is of the group system:masters", name)
				}
			}
		}
	}
}

func TestKeysAreForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".crt") {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestACrashBetweenTwoWritesIsMended(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	whole := snapshot(t, dir)
	for name := range whole {
		t.Run(name+" is missing", func(t *testing.T) {
			dir := t.TempDir()
			for other, text := range whole {
				if other == name {
					continue
				}
				path := filepath.Join(dir, filepath.FromSlash(other))
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Ensure(dir, request(), start)
			// What cannot be made again is said to be lost, not replaced.
			lost := strings.HasSuffix(name, "ca.key") || name == "service-account.key" || name == "encryption.key"
			if (err != nil) != lost {
				t.Fatalf("got %v", err)
			}
			if lost && !strings.Contains(err.Error(), "restore") {
				t.Errorf("%v does not say what to do", err)
			}
		})
	}
}

func TestABrokenFileIsNamed(t *testing.T) {
	for _, name := range []string{"ca.crt", "ca.key", "service-account.key", "bootstrap-token.json"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ensure(t, dir, request(), start)
			if err := os.WriteFile(filepath.Join(dir, name), []byte("gibberish"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Ensure(dir, request(), start)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("got %v, want an error that names %s", err, name)
			}
		})
	}
}

func TestATokenIsReplacedBeforeItExpiresAndNeverPrinted(t *testing.T) {
	dir := t.TempDir()
	first := ensure(t, dir, request(), start).Token
	if !first.Valid() {
		t.Fatalf("%q is no bootstrap token", first.Reveal())
	}
	if same := ensure(t, dir, request(), start.Add(TokenLifetime-2*time.Hour)).Token; same != first {
		t.Error("a token with two hours left was replaced")
	}
	if next := ensure(t, dir, request(), start.Add(TokenLifetime-time.Minute)).Token; next == first {
		t.Error("a token with a minute left was kept")
	}
	if strings.Contains(first.String(), first.Secret) {
		t.Errorf("%s shows the secret", first)
	}
}

func TestARotatedTokenIsTheOneThatIsUsedFromThenOn(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	request := Request{Cluster: "demo", Domain: "cluster.local"}
	before, err := Ensure(dir, request, now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := RotateToken(dir, now)
	if err != nil || !token.Valid() || token.ID == before.Token.ID {
		t.Fatalf("got %v, %v after %v", token, err, before.Token)
	}
	if after, err := Ensure(dir, request, now); err != nil || after.Token != token {
		t.Errorf("Ensure returns %v, %v, want %v", after.Token, err, token)
	}
}
