//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"

	"turnup.dev/kubectl-turnup/internal/config"
)

// terraform is a tool that is found, and never gets to do more than this.
const terraform = `#!/bin/sh
echo '{"terraform_version":"1.11.0","platform":"linux_amd64","provider_selections":{},"terraform_outdated":false}'
`

const machinesFile = `{
  "apiVersion": "turnup.dev/v1alpha1",
  "kind": "Machines",
  "endpoint": "192.0.2.11:6443",
  "machines": [
    {"name": "demo-control-plane-0", "role": "control-plane", "address": "192.0.2.11",
     "transport": {"docker": {"container": "turnup-test-no-such-machine"}}}
  ]
}
`

// nobodysKubeconfig leads to an API server that is not there.
const nobodysKubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
current-context: c
`

// known is a cluster that was created once.
func known() string { return string(config.Encode(config.Default())) }

func TestBadInputEndsWithOneErrorAndAHint(t *testing.T) {
	cases := []mistake{
		// Words that are not understood.
		{name: "an unknown verb", args: []string{"crate"}},
		{name: "an unknown verb of addons", args: []string{"addons", "pull"}},
		{name: "an unknown flag", args: []string{"create", "--workers=3"}},
		{name: "too many names", args: []string{"create", "one", "two"}},
		{name: "a progress format that does not exist", args: []string{"create", "--progress", "xml"}},
		{name: "an output format that does not exist", args: []string{"status", "-o", "xml"}},
		{name: "a render without a directory", args: []string{"render"}},
		{name: "a version format that does not exist", args: []string{"version", "-o", "xml"}},

		// The config.
		{name: "a config that is not there", args: []string{"create", "--config", "nowhere.json"}},
		{name: "a config with an unknown key", args: []string{"create"},
			files: map[string]string{".config.json": "{\n  \"provision\": {\n    \"wrokers\": 3\n  }\n}\n"}},
		{name: "a config with a wrong type", args: []string{"create"},
			files: map[string]string{".config.json": "{\n  \"provision\": {\n    \"workers\": \"three\"\n  }\n}\n"}},
		{name: "a config that is cut off", args: []string{"create", "--config", "mine.json"},
			files: map[string]string{"mine.json": "{\n  \"provision\": {\n"}},
		{name: "a config with several mistakes", args: []string{"create"},
			files: map[string]string{".config.json": `{"cluster":{"name":"No Name"},"provision":{"workers":-1,"local":{"subnet":"172.30.0.0/33"}},"network":{"provider":"magic"}}`}},
		{name: "a set without a value", args: []string{"create", "--set", "provision.workers"}},
		{name: "a set of an unknown symbol", args: []string{"create", "--set", "provision.worker=3"}},
		{name: "a set out of range", args: []string{"create", "--set", "provision.workers=many"}},
		{name: "a name that is none", args: []string{"create", "Not_A_Name"}},
		{name: "a change that a cluster cannot make", args: []string{"create", "--set", "network.pod_cidr=10.99.0.0/16"},
			files: map[string]string{"clusters/demo/config.json": known()}},

		// Clusters that are not there, or not whole.
		{name: "a delete of an unknown cluster", args: []string{"delete", "nowhere", "--yes"}},
		{name: "a status of an unknown cluster", args: []string{"status", "nowhere"},
			files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a kubeconfig of an unknown cluster", args: []string{"kubeconfig", "nowhere"}},
		{name: "a list of addons of an unknown cluster", args: []string{"addons", "list", "nowhere"}},
		{name: "a push to an unknown cluster", args: []string{"addons", "push", "nowhere"}},
		{name: "a deploy to an unknown cluster", args: []string{"addons", "deploy", "nowhere"}},
		{name: "a list of addons without any cluster", args: []string{"addons"}},
		{name: "a list of addons in an unknown format", args: []string{"addons", "list", "-o", "xml"}},
		{name: "a context that does not exist", args: []string{"addons", "tree", "--context", "nowhere"}, env: []string{"KUBECONFIG=$DIR/kubeconfig"},
			files: map[string]string{"kubeconfig": nobodysKubeconfig}},
		{name: "a kubeconfig that is not there", args: []string{"addons", "list", "--kubeconfig", "nowhere"}},
		{name: "a name and a context", args: []string{"addons", "list", "demo", "--context", "other"}},
		{name: "two names of a cluster", args: []string{"addons", "list", "demo", "--name", "other"}},
		{name: "an API server that does not answer", args: []string{"addons", "list"}, env: []string{"KUBECONFIG=$DIR/kubeconfig"},
			files: map[string]string{"kubeconfig": nobodysKubeconfig}},
		{name: "a why without an object", args: []string{"addons", "why", "deployment"}},
		{name: "a why of an object in two namespaces", args: []string{"addons", "why", "Deployment", "one/name", "-n", "two"}},
		{name: "all addons and one", args: []string{"addons", "suspend", "coredns", "--all"}},
		{name: "a diff without a tree", args: []string{"addons", "diff"}, code: 2, env: []string{"KUBECONFIG=$DIR/kubeconfig"},
			files: map[string]string{"kubeconfig": nobodysKubeconfig}},
		{name: "a tree where there is one", args: []string{"addons", "init"}, files: map[string]string{"addons/mine.yaml": "mine"}},
		{name: "a hook without a tree", args: []string{"addons", "hook", "install"}},
		{name: "a hook without git", args: []string{"addons", "hook", "install"}, files: map[string]string{"addons/mine.yaml": "mine"}},
		{name: "an unknown source", args: []string{"addons", "deploy", "--source", "hg"}},
		{name: "a git source without a repository", args: []string{"addons", "deploy", "--source", "git"}},
		{name: "a repository without a git source", args: []string{"addons", "deploy", "--git-url", "https://git.example.com/demo.git"}},
		{name: "a branch and a tag", args: []string{"addons", "deploy", "--source", "git", "--git-url", "https://git.example.com/demo.git", "--branch", "main", "--tag", "v1"}},
		{name: "a token that is not there", args: []string{"addons", "deploy", "--source", "git", "--git-url", "https://git.example.com/demo.git", "--git-token-file", "nowhere", "--api-server", "192.0.2.1:6443"},
			env: []string{"KUBECONFIG=$DIR/kubeconfig"}, files: map[string]string{"kubeconfig": nobodysKubeconfig}},
		{name: "flags of a source for a cluster of ours", args: []string{"addons", "deploy", "demo", "--source", "push"},
			files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a budget that is no percentage", args: []string{"addons", "deploy", "--prune-budget", "101"}},
		{name: "a git source whose token is not there", args: []string{"create", "--set", "addons.source=git", "--set", "addons.git.url=https://git.example.com/demo.git", "--set", "addons.git.token_file=nowhere"}},
		{name: "a status without any cluster", args: []string{"status"}},
		{name: "a status before there are machines", args: []string{"status"}, code: 2, files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a kubeconfig before there is one", args: []string{"kubeconfig"}, files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a push before there is a cluster", args: []string{"addons", "push"}, files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a record that is cut off", args: []string{"status"}, files: map[string]string{"clusters/demo/config.json": known()[:40]}},
		{name: "a delete that nobody confirms", args: []string{"delete"}, files: map[string]string{"clusters/demo/config.json": known()}},
		{name: "a cluster that another turnup works on", args: []string{"create"}, prepare: lock},
		{name: "a directory that cannot be written", args: []string{"create"}, nobody: true, prepare: readOnly},
		{name: "a render over other files", args: []string{"render", "--output", "mine"}, files: map[string]string{"mine/letter.txt": "Dear"}},

		{name: "a kubeconfig that is none", args: []string{"create"}, env: []string{"KUBECONFIG=$DIR/kubeconfig"},
			files: map[string]string{"kubeconfig": "clusters: [\n", "bin/terraform": terraform}},
		{name: "a kubeconfig that is none to delete from", args: []string{"delete", "--yes"}, env: []string{"KUBECONFIG=$DIR/kubeconfig"},
			files: map[string]string{"kubeconfig": "clusters: [\n", "bin/terraform": terraform, "clusters/demo/config.json": known()}},

		// The machines file.
		{name: "a bootstrap without machines", args: []string{"bootstrap"}},
		{name: "a machines file that is cut off", args: []string{"bootstrap"},
			files: map[string]string{"clusters/demo/machines.json": machinesFile[:200]}},
		{name: "a machines file with an unknown key", args: []string{"bootstrap"},
			files: map[string]string{"clusters/demo/machines.json": strings.Replace(machinesFile, `"role"`, `"rôle"`, 1)}},
		{name: "a machines file with a worker only", args: []string{"bootstrap"},
			files: map[string]string{"clusters/demo/machines.json": strings.Replace(machinesFile, `"role": "control-plane"`, `"role": "worker"`, 1)}},
		{name: "a bootstrap without Docker", args: []string{"bootstrap"}, files: map[string]string{"clusters/demo/machines.json": machinesFile}},
		// The context's daemon, as for docker itself, and not the usual socket.
		{name: "a bootstrap with the daemon of a Docker context", args: []string{"bootstrap"}, env: []string{"DOCKER_HOST=", "DOCKER_CONTEXT=mine"},
			files: map[string]string{"clusters/demo/machines.json": machinesFile,
				".docker/contexts/meta/" + digest.FromString("mine").Encoded() + "/meta.json": `{"Name":"mine","Endpoints":{"docker":{"Host":"unix:///nowhere/docker.sock"}}}`}},

		// The tools.
		{name: "no terraform", args: []string{"create"}},
		{name: "a terraform that is not there", args: []string{"create", "--terraform", "/nowhere/terraform"}},
		{name: "a terraform that cannot run", args: []string{"create", "--terraform", "./notes.txt"}, prepare: notes},
		{name: "providers that are not there", args: []string{"create"}, env: []string{"TURNUP_TERRAFORM_PROVIDERS=$DIR/nowhere"},
			files: map[string]string{"bin/terraform": terraform}},
		{name: "no Docker", args: []string{"create"}, files: map[string]string{"bin/terraform": terraform}},
		{name: "no Docker to delete from", args: []string{"delete", "--yes"},
			files: map[string]string{"bin/terraform": terraform, "clusters/demo/config.json": known()}},
		{name: "a Docker that has died", args: []string{"create"}, env: []string{"DOCKER_HOST=unix://$DIR/docker.sock"},
			files: map[string]string{"bin/terraform": terraform}, prepare: deadSocket},
		{name: "a Docker host that is none", args: []string{"create"}, env: []string{"DOCKER_HOST=nonsense"},
			files: map[string]string{"bin/terraform": terraform}},
		{name: "a Docker context that is none", args: []string{"create"}, env: []string{"DOCKER_HOST=", "DOCKER_CONTEXT=nowhere"},
			files: map[string]string{"bin/terraform": terraform}},
		{name: "no permission on Docker's socket", args: []string{"create"}, env: []string{"DOCKER_HOST=unix://$DIR/docker.sock"},
			files: map[string]string{"bin/terraform": terraform}, nobody: true, prepare: lockedSocket},
	}
	for _, m := range cases {
		t.Run(m.name, m.check)
	}
}

// lock holds a cluster's lock, as another turnup would.
func lock(t *testing.T, dir string) {
	t.Helper()
	home := filepath.Join(dir, "clusters", "demo")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	held := flock.New(filepath.Join(home, ".lock"))
	if ok, err := held.TryLock(); err != nil || !ok {
		t.Fatalf("lock %s: %v", home, err)
	}
	t.Cleanup(func() { _ = held.Unlock() })
}

func notes(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
}
