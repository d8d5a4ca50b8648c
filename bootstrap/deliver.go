package bootstrap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/host"
	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// DeliverBudget is the longest that one machine may take to become a node's
// host, pulling the bootstrap image included.
const DeliverBudget = 5 * time.Minute

// Deliver brings one machine to what was rendered for it, but for starting its
// kubelet: Start does that. It compares the files on the machine first, and
// changes nothing when they are as they should be and the kubelet runs; changed
// tells which it was.
func Deliver(ctx context.Context, t transport.Transport, r Rendered, bootstrapImage string) (changed bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, DeliverBudget,
		fmt.Errorf("machine %s did not take its config within %s: %w", r.Machine.Name, DeliverBudget, context.DeadlineExceeded))
	defer cancel()
	if err := ensureRuntime(ctx, t, r); err != nil {
		return false, err
	}
	current, err := upToDate(ctx, t, r)
	if err != nil || current {
		return false, err
	}
	if err := useDisk(ctx, t, r.Machine); err != nil {
		return false, err
	}
	if _, err := t.Run(ctx, applyScript(bootstrapImage, r), bytes.NewReader(r.Ignition)); err != nil {
		return false, fmt.Errorf("bootstrap machine %s: %w", r.Machine.Name, err)
	}
	return true, nil
}

// upToDate asks the machine itself: every file has the rendered content, those that
// are to be gone are, and its unit is enabled and running. The bootstrap kubeconfig
// does not count on a machine that already has a certificate: its token expires and
// is replaced. The kubeconfig that the kubelet made of it does, as far as it names
// the server.
func upToDate(ctx context.Context, t transport.Transport, r Rendered) (bool, error) {
	unit := Unit(r.Machine.Role)
	script := `# compare the files
` + absent(r.Gone) + `systemctl is-active --quiet ` + unit + ` && systemctl is-enabled --quiet ` + unit + ` || exit 10
sums=$(cat)
server='` + r.Server + `'
if test -n "$server" && test -e ` + joined + `; then
	grep -qxF "    server: $server" ` + joined + ` || exit 10
fi
if test -e /var/lib/kubelet/pki/kubelet-client-current.pem; then
	sums=$(printf '%s\n' "$sums" | grep -v ' /etc/kubernetes/bootstrap-kubeconfig$')
fi
printf '%s\n' "$sums" | sha256sum --check --status || exit 10`
	_, err := t.Run(ctx, script, strings.NewReader(checksums(r.Files)))
	var exit *transport.ExitError
	if errors.As(err, &exit) && exit.Code == 10 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at machine %s: %w", r.Machine.Name, err)
	}
	return true, nil
}

// absent ends a script if one of the paths is there.
func absent(paths []string) string {
	var out strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&out, "test ! -e %s || exit 10\n", path)
	}
	return out.String()
}

// checksums lists the files as sha256sum(1) does.
func checksums(files []File) string {
	var out strings.Builder
	for _, f := range files {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(f.Content), f.Path)
	}
	return out.String()
}

// applyScript takes the Ignition config on stdin and runs the bootstrap container
// with it. The config stays in /run (memory) and is removed: it holds keys.
func applyScript(image string, r Rendered) string {
	keep := ""
	if r.Machine.Role == machines.ControlPlane {
		keep = keepManifests
	}
	return `# apply the Ignition config
set -eu
` + exports(r.proxy) + `umask 077
mkdir -p /run/turnup
config=/run/turnup/ignition.json
trap 'rm -f $config' EXIT
cat >$config
bootstrap_image='` + image + `'
server='` + r.Server + `'
` + host.Runtime + host.Ignite + `
describe_machine
` + keep + `rm -f ` + strings.Join(r.Gone, " ") + `
ignite $config ` + Unit(r.Machine.Role) + `
test -z "$server" || ! test -e ` + joined + ` || sed -i "s|^    server: .*|    server: $server|" ` + joined
}

// joined is the kubeconfig that the kubelet of a worker makes once it has a
// certificate: from then on it reads no other.
const joined = "/var/lib/kubelet/kubeconfig"
