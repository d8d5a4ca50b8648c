package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/graph"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) provision() *cobra.Command {
	var f clusterFlags
	var dry dryRunFlag
	cmd := &cobra.Command{
		Use:     "provision [NAME]",
		GroupID: "phase",
		Short:   "Phase 1: make machines with Terraform",
		Long: `Phase 1: make machines with Terraform, and write machines.json.

The module and its state are in clusters/NAME/terraform: read it, plan it, own it.

On a cloud, the plan is shown and wants a yes before anything is made or
changed; on this computer, before a machine is removed or replaced.

Exit codes: as those of kubectl turnup, and 2 if --dry-run=server found
something to do.`,
		Example: `  kubectl turnup provision
  terraform -chdir=clusters/demo/terraform plan`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			if dry, err := a.dryRun(cmd.Context(), dry, t, "provisioned"); dry {
				return err
			}
			return inside(t, func() error { return t.Provision(cmd.Context()) })
		},
	}
	f.addConfig(cmd)
	f.addTerraform(cmd)
	f.addYes(cmd)
	dry.add(cmd)
	addTimeout(cmd)
	return cmd
}

// onePhase runs a phase of the cluster that the config and the flags describe.
func (a *app) onePhase(f clusterFlags, args []string, phase func(*turnup.Turnup) error) error {
	t, err := a.wanted(f, args)
	if err != nil {
		return err
	}
	return inside(t, func() error { return phase(t) })
}

// inside runs a phase between the Begin of a cluster and its end.
func inside(t *turnup.Turnup, phase func() error) error {
	end, err := t.Begin()
	if err != nil {
		return err
	}
	defer end()
	return phase()
}

func (a *app) bootstrap() *cobra.Command {
	var f clusterFlags
	cmd := &cobra.Command{
		Use:     "bootstrap [NAME]",
		GroupID: "phase",
		Short:   "Phase 2: make the machines of machines.json nodes",
		Long: `Phase 2: render one Ignition config per machine and run it there, start the
control plane, and let the workers join. It needs nothing of phase 1 but
clusters/NAME/machines.json. The nodes are not ready before phase 3 has
installed a pod network.`,
		Example: `  kubectl turnup bootstrap`,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onePhase(f, args, func(t *turnup.Turnup) error { return t.Bootstrap(cmd.Context()) })
		},
	}
	f.addConfig(cmd)
	f.addKubeconfig(cmd)
	f.addSSH(cmd)
	addTimeout(cmd)
	return cmd
}

func (a *app) render() *cobra.Command {
	var f clusterFlags
	var output, picture string
	cmd := &cobra.Command{
		Use:     "render [NAME] --output DIRECTORY",
		GroupID: "phase",
		Short:   "Write every artifact of every phase, touching nothing",
		Long: `Write what create would use: Terraform module and variables, machines.json, one
Ignition config per machine, the addon manager's manifests and the built addons.
The same config gives the same bytes. Keys and tokens are written as
placeholders.

With --graph it draws what will exist, and who talks to whom, as SVG or, for
any other ending, as Mermaid, which GitHub shows in Markdown.`,
		Example: `  kubectl turnup render --output rendered

  # A picture of a cluster with three control planes
  kubectl turnup render --graph cluster.svg --set provision.control_planes=3

  # The same as text
  kubectl turnup render --graph - --set provision.control_planes=3`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" && picture == "" {
				return ui.Hint(errors.New("render: there is no directory to write to"), "say where: --output rendered")
			}
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			if picture != "" {
				if err := a.draw(t, picture); err != nil || output == "" {
					return err
				}
			}
			return t.Render(cmd.Context(), output)
		},
	}
	f.addConfig(cmd)
	cmd.Flags().StringVar(&output, "output", "", "`DIRECTORY` to write to")
	cmd.Flags().StringVar(&picture, "graph", "", "`FILE` for a picture of the cluster, SVG if it ends in .svg, else Mermaid; - is stdout")
	return cmd
}

// draw writes the picture of a cluster.
func (a *app) draw(t *turnup.Turnup, file string) error {
	scene, err := t.Scene()
	if err != nil {
		return err
	}
	text := graph.Mermaid(scene)
	if strings.EqualFold(filepath.Ext(file), ".svg") {
		text = graph.SVG(scene)
	}
	if file == "-" {
		_, err := io.WriteString(a.streams.Out, text)
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}
