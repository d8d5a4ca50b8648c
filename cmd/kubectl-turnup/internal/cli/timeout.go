package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// addTimeout lets a verb be bounded as a whole: its steps have budgets of their own.
func addTimeout(cmd *cobra.Command) {
	var limit time.Duration
	cmd.Flags().DurationVar(&limit, "timeout", 0, "Longest `TIME` that all of it may take, 10m for instance (default: as long as its steps may)")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case limit < 0:
			return ui.Hint(fmt.Errorf("--timeout %s is no time", limit), "give one like 90s or 10m")
		case limit == 0:
			return run(cmd, args)
		}
		limited, cancel := context.WithTimeout(cmd.Context(), limit)
		defer cancel()
		whole := cmd.Context()
		cmd.SetContext(limited)
		err := run(cmd, args)
		if err == nil || limited.Err() == nil || whole.Err() != nil {
			return err
		}
		// What was cut off says so in its own way: a program that was stopped, say.
		return coded{fmt.Errorf("not done within --timeout %s: %w", limit, err), exitTimeout}
	}
}
