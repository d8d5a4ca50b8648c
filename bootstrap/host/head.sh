#!/bin/sh
# Makes this machine a worker of the cluster %[1]s, one of the group %[2]s.
# cloud-init runs this at the first boot; run again, it goes on where it was.
#
# What it did is in /var/log/turnup-bootstrap.log. Where it is, or why it does not
# get further, is the one line of /run/turnup/phase, which the console shows too:
#   runtime  there is a container runtime as the kubelet needs it
#   image    the images of the bootstrap container and of the kubelet are here
#   files    the bootstrap container writes the node's files
#   kubelet  the one unit of a node starts
#   join     the kubelet asks for its certificate
#   done
#
# The script that does so is packed below, for there is not room for more:
#   sh THIS-FILE unpack     prints it, with the bootstrap token in it
set -eu
# shellcheck disable=SC2125
endpoint=%[3]s
script=/var/lib/turnup/bootstrap

unpack() {
	base64 -d <<'END' | gzip -d | sed "s/endpoint\.turnup\.invalid/$endpoint/g"
%[4]s
END
}

case ${1:-} in
unpack) unpack ;;
*)
	umask 077
	mkdir -p "${script%%/*}"
	unpack >$script.new
	mv $script.new $script
	exec sh $script install
	;;
esac
