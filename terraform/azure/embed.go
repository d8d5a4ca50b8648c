// Package azure is the platform on which machines are virtual machines of Azure:
// its Terraform module.
package azure

import "embed"

// Module is the Terraform module, as it is copied into a cluster's directory.
//
//go:embed *.tf
var Module embed.FS
