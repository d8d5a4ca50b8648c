package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// ResetBudget is the longest that taking everything of ours off a machine may take.
const ResetBudget = 3 * time.Minute

// ErrNotOurs is a machine on which there is another cluster.
var ErrNotOurs = errors.New("it is a node of another cluster")

// Reset takes off a machine what bootstrap and the kubelet have put there, until
// it is a host like before: containers, volumes, files, networks. The container
// runtime and the pulled images stay. etcd's data go only if the caller says so.
// It can be run again at any time; a machine with nothing of ours stays as it is.
//
// ca is the SHA-256 of the cluster's CA certificate, in hex: a machine with
// another one is not touched. see hears each step.
func Reset(ctx context.Context, t transport.Transport, m machines.Machine, ca string, etcd bool, see func(string)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, ResetBudget,
		fmt.Errorf("machine %s was not reset within %s: %w", m.Name, ResetBudget, context.DeadlineExceeded))
	defer cancel()
	steps := []struct{ title, script string }{
		{"see whose it is", `if test -e /etc/kubernetes/pki/ca.crt; then
	test "$(sha256sum </etc/kubernetes/pki/ca.crt | cut -d ' ' -f 1)" = '` + ca + `' || exit 11
else
	grep -qs turnup /etc/systemd/system/` + Unit(m.Role) + ` || exit 12
fi`},
		{"stop its units", stopUnits},
		{"remove its containers", removeContainers},
		{"unmount its volumes", unmountVolumes},
		{"remove its networks", removeNetworks},
		{"remove its packet filters", removeFilters},
	}
	if etcd {
		steps = append(steps, struct{ title, script string }{"remove etcd's data", removeEtcd})
	}
	// The files last, the CA certificate among them: a run that was cut short is
	// still known to be ours.
	steps = append(steps, struct{ title, script string }{"remove its files", removeFiles})
	for _, s := range steps {
		see(s.title)
		_, err := t.Run(ctx, "# reset: "+s.title+"\n"+s.script, nil)
		var exit *transport.ExitError
		switch {
		case errors.As(err, &exit) && exit.Code == 11:
			return ui.Hint(fmt.Errorf("reset machine %s: %w", m.Name, ErrNotOurs), "nothing was changed there")
		case errors.As(err, &exit) && exit.Code == 12:
			see("there is nothing of turnup on it")
			return nil
		case err != nil:
			return fmt.Errorf("reset machine %s: %s: %w", m.Name, s.title, err)
		}
	}
	return nil
}

const stopUnits = `for unit in kubelet loadbalancer; do
	test -e /etc/systemd/system/$unit.service || continue
	grep -q turnup /etc/systemd/system/$unit.service || continue
	systemctl disable --quiet --now $unit 2>/dev/null || systemctl stop $unit || exit 1
done`

// removeContainers goes behind the back of containerd's CRI, which forgets them
// when it starts anew.
const removeContainers = `command -v ctr >/dev/null && test -S /run/containerd/containerd.sock || exit 0
found=
for ns in k8s.io turnup; do
	for id in $(ctr -n $ns tasks ls -q); do
		found=1
		ctr -n $ns tasks kill --all --signal SIGKILL "$id" 2>/dev/null
		ctr -n $ns tasks rm -f "$id" >/dev/null 2>&1
	done
	for id in $(ctr -n $ns containers ls -q); do
		found=1
		ctr -n $ns containers rm "$id" >/dev/null 2>&1
		ctr -n $ns snapshots rm "$id" >/dev/null 2>&1
	done
done
if command -v docker >/dev/null; then docker rm -f kubelet >/dev/null 2>&1; fi
test -z "$found" || systemctl restart containerd 2>/dev/null
left=$(ctr -n k8s.io tasks ls -q; ctr -n turnup tasks ls -q)
test -z "$left" || { echo "containers that do not end: $left" >&2; exit 1; }`

const unmountVolumes = `awk '{ print $2 }' /proc/mounts | grep -e '^/var/lib/kubelet/' -e '^/run/netns/cni-' -e '^/var/run/netns/cni-' | sort -r | while read -r at; do
	umount "$at" 2>/dev/null || umount -l "$at"
done
rm -f /run/netns/cni-*
true`

// removeNetworks takes away the interfaces that our pod networks make.
const removeNetworks = `for link in cni0 flannel.1 flannel-v6.1 flannel-wg kube-ipvs0 nodelocaldns; do
	ip link show "$link" >/dev/null 2>&1 && { ip link delete "$link" || exit 1; }
done
for conf in /etc/cni/net.d/*flannel* /etc/cni/net.d/*turnup*; do rm -f "$conf"; done
rm -rf /var/lib/cni /run/flannel
true`

// removeFilters takes out the chains of kube-proxy, of the kubelet, of flannel and
// of the CNI plugins, by name; what others have put there stays. The images bring
// iptables along, so a host may have none: then the rules go with a reboot.
const removeFilters = `for cmd in iptables ip6tables iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
	command -v $cmd-save >/dev/null && command -v $cmd-restore >/dev/null || continue
	rules=$($cmd-save 2>/dev/null) || continue
	printf '%s\n' "$rules" | grep -q -e KUBE- -e FLANNEL- -e CNI- || continue
	printf '%s\n' "$rules" | grep -v -e KUBE- -e FLANNEL- -e CNI- | $cmd-restore || exit 1
done
if command -v nft >/dev/null; then
	nft list tables 2>/dev/null | awk '$3 == "kube-proxy" || $3 ~ /^flannel-/ { print $2, $3 }' |
		while read -r family table; do nft delete table "$family" "$table"; done
fi
true`

// removeEtcd leaves the directory itself: it may be where a disk is mounted.
const removeEtcd = `test ! -d /var/lib/etcd || find /var/lib/etcd -mindepth 1 -delete`

// removeFiles keeps what a machine itself has put into our directories.
const removeFiles = `rm -rf /var/lib/kubelet /var/log/pods /var/log/containers /var/log/kubernetes /run/turnup
for unit in kubelet loadbalancer; do
	grep -qs turnup /etc/systemd/system/$unit.service && rm -f /etc/systemd/system/$unit.service
done
rm -f /etc/sysctl.d/90-turnup.conf
if grep -qs 'etcd.s disk' /etc/systemd/system/var-lib-etcd.mount; then
	systemctl disable --quiet --now var-lib-etcd.mount 2>/dev/null
	rm -f /etc/systemd/system/var-lib-etcd.mount
fi
systemctl disable --quiet --now turnup-bootstrap 2>/dev/null
rm -rf /etc/systemd/system/turnup-bootstrap.service /var/log/turnup-bootstrap.log /var/lib/turnup
# What a machine's own image says of it stays; what we found out goes.
ours=$(grep -ls '^# Written by turnup' /etc/kubernetes/kubelet.conf.d/10-machine.conf /etc/containerd/conf.d/10-machine.toml)
test -z "$ours" || rm -f $ours
for runtime in containerd docker; do
	test -e /etc/systemd/system/$runtime.service.d/20-turnup-proxy.conf || continue
	rm -f /etc/systemd/system/$runtime.service.d/20-turnup-proxy.conf
	rmdir /etc/systemd/system/$runtime.service.d 2>/dev/null
	systemctl daemon-reload
	systemctl restart $runtime 2>/dev/null
done
if test -e /etc/containerd/conf.d/20-turnup.toml; then
	rm -f /etc/containerd/conf.d/20-turnup.toml
	test ! -e /etc/containerd/config.toml.before-turnup ||
		mv /etc/containerd/config.toml.before-turnup /etc/containerd/config.toml
	systemctl restart containerd 2>/dev/null
fi
for path in /etc/kubernetes/* /etc/kubernetes/.[!.]*; do
	case $path in */kubelet.conf.d | */resolv.conf) ;; *) rm -rf "$path" ;; esac
done
rmdir /etc/kubernetes/kubelet.conf.d 2>/dev/null
rmdir /etc/kubernetes 2>/dev/null
systemctl daemon-reload
systemctl reset-failed kubelet 2>/dev/null
true`
