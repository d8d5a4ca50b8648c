package main

import (
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/graph"
)

// pictures are those that `render --graph` draws of some configs.
func pictures() (map[string][]byte, error) {
	drawn := map[string][]byte{}
	for name, settings := range map[string][]string{
		"cluster.svg":              nil,
		"three-control-planes.svg": {"provision.control_planes=3"},
	} {
		cfg := config.Default()
		if err := config.Set(&cfg, settings...); err != nil {
			return nil, err
		}
		// No home: it is drawn as nobody has made it yet.
		scene, err := (&turnup.Turnup{Config: cfg}).Scene()
		if err != nil {
			return nil, err
		}
		drawn[name] = []byte(graph.SVG(scene))
	}
	return drawn, nil
}
