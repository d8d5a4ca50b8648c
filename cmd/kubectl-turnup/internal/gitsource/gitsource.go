// Package gitsource is where the addon tree comes from, as a config or flags say it:
// pushed, or out of a git repository that the cluster reads by itself.
package gitsource

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// CredentialsName is the Secret that deploy makes for a git source.
const CredentialsName = "addon-source-credentials"

// Spec is what a config says of where addons come from. Of commit, tag
// and branch the most exact one counts.
func Spec(cfg config.Cluster) api.SourceSpec {
	budget := cfg.Addons.PruneBudget
	spec := api.SourceSpec{Type: cfg.Addons.Source, PruneBudget: &budget}
	if spec.Type != api.Git {
		return spec
	}
	git := cfg.Addons.Git
	spec.Git = &api.GitSpec{
		URL: git.URL, Path: git.Path, Interval: strconv.Itoa(git.Interval) + "s",
		Proxy: git.Proxy, Verify: git.Verification != "none",
	}
	switch {
	case git.Commit != "":
		spec.Git.Commit = git.Commit
	case git.Tag != "":
		spec.Git.Tag = git.Tag
	default:
		spec.Git.Branch = git.Branch
	}
	if CredentialsOf(cfg).Given() {
		spec.Git.Secret = CredentialsName
	}
	return spec
}

// Credentials are the files of which the Secret of a git source is made, by the
// key of the Secret: token, username, password, ca.crt, identity, known_hosts, signers.
type Credentials map[string]string

// CredentialsOf are those that a config names.
func CredentialsOf(cfg config.Cluster) Credentials {
	if cfg.Addons.Source != api.Git {
		return nil
	}
	git := cfg.Addons.Git
	return Credentials{
		"token": git.TokenFile, "ca.crt": git.CAFile, "identity": git.IdentityFile,
		"known_hosts": git.KnownHostsFile, "signers": git.SignersFile,
	}
}

// Given tells whether there is any.
func (c Credentials) Given() bool {
	for _, path := range c {
		if path != "" {
			return true
		}
	}
	return false
}

// Object reads the files into the Secret; nil where there are none.
func (c Credentials) Object() (*unstructured.Unstructured, error) {
	data := map[string]any{}
	for key, path := range c {
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, ui.Hint(fmt.Errorf("read the git source's %s: %w", key, err), "name a file that you can read")
		}
		data[key] = base64.StdEncoding.EncodeToString(content)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
		"metadata": map[string]any{"name": CredentialsName, "namespace": object.Namespace},
	}}, nil
}

// Request is what the flags of deploy say of a git source.
type Request struct {
	api.GitSpec
	Credentials Credentials
}

// Of is the source that the flags of deploy describe; the zero value where
// they say nothing.
func Of(kind string, git Request) (api.SourceSpec, error) {
	described := git.GitSpec != (api.GitSpec{}) || git.Credentials.Given()
	switch {
	case kind != "" && kind != api.Push && kind != api.Git:
		return api.SourceSpec{}, ui.Hint(fmt.Errorf("--source %s is no source", kind), "want push or git")
	case kind != api.Git && described:
		return api.SourceSpec{}, ui.Hint(errors.New("these flags describe a git repository, and the source is push"), "add --source git")
	case kind != api.Git:
		return api.SourceSpec{Type: kind}, nil
	case git.URL == "":
		return api.SourceSpec{}, ui.Hint(errors.New("a git source needs a repository"), "say which: --git-url https://git.example.com/demo.git")
	}
	refs := 0
	for _, ref := range []string{git.Branch, git.Tag, git.Commit} {
		if ref != "" {
			refs++
		}
	}
	if refs > 1 {
		return api.SourceSpec{}, ui.Hint(errors.New("--branch, --tag and --commit exclude each other"), "give one of them, or none for the repository's own branch")
	}
	spec := git.GitSpec
	if git.Credentials.Given() {
		if spec.Secret != "" && spec.Secret != CredentialsName {
			return api.SourceSpec{}, ui.Hint(errors.New("--secret names a Secret, and the files make another one"), "give one of the two")
		}
		spec.Secret = CredentialsName
	}
	return api.SourceSpec{Type: api.Git, Git: &spec}, nil
}
