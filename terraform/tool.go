package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/go-version"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// Oldest is the oldest Terraform whose language and -json output this room uses;
// OpenTofu's first release is 1.6 as well.
const Oldest = "1.6.0"

// The environment variables that say where the tool and the providers are.
const (
	EnvTool      = "TURNUP_TERRAFORM"
	EnvProviders = "TURNUP_TERRAFORM_PROVIDERS"
)

// Tool is the terraform or tofu that does the work.
type Tool struct {
	// Path of the executable.
	Path string
	// Providers is a plugin directory (HOST/NAMESPACE/NAME/VERSION/OS_ARCH/…);
	// "" downloads providers from their registry.
	Providers string
}

// Find returns the tool to use: explicit (the flag --terraform), the
// environment's, terraform or tofu from PATH, or one that lies next to our own
// executable. The providers are the environment's, or those next to our own
// executable.
func Find(explicit string) (Tool, error) {
	own := ""
	if executable, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(executable); err == nil {
			executable = real
		}
		own = filepath.Dir(executable)
	}
	return find(explicit, own, os.Getenv, exec.LookPath, isDir)
}

func find(explicit, own string, env func(string) string, look func(string) (string, error), dir func(string) bool) (Tool, error) {
	tool := Tool{}
	switch providers := env(EnvProviders); {
	case providers != "" && !dir(providers):
		return Tool{}, ui.Hint(fmt.Errorf("find Terraform providers: %s=%s is no directory", EnvProviders, providers),
			"unset %s to download providers from their registry", EnvProviders)
	case providers != "":
		tool.Providers = providers
	case own != "" && dir(filepath.Join(own, "terraform-providers")):
		tool.Providers = filepath.Join(own, "terraform-providers")
	}
	if explicit == "" {
		explicit = env(EnvTool)
	}
	if explicit != "" {
		path, err := look(explicit)
		if err != nil {
			return Tool{}, ui.Hint(fmt.Errorf("find terraform: %s: %w", explicit, reason(err)),
				"--terraform and %s take the path of a terraform or tofu executable", EnvTool)
		}
		tool.Path, err = filepath.Abs(path)
		return tool, err
	}
	names := []string{"terraform", "tofu"}
	if own != "" {
		suffix := ""
		if runtime.GOOS == "windows" {
			suffix = ".exe"
		}
		names = append(names, filepath.Join(own, "terraform"+suffix), filepath.Join(own, "tofu"+suffix))
	}
	for _, name := range names {
		// A relative hit of PATH is refused by exec, and so by us: the tool runs in another directory.
		if path, err := look(name); err == nil {
			tool.Path = path
			return tool, nil
		}
	}
	return Tool{}, ui.Hint(fmt.Errorf("find terraform: neither terraform nor tofu is on PATH or in %s", own),
		"install Terraform or OpenTofu %s or newer, or name one with --terraform PATH (in a checkout, `make tools` builds one)", strings.TrimSuffix(Oldest, ".0"))
}

// suitable refuses a tool that is too old.
func suitable(path string, found *version.Version) error {
	if !found.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return nil
	}
	return ui.Hint(fmt.Errorf("use %s: it is version %s, and %s or newer is needed", path, found, strings.TrimSuffix(Oldest, ".0")),
		"install a newer Terraform or OpenTofu, or name one with --terraform PATH")
}

// reason strips the repetitions of the name from what exec says.
func reason(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
