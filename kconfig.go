// Package turnup carries the Kconfig files of all rooms, which describe the
// cluster config. They are scattered over the source on purpose, each beside
// what it describes; only a package above all of them can embed them.
package turnup

import "embed"

// Kconfig is the source tree as far as it is Kconfig files; "Kconfig" is the
// one that includes the others.
//
//go:embed Kconfig bootstrap/Kconfig terraform/Kconfig terraform/*/Kconfig addons/Kconfig addons/*/Kconfig
var Kconfig embed.FS
