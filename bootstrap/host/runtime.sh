# A container runtime as the kubelet needs it, on any host: containerd 2 or newer
# that reads /etc/containerd/conf.d. A host that has one is left alone. The text
# stands before what Deliver and the user-data loader do; both say before it
# what $runtime_image is.
PATH=/opt/turnup/bin:$PATH
containerd_config=/etc/containerd/config.toml

# runtime_ready: the containerd that runs is new enough, and reads our settings.
runtime_ready() {
	version=$(ctr version 2>/dev/null | sed -n '/^Server:/,$s/^ *Version: *v\{0,1\}\([0-9]*\)[.].*/\1/p')
	[ "${version:-0}" -ge 2 ] && grep -qs /etc/containerd/conf.d/ $containerd_config
}

# runtime_new_enough: the one that is installed is, whether it runs or not.
runtime_new_enough() {
	version=$(containerd --version 2>/dev/null | sed -n 's/.* v\{0,1\}\([0-9]*\)[.][0-9].*/\1/p')
	[ "${version:-0}" -ge 2 ]
}

# look_at_runtime exits with 0 if the runtime is ready, with 10 if it comes with
# the rest of a machine that starts, and with 11 if ensure_runtime has work.
look_at_runtime() {
	! runtime_ready || exit 0
	runtime_new_enough && grep -qs /etc/containerd/conf.d/ $containerd_config || exit 11
	case $(systemctl is-system-running 2>/dev/null) in
	running | degraded) exit 11 ;;
	*) exit 10 ;;
	esac
}

ensure_runtime() {
	! runtime_ready || return 0
	if ! runtime_new_enough; then
		install_runtime
	fi
	configure_runtime
	systemctl daemon-reload
	systemctl enable --quiet containerd
	systemctl restart containerd
	tries=0
	until runtime_ready; do
		tries=$((tries + 1))
		if [ $tries -ge 50 ]; then
			echo "containerd does not answer; the last it said:" >&2
			journalctl --unit containerd --no-pager --output cat --lines 5 >&2
			return 1
		fi
		sleep 0.2
	done
}

# install_runtime puts containerd, runc and the CNI plugins into /opt, from an
# image. Whatever container runtime is there runs it; where there is none, the
# distribution's is installed for this.
install_runtime() {
	if ctr version >/dev/null 2>&1; then
		ctr -n turnup images pull "$runtime_image" >/dev/null
		ctr -n turnup run --rm --mount type=bind,src=/,dst=/host,options=rbind:rw \
			"$runtime_image" "install-$$" /usr/local/lib/turnup/install-runtime
		return
	fi
	for vehicle in docker podman; do
		if $vehicle info >/dev/null 2>&1; then
			$vehicle run --rm --volume /:/host --security-opt label=disable \
				"$runtime_image" /usr/local/lib/turnup/install-runtime
			return
		fi
	done
	if [ -n "${runtime_package:-}" ]; then
		echo "$runtime_package is installed, and does not run" >&2
		return 1
	fi
	if command -v apt-get >/dev/null; then
		runtime_package=containerd
		export DEBIAN_FRONTEND=noninteractive
		apt-get -qq -o DPkg::Lock::Timeout=300 update
		apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends containerd >/dev/null
	elif command -v dnf >/dev/null; then
		runtime_package=podman
		dnf --quiet --assumeyes install podman
	elif command -v zypper >/dev/null; then
		runtime_package=podman
		zypper --quiet --non-interactive install podman
	else
		echo "there is no container runtime, and neither apt-get, dnf nor zypper to install one: install containerd 2 or newer" >&2
		return 1
	fi
	install_runtime
}

# configure_runtime writes what depends on the host. A config that knows nothing
# of conf.d (docker-ce's, for one, switches the kubelet's part of containerd
# off) is put aside.
configure_runtime() {
	mkdir -p /etc/containerd/conf.d
	if ! grep -qs /etc/containerd/conf.d/ $containerd_config; then
		[ ! -e $containerd_config ] || mv $containerd_config $containerd_config.before-turnup
		printf '%s\n' 'version = 3' 'imports = ["/etc/containerd/conf.d/*.toml"]' >$containerd_config
	fi
	if [ -e /sys/fs/cgroup/cgroup.controllers ] && [ ! -e /etc/containerd/conf.d/10-machine.toml ]; then
		printf '%s\n' '# Written by turnup.' 'version = 3' "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]" \
			'SystemdCgroup = true' >/etc/containerd/conf.d/10-machine.toml
	fi
	# Flatcar's unit reads another file.
	if systemctl cat containerd 2>/dev/null | grep -q '^Environment=CONTAINERD_CONFIG='; then
		mkdir -p /etc/systemd/system/containerd.service.d
		printf '%s\n' '[Service]' "Environment=CONTAINERD_CONFIG=$containerd_config" \
			>/etc/systemd/system/containerd.service.d/20-turnup.conf
	fi
}

# describe_machine tells the kubelet what depends on the host, unless the
# machine's image has.
describe_machine() {
	facts=/etc/kubernetes/kubelet.conf.d/10-machine.conf
	[ ! -e $facts ] || return 0
	mkdir -p "${facts%/*}"
	{
		printf '%s\n' '# Written by turnup.' 'apiVersion: kubelet.config.k8s.io/v1beta1' 'kind: KubeletConfiguration'
		if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
			echo 'cgroupDriver: systemd'
		else
			printf '%s\n' 'cgroupDriver: cgroupfs' 'failCgroupV1: false'
		fi
		# The stub that /etc/resolv.conf may name is no address for a pod.
		[ ! -e /run/systemd/resolve/resolv.conf ] || echo 'resolvConf: /run/systemd/resolve/resolv.conf'
	} >$facts.new
	mv $facts.new $facts
}
