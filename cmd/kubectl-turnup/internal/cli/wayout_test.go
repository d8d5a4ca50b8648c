package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

func TestATimeoutEndsWithItsCodeAndAWayOut(t *testing.T) {
	err := wait.For(context.Background(), wait.Options{What: "the moon"}, func(context.Context) (bool, string, error) {
		return false, "", errors.New("not here")
	})
	err = fmt.Errorf("create: %w", err)
	code := exitCode(context.Background(), err)
	if code != 124 {
		t.Errorf("exit code %d, want 124", code)
	}
	if hint := ui.HintOf(wayOut(code, err)); !strings.Contains(hint, "status") {
		t.Errorf("hint %q does not say what to do", hint)
	}
	own := ui.Hint(err, "look up")
	if hint := ui.HintOf(wayOut(code, own)); hint != "look up" {
		t.Errorf("hint %q, want the error's own", hint)
	}
}

func TestAnInterruptEndsWithItsCodeAndAWayOut(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := fmt.Errorf("create: %w", ctx.Err())
	code := exitCode(ctx, err)
	if code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if out := wayOut(code, err); out.Error() != "interrupted" || !strings.Contains(ui.HintOf(out), "again") {
		t.Errorf("%v (%s)", out, ui.HintOf(out))
	}
}
