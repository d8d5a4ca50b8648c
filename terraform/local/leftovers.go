package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

// Leftovers lists everything that carries the cluster's label, containers first.
func (d *Docker) Leftovers(ctx context.Context, cluster string) ([]Object, error) {
	labelled := filters.NewArgs(filters.Arg("label", LabelCluster+"="+cluster))
	var list []Object
	containers, err := d.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled})
	if err != nil {
		return nil, fmt.Errorf("list containers of cluster %s: %w", cluster, err)
	}
	for _, c := range containers {
		name := c.ID[:12]
		if len(c.Names) > 0 {
			name = strings.TrimPrefix(c.Names[0], "/")
		}
		list = append(list, Object{"container", name, c.ID, cluster})
	}
	networks, err := d.api.NetworkList(ctx, network.ListOptions{Filters: labelled})
	if err != nil {
		return nil, fmt.Errorf("list networks of cluster %s: %w", cluster, err)
	}
	for _, n := range networks {
		list = append(list, Object{"network", n.Name, n.ID, cluster})
	}
	volumes, err := d.api.VolumeList(ctx, volume.ListOptions{Filters: labelled})
	if err != nil {
		return nil, fmt.Errorf("list volumes of cluster %s: %w", cluster, err)
	}
	for _, v := range volumes.Volumes {
		list = append(list, Object{"volume", v.Name, v.Name, cluster})
	}
	return list, nil
}

// RemoveStrays removes containers and networks of the cluster that Terraform's
// state does not know: a crash or a lost state orphaned them, and their names
// would be in the way. Volumes stay: Terraform takes them as they are, and a
// machine made anew finds its data there.
func (d *Docker) RemoveStrays(ctx context.Context, cluster string, known map[string]bool) ([]Object, error) {
	list, err := d.Leftovers(ctx, cluster)
	if err != nil {
		return nil, err
	}
	var strays []Object
	for _, o := range list {
		if o.Kind != "volume" && !known[o.ID] {
			strays = append(strays, o)
		}
	}
	// A network goes only with everything in it, also what the state knows:
	// its machines would have no way back to it.
	for _, o := range strays {
		if o.Kind == "network" {
			strays = nil
			for _, o := range list {
				if o.Kind != "volume" && (o.Kind == "container" || !known[o.ID]) {
					strays = append(strays, o)
				}
			}
			break
		}
	}
	return strays, d.remove(ctx, strays)
}

// Delete removes everything that carries the cluster's label, whatever state
// Terraform is in, and returns what it removed.
func (d *Docker) Delete(ctx context.Context, cluster string) ([]Object, error) {
	if cluster == "" {
		return nil, errors.New("delete machines: the cluster has no name")
	}
	list, err := d.Leftovers(ctx, cluster)
	if err != nil {
		return nil, err
	}
	if err := d.remove(ctx, list); err != nil {
		return list, err
	}
	rest, err := d.Leftovers(ctx, cluster)
	if err != nil {
		return list, err
	}
	if len(rest) > 0 {
		return list, fmt.Errorf("delete machines of cluster %s: %v came back; is another create running?", cluster, rest)
	}
	return list, nil
}

// remove takes containers first, all at once, since the rest is in use by them.
func (d *Docker) remove(ctx context.Context, list []Object) error {
	var (
		wait sync.WaitGroup
		errs = make([]error, len(list))
	)
	for i, o := range list {
		if o.Kind == "container" {
			wait.Go(func() { errs[i] = d.removeOne(ctx, o) })
		}
	}
	wait.Wait()
	for i, o := range list {
		if o.Kind != "container" {
			errs[i] = d.removeOne(ctx, o)
		}
	}
	return errors.Join(errs...)
}

// removeOne removes by ID, so that it never hits a newer object of that name.
func (d *Docker) removeOne(ctx context.Context, o Object) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var err error
	switch o.Kind {
	case "container":
		err = d.api.ContainerRemove(ctx, o.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "network":
		err = d.api.NetworkRemove(ctx, o.ID)
	case "volume":
		err = d.api.VolumeRemove(ctx, o.ID, true)
	}
	// "removal of container … is already in progress" is a conflict: someone else is at it.
	if err == nil || cerrdefs.IsNotFound(err) || strings.Contains(err.Error(), "already in progress") {
		return nil
	}
	return fmt.Errorf("remove %s: %w", o, err)
}
