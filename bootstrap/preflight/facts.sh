# gather facts for the preflight
# Prints key=value lines and changes nothing. On stdin: lines `dial KEY HOST PORT`,
# what this host has to reach. A fact that cannot be found out is left out.
fact() { test -z "$2" || printf '%s=%s\n' "$1" "$2"; }
first() { test -r "$1" && head -n 1 "$1"; }
# Whether the kernel has a feature: it shows, or there is a module for it.
feature() { { test -e "$2" || modprobe -nq "$3"; } 2>/dev/null && fact "kernel.$1" yes || fact "kernel.$1" no; }

# Dials take up to 3 s: they run beside the rest. A refusal proves that packets
# come and go.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dial() {
	if ! command -v bash >/dev/null || ! command -v timeout >/dev/null; then echo unknown
	elif ! getent ahosts "$1" >/dev/null; then echo no-name
	else
		said=$(LC_ALL=C timeout 3 bash -c ': </dev/tcp/"$0"/"$1"' "$1" "$2" 2>&1)
		case $?,$said in 0,*) echo open;; 124,*) echo timeout;; *refused*) echo refused;; *) echo unreachable;; esac
	fi
}
n=0
while read -r verb key host port; do
	test "$verb" = dial || continue
	n=$((n + 1))
	{ result=$(dial "$host" "$port"); fact "dial.$key" "$result" >"$work/$n"; } &
done

fact time "$(date +%s.%N)"
fact user "$(id -u)"
fact os "$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
fact kernel "$(uname -r)"
fact arch "$(uname -m)"
fact hostname "$(uname -n)"
fact machine_id "$(first /etc/machine-id)"
fact product_uuid "$(first /sys/class/dmi/id/product_uuid 2>/dev/null)"
fact virt "$(systemd-detect-virt --container 2>/dev/null)"
fact init "$(first /proc/1/comm)"
fact systemd "$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
case $(stat -fc %T /sys/fs/cgroup 2>/dev/null) in
cgroup2fs) fact cgroups 2; fact controllers "$(cat /sys/fs/cgroup/cgroup.controllers)" ;;
tmpfs) fact cgroups 1; fact controllers "$(awk '$4 == 1 { printf "%s ", $1 }' /proc/cgroups)" ;;
esac
fact memory_kib "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)"
fact swap_kib "$(awk '$1 == "SwapTotal:" { print $2 }' /proc/meminfo)"
fact cpus "$(grep -c ^processor /proc/cpuinfo)"
fact disk_kib "$(df -Pk /var | awk 'NR == 2 { print $4 }')"
fact disk_inodes "$(df -Pi /var | awk 'NR == 2 { print $4 }')"
# Local addresses as the kernel writes them, in hex; 0A is LISTEN.
fact listen "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' | sort -u | tr '\n' ' ')"
feature overlay /sys/module/overlay overlay
grep -qw overlay /proc/filesystems && fact kernel.overlay yes
feature bridge /proc/sys/net/bridge br_netfilter
feature conntrack /proc/sys/net/netfilter/nf_conntrack_max nf_conntrack
feature tables /proc/net/ip_tables_names nf_tables

command -v containerd >/dev/null && fact containerd "$(containerd --version | awk '{ print $3 }')"
test -S /run/containerd/containerd.sock && fact containerd_socket yes
command -v dockerd >/dev/null && fact docker "$(dockerd --version | sed 's/^Docker version \([^,]*\).*/\1/')"
for sock in /run/crio/crio.sock; do test -S $sock && fact other_runtime $sock; done

fact kubelet "$(systemctl is-active kubelet 2>/dev/null)"
for unit in /etc/systemd/system/kubelet.service /lib/systemd/system/kubelet.service /usr/lib/systemd/system/kubelet.service; do
	test -e $unit && { grep -q 'turnup' $unit && fact kubelet_by turnup || fact kubelet_by "$unit"; break; }
done
test -r /etc/kubernetes/pki/ca.crt && fact ca "$(sha256sum </etc/kubernetes/pki/ca.crt | cut -d ' ' -f 1)"
fact manifests "$(ls /etc/kubernetes/manifests 2>/dev/null | wc -l)"
test -d /var/lib/etcd/member && fact etcd_data yes
command -v k3s >/dev/null && fact other_cluster k3s
command -v k0s >/dev/null && fact other_cluster k0s
test -e /etc/kubernetes/admin.conf && fact other_cluster kubeadm

wait
cat "$work"/* 2>/dev/null
true
