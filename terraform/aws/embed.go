// Package aws is the platform on which machines are instances of Amazon EC2: its
// Terraform module.
package aws

import "embed"

// Module is the Terraform module, as it is copied into a cluster's directory.
//
//go:embed *.tf
var Module embed.FS
