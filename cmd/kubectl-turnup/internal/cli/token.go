package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
)

func (a *app) token() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "token",
		GroupID: "phase",
		Short:   "Renew what new workers join with",
		Long: `Workers prove with a bootstrap token, which lasts for a day, that they may ask for
their first certificate. Nodes that have joined need none. The secrets of tokens
are never shown.`,
	}
	cmd.AddCommand(a.tokenRotate(), a.tokenList())
	return cmd
}

func (a *app) tokenRotate() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	var revoke bool
	cmd := &cobra.Command{
		Use:   "rotate [NAME]",
		Short: "Make a new bootstrap token",
		Long: `Make a new bootstrap token, in the cluster's directory and in the cluster. On a
cloud it is written into what new machines boot with, which is planned and asked
for like every change there; machines that run are left alone. Older tokens last
until they expire, or end at once with --revoke.`,
		Example: `  kubectl turnup token rotate
  kubectl turnup token rotate demo --revoke`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			unlock, err := t.Home.Lock()
			if err != nil {
				return err
			}
			defer unlock()
			token, err := t.RotateToken(cmd.Context(), revoke)
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, token, func(w io.Writer) error { return tokenTable(w, []turnup.Token{token}) })
		},
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "End the validity of all older tokens now")
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func (a *app) tokenList() *cobra.Command {
	var f clusterFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:     "list [NAME]",
		Short:   "List the bootstrap tokens that the cluster takes",
		Example: `  kubectl turnup token list -o json`,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.existing(f, args)
			if err != nil {
				return err
			}
			list, err := t.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			return output.print(a.streams.Out, list, func(w io.Writer) error { return tokenTable(w, list) })
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

func tokenTable(w io.Writer, list []turnup.Token) error {
	rows := [][]string{{"TOKEN", "EXPIRES"}}
	for _, token := range list {
		expires := "never"
		if !token.Expires.IsZero() {
			expires = token.Expires.Local().Format(time.DateTime)
		}
		rows = append(rows, []string{token.ID + ".***", expires})
	}
	if err := columns(w, rows...); err != nil {
		return fmt.Errorf("list tokens: %w", err)
	}
	return nil
}
