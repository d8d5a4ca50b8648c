package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/graph"
)

// pictures are those that `render --graph` draws of some configs, and two of
// terminals: the wizard as it is now, and the create that was last recorded.
func pictures() (map[string][]byte, error) {
	drawn, err := terminals()
	if err != nil {
		return nil, err
	}
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

// asPlugin is the variable that makes this program the plugin itself.
const asPlugin = "REFERENCE_AS_PLUGIN"

// What the screens show that are drawn.
const (
	wizardShows = "Esc back" // a menu below the first, with no question over it
	createShows = "register 3 nodes (2s of"
)

// createCast is the recording of a create, which takes a real cluster: -record
// makes another one.
var createCast = filepath.Join(docs, "recordings", "create.cast")

func terminals() (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	wizard, err := recordWizard(ctx)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(createCast)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	create, err := decode(file)
	if err != nil {
		return nil, err
	}
	drawn := map[string][]byte{}
	for name, picture := range map[string]struct {
		of    recording
		shows string
	}{"wizard.svg": {wizard, wizardShows}, "create.svg": {create, createShows}} {
		vt, err := picture.of.moment(picture.shows)
		if err != nil {
			return nil, err
		}
		drawn[name] = terminalSVG(picture.of.title, vt)
	}
	return drawn, nil
}

// recordCast makes a cluster, and writes down what create says.
func recordCast() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	r, err := recordCreate(ctx)
	if err != nil {
		return err
	}
	data, err := r.encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(createCast), 0o755); err != nil {
		return err
	}
	return os.WriteFile(createCast, data, 0o644)
}
