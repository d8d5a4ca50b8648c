package git

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// sshKey makes a key that git signs with by ssh-keygen; public is its line.
func (u *upstream) sshKey() (public string, signer ssh.Signer) {
	u.t.Helper()
	private, signer := keyPair(u.t, "")
	file := filepath.Join(u.t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(private), 0o600); err != nil {
		u.t.Fatal(err)
	}
	u.git("config", "gpg.format", "ssh")
	u.git("config", "user.signingKey", file)
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))), signer
}

// object writes a raw object and returns its hash.
func (u *upstream) object(kind, raw string) string {
	u.t.Helper()
	return u.gitIn("hash-object", raw, "-t", kind, "-w", "--stdin", "--literally")
}

// withSignature is a raw commit with a signature in its header.
func withSignature(raw, signature string) string {
	header, message, _ := strings.Cut(raw, "\n\n")
	return header + "\ngpgsig " + strings.ReplaceAll(strings.TrimSpace(signature), "\n", "\n ") + "\n\n" + message
}

func TestOnlyCommitsOfSignersAreFollowed(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	stranger, _ := u.sshKey()
	byStranger := u.commit("by a stranger", manifest(1), "-S")
	public, signer := u.sshKey()
	signed := u.commit("by Ada", manifest(2), "-S")
	unsigned := u.commit("by nobody", manifest(3))
	raw := u.gitIn("cat-file", "", "commit", signed) + "\n"
	tampered := u.object("commit", strings.Replace(raw, "by Ada", "by Bob", 1))
	plain := u.gitIn("cat-file", "", "commit", unsigned) + "\n"
	elsewhere, err := sshsig.Sign(strings.NewReader(plain), signer, sshsig.HashSHA512, "file")
	if err != nil {
		t.Fatal(err)
	}
	forFiles := u.object("commit", withSignature(plain, string(sshsig.Armor(elsewhere))))
	again, err := sshsig.Sign(strings.NewReader(plain), signer, sshsig.HashSHA512, "git")
	if err != nil {
		t.Fatal(err)
	}
	good := withSignature(plain, string(sshsig.Armor(again)))
	byHand := u.object("commit", good)
	twice := u.object("commit", withSignature(good, string(sshsig.Armor(again))))
	hidden := u.object("commit", strings.Replace(good, "tree ", "tree "+strings.Repeat("0", 40)+"\ntree ", 1))
	garbage := u.object("commit", withSignature(plain, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----"))
	smime := u.object("commit", withSignature(plain, "-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----"))

	w := u.http()
	for what, test := range map[string]struct {
		commit, signers string
		words           []string // none: it is followed
	}{
		"a bare key":               {signed, public, nil},
		"a key with a comment":     {signed, "# keys\n\n" + stranger + " other\n" + public + " ada@laptop\n", nil},
		"an allowed signer":        {signed, "ada@example.com " + public, nil},
		"for git only":             {signed, `ada@example.com,bob@example.com namespaces="file,git" ` + public, nil},
		"within its time":          {signed, `ada@example.com valid-after="20200101",valid-before="20990101120000Z" ` + public, nil},
		"a signature made by hand": {byHand, public, nil},
		"its time is over":         {signed, `ada@example.com valid-before="20200101Z" ` + public, []string{"is not valid at", "ada@example.com"}},
		"its time is to come":      {signed, `ada@example.com valid-after="20990101Z" ` + public, []string{"is not valid at"}},
		"for files only":           {signed, "bob " + stranger + "\nada namespaces=\"file\" " + public, []string{"is not in key signers"}},
		"unsigned":                 {unsigned, public, []string{"it is not signed", "git commit -S"}},
		"an unknown signer":        {byStranger, public, []string{"SSH key SHA256:", "is not in key signers of Secret turnup-system/keys"}},
		"tampered":                 {tampered, public, []string{"does not match the content"}},
		"another namespace":        {forFiles, public, []string{"namespace"}},
		"two signatures":           {twice, public, []string{"2 signatures"}},
		"two trees":                {hidden, public, []string{hidden}},
		"garbage":                  {garbage, public, []string{"cannot be read"}},
		"another kind":             {smime, public, []string{"neither an SSH nor an OpenPGP"}},
	} {
		t.Run(what, func(t *testing.T) {
			r := open(t, api.GitSpec{URL: w.url(), Commit: test.commit, Verify: true, Secret: "keys"}, map[string]string{"signers": test.signers})
			// Nothing points to most of these: git serves them as tips.
			u.git("update-ref", "refs/heads/test", test.commit)
			if len(test.words) == 0 {
				if tree := poll(t, r, ""); tree.Revision != test.commit {
					t.Errorf("read %s", tree.Revision)
				}
				return
			}
			refuse(t, r, append(test.words, test.commit)...)
		})
	}
}

func TestOpenPGPSignaturesAreVerified(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	plain := u.gitIn("cat-file", "", "commit", u.commit("by Ada", manifest(1))) + "\n"
	entity := func(name string) (*openpgp.Entity, string) {
		e, err := openpgp.NewEntity(name, "", name+"@example.com", nil)
		if err != nil {
			t.Fatal(err)
		}
		var public bytes.Buffer
		w, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
		if err != nil || e.Serialize(w) != nil || w.Close() != nil {
			t.Fatal("the key cannot be written")
		}
		return e, public.String()
	}
	ada, adaKey := entity("ada")
	_, bobKey := entity("bob")
	var signature bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&signature, ada, strings.NewReader(plain), nil); err != nil {
		t.Fatal(err)
	}
	good := withSignature(plain, signature.String())
	w := u.http()
	read := func(raw, signers string) (*Repository, string) {
		commit := u.object("commit", raw)
		u.git("update-ref", "refs/heads/test", commit)
		return open(t, api.GitSpec{URL: w.url(), Branch: "test", Verify: true}, map[string]string{"signers": signers}), commit
	}
	r, commit := read(good, bobKey+"\n"+adaKey)
	if tree := poll(t, r, ""); tree.Revision != commit {
		t.Errorf("read %s", tree.Revision)
	}
	r, commit = read(good, bobKey)
	refuse(t, r, commit, "OpenPGP signer is not in")
	r, commit = read(strings.Replace(good, "by Ada", "by Eve", 1), adaKey)
	refuse(t, r, commit, "does not count")
}

func TestASignedTagVouchesForItsCommit(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	first := u.commit("unsigned", manifest(1))
	public, _ := u.sshKey()
	u.git("tag", "--sign", "--message", "a release", "v1")
	u.git("tag", "--annotate", "--message", "no release", "v2")
	u.git("tag", "light")
	u.git("update-ref", "refs/tags/v3", "refs/tags/v1")
	evil := u.commit("evil", manifest(2))
	raw := u.gitIn("cat-file", "", "tag", "v1") + "\n"
	u.git("update-ref", "refs/tags/v4", u.object("tag", strings.Replace(raw, first, evil, 1)))
	w := u.http()
	read := func(tag string) *Repository {
		return open(t, api.GitSpec{URL: w.url(), Tag: tag, Verify: true}, map[string]string{"signers": public})
	}
	if tree := poll(t, read("v1"), ""); tree.Revision != first {
		t.Errorf("read %s", tree.Revision)
	}
	refuse(t, read("v2"), first, "it is not signed", "nor does tag v2")
	refuse(t, read("light"), first, "it is not signed")
	refuse(t, read("v3"), first, "signed as tag v1")
	refuse(t, read("v4"), evil, "does not match the content")
	if _, _, err := read("v1").Poll(context.Background(), first); err == nil || !strings.Contains(err.Error(), "unchanged") {
		t.Error(err)
	}
}

func TestSignersAreCheckedBeforeTheyAreNeeded(t *testing.T) {
	t.Parallel()
	private, signer := keyPair(t, "")
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	for what, test := range map[string]struct{ signers, want string }{
		"nothing":               {"", "it has no keys"},
		"a comment":             {"# nobody\n", "it has no keys"},
		"no key":                {"ada@example.com", "is not an SSH public key"},
		"a broken key":          {"ssh-ed25519 AAAA", "cannot be read"},
		"a private key":         {private, "only public keys"},
		"a certificate's":       {"ada cert-authority " + public, "certificates are not supported"},
		"an option of tomorrow": {"ada magic " + public, `option "magic"`},
		"no time":               {`ada valid-after="soon" ` + public, "is not a time"},
		"half an OpenPGP key":   {beginKey + "\n\nAAAA\n", "has no end"},
		"a broken OpenPGP key":  {beginKey + "\n\nAAAA\n" + endKey, "cannot be read"},
		"for other things only": {`ada namespaces="file" ` + public, "it has no keys"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := New(Options{Spec: api.GitSpec{URL: "https://x/y", Verify: true, Secret: "keys"}, Secret: data(map[string]string{"signers": test.signers})})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "key signers of Secret turnup-system/keys") {
				t.Errorf("%v", err)
			}
			if test.signers == private && strings.Contains(err.Error(), private[40:80]) {
				t.Error("it shows the key")
			}
		})
	}
}
