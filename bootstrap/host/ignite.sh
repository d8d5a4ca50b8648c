# ignite CONFIG UNIT writes the files of an Ignition config over this machine, with
# the bootstrap container, and enables its unit. Before it stands what
# $bootstrap_image is.
ignite() {
	if [ -z "$(ctr -n turnup images ls -q "name==$bootstrap_image")" ]; then
		ctr -n turnup images pull --local "$bootstrap_image" >/dev/null
	fi
	unit=$(cat "/etc/systemd/system/$2" 2>/dev/null || true)
	# Ignition takes a file away before it writes it anew. A kubelet that saw that
	# would stop etcd, and then wait minutes for an API server that waits for etcd.
	[ "$2" != kubelet.service ] || systemctl stop kubelet 2>/dev/null || true
	# A run that was cut short may have left any of these.
	ctr -n turnup task rm -f bootstrap >/dev/null 2>&1 || true
	ctr -n turnup container rm bootstrap >/dev/null 2>&1 || true
	ctr -n turnup snapshot rm bootstrap >/dev/null 2>&1 || true
	ctr -n turnup run --rm --mount type=bind,src=/,dst=/host,options=rbind:rw "$bootstrap_image" bootstrap \
		/usr/local/lib/turnup/apply "$1"
	reread containerd /etc/containerd/conf.d/20-turnup.toml /etc/systemd/system/containerd.service.d/20-turnup-proxy.conf
	reread docker /etc/systemd/system/docker.service.d/20-turnup-proxy.conf
	# A unit that can read its files anew goes on, unless it is another one now.
	[ "$unit" = "$(cat "/etc/systemd/system/$2")" ] || systemctl stop "$2" 2>/dev/null || true
	systemctl enable --quiet --no-reload "$2"
}

# reread UNIT FILE… restarts a unit that has not read its files as they are. What it
# has read is noted in memory: a run may have been cut short between the two.
reread() {
	service=$1
	shift
	note=/run/turnup/$service.read
	[ "$(cat "$@" 2>/dev/null)" != "$(cat "$note" 2>/dev/null)" ] || return 0
	# NeedDaemonReload of a unit is silent about its first drop-in.
	[ ! -e "/etc/systemd/system/$service.service.d" ] || systemctl daemon-reload
	systemctl restart "$service"
	mkdir -p /run/turnup
	cat "$@" >"$note" 2>/dev/null || true
}
