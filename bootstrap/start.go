package bootstrap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
)

// startBudget is how long a kubelet's unit may take to start, pulling its image included.
const startBudget = 5 * time.Minute

// Start (re)starts the unit of a machine that Deliver changed, or has it reload
// where it can.
//
// Control planes are started at once, workers when the API server is ready to
// answer them: a kubelet that asks for its certificate too early asks again only
// after 2, 4, 8 … seconds, and lists Services as late, without which it starts no pod.
func Start(ctx context.Context, t transport.Transport, m machines.Machine) error {
	unit := Unit(m.Role)
	ctx, cancel := context.WithTimeoutCause(ctx, startBudget,
		fmt.Errorf("its %s did not start within %s: %w", unit, startBudget, context.DeadlineExceeded))
	defer cancel()
	// A unit that systemd has not loaded yet needs no reload, which would cost
	// every machine a few tenths of a second.
	script := `# start the unit
`
	if m.Role == machines.ControlPlane {
		script += endChangedPods() + endHungAPIServer
	}
	script += `test "$(systemctl show --property NeedDaemonReload --value ` + unit + `)" = no || systemctl daemon-reload
systemctl reload-or-restart ` + unit
	if _, err := t.Run(ctx, script, nil); err != nil {
		return fmt.Errorf("start machine %s: %w", m.Name, err)
	}
	return nil
}

// keepManifests notes, before they are written anew, which manifests the static pods
// run by. It is for Start; a run that was cut short in between has noted it already.
const keepManifests = "test -e /run/turnup/manifests || cp -r /etc/kubernetes/manifests /run/turnup/manifests 2>/dev/null || true\n"

// endChangedPods ends the static pods that run by another manifest, while there is no
// kubelet. One that starts makes the new pod beside the old one, which has its ports
// still; so the new one fails, and is tried again only after ten seconds. The old ones
// get the two seconds that a kubelet gives to pods which it does not know.
func endChangedPods() string {
	return `before=/run/turnup/manifests
old=
for pod in ` + strings.Join(components(), " ") + `; do
	test ! -e $before/$pod.yaml || cmp -s $before/$pod.yaml /etc/kubernetes/manifests/$pod.yaml || old="$old $(echo $pod | cut -c 1-15)"
done
alive() { for name in $old; do pgrep -x $name >/dev/null && return; done; return 1; }
for name in $old; do pkill -TERM -x $name || true; done
tries=0
while alive && test $tries -lt 20; do tries=$((tries + 1)); sleep 0.1; done
for name in $old; do pkill -KILL -x $name || true; done
rm -rf $before
`
}

// endHungAPIServer ends an API server without its etcd. It would answer no request
// for half a minute, and the kubelet makes requests before it starts etcd.
const endHungAPIServer = "pgrep -x etcd >/dev/null || pkill -KILL -x kube-apiserver || true\n"
