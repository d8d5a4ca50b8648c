package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/test/dist/krew"
)

func TestAnArchiveDependsOnNothingButItsFiles(t *testing.T) {
	files := []file{{"kubectl-turnup", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("text")}}
	when := time.Unix(1_700_000_000, 0)
	one, err := pack(when, files)
	if err != nil {
		t.Fatal(err)
	}
	two, err := pack(when.Local(), files)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two archives of the same files differ")
	}
}

func TestTheTemplateForKrewsBotIsThatOfTheManifest(t *testing.T) {
	text, err := krew.Template(plugin(""), all(), func(platform, tag string) (string, string) {
		return homepage + "/releases/download/" + tag + "/" + (release{Version: tag}).archive(platform), binaryName(platform)
	})
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../../.krew.yaml", string(text))
}

// The whole way of a user, but for the download: build, check, install, run.
func TestAReleaseIsInstalledAsKrewDoesAndRuns(t *testing.T) {
	t.Chdir("../..")
	const version = "v0.0.0-test"
	pair := runtime.GOOS + "/" + runtime.GOARCH
	r := release{
		Version: version, Dir: filepath.Join(t.TempDir(), "dist"), Platforms: []string{pair}, When: time.Unix(1_700_000_000, 0),
		LDFlags: "-s -w -buildid= -X main.version=" + version,
	}
	made, err := r.make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(made, " "), r.archive(pair)+" "+strings.TrimSuffix(r.archive(pair), ".tar.gz")+".cdx.json turnup.yaml checksums.txt"; got != want {
		t.Errorf("made %s, want %s", got, want)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(r.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	m, err := krew.Decode(read("turnup.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	link, err := krew.Install(root, m, pair, read(r.archive(pair)))
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(link)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if out := run(link, "--help"); !strings.Contains(out, "  kubectl turnup [command]") || strings.Contains(out, "kubectl-turnup [command]") {
		t.Errorf("the help of a plugin does not call it one:\n%s", out)
	}
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("SKIPPED: kubectl is not on the PATH")
	}
	if out := run(kubectl, "turnup", "version"); !strings.Contains(out, version) {
		t.Errorf("kubectl turnup version says %s", out)
	}
	if out := run(kubectl, "plugin", "list"); !strings.Contains(out, link) || strings.Contains(out, "warning") {
		t.Errorf("kubectl plugin list says %s", out)
	}
	if bill := string(read(strings.TrimSuffix(r.archive(pair), ".tar.gz") + ".cdx.json")); !strings.Contains(bill, "pkg:golang/github.com/spf13/cobra@v") {
		t.Errorf("the SBOM lacks cobra:\n%.500s", bill)
	}
}
