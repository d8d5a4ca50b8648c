package pki

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestTheSSHKeyIsMadeOnceAndOfItsKind(t *testing.T) {
	for kind, prefix := range map[string]string{Ed25519: "ssh-ed25519 ", RSA: "ssh-rsa "} {
		t.Run(kind, func(t *testing.T) {
			dir, req := t.TempDir(), request()
			req.SSH, req.Machines = kind, nil // before there is any machine
			key := ensure(t, dir, req, start).SSH
			before := snapshot(t, dir)
			if !strings.HasPrefix(key.Public, prefix) || strings.Contains(key.Public, "\n") || before["ssh.pub"] != key.Public+"\n" {
				t.Errorf("the public key is %q", key.Public)
			}
			signer, err := ssh.ParsePrivateKey([]byte(before["ssh"]))
			if err != nil || !strings.Contains(before["ssh"], "OPENSSH PRIVATE KEY") {
				t.Fatalf("the private key is no OpenSSH PEM: %v", err)
			}
			if line := string(ssh.MarshalAuthorizedKey(signer.PublicKey())); !strings.HasPrefix(key.Public, strings.TrimSpace(line)) {
				t.Error("the public key is of another pair")
			}
			if info, err := os.Stat(filepath.Join(dir, "ssh")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the private key is readable by others: %v, %v", info.Mode(), err)
			}
			again := ensure(t, dir, req, start).SSH
			if names := changed(before, snapshot(t, dir)); len(names) > 0 || again.Public != key.Public {
				t.Errorf("the second call changed %v", names)
			}
		})
	}
}

func TestWithoutMachinesInACloudThereIsNoSSHKey(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, request(), start)
	if _, err := os.Stat(filepath.Join(dir, "ssh")); err == nil {
		t.Error("an SSH key was made that nobody asked for")
	}
}

func TestAnSSHKeyThatIsHalfThereIsNotReplaced(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"the private key is missing": os.Remove,
		"no key is in the file":      func(path string) error { return os.WriteFile(path, []byte("what?"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, req := t.TempDir(), request()
			req.SSH = Ed25519
			ensure(t, dir, req, start)
			if err := spoil(filepath.Join(dir, "ssh")); err != nil {
				t.Fatal(err)
			}
			if _, err := Ensure(dir, req, start); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAPreviewWritesNothingAndSeesWhatIsThere(t *testing.T) {
	dir, req := filepath.Join(t.TempDir(), "pki"), request()
	req.SSH = Ed25519
	p, err := Preview(dir, req, start)
	if err != nil || p.SSH.Public == "" || len(p.CA.Cert) == 0 || !p.Token.Valid() {
		t.Fatalf("got %v, %v", p, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
	made := ensure(t, dir, req, start)
	if p, err = Preview(dir, req, start); err != nil || p.SSH.Public != made.SSH.Public || string(p.CA.Cert) != string(made.CA.Cert) {
		t.Errorf("the preview of what is there is something else: %v", err)
	}
}
