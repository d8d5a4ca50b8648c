package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheLockFileNamesEveryProvider(t *testing.T) {
	lock := `# This file is maintained automatically by "terraform init".
provider "registry.terraform.io/hashicorp/aws" {
  version     = "6.47.0"
  constraints = "~> 6.47"
  hashes = [
    "h1:abc=",
  ]
}

provider "registry.opentofu.org/kreuzwerker/docker" {
  version = "4.6.0"
}
`
	want := []string{"registry.terraform.io/hashicorp/aws/6.47.0", "registry.opentofu.org/kreuzwerker/docker/4.6.0"}
	if diff := cmp.Diff(want, locked([]byte(lock))); diff != "" {
		t.Error(diff)
	}
}

func TestAnInitCountsWhileItsProvidersAreThere(t *testing.T) {
	const provider = "registry.terraform.io/hashicorp/aws/6.47.0"
	lock := "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"6.47.0\"\n}\n"
	for name, c := range map[string]struct {
		lock            string
		linked, mirrors bool
		elsewhere       bool
		want            bool
	}{
		"never initialised":                        {mirrors: true},
		"a lock file without providers":            {lock: "# empty\n", linked: true, mirrors: true},
		"a link into the plugin directory":         {lock: lock, linked: true, mirrors: true, want: true},
		"a lock file without what it names":        {lock: lock, mirrors: true},
		"the plugin directory is another one now":  {lock: lock, linked: true, mirrors: true, elsewhere: true},
		"from a registry, any provider is as good": {lock: lock, linked: true, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			w := Workspace{Dir: t.TempDir()}
			mirror := t.TempDir()
			real := filepath.Join(mirror, provider, "linux_amd64")
			must(os.MkdirAll(real, 0o700))
			must(os.WriteFile(filepath.Join(real, "terraform-provider-aws_v6.47.0"), nil, 0o700))
			if c.lock != "" {
				must(os.WriteFile(filepath.Join(w.Dir, lockFile), []byte(c.lock), 0o600))
			}
			if c.linked {
				dir := filepath.Join(w.Dir, ".terraform", "providers", provider)
				must(os.MkdirAll(dir, 0o700))
				must(os.Symlink(real, filepath.Join(dir, "linux_amd64")))
			}
			if c.mirrors {
				w.Tool.Providers = mirror
			}
			if c.elsewhere {
				w.Tool.Providers = t.TempDir()
			}
			if got := w.initialised(); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
