package turnup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// crashes is how often the process of a kubelet may end while it is waited for. It
// starts again a second later; one that only cannot reach something does not end.
const crashes = 8

// errCrashing: a kubelet ends as soon as it starts.
var errCrashing = errors.New("ends as soon as it starts")

// unlessCrashing does what waits for the kubelets of some machines, and gives up
// as soon as one of them cannot run: it will not for as long as its config says so.
func (t *Turnup) unlessCrashing(ctx context.Context, list []machines.Machine, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		since := map[string]string{}
		for {
			// Most waits are over by then, and cost their machines nothing.
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Second):
			}
			for _, m := range list {
				// Nobody who cannot be asked is crashing: the wait says what is wrong.
				if err := t.crashing(ctx, m, since); errors.Is(err, errCrashing) {
					stop(err)
				}
			}
		}
	}()
	err := do(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errCrashing) {
		return ui.Hint(cause, "correct in the config what it complains of; the same command again goes on where it was")
	}
	return err
}

// crashing says of a machine whether its kubelet ended again and again since the
// first look, and why. since holds where its journal was then.
func (t *Turnup) crashing(ctx context.Context, m machines.Machine, since map[string]string) error {
	machine, err := t.open(ctx, m)
	if err != nil {
		return err
	}
	if since[m.Name] == "" {
		cursor, err := machine.Run(ctx, `# where the kubelet's journal is
			journalctl --unit kubelet --no-pager --lines 1 --output cat --show-cursor | sed -n 's/^-- cursor: //p'`, nil)
		since[m.Name] = strings.TrimSpace(cursor)
		return err
	}
	said, err := machine.Run(ctx, `# count how often the kubelet ended
		journalctl --unit kubelet --no-pager --output cat --after-cursor '`+since[m.Name]+`' | grep -c 'Main process exited' || true`, nil)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(strings.TrimSpace(said)); err != nil || n < crashes {
		return err
	}
	log, err := t.kubeletLog(ctx, m)
	if err != nil {
		return err
	}
	return fmt.Errorf("the kubelet of %s %w:\n%s", m.Name, errCrashing, log)
}
