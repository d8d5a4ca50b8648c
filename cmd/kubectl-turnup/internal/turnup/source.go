package turnup

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// CredentialsName is the Secret that deploy makes for a git source.
const CredentialsName = "addon-source-credentials"

// SourceSpec is what a config says of where addons come from. Of commit, tag
// and branch the most exact one counts.
func SourceSpec(cfg config.Cluster) api.SourceSpec {
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
	if CredentialsOf(cfg).given() {
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

func (c Credentials) given() bool {
	for _, path := range c {
		if path != "" {
			return true
		}
	}
	return false
}

// object reads the files into the Secret; nil where there are none.
func (c Credentials) object() (*unstructured.Unstructured, error) {
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
		"metadata": map[string]any{"name": CredentialsName, "namespace": managerNamespace},
	}}, nil
}

// readSource reads the AddonSource; one of type push where there is none.
func readSource(ctx context.Context, to *access) (api.AddonSource, error) {
	from, _, err := api.ReadSource(ctx, to.dynamic)
	return from, err
}

// fetchBudget is how long a repository may take to answer with a tree.
const fetchBudget = 2 * time.Minute

// awaitGit waits until the manager has read its repository, and is true to it.
func awaitGit(ctx context.Context, out *ui.Output, to *access) error {
	if err := awaitFetched(ctx, out, to, fetchBudget); err != nil {
		return err
	}
	shipped, err := kept(ctx, to)
	if err != nil {
		return err
	}
	return awaitHealthy(ctx, out, to, shipped, healthyBudget)
}

// awaitFetched waits until there is a revision from the repository. The
// source's own condition is what it says while it waits, and when it gives up.
func awaitFetched(ctx context.Context, out *ui.Output, to *access, budget time.Duration) error {
	step := out.Step("read the git repository", budget)
	var revision string
	err := wait.For(ctx, wait.Options{
		What: "the addon manager to read the git repository", Budget: budget, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		from, err := readSource(ctx, to)
		if err != nil {
			return false, "", err
		}
		head, err := source.Current(ctx, to.typed.CoreV1())
		if err != nil {
			return false, fetched(from), err
		}
		revision = head.Revision
		done := conditionOf(from.Status.Conditions, api.Fetched)
		return done.Status == "True", fetched(from), nil
	})
	if err != nil {
		return step.End(ui.Hint(err, "correct addons.git.* in the config or the repository; `kubectl get addonsources -o yaml` shows all of its conditions"))
	}
	step.Done(short(revision))
	return nil
}

// fetched says how a source's last look at its repository went.
func fetched(from api.AddonSource) string {
	condition := conditionOf(from.Status.Conditions, api.Fetched)
	if condition.Type == "" {
		return "it has not looked yet"
	}
	return condition.Reason + ": " + condition.Message
}

func conditionOf(list []api.Condition, kind string) api.Condition {
	for _, condition := range list {
		if condition.Type == kind {
			return condition
		}
	}
	return api.Condition{}
}

// noManager explains a kind or namespace that is not there.
func noManager(err error) error {
	if apierrors.IsNotFound(err) {
		return ui.Hint(err, "is the addon manager deployed? `kubectl turnup addons deploy` does that")
	}
	return err
}

// GitRequest is what the flags of deploy say of a git source.
type GitRequest struct {
	api.GitSpec
	Credentials Credentials
}

// SourceOf is the source that the flags of deploy describe; the zero value where
// they say nothing.
func SourceOf(kind string, git GitRequest) (api.SourceSpec, error) {
	described := git.GitSpec != (api.GitSpec{}) || git.Credentials.given()
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
	if git.Credentials.given() {
		if spec.Secret != "" && spec.Secret != CredentialsName {
			return api.SourceSpec{}, ui.Hint(errors.New("--secret names a Secret, and the files make another one"), "give one of the two")
		}
		spec.Secret = CredentialsName
	}
	return api.SourceSpec{Type: api.Git, Git: &spec}, nil
}
