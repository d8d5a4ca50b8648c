# Docker Engine, for a machine whose kubelet is a container of it. Docker runs its
# containers in the containerd that ensure_runtime has made sure of. The text
# stands after runtime.sh, and before it what $docker_image is.

docker_ready() { docker info >/dev/null 2>&1; }

# look_at_docker exits like look_at_runtime.
look_at_docker() {
	! docker_ready || exit 0
	command -v dockerd >/dev/null || exit 11
	case $(systemctl is-system-running 2>/dev/null) in
	initializing | starting) exit 10 ;;
	*) exit 11 ;;
	esac
}

# ensure_docker leaves a Docker that answers alone, and starts one that does not.
ensure_docker() {
	! docker_ready || return 0
	command -v dockerd >/dev/null || install_docker
	systemctl daemon-reload
	systemctl enable --quiet docker
	systemctl restart docker || true # the journal says why not
	tries=0
	until docker_ready; do
		tries=$((tries + 1))
		if [ $tries -ge 100 ]; then
			echo "Docker does not answer; the last it said:" >&2
			journalctl --unit docker --no-pager --output cat --lines 5 >&2
			return 1
		fi
		sleep 0.2
	done
}

# install_docker puts Docker into /opt, from an image: the same on every distribution.
install_docker() {
	if [ -z "$(ctr -n turnup images ls -q "name==$docker_image")" ]; then
		ctr -n turnup images pull --local "$docker_image" >/dev/null
	fi
	ctr -n turnup run --rm --mount type=bind,src=/,dst=/host,options=rbind:rw \
		"$docker_image" "install-docker-$$" /usr/local/lib/turnup/install-docker
}
