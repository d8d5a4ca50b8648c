package terraform

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/golden"
)

func TestWhatIsAskedOfEachCloud(t *testing.T) {
	for platform, more := range map[string][]string{"aws": nil, "gce": {"provision.gce.project=mine-1234"}, "azure": nil} {
		var lines []string
		for _, look := range Looks(with(t, append([]string{"provision.platform=" + platform}, more...)...)) {
			lines = append(lines, look.What+": "+look.String())
		}
		golden.Check(t, filepath.Join("testdata", "looks-"+platform+".txt"), strings.Join(lines, "\n")+"\n")
	}
}

// standIn puts a program of that name on the PATH, which answers as the real one
// does; it has seen no cloud.
func standIn(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+"/usr/bin:/bin")
}

func TestWhatIsLeftInACloudIsNamedOnce(t *testing.T) {
	standIn(t, "aws", `case "$*" in
*describe-volumes*) printf 'vol-1\tvol-2\n' ;;
*"get-resources"*) echo None ;;
esac`)
	left, asked, err := Leftovers(t.Context(), with(t, "provision.platform=aws"))
	if err != nil || !asked || !slices.Equal(left, []string{"volume vol-1", "volume vol-2"}) {
		t.Errorf("got %v, %v, %v", left, asked, err)
	}
}

func TestNobodyClaimsToHaveLookedWhoCouldNot(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, asked, err := Leftovers(t.Context(), with(t, "provision.platform=azure")); asked || err != nil {
		t.Errorf("without az: asked %v, %v", asked, err)
	}
	standIn(t, "az", "echo 'ERROR: Please run az login' >&2; exit 1")
	if _, _, err := Leftovers(t.Context(), with(t, "provision.platform=azure")); err == nil || !strings.Contains(err.Error(), "Please run az login") {
		t.Errorf("without a login: %v", err)
	}
}
