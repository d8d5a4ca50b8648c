package terraform

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryModuleKeepsWhatIsReplacedByTheNameOfTheMachine(t *testing.T) {
	for _, platform := range []string{"local", "aws", "gce", "azure"} {
		t.Run(platform, func(t *testing.T) {
			module, err := Module(platform)
			if err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			addresses, err := replaced(platform, "demo-control-plane-1")
			if err != nil || len(addresses) == 0 {
				t.Fatalf("%v, %v", addresses, err)
			}
			text := source(t, module)
			for _, address := range addresses {
				resource, key, ok := strings.Cut(address, "[")
				kind, name, _ := strings.Cut(resource, ".")
				if !ok || key != `"demo-control-plane-1"]` {
					t.Errorf("%s is not keyed by the machine", address)
				}
				_, body, found := strings.Cut(text, `resource "`+kind+`" "`+name+`" {`)
				body, _, _ = strings.Cut(body, "\n}\n")
				if !found || !strings.Contains(body, "for_each") || !strings.Contains(body, "m.name => m") {
					t.Errorf("the module has no %s for each machine's name", resource)
				}
			}
		})
	}
	if _, err := replaced("baremetal", "x"); err == nil {
		t.Error("hosts that nobody made are replaced")
	}
}

// source is the text of a module's files.
func source(t *testing.T, module fs.FS) string {
	t.Helper()
	names, err := fs.Glob(module, "*.tf")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		data, err := fs.ReadFile(module, filepath.ToSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	return text.String()
}
