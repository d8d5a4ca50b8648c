package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run runs the program in this process.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(context.Background(), Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		append([]string{"kubectl-turnup"}, args...), Build{})
	return code, out.String(), errs.String()
}

func TestConfigCheckFindsWhatIsWrongWithEveryWrongFile(t *testing.T) {
	wrong, err := filepath.Abs("../../../../internal/config/testdata/wrong")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(wrong)
	files, _ := filepath.Glob("*.json")
	if len(files) < 20 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := run(t, "config", "check", file)
			got := regexp.MustCompile(`(Kconfig):[0-9]+\)`).ReplaceAllString(stdout, "$1:LINE)")
			if diff := cmp.Diff(string(want), got); diff != "" || code != 1 || stderr != "" {
				t.Errorf("code %d, stderr %q, stdout (-want +got):\n%s", code, stderr, diff)
			}
		})
	}
}

func TestVersionReadsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".config.json", []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := run(t, "version"); code != 0 {
		t.Error(stderr)
	}
}

func TestAConfigOnStdinLeavesNoAnswersToAskFor(t *testing.T) {
	for _, flag := range []string{"--config", "--from"} {
		var out, errs bytes.Buffer
		streams := Streams{In: strings.NewReader(`{"provision":{"workers":7}}`), Out: &out, Err: &errs}
		t.Chdir(t.TempDir())
		code := Run(context.Background(), streams, []string{"kubectl-turnup", "config", flag, "-"}, Build{})
		if code != 0 || strings.Contains(errs.String(), "Name of the cluster") {
			t.Errorf("%s -: code %d, asks:\n%s", flag, code, errs.String())
		}
	}
}

func TestAFlatFileThatIsTooLargeIsRefusedAndNotCut(t *testing.T) {
	t.Chdir(t.TempDir())
	text := strings.Repeat("# a comment\n", 1<<17) + "CONFIG_provision.workers=7\n"
	if err := os.WriteFile("flat", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "config", "import", "flat", "--config", "-")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "larger than 1 MiB") {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
