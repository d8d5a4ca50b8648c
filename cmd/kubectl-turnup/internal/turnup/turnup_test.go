package turnup

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestWhatHangsEndsWithItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := &Turnup{Out: ui.New(io.Discard, ui.Options{})}
		hang := func(ctx context.Context, _ *ui.Step) error {
			<-ctx.Done()
			return errors.New("signal: killed")
		}
		start := time.Now()
		err := one.bounded(t.Context(), "provision", time.Minute, hang)
		if want := "provision: timed out after 1m0s: signal: killed"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("after %s: %#v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := one.bounded(ctx, "provision", time.Minute, hang); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an interrupt is called a timeout: %v", err)
		}
	})
}
