package git

import (
	"context"
	"errors"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// maxPause is the longest pause after errors, unless the interval itself is longer.
const maxPause = 5 * time.Minute

// Follow polls until ctx ends: at once, then at spec.git.interval (give or take
// a tenth), and at every kick. It calls found with each new tree, and looked
// with how each look ended (nil when all is well), always from one goroutine, one after the
// other. After an error, of found too, the pauses double up to eight intervals;
// a tree that found refused is offered again.
func (r *Repository) Follow(ctx context.Context, known string, kick <-chan struct{}, found func(tree source.Tree, rewritten bool) error, looked func(error)) {
	defer r.remote.idle()
	for failures := 0; ctx.Err() == nil; {
		tree, rewritten, err := r.Poll(ctx, known)
		switch {
		case errors.Is(err, ErrUnchanged):
			err = nil
		case err == nil:
			if err = found(tree, rewritten); err == nil {
				known = tree.Revision
			}
		}
		if ctx.Err() != nil {
			return
		}
		if failures++; err == nil {
			failures = 0
		}
		looked(err)
		select {
		case <-ctx.Done():
			return
		case _, open := <-kick:
			if !open {
				kick = nil
			}
		case <-r.after(pause(r.interval, failures, r.random())):
		}
	}
}

// pause is the time until the next look; random is in [0, 1).
func pause(interval time.Duration, failures int, random float64) time.Duration {
	next := interval << min(failures, 3)
	if longest := max(interval, maxPause); next > longest {
		next = longest
	}
	return time.Duration(float64(next) * (0.9 + 0.2*random))
}
