// Package host holds the shell scripts of machines: what finds out their name
// and address, gets them a container runtime, and makes them nodes from
// user-data. They are POSIX sh, and read as they are.
package host

import _ "embed"

// Identify finds out a machine's name and address; bootstrap puts it on the
// machines that have none before they boot.
//
//go:embed identify
var Identify []byte

// Runtime defines ensure_runtime and describe_machine, and Ignite ignite: they
// stand before what a script does with them.
var (
	//go:embed runtime.sh
	Runtime string
	//go:embed ignite.sh
	Ignite string
)

// Docker defines ensure_docker, for machines whose runtime is Docker.
//
//go:embed docker.sh
var Docker string

// Loader is what the user-data of a group does with them.
//
//go:embed loader.sh
var Loader string

// Head is the user-data itself, a format of fmt: the cluster's name, the
// group's, the endpoint's host, and the packed script.
//
//go:embed head.sh
var Head string

// Disk defines use_disk, for etcd's data.
//
//go:embed disk.sh
var Disk string
