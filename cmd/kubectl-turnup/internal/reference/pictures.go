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
	createShows = "nodes ready (2s of"
	watchShows  = "inactive"
)

// recordings are of a real cluster: -record makes others.
var recordings = filepath.Join(docs, "recordings")

// The recordings' files.
const createCast, watchCast = "create.cast", "status.cast"

func terminals() (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	wizard, err := recordWizard(ctx)
	if err != nil {
		return nil, err
	}
	create, err := play(createCast)
	if err != nil {
		return nil, err
	}
	watch, err := play(watchCast)
	if err != nil {
		return nil, err
	}
	drawn := map[string][]byte{}
	for name, picture := range map[string]struct {
		of    recording
		shows string
	}{"wizard.svg": {wizard, wizardShows}, "create.svg": {create, createShows}, "status.svg": {watch, watchShows}} {
		vt, err := picture.of.moment(picture.shows)
		if err != nil {
			return nil, err
		}
		drawn[name] = terminalSVG(picture.of.title, vt)
	}
	return drawn, nil
}

// play reads a recording that was made before.
func play(cast string) (recording, error) {
	file, err := os.Open(filepath.Join(recordings, cast))
	if err != nil {
		return recording{}, err
	}
	defer file.Close()
	return decode(file)
}

// recordCasts makes a cluster, and writes down what terminals show of it.
func recordCasts() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	create, watch, err := recordCluster(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(recordings, 0o755); err != nil {
		return err
	}
	for cast, r := range map[string]recording{createCast: create, watchCast: watch} {
		data, err := r.encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(recordings, cast), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
