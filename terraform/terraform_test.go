package terraform

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAStateThatWasNeverWrittenKnowsNothing(t *testing.T) {
	w := Workspace{Dir: t.TempDir()}
	for _, tc := range []struct {
		name, content string
		make, wrong   bool
		known         int
	}{
		{"no file", "", false, false, 0},
		{"an empty file, as a killed Terraform leaves it", "", true, false, 0},
		{"half a file", `{"resources": [`, true, true, 0},
		{"a state", `{"resources": [{"instances": [{"attributes": {"id": "a"}}]}]}`, true, false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.make {
				if err := os.WriteFile(filepath.Join(w.Dir, "terraform.tfstate"), []byte(tc.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			known, err := w.Known(t.Context())
			if (err != nil) != tc.wrong || len(known) != tc.known {
				t.Errorf("known %v, %v", known, err)
			}
		})
	}
}
