// Package gce is the platform on which machines are instances of Google Compute
// Engine: its Terraform module.
package gce

import "embed"

// Module is the Terraform module, as it is copied into a cluster's directory.
//
//go:embed *.tf
var Module embed.FS
