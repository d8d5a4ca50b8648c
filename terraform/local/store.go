package local

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/pkg/stdcopy"

	"turnup.dev/kubectl-turnup/internal/images"
)

const (
	storePrefix = "turnup-store-"
	// fillBudget covers a slow disk and another create that fills the same store.
	fillBudget = 10 * time.Minute
)

// ErrNoSharing is a kernel, or a driver of Docker's, on which machines cannot use
// one copy of their images: each has to import its own.
var ErrNoSharing = errors.New("machines cannot share their images here")

// StoreName is the volume that holds the images of a bundle, unpacked.
func StoreName(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return storePrefix + hex[:min(12, len(hex))]
}

// EnsureStore makes sure that there is a volume with the bundle's images,
// unpacked, and returns its name; set knows which are the machines' own. It is filled once, by a throw-away container
// of the machine image (an ID); progress, if set, hears the images that are in.
// Killed half-way, the next call does it again; two at a time wait for each other.
// Where it cannot be used, the error is ErrNoSharing.
func (d *Docker) EnsureStore(ctx context.Context, bundle *images.Bundle, set images.Set, machineImage string, progress func(string)) (string, error) {
	name := StoreName(bundle.Digest())
	complete, err := d.complete(ctx, name, machineImage)
	if err != nil || complete {
		return name, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, fillBudget, fmt.Errorf("not done within %s", fillBudget))
	defer cancel()
	if _, err := d.api.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: storeLabels()}); err != nil {
		return "", fmt.Errorf("create image store %s: %w", name, err)
	}
	if progress == nil {
		progress = func(string) {}
	}
	if err := d.fill(ctx, name, bundle, set, machineImage, progress); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		d.dropHalf(name)
		return "", fmt.Errorf("fill image store %s: %w", name, err)
	}
	return name, nil
}

// dropHalf removes a store that was not filled. Docker refuses while another
// create fills it.
func (d *Docker) dropHalf(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = d.api.VolumeRemove(ctx, name, false)
}

// complete reads the mark that the fill leaves last. Only a container reaches
// into a volume; this one is never started.
func (d *Docker) complete(ctx context.Context, name, machineImage string) (bool, error) {
	if _, err := d.api.VolumeInspect(ctx, name); cerrdefs.IsNotFound(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("look up image store %s: %w", name, err)
	}
	id, err := d.throwAway(ctx, &container.Config{Image: machineImage, Labels: map[string]string{LabelCache: "look"}},
		&container.HostConfig{NetworkMode: "none", Mounts: storeMount(name)})
	if err != nil {
		return false, fmt.Errorf("look into image store %s: %w", name, err)
	}
	defer d.discard(id)
	file, _, err := d.api.CopyFromContainer(ctx, id, "/store/complete")
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into image store %s: %w", name, err)
	}
	defer file.Close()
	header, err := tar.NewReader(file).Next()
	return err == nil && header.Size > 0, nil
}

func storeLabels() map[string]string { return map[string]string{LabelCache: "store"} }

// storeMount makes the volume again should another create have dropped it just now.
func storeMount(name string) []mount.Mount {
	return []mount.Mount{{Type: mount.TypeVolume, Source: name, Target: "/store", VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: storeLabels()}}}
}

// throwAway makes a container that the caller discards. It is made to the end
// even if ctx ends meanwhile: Docker would make it anyway, and nobody knew its ID.
func (d *Docker) throwAway(ctx context.Context, config *container.Config, host *container.HostConfig) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	made, err := d.api.ContainerCreate(ctx, config, host, nil, nil, "")
	return made.ID, err
}

// discard removes a throw-away container, also when we were interrupted.
func (d *Docker) discard(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	// It may have removed itself by now, and has no name that could be in the way.
	_ = d.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
}

// fill runs machine-fill-store (terraform/local/image) with the images on its stdin.
func (d *Docker) fill(ctx context.Context, name string, bundle *images.Bundle, set images.Set, machineImage string, progress func(string)) error {
	id, err := d.throwAway(ctx, &container.Config{
		Image:      machineImage,
		Entrypoint: []string{"/usr/local/sbin/machine-fill-store"},
		Cmd:        []string{bundle.Digest()},
		Env:        []string{"container=docker"},
		OpenStdin:  true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
		Labels: map[string]string{LabelCache: "fill"},
	}, &container.HostConfig{
		// The options of a machine (machines.tf), and no network.
		CapAdd: []string{"ALL"}, CapDrop: []string{"CAP_SYS_RESOURCE"},
		SecurityOpt: []string{"seccomp=unconfined", "apparmor=unconfined"},
		MaskedPaths: []string{}, ReadonlyPaths: []string{},
		CgroupnsMode: "private",
		Resources:    container.Resources{DeviceCgroupRules: []string{"a *:* rwm"}},
		Tmpfs:        map[string]string{"/run": "", "/tmp": ""},
		NetworkMode:  "none",
		Mounts:       storeMount(name),
	})
	if err != nil {
		return err
	}
	defer d.discard(id)
	stream, err := d.api.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	defer stream.Close()
	// An attached stream does not know ctx: closing it ends the copies below.
	defer context.AfterFunc(ctx, stream.Close)()
	ended, failed := d.api.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := d.api.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return err
	}
	go func() {
		out := bufio.NewWriterSize(stream.Conn, 1<<20)
		err := bundle.StoreTar(out, set)
		if err == nil {
			err = out.Flush()
		}
		// The program at the other end judges what arrived: half a tar has no end marker.
		_ = errors.Join(err, stream.CloseWrite())
	}()
	var stderr bytes.Buffer
	stdout, lines := io.Pipe()
	told := make(chan struct{})
	go func() {
		defer close(told)
		scan := bufio.NewScanner(stdout)
		for scan.Scan() {
			progress(scan.Text())
		}
		_, _ = io.Copy(io.Discard, stdout) // a line too long to scan must not block the rest
	}()
	_, copied := stdcopy.StdCopy(lines, &stderr, stream.Reader)
	_ = lines.Close() // a PipeWriter never fails to
	<-told
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return errors.Join(err, copied)
	case result := <-ended:
		switch result.StatusCode {
		case 0:
			return nil
		case 69:
			return fmt.Errorf("%w: %s", ErrNoSharing, lastLine(stderr.String()))
		}
		// The tools on the machine only see that something does not fit. Look here first.
		if err := bundle.Verify(); err != nil {
			return err
		}
		return fmt.Errorf("exit status %d: %s", result.StatusCode, lastLine(stderr.String()))
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "it said nothing"
	}
	line := text[strings.LastIndex(text, "\n")+1:]
	return strings.TrimPrefix(line, "fill image store: ")
}
