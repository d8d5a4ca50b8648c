package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// help prints what cobra's own help does, with the examples first, as kubectl
// has it: they are what people look for.
func help(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s\n\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	if cmd.HasExample() {
		fmt.Fprintf(out, "Examples:\n%s\n\n", cmd.Example)
	}
	usage := *cmd
	usage.Example = ""
	fmt.Fprint(out, usage.UsageString())
}
