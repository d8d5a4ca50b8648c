// Package files holds one file for each file that bootstrap puts on a node.
// They are text/template sources; bootstrap.Render fills them in.
package files

import "embed"

// FS holds the templates.
//
//go:embed *.yaml *.service *.toml *.conf *.cfg *.mount
var FS embed.FS
