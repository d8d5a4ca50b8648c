package kconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// The peers are the implementations that our trees must also work with:
// kconfig-conf of Debian's kconfig-frontends-nox (Linux 4.11) and Kconfiglib.

// peers are the peers' programs on this machine.
type peers struct{ conf, python string }

// findPeers returns the peers. As root on Debian it installs what is missing;
// elsewhere a missing one skips the test and says so.
func findPeers(t testing.TB) peers {
	t.Helper()
	p, err := lookUpPeers()
	if err != nil && os.Getuid() == 0 {
		installPeers(t)
		p, err = lookUpPeers()
	}
	if err != nil {
		t.Skipf("NOT COMPARED with other implementations: %v; install kconfig-frontends-nox and python3-kconfiglib", err)
	}
	return p
}

func installPeers(t testing.TB) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return
	}
	install := exec.CommandContext(t.Context(), "apt-get", "install", "-y", "--no-install-recommends",
		"kconfig-frontends-nox", "python3-kconfiglib")
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	install.WaitDelay = 2 * time.Minute
	if out, err := install.CombinedOutput(); err != nil {
		t.Logf("install the peers: %v\n%s", err, out)
	}
}

func lookUpPeers() (peers, error) {
	conf, err := exec.LookPath("kconfig-conf")
	if err != nil {
		return peers{}, err
	}
	// Debian's module belongs to Debian's Python, which need not be the first.
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		python := filepath.Join(dir, "python3")
		if exec.Command(python, "-c", "import kconfiglib").Run() == nil {
			return peers{conf, python}, nil
		}
	}
	return peers{}, errors.New("no python3 has kconfiglib")
}

// job is a tree on disk and the flat configuration files to evaluate.
type job struct {
	Dir     string   `json:"dir"`
	Configs []string `json:"configs"`
}

// outcome is what one implementation makes of a job: the file it writes for
// each configuration, or why it cannot read the tree.
type outcome struct {
	written []string
	problem string
}

// writeJob puts a tree and configurations on disk.
func writeJob(t testing.TB, files fstest.MapFS, configs []string) job {
	t.Helper()
	j := job{Dir: t.TempDir()}
	for name, file := range files {
		path := filepath.Join(j.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	j.Configs = writeConfigs(t, configs)
	return j
}

func writeConfigs(t testing.TB, configs []string) []string {
	t.Helper()
	dir := t.TempDir()
	paths := make([]string, len(configs))
	for i, config := range configs {
		paths[i] = filepath.Join(dir, fmt.Sprintf("config.%d", i))
		if err := os.WriteFile(paths[i], []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// kconfiglib evaluates all jobs in one process.
func (p peers) kconfiglib(t testing.TB, jobs []job) []outcome {
	t.Helper()
	input, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), p.python, filepath.Join("testdata", "peers", "values.py"))
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run Kconfiglib: %v\n%s", err, &stderr)
	}
	var results []json.RawMessage
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatal(err)
	}
	outcomes := make([]outcome, len(jobs))
	for i, result := range results {
		if json.Unmarshal(result, &outcomes[i].written) != nil {
			json.Unmarshal(result, &outcomes[i].problem)
		}
	}
	return outcomes
}

// kconfigConf evaluates all jobs, with a process for each configuration, two at
// a time.
func (p peers) kconfigConf(t testing.TB, jobs []job) []outcome {
	t.Helper()
	outcomes := make([]outcome, len(jobs))
	var workers sync.WaitGroup
	limit := make(chan struct{}, 2)
	for i, j := range jobs {
		outcomes[i].written = make([]string, len(j.Configs))
		workers.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			for k, config := range j.Configs {
				written, err := p.oldDefConfig(j.Dir, config)
				if err != nil {
					outcomes[i].problem = err.Error()
					return
				}
				outcomes[i].written[k] = written
			}
		})
	}
	workers.Wait()
	return outcomes
}

// oldDefConfig has kconfig-conf complete a copy of a configuration.
func (p peers) oldDefConfig(dir, config string) (string, error) {
	data, err := os.ReadFile(config)
	if err != nil {
		return "", err
	}
	target := config + ".conf"
	if err := os.WriteFile(target, data, 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command(p.conf, "--olddefconfig", "Kconfig")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KCONFIG_CONFIG="+target, "CONFIG_="+Prefix)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	written, err := os.ReadFile(target)
	return string(written), err
}
