// Package krew writes the manifest of a kubectl plugin, and knows the rules by
// which krew (krew.sigs.k8s.io) accepts and installs one.
package krew

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// The head of a manifest, as krew's pkg/constants has it.
const (
	APIVersion = "krew.googlecontainertools.github.com/v1alpha2"
	Kind       = "Plugin"
)

// Plugin is what is said of a plugin whatever the platform.
type Plugin struct {
	Name, Version, Homepage, Short, Description, Caveats string
}

// Archive is what one platform installs.
type Archive struct {
	// Platform is OS/ARCH.
	Platform string
	URI      string
	// SHA256 in hex.
	SHA256 string
	// Bin is the program's path in the archive.
	Bin string
}

// Manifest is a plugin as krew reads it (krew's pkg/index/types.go).
type Manifest struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   Metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`
}

// Metadata holds the name, which is that of the manifest's file, too.
type Metadata struct {
	Name string `json:"name"`
}

// Spec is the plugin.
type Spec struct {
	Version          string     `json:"version"`
	Homepage         string     `json:"homepage"`
	ShortDescription string     `json:"shortDescription"`
	Description      string     `json:"description,omitempty"`
	Caveats          string     `json:"caveats,omitempty"`
	Platforms        []Platform `json:"platforms"`
}

// Platform is what is installed where the selector matches.
type Platform struct {
	Selector Selector `json:"selector"`
	URI      string   `json:"uri"`
	SHA256   string   `json:"sha256"`
	Bin      string   `json:"bin"`
}

// Selector matches the labels os and arch.
type Selector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

// New makes the manifest of a plugin.
func New(p Plugin, archives []Archive) Manifest {
	m := Manifest{APIVersion: APIVersion, Kind: Kind, Metadata: Metadata{Name: p.Name}, Spec: Spec{
		Version: p.Version, Homepage: p.Homepage, ShortDescription: p.Short, Description: p.Description, Caveats: p.Caveats,
	}}
	for _, a := range archives {
		system, arch, _ := strings.Cut(a.Platform, "/")
		m.Spec.Platforms = append(m.Spec.Platforms, Platform{
			Selector: Selector{MatchLabels: map[string]string{"os": system, "arch": arch}},
			URI:      a.URI, SHA256: a.SHA256, Bin: a.Bin,
		})
	}
	return m
}

// Encode writes the manifest as YAML.
func (m Manifest) Encode() ([]byte, error) { return yaml.Marshal(m) }

// Decode reads a manifest; an unknown key is an error, as it is for krew.
func Decode(data []byte) (Manifest, error) {
	var m Manifest
	if err := yaml.UnmarshalStrict(data, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}
