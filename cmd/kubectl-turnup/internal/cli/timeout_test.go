package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func TestAVerbEndsWithItsTimeout(t *testing.T) {
	stopped := errors.New("terraform was interrupted")
	for name, tc := range map[string]struct {
		args []string
		cut  bool // by the user
		code int
		want string
	}{
		"no limit":             {nil, false, exitError, "terraform was interrupted"},
		"a limit that is kept": {[]string{"--timeout", "1h"}, false, exitError, "terraform was interrupted"},
		"one that is not":      {[]string{"--timeout", "1ms"}, false, exitTimeout, "not done within --timeout 1ms: terraform was interrupted"},
		"an interrupt":         {[]string{"--timeout", "1h"}, true, exitInterrupted, "terraform was interrupted"},
		"less than nothing":    {[]string{"--timeout", "-1s"}, false, exitError, "--timeout -1s is no time"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			cmd := &cobra.Command{SilenceErrors: true, SilenceUsage: true, RunE: func(cmd *cobra.Command, _ []string) error {
				if tc.cut {
					interrupt()
				}
				select {
				case <-cmd.Context().Done():
				case <-time.After(50 * time.Millisecond):
				}
				return stopped
			}}
			addTimeout(cmd)
			cmd.SetArgs(tc.args)
			err := cmd.ExecuteContext(ctx)
			if code := exitCode(ctx, err); code != tc.code || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("code %d, %v", code, err)
			}
		})
	}
}
