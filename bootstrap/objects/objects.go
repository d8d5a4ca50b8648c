// Package objects holds the API objects that bootstrap gives a new cluster.
package objects

import _ "embed"

// Cluster is a text/template of YAML documents.
//
//go:embed cluster.yaml
var Cluster string
