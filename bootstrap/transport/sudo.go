package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// The commands that a server is asked to run. They are constant, so any login
// shell understands them, and nothing of ours is in a list of processes or in
// sudo's log: the script comes first on stdin, behind its length.
//
// dd reads byte by byte: whatever is behind the script is the script's stdin.
// The mark is there for a sudo that, unlike when it was tried, wants no password:
// the password would be read here, and is not to be taken for a script.
const (
	stage = `sh -c 'read -r mark && test "$mark" = turnup-script || { echo "sudo behaves otherwise than a moment ago" >&2; exit 97; }; ` +
		`read -r n && script=$(dd bs=1 count="$n" 2>/dev/null) && eval "$script"'`
	mark = "turnup-script"

	// -k: what sudo remembers of an earlier password must not decide.
	sudoFree     = "sudo -k -n "
	sudoPassword = "sudo -k -S -p '' "
)

// preamble is what differs between a login by SSH and one on the console.
const preamble = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin; LC_ALL=C; export PATH LC_ALL; cd /\n"

// asRoot returns the command that runs a script as root, and what goes to its
// stdin before the script's own.
func (c *connection) asRoot(ctx context.Context, script string) (command, head string, err error) {
	script = preamble + script
	head = fmt.Sprintf("%s\n%d\n%s", mark, len(script), script)
	if c.to.user == "root" {
		return stage, head, nil
	}
	sudo, password, err := c.root.learn(ctx, c)
	if err != nil {
		return "", "", err
	}
	return sudo + stage, password + head, nil
}

// becomeRoot is how a user becomes root on one host.
type becomeRoot struct {
	passwords *passwords
	mu        sync.Mutex
	sudo      string // the command's beginning, once it is known to work
	password  string // with its newline; "" for a sudo that wants none
}

// learn tries what sudo wants, once.
func (r *becomeRoot) learn(ctx context.Context, c *connection) (sudo, password string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sudo != "" {
		return r.sudo, r.password, nil
	}
	verdict, said, err := c.trySudo(ctx, sudoFree, "")
	if err != nil {
		return "", "", err
	}
	if verdict == sudoWorks {
		r.sudo = sudoFree
		return r.sudo, "", nil
	}
	for verdict == sudoWantsPassword {
		password, err = r.passwords.of(ctx, c.to.user)
		if err != nil {
			return "", "", gone{fmt.Errorf("become root on %s: %w", c.to.address(), err)}
		}
		verdict, said, err = c.trySudo(ctx, sudoPassword, password+"\n")
		if err != nil {
			return "", "", err
		}
		if verdict == sudoWorks {
			r.sudo, r.password = sudoPassword, password+"\n"
			return r.sudo, r.password, nil
		}
		if verdict == sudoWrongPassword && r.passwords.wrong(c.to.user, password) {
			verdict = sudoWantsPassword
		}
	}
	return "", "", gone{verdict.explain(c.to, said)}
}

// trySudo runs sudo on nothing, and says what it thinks of us.
func (c *connection) trySudo(ctx context.Context, sudo, stdin string) (sudoVerdict, string, error) {
	said := &tail{limit: 1024}
	_, err := c.exec(ctx, sudo+"true", "", strings.NewReader(stdin), said)
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return sudoWorks, "", nil
	case errors.As(err, &exit):
		return judgeSudo(exit.ExitStatus(), said.String(), stdin != ""), said.String(), nil
	}
	return 0, "", fmt.Errorf("try sudo on %s: %w", c.to.address(), err)
}

type sudoVerdict int

const (
	sudoWorks sudoVerdict = iota
	sudoWantsPassword
	sudoWrongPassword
	sudoForbidden
	sudoWantsTerminal
	sudoMissing
)

// judgeSudo reads what sudo, Todd Miller's or sudo-rs, said when it failed.
func judgeSudo(code int, said string, withPassword bool) sudoVerdict {
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(strings.ToLower(said), word) {
				return true
			}
		}
		return false
	}
	switch {
	case code == 127 || has("command not found", "sudo: not found", "unknown command"):
		return sudoMissing
	case has("must have a tty", "requiretty"):
		return sudoWantsTerminal
	case has("not in the sudoers", "not allowed to", "may not run", "i'm sorry"):
		return sudoForbidden
	case !withPassword && has("password is required", "authentication is required"):
		return sudoWantsPassword
	case withPassword && has("incorrect", "try again", "authentication failed", "authentication failure", "no password was provided", "password is required"):
		return sudoWrongPassword
	}
	return sudoForbidden
}

func (v sudoVerdict) explain(to endpoint, said string) error {
	said = strings.Join(strings.Fields(said), " ")
	switch v {
	case sudoMissing:
		return ui.Hint(fmt.Errorf("become root on %s: there is no sudo there", to.address()), "install it, or name root as user in the machines file")
	case sudoWantsTerminal:
		return ui.Hint(fmt.Errorf("become root on %s: its sudo wants a terminal: %s", to.address(), said), "remove requiretty from its /etc/sudoers")
	case sudoWrongPassword:
		return ui.Hint(fmt.Errorf("become root on %s: sudo does not take the password of %s", to.address(), to.user),
			"TURNUP_SUDO_PASSWORD, or the file that TURNUP_SUDO_PASSWORD_FILE names, holds it; without either you are asked on a terminal")
	}
	return ui.Hint(fmt.Errorf("become root on %s: sudo refuses %s: %s", to.address(), to.user, said),
		"let the user run everything: `echo '%s ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/turnup` there, as root", to.user)
}

// passwords are those for sudo, by user: one is asked for once, and tried on all hosts.
type passwords struct {
	options Options
	mu      sync.Mutex
	known   map[string]string
	wrongs  map[string]int
}

var errNoPassword = errors.New("sudo wants a password, and nobody can be asked for it")

func (p *passwords) of(ctx context.Context, user string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if password, ok := p.known[user]; ok {
		return password, nil
	}
	password := p.options.SudoPassword
	if password == "" || p.wrongs[user] > 0 {
		if p.options.Secret == nil {
			return "", ui.Hint(errNoPassword, "set TURNUP_SUDO_PASSWORD, or TURNUP_SUDO_PASSWORD_FILE to the path of a file that holds it, or allow sudo without one (NOPASSWD)")
		}
		var err error
		if password, err = p.options.Secret(ctx, "Password of "+user+" for sudo"); err != nil {
			return "", err
		}
	}
	if bytes.ContainsAny([]byte(password), "\n\x00") {
		return "", errors.New("the password for sudo has several lines")
	}
	if p.known == nil {
		p.known, p.wrongs = map[string]string{}, map[string]int{}
	}
	p.known[user] = password
	return password, nil
}

// wrong forgets a password that a host did not take. It tells whether there may
// be another: a person mistypes, a file does not.
func (p *passwords) wrong(user, password string) (again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[user] == password {
		delete(p.known, user)
		p.wrongs[user]++
	}
	const tries = 3
	return p.options.Secret != nil && p.wrongs[user] < tries
}
