package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/test/dist/krew"
)

// The plugin's names: the program, and the place that releases are published at.
const (
	program  = "kubectl-turnup"
	homepage = "https://github.com/kubectl-turnup/kubectl-turnup"
)

// release is what is made, and where.
type release struct {
	Version   string
	LDFlags   string
	Dir       string
	Platforms []string
	// When is the time of every file in the archives.
	When time.Time
}

// make builds everything, and returns the names of the files in the directory.
func (r release) make(ctx context.Context) ([]string, error) {
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(r.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return nil, err
	}
	var (
		made     []string
		archives []krew.Archive
		sums     bytes.Buffer
	)
	write := func(name string, data []byte) error {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
		made = append(made, name)
		return os.WriteFile(filepath.Join(r.Dir, name), data, 0o644)
	}
	for _, platform := range r.Platforms {
		binary, err := r.build(ctx, platform)
		if err != nil {
			return made, err
		}
		data, err := pack(r.When, []file{{binaryName(platform), 0o755, binary}, {"LICENSE", 0o644, license}})
		if err != nil {
			return made, err
		}
		if err := write(r.archive(platform), data); err != nil {
			return made, err
		}
		bill, err := sbom(binary, r.Version)
		if err != nil {
			return made, fmt.Errorf("SBOM of %s: %w", platform, err)
		}
		if err := write(strings.TrimSuffix(r.archive(platform), ".tar.gz")+".cdx.json", bill); err != nil {
			return made, err
		}
		archives = append(archives, krew.Archive{
			Platform: platform, URI: homepage + "/releases/download/" + r.Version + "/" + r.archive(platform),
			SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Bin: binaryName(platform),
		})
	}
	manifest := krew.New(plugin(r.Version), archives)
	if err := krew.Validate("turnup.yaml", manifest); err != nil {
		return made, fmt.Errorf("turnup.yaml: %w", err)
	}
	text, err := manifest.Encode()
	if err != nil {
		return made, err
	}
	if err := write("turnup.yaml", text); err != nil {
		return made, err
	}
	made = append(made, "checksums.txt")
	return made, os.WriteFile(filepath.Join(r.Dir, "checksums.txt"), sums.Bytes(), 0o644)
}

func (r release) archive(platform string) string {
	return fmt.Sprintf("%s_%s_%s.tar.gz", program, r.Version, strings.ReplaceAll(platform, "/", "_"))
}

func binaryName(platform string) string {
	if strings.HasPrefix(platform, "windows/") {
		return program + ".exe"
	}
	return program
}

// build compiles the plugin for a platform.
func (r release) build(ctx context.Context, platform string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	system, arch, _ := strings.Cut(platform, "/")
	path := filepath.Join(dir, binaryName(platform))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", r.LDFlags, "-o", path, "./cmd/kubectl-turnup")
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build for %s: %w\n%s", platform, err, out)
	}
	return os.ReadFile(path)
}

// plugin is what the manifest says of us whatever the version.
func plugin(version string) krew.Plugin {
	return krew.Plugin{
		Name: "turnup", Version: version, Homepage: homepage,
		// krew's index wants the noun here, since the name is a verb.
		Short: "Turn up a Kubernetes cluster and keep its addons applied",
		Description: `Turns up Kubernetes clusters on this computer, on AWS, GCE and Azure, and on
hosts that you already have. Terraform makes machines, one Ignition config per
machine makes them nodes, and a pod in the cluster keeps its addons true to a
directory of yours. Each phase is a verb of its own and can be read and reused:

  kubectl turnup create      # a cluster on this computer, with Docker
  kubectl turnup config      # a wizard, for everything else
`,
		Caveats: `* Terraform or OpenTofu 1.6 or newer has to be on the PATH.
* The platform local needs Docker.
* Completion of ` + "`kubectl turnup <TAB>`" + `:
    kubectl turnup completion kubectl --install
`,
	}
}
