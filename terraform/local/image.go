package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// EnsureMachineImage makes sure that Docker has the machine image, and returns
// its ID. Machines are made from the ID: a tag may move, and Terraform would
// replace machines that are fine. Without a bundle the image is pulled.
func (d *Docker) EnsureMachineImage(ctx context.Context, bundle *images.Bundle, ref string) (string, error) {
	if bundle == nil {
		return d.pull(ctx, ref)
	}
	img, err := bundle.Image(ref)
	if err != nil {
		return "", fmt.Errorf("load machine image: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return "", fmt.Errorf("load machine image %s: %w", ref, err)
	}
	var layers []string
	for _, id := range config.RootFS.DiffIDs {
		layers = append(layers, id.String())
	}
	name, err := img.ConfigName()
	if err != nil {
		return "", fmt.Errorf("load machine image %s: %w", ref, err)
	}
	old, err := d.has(ctx, ref, name.String(), layers)
	if err != nil || old.same {
		return old.id, err
	}
	if err := d.load(ctx, bundle, ref); err != nil {
		return "", err
	}
	now, err := d.has(ctx, ref, name.String(), layers)
	if err != nil {
		return "", err
	}
	if !now.same {
		return "", fmt.Errorf("load machine image %s: Docker took it and has another one now", ref)
	}
	if old.id != "" {
		// The one the tag had before: nobody else's, and refused while machines use it.
		_, _ = d.api.ImageRemove(ctx, old.id, image.RemoveOptions{})
	}
	return now.id, nil
}

// present is what Docker has under a reference.
type present struct {
	id   string
	same bool
}

// has compares by config digest, which is the ID in Docker's own store, and by
// layers, since IDs mean something else in its containerd store.
func (d *Docker) has(ctx context.Context, ref, config string, layers []string) (present, error) {
	for _, name := range []string{config, ref} {
		found, err := d.api.ImageInspect(ctx, name)
		if cerrdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return present{}, fmt.Errorf("look up machine image %s: %w", name, err)
		}
		same := name == config || slices.Equal(found.RootFS.Layers, layers)
		return present{found.ID, same}, nil
	}
	return present{}, nil
}

func (d *Docker) load(ctx context.Context, bundle *images.Bundle, ref string) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(bundle.DockerTar(w, ref)) }()
	response, err := d.api.ImageLoad(ctx, r, client.ImageLoadWithQuiet(true))
	if err == nil {
		err = errors.Join(messages(response.Body), response.Body.Close())
	}
	_ = r.Close() // ends the sender; the error it has is ours
	if err == nil {
		return nil
	}
	// Docker only sees that something does not fit. Look at the bundle first.
	if bad := bundle.Verify(); bad != nil && ctx.Err() == nil {
		err = ui.Hint(bad, "the bundle was damaged after it was made; make it again")
	}
	return fmt.Errorf("load machine image %s into Docker: %w", ref, err)
}

func (d *Docker) pull(ctx context.Context, ref string) (string, error) {
	found, err := d.api.ImageInspect(ctx, ref)
	if err == nil {
		return found.ID, nil
	}
	if !cerrdefs.IsNotFound(err) {
		return "", fmt.Errorf("look up machine image %s: %w", ref, err)
	}
	body, err := d.api.ImagePull(ctx, ref, image.PullOptions{})
	if err == nil {
		err = errors.Join(messages(body), body.Close())
	}
	if err == nil {
		found, err = d.api.ImageInspect(ctx, ref)
	}
	if err != nil {
		return "", ui.Hint(fmt.Errorf("pull machine image %s: %w", ref, err), "without a registry, make the cluster from a bundle: --bundle DIR")
	}
	return found.ID, nil
}

// messages reads Docker's progress stream to its end; failures stand in it.
func messages(stream io.Reader) error {
	dec := json.NewDecoder(stream)
	for {
		var msg struct {
			Error string `json:"error"`
		}
		switch err := dec.Decode(&msg); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read Docker's answer: %w", err)
		case msg.Error != "":
			return errors.New(strings.TrimSpace(msg.Error))
		}
	}
}
