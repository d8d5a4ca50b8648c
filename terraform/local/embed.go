// Package local is the platform on which machines are Docker containers on
// this computer: its Terraform module, and what has to be right, there and
// cleaned up around it.
package local

import "embed"

// Module is the Terraform module, as it is copied into a cluster's directory.
//
//go:embed *.tf
var Module embed.FS
