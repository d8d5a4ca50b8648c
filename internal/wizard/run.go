package wizard

import (
	"context"
	"errors"
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
)

// Run shows the wizard until the user leaves it. The error is an ErrNoTerminal
// if it cannot be shown, the context's if that ended first, or one of the
// terminal; with each of the latter the Result is Interrupted.
func Run(ctx context.Context, options Options) (Result, error) {
	options = options.withDefaults()
	if err := Supported(options.In, options.Out, options.Env); err != nil {
		return Result{}, err
	}
	m := newModel(options)
	m.exists = func(path string) bool {
		_, err := os.Lstat(path)
		return err == nil
	}
	_, err := tea.NewProgram(m,
		tea.WithContext(ctx),
		tea.WithInput(options.In),
		tea.WithOutput(options.Out),
		tea.WithEnvironment(environment(options.Env)),
	).Run()
	switch {
	case err == nil, errors.Is(err, tea.ErrInterrupted):
		return m.result, nil
	case ctx.Err() != nil:
		return Result{Saves: m.result.Saves}, context.Cause(ctx)
	}
	return Result{Saves: m.result.Saves}, fmt.Errorf("draw the menus: %w", err)
}
