package turnup

import (
	"context"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// kubeletLook is what a machine says of its unit.
type kubeletLook struct {
	state   string     // as systemd calls it, or unreachable
	serving *time.Time // when its serving certificate expires; nil for none
}

// lookAtKubelet asks a machine. The file of the certificate has the key, too,
// which stays there.
func (t *Turnup) lookAtKubelet(ctx context.Context, m machines.Machine) kubeletLook {
	machine, err := t.open(ctx, m)
	if err != nil {
		return kubeletLook{state: "unreachable"}
	}
	out, err := machine.Run(ctx, `# look at the unit and the serving certificate
systemctl is-active `+bootstrap.Unit(m.Role)+` || true
sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' /var/lib/kubelet/pki/kubelet-server-current.pem 2>/dev/null || true`, nil)
	if err != nil {
		return kubeletLook{state: "unreachable"}
	}
	state, cert, _ := strings.Cut(out, "\n")
	look := kubeletLook{state: state}
	if at, err := expiryOf([]byte(cert)); err == nil {
		at = at.UTC()
		look.serving = &at
	}
	return look
}
