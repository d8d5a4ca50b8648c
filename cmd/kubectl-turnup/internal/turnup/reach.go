package turnup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// youngPatience is how long an instance of a cloud may take to boot, and to let
// us in, from the moment that the cloud says it exists.
const youngPatience = 5 * time.Minute

// open connects to a machine. All steps share one connection to each.
func (t *Turnup) open(ctx context.Context, m machines.Machine) (transport.Transport, error) {
	t.reaching.Do(func() { t.pool = transport.NewPool(t.reach()) })
	return t.pool.Open(ctx, m)
}

// Close ends the connections to the machines.
func (t *Turnup) Close() error {
	t.reaching.Do(func() { t.pool = transport.NewPool(t.reach()) })
	return t.pool.Close()
}

// reach is how the machines of this cluster are reached by SSH.
func (t *Turnup) reach() transport.Options {
	o := transport.Options{
		Dir: t.Home.Dir, KnownHosts: t.Home.KnownHosts(), Logs: t.Home.Logs(),
		OtherKnownHosts: []string{"/etc/ssh/ssh_known_hosts"},
		Agent:           os.Getenv("SSH_AUTH_SOCK"),
		SudoPassword:    sudoPassword(),
	}
	if home, err := os.UserHomeDir(); err == nil {
		dir := filepath.Join(home, ".ssh")
		o.OtherKnownHosts = append(o.OtherKnownHosts, filepath.Join(dir, "known_hosts"))
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			o.Identities = append(o.Identities, filepath.Join(dir, name))
		}
	}
	if t.Out.Interactive() {
		o.Confirm, o.Secret = t.Out.Ask, t.Out.Secret
	}
	if t.AcceptHostKeys {
		o.Unknown = transport.AcceptUnknown
	}
	switch t.Config.Provision.Platform {
	case "aws", "gce", "azure":
		// Terraform made them a moment ago, at addresses that their cloud told us:
		// the first key seen there is kept, and another one refused from then on.
		o.Unknown, o.Young, o.Patience = transport.AcceptUnknown, true, youngPatience
	}
	if t.Patience != 0 {
		o.Patience = t.Patience
	}
	return o
}

// sudoPassword is what the environment says of it, itself or by a file.
func sudoPassword() string {
	if password := os.Getenv("TURNUP_SUDO_PASSWORD"); password != "" {
		return password
	}
	path := os.Getenv("TURNUP_SUDO_PASSWORD_FILE")
	if path == "" {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "" // as if there were none: a host that needs it says so
	}
	return strings.TrimRight(string(data), "\r\n")
}

// Way is how a machine is reached, as a person says it.
func Way(m machines.Machine) string {
	switch {
	case m.Transport.Docker != nil:
		return "docker exec " + m.Transport.Docker.Container
	case m.Transport.SSH != nil:
		return transport.Route(m)
	}
	return ""
}
