package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completed is what the completer offers for words, without descriptions.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run(context.Background(), Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		append([]string{"/somewhere/" + completer}, words...), Build{})
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", words, code, errs.String())
	}
	var offers []string
	for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
		name, _, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(name, ":") {
			offers = append(offers, name)
		}
	}
	return offers
}

func TestTheCompleterKnowsWhatEachVerbTakes(t *testing.T) {
	t.Chdir(t.TempDir())
	for path, text := range map[string]string{
		"clusters/demo/config.json": "{}", "clusters/lab/config.json": "{}",
		"clusters/demo/machines.json": `{"apiVersion":"turnup.dev/v1alpha1","kind":"Machines","endpoint":"10.0.0.1:6443","machines":[
			{"name":"demo-control-plane-0","role":"control-plane","address":"10.0.0.1","transport":{"docker":{"container":"c"}}}]}`,
		"addons/coredns/kustomization.yaml": "", "addons/flannel/kustomization.yaml": "", "addons/cluster/kustomization.yaml": "",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for words, want := range map[string]string{
		"create ":                                "demo lab",
		"create demo ":                           "",
		"addons diff --name demo --tree addons ": "coredns flannel",
		"addons diff --name demo --tree addons coredns ": "flannel",
		"config set network.provider=":                   "network.provider=flannel network.provider=bridge network.provider=calico network.provider=cilium network.provider=none",
		"addons list --name ":                            "demo lab",
	} {
		if got := strings.Join(completed(t, strings.Split(words, " ")...), " "); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
	if verbs := completed(t, ""); !slices.Contains(verbs, "create") || !slices.Contains(verbs, "completion") {
		t.Errorf("verbs: %v", verbs)
	}
}

func TestTheCompleterIsLinkedBesideThePlugin(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, "kubectl-turnup")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir()+string(os.PathListSeparator)+dir)
	run := func() (string, int) {
		var out, errs bytes.Buffer
		code := Run(context.Background(), Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
			[]string{"kubectl-turnup", "completion", "kubectl", "--install"}, Build{})
		return out.String() + errs.String(), code
	}
	link := filepath.Join(dir, completer)
	for range 2 {
		out, code := run()
		target, err := os.Readlink(link)
		if code != 0 || strings.TrimSpace(out) != link || err != nil || target != program {
			t.Errorf("exit code %d, %s → %s, %v: %s", code, link, target, err, out)
		}
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(link, []byte("somebody's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := run(); code != 1 || !strings.Contains(out, "is there, and no link") || !strings.Contains(out, "hint: ") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
