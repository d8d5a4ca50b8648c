# use_disk DEVICE gives a control plane's etcd a disk of its own, at DIRECTORY. A
# blank disk gets a file system; one that holds anything is never written over.
use_disk() {
	device=$1
	directory=${2:-/var/lib/etcd}
	tries=0
	until [ -e "$device" ]; do
		tries=$((tries + 1))
		if [ $tries -ge 60 ]; then
			echo "the disk $device is not there after a minute; etcdDevice in machines.json names it" >&2
			return 1
		fi
		sleep 1
	done
	if mountpoint -q "$directory"; then
		return 0
	fi
	if [ -e "$directory/member" ]; then
		echo "$directory holds etcd's data, on another disk than $device: move it there, or take etcdDevice out of machines.json" >&2
		return 1
	fi
	# The signature of a file system, of a partition table, of LVM, of RAID …
	found=$(blkid -p -s TYPE -s PTTYPE -o value "$device" | tr '\n' ' ')
	case $found in
	'ext4 ') ;;
	'')
		# … and what blkid does not know is somebody's, too.
		if ! head -c 1048576 "$device" | tr -d '\0' | cmp -s - /dev/null; then
			echo "the disk $device is not blank, and not etcd's: \`wipefs --all $device\` and \`blkdiscard $device\` make it so, if nobody needs it" >&2
			return 1
		fi
		mkfs.ext4 -q -L turnup-etcd -m 0 "$device"
		;;
	*)
		echo "the disk $device holds ${found% }, and nothing of etcd's: \`wipefs --all $device\` makes it blank, if nobody needs it" >&2
		return 1
		;;
	esac
	mkdir -p "$directory"
	mount -t ext4 -o noatime "$device" "$directory"
}
