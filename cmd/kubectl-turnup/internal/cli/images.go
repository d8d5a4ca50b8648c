package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/turnup"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func (a *app) images() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "images",
		GroupID: "phase",
		Short:   "List the images of a cluster, and carry them to where no registry is",
		Long: `The images of the cluster that the config describes, found in the files and objects
that use them: static pods, kubelet, container runtime, the addon tree.

save makes a bundle of them, a directory from which create --bundle makes a
cluster that pulls nothing; push fills a mirror from a bundle, for
bootstrap.registry; verify says whether a bundle is whole.`,
		Example: `  kubectl turnup images list
  kubectl turnup images save --output bundle
  kubectl turnup create --bundle bundle
  kubectl turnup images push --bundle bundle --registry mirror.example.com:5000/k8s`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.imagesList(), a.imagesSave(), a.imagesPush(), a.imagesVerify())
	return cmd
}

func (a *app) imagesList() *cobra.Command {
	var f clusterFlags
	var output listFlag
	var digests bool
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the images that the cluster uses",
		Long: `List the images that the cluster of the config uses, and what uses each. An image
without a component is one of the addon tree's own: neither bootstrap.registry nor
bootstrap.image_overrides changes it, since the tree is yours.

Digests are those of the bundle, if there is one; --digests asks the registries.`,
		Example: `  kubectl turnup images list -o wide
  kubectl turnup images list -o name --config staging.json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			list, err := t.Images()
			if err != nil {
				return err
			}
			if list, err = t.ResolveImages(cmd.Context(), list, digests); err != nil {
				return err
			}
			return output.images(a.streams.Out, list)
		},
	}
	f.addConfig(cmd)
	cmd.Flags().BoolVar(&digests, "digests", false, "Ask the registries for the digests")
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

// images writes a list as the flag says.
func (o listFlag) images(w io.Writer, list turnup.ImageList) error {
	return o.print(w, list, list.Refs(), func(w io.Writer, wide bool) error {
		rows := [][]string{{"COMPONENT", "IMAGE"}}
		if wide {
			rows[0] = append(rows[0], "DIGEST", "USED BY")
		}
		for _, image := range list.Images {
			row := []string{image.Component, image.Ref}
			if wide {
				row = append(row, image.Digest, strings.Join(image.UsedBy, ", "))
			}
			rows = append(rows, row)
		}
		return columns(w, rows...)
	})
}

func (a *app) imagesSave() *cobra.Command {
	var f clusterFlags
	var dir, platforms string
	cmd := &cobra.Command{
		Use:   "save [NAME]",
		Short: "Make a bundle of all images, from their registries",
		Long: `Make a bundle, a directory in OCI layout, of all images of the cluster that the
config describes. All registries are asked for all images before the first is
fetched. Run again, it goes on where it was: what is there and whole is kept, what
the config does not use is removed.

Registries are asked with the credentials of docker login.`,
		Example: `  kubectl turnup images save --output bundle
  kubectl turnup images save --output bundle --platform linux/amd64,linux/arm64`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			bundle, err := t.SaveImages(cmd.Context(), dir, platforms)
			if err != nil {
				return err
			}
			a.out.Hintf("`kubectl turnup create --bundle %s` makes a cluster that pulls nothing", dir)
			_, err = fmt.Fprintln(a.streams.Out, bundle.Digest())
			return err
		},
	}
	f.addImages(cmd)
	cmd.Flags().StringVar(&dir, "output", "", "`DIRECTORY` of the bundle")
	cmd.Flags().StringVar(&platforms, "platform", "", "`PLATFORMS`, like linux/amd64,linux/arm64, or all (default: that of the machines)")
	_ = cmd.MarkFlagRequired("output") // the flag is there
	return cmd
}

func (a *app) imagesPush() *cobra.Command {
	var f clusterFlags
	var to string
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Fill a mirror from a bundle",
		Long: `Copy all images of a bundle into a registry, under the names that a cluster with
bootstrap.registry looks for. What the registry has is not sent again.

Registries are asked with the credentials of docker login.`,
		Example: `  kubectl turnup images push --bundle bundle --registry mirror.example.com:5000/k8s
  kubectl turnup config set bootstrap.registry=mirror.example.com:5000/k8s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, args)
			if err != nil {
				return err
			}
			dir := t.Config.Bootstrap.Bundle
			if dir == "" {
				return ui.Hint(fmt.Errorf("push images: there is no bundle"), "name one with --bundle, or in the config as bootstrap.bundle")
			}
			pushed, err := t.PushImages(cmd.Context(), dir, to)
			if err != nil {
				return err
			}
			a.out.Hintf("clusters pull from there with --set bootstrap.registry=%s", to)
			_, err = fmt.Fprintln(a.streams.Out, strings.Join(pushed, "\n"))
			return err
		},
	}
	f.addConfig(cmd)
	cmd.Flags().StringVar(&to, "registry", "", "`HOST[:PORT][/PATH]` of the mirror")
	_ = cmd.MarkFlagRequired("registry") // the flag is there
	return cmd
}

func (a *app) imagesVerify() *cobra.Command {
	var f clusterFlags
	var output listFlag
	cmd := &cobra.Command{
		Use:   "verify [DIRECTORY]",
		Short: "Say whether a bundle can make the cluster",
		Long: `Read every blob of a bundle, and say all that keeps it from making the cluster
that the config describes: images that are missing, damaged or for other machines.
DIRECTORY is that of --bundle or of the config if none is given.

Exit codes: 0 whole, 1 not.`,
		Example: `  kubectl turnup images verify bundle`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.wanted(f, nil)
			if err != nil {
				return err
			}
			dir := t.Config.Bootstrap.Bundle
			if len(args) > 0 {
				dir = args[0]
			}
			if dir == "" {
				return ui.Hint(fmt.Errorf("verify images: there is no bundle"), "name its directory, or put it into the config as bootstrap.bundle")
			}
			list, err := t.VerifyImages(cmd.Context(), dir)
			if err != nil {
				return err
			}
			return output.images(a.streams.Out, list)
		},
	}
	f.addConfig(cmd)
	cmd.Flags().VarP(&output, "output", "o", "Output format")
	return cmd
}

// addImages are the flags of a verb that makes a bundle, and takes none.
func (f *clusterFlags) addImages(cmd *cobra.Command) {
	f.addConfig(cmd)
	_ = cmd.Flags().MarkHidden("bundle") // the flag is there
}
