package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"
)

// PruneStores removes the stores of other bundles that no container uses, and
// returns their names.
func (d *Docker) PruneStores(ctx context.Context, keep ...string) ([]string, error) {
	stores, err := d.unusedStores(ctx)
	if err != nil {
		return nil, err
	}
	stores = slices.DeleteFunc(stores, func(v *volume.Volume) bool { return slices.Contains(keep, v.Name) })
	return d.removeStores(ctx, stores)
}

const (
	// keptStores stay although no machine uses them: who deletes a cluster often
	// makes another from the same bundle, or from the one before.
	keptStores = 2
	// storeRest is the age below which a store stays: another create may be about
	// to make its machines.
	storeRest = time.Hour
)

// ExpireStores removes old stores that no container uses, and returns their names.
func (d *Docker) ExpireStores(ctx context.Context, current string) ([]string, error) {
	stores, err := d.unusedStores(ctx)
	if err != nil {
		return nil, err
	}
	return d.removeStores(ctx, expired(stores, current, time.Now()))
}

// expired are the unused stores beyond the newest, of which current is one.
func expired(stores []*volume.Volume, current string, now time.Time) []*volume.Volume {
	stores = slices.DeleteFunc(slices.Clone(stores), func(v *volume.Volume) bool { return v.Name == current })
	slices.SortFunc(stores, func(a, b *volume.Volume) int { return strings.Compare(b.CreatedAt, a.CreatedAt) })
	var old []*volume.Volume
	for _, v := range stores[min(keptStores-1, len(stores)):] {
		if made, err := time.Parse(time.RFC3339, v.CreatedAt); err == nil && now.Sub(made) > storeRest {
			old = append(old, v)
		}
	}
	return old
}

func (d *Docker) unusedStores(ctx context.Context) ([]*volume.Volume, error) {
	list, err := d.api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", LabelCache+"=store"), filters.Arg("dangling", "true"))})
	if err != nil {
		return nil, fmt.Errorf("list image stores: %w", err)
	}
	return list.Volumes, nil
}

// removeStores removes volumes; Docker refuses those that are used meanwhile.
func (d *Docker) removeStores(ctx context.Context, stores []*volume.Volume) ([]string, error) {
	var removed []string
	var errs []error
	for _, v := range stores {
		if err := d.api.VolumeRemove(ctx, v.Name, false); err != nil && !cerrdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove image store %s: %w", v.Name, err))
			continue
		}
		removed = append(removed, v.Name)
	}
	return removed, errors.Join(errs...)
}
