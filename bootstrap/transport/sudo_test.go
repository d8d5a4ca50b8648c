package transport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func newECDSA(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	return signer
}

func deploy(s *machines.SSH) { s.User = "deploy" }

func TestAUserBecomesRootWithSudo(t *testing.T) {
	for _, password := range []string{"", "p4$$ 'word'"} {
		w := newWorld(t)
		w.withSudo(strings.ReplaceAll(password, "'", `'\''`))
		w.options.SudoPassword = password
		machine, err := w.open(t, w.entry(deploy))
		must(t, err)
		for range 2 {
			out, err := machine.Run(context.Background(), "cat", strings.NewReader("stdin\n"))
			if err != nil || out != "stdin\n" {
				t.Errorf("password %q: %q, %v", password, out, err)
			}
		}
		for _, command := range w.ran() {
			if !strings.HasPrefix(command, "sudo -k ") || password != "" && strings.Contains(command, password) {
				t.Errorf("the server's process list shows %q", command)
			}
		}
	}
}

func TestSudoThatSuddenlyWantsNoPasswordDoesNotGetItAsAScript(t *testing.T) {
	w := newWorld(t)
	w.withSudo("secret")
	w.options.SudoPassword = "secret"
	machine, err := w.open(t, w.entry(deploy))
	must(t, err)
	_, err = machine.Run(context.Background(), "true", nil)
	must(t, err)
	w.withSudo("")
	out, err := machine.Run(context.Background(), "cat", strings.NewReader("stdin"))
	wants(t, err, "sudo behaves otherwise")
	if strings.Contains(out, "secret") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestSudoThatRefusesSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	run := func() error {
		machine, err := w.open(t, w.entry(deploy))
		must(t, err)
		_, err = machine.Run(context.Background(), "true", nil)
		if !IsGone(err) {
			t.Errorf("%v is not cured by waiting", err)
		}
		return err
	}
	w.withSudo("right")
	err := run()
	wants(t, err, "reach machine m0", "become root on 127.0.0.1", "sudo wants a password, and nobody can be asked")
	if !strings.Contains(ui.HintOf(err), "TURNUP_SUDO_PASSWORD") {
		t.Errorf("hint %q", ui.HintOf(err))
	}
	w.options.SudoPassword = "wrong"
	wants(t, run(), "sudo does not take the password of deploy")

	// A person is asked, and may mistype.
	answers := []string{"wrong again", "right"}
	w.options.Secret = func(context.Context, string) (string, error) {
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
	machine, err := w.open(t, w.entry(deploy))
	must(t, err)
	_, err = machine.Run(context.Background(), "true", nil)
	must(t, err)
	if len(answers) != 0 {
		t.Errorf("%d answers were not asked for", len(answers))
	}
}

func TestWhatSudoSaysIsUnderstood(t *testing.T) {
	for said, c := range map[string]struct {
		code     int
		password bool
		want     sudoVerdict
	}{
		"sudo: a password is required":                                                  {1, false, sudoWantsPassword},
		"sudo: interactive authentication is required":                                  {1, false, sudoWantsPassword},
		"sh: 1: sudo: not found":                                                        {127, false, sudoMissing},
		"sudo: sorry, you must have a tty to run sudo":                                  {1, false, sudoWantsTerminal},
		"Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password": {1, true, sudoWrongPassword},
		"sudo: Authentication failed, try again.":                                       {1, true, sudoWrongPassword},
		"deploy is not in the sudoers file.":                                            {1, true, sudoForbidden},
		"Sorry, user deploy is not allowed to execute '/usr/bin/true' as root on m0.":   {1, false, sudoForbidden},
		"sudo: I'm sorry deploy. I'm afraid I can't do that":                            {1, true, sudoForbidden},
		"sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set":        {1, false, sudoForbidden},
		"sudo: PAM account management error: Permission denied":                         {1, false, sudoForbidden},
		"Sorry, user deploy may not run sudo on m0.":                                    {1, true, sudoForbidden},
	} {
		if got := judgeSudo(c.code, said, c.password); got != c.want {
			t.Errorf("%q: %d, want %d", said, got, c.want)
		}
	}
}
