# The user-data of a worker group. Before it stand what $cluster, $endpoint and
# the three images are, config, ensure_runtime and ignite.
log=/var/log/turnup-bootstrap.log
certificate=/var/lib/kubelet/pki/kubelet-client-current.pem

# What is said goes into the log and to whoever started this: the journal and the
# console. What commands say, in an attempt, goes into the log only.
[ "${1:-}" = attempt ] || exec 3>&1
say() {
	line="$(date -u +%Y-%m-%dT%H:%M:%SZ) turnup: $*"
	echo "$line" >>$log
	echo "$line" >&3
}

# phase NAME [WHY]: the beacon, and a line for the log, the journal and the console.
phase() {
	mkdir -p /run/turnup
	echo "$1${2:+: $2}" >/run/turnup/phase.new
	mv /run/turnup/phase.new /run/turnup/phase
	say "phase=$1${2:+ $2}"
}

# attempt does everything once. Each step leaves alone what is as it should be.
attempt() {
	phase runtime
	ensure_runtime
	[ -z "${docker_image:-}" ] || ensure_docker
	describe_machine
	phase image
	for image in "$bootstrap_image" "$kubelet_image"; do
		[ -n "$(ctr -n turnup images ls -q "name==$image")" ] || ctr -n turnup images pull --local "$image" >/dev/null
	done
	phase files
	umask 077
	trap 'rm -f /run/turnup/ignition.json' EXIT
	config >/run/turnup/ignition.json
	ignite /run/turnup/ignition.json kubelet.service
	rm -f /run/turnup/ignition.json
	phase kubelet
	systemctl daemon-reload
	systemctl restart kubelet
	phase join
	await_certificate
}

# await_certificate waits until the kubelet has the certificate it asks for, and
# says what is in the way.
await_certificate() {
	waited=0
	told=''
	until [ -e $certificate ]; do
		if [ $waited -ge 600 ]; then
			echo "no certificate within 10 minutes: ${told:-the kubelet says nothing of it}"
			return 1
		fi
		sleep 1
		waited=$((waited + 1))
		[ $((waited % 5)) -eq 0 ] || continue
		why=$(refusal)
		[ "$why" = "$told" ] || phase join "$why"
		told=$why
	done
}

# refusal is the reason in words, from the last that the kubelet said of its
# certificate. Until it has one, all else that it asks for is refused, too.
refusal() {
	last=$(journalctl --unit kubelet --no-pager --output cat --lines 5000 |
		grep -i -e 'signed certificate' -e 'certificate signing request' -e 'bootstrap-kubeconfig' | tail -n 1 | cut -c 1-400)
	case $last in
	*nauthorized*) echo "the API server refuses the bootstrap token: it has expired or was revoked. \`kubectl turnup token rotate\` gives new machines a new one; then replace this machine" ;;
	*x509*) echo "what answers at $endpoint is not this cluster's API server: $last" ;;
	*'connection refused'* | *'no route to host'* | *timeout* | *'no such host'*) echo "the API server at $endpoint cannot be reached from here: $last" ;;
	*) echo "${last:-the kubelet has asked for its certificate, and nobody has approved it yet}" ;;
	esac
}

# Attempts go on until one succeeds, 2, 4, 8 … 60 seconds apart.
run() {
	pause=1
	until sh "$0" attempt 3>&1 >>$log 2>&1; do
		pause=$((pause < 30 ? pause * 2 : 60))
		at=$(sed 's/:.*//' /run/turnup/phase)
		phase "$at" "failed, again in ${pause}s: $(tail -n 1 $log)"
		sleep $pause
	done
	phase 'done'
	systemctl disable --quiet --no-reload turnup-bootstrap
	rm -f /etc/systemd/system/turnup-bootstrap.service "$0"
}

# install makes this a unit of systemd, so that a machine that loses its power in
# the midst goes on when it has power again: cloud-init runs user-data only once.
install() {
	if [ -e $certificate ] && systemctl is-enabled --quiet kubelet; then
		say "this machine is a node already"
		rm -f "$0"
		return
	fi
	cat >/etc/systemd/system/turnup-bootstrap.service <<END
[Unit]
Description=Makes this machine a node of $cluster
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/sh $0 run
StandardOutput=journal+console
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
END
	systemctl daemon-reload
	systemctl enable --quiet turnup-bootstrap
	systemctl start --no-block turnup-bootstrap
}

case ${1:-install} in
install | run | attempt) ${1:-install} ;;
*)
	echo "usage: $0 [install | run | attempt]" >&2
	exit 1
	;;
esac
