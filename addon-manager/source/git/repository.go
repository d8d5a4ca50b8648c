package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// ErrUnchanged is returned while the ref names the commit that is known.
var ErrUnchanged = errors.New("the commit is unchanged")

const (
	defaultInterval = 15 * time.Second
	minInterval     = time.Second
	// stepBudget is how long a remote may be silent.
	stepBudget = time.Minute
	// fetchBudget is how long one pack may take, however busily it drips.
	fetchBudget = 10 * time.Minute
)

// Options are what a repository is read with.
type Options struct {
	Spec api.GitSpec
	// Secret is the data of the Secret that Spec names, with any of the keys token; username, password;
	// ca.crt; identity, passphrase, known_hosts; signers.
	Secret map[string][]byte
}

// Repository is one place in one remote repository. It holds no state of it:
// several may be read at once, and each is cheap to make and to forget.
type Repository struct {
	spec     api.GitSpec
	path     string
	name     string
	interval time.Duration
	remote   remote
	signers  *signers
	secrets  []string

	budget time.Duration
	limits limits
	after  func(time.Duration) <-chan time.Time
	random func() float64
}

// remote is where packs come from.
type remote interface {
	open(context.Context) (session, error)
	// idle closes the connections that are kept for the next look.
	idle()
}

// session is one conversation: the refs, then at most one pack.
type session interface {
	refs(context.Context) (*packp.AdvRefs, error)
	// pack returns the answer to a request; ctx holds until it is closed.
	pack(context.Context, *packp.UploadPackRequest) (io.ReadCloser, error)
	close()
}

// New checks everything that can be checked without the remote.
func New(options Options) (*Repository, error) {
	spec := options.Spec
	keys := secret{name: spec.Secret, data: options.Secret}
	where, err := parseURL(spec.URL)
	if err != nil {
		return nil, err
	}
	r := &Repository{
		spec: spec, name: where.name, budget: stepBudget, limits: defaultLimits(),
		after: time.After, random: rand.Float64,
	}
	if r.secrets, err = keys.values(spec); err != nil {
		return nil, err
	}
	if err := checkRef(spec); err != nil {
		return nil, err
	}
	if r.path, err = inside(spec.Path); err != nil {
		return nil, err
	}
	if r.interval, err = interval(spec.Interval); err != nil {
		return nil, err
	}
	proxy, err := parseProxy(spec.Proxy)
	if err != nil {
		return nil, err
	}
	if spec.Verify {
		if r.signers, err = parseSigners(keys); err != nil {
			return nil, err
		}
	}
	if where.ssh() {
		r.remote, err = newSSH(where, keys, proxy)
	} else {
		r.remote, err = newHTTP(where, keys, proxy)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Name is the URL without a login, as messages show it.
func (r *Repository) Name() string { return r.name }

func checkRef(spec api.GitSpec) error {
	set := 0
	for _, ref := range []string{spec.Branch, spec.Tag, spec.Commit} {
		if ref != "" {
			set++
		}
	}
	if set > 1 {
		return errors.New("spec.git: branch, tag and commit exclude each other; keep one of them")
	}
	if spec.Branch != "" && plumbing.NewBranchReferenceName(spec.Branch).Validate() != nil {
		return fmt.Errorf("spec.git.branch: %q is not the name of a branch, such as main", spec.Branch)
	}
	if spec.Tag != "" && plumbing.NewTagReferenceName(spec.Tag).Validate() != nil {
		return fmt.Errorf("spec.git.tag: %q is not the name of a tag, such as v1.2.3", spec.Tag)
	}
	if spec.Commit != "" && !isCommit(spec.Commit) {
		return fmt.Errorf("spec.git.commit: %q is not a full commit; it has 40 lower-case hexadecimal digits (`git rev-parse HEAD`)", spec.Commit)
	}
	return nil
}

func isCommit(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 20 && strings.ToLower(s) == s
}

// inside cleans a path below the root; "." is the root.
func inside(name string) (string, error) {
	clean := path.Clean("./" + strings.TrimSuffix(name, "/"))
	if strings.HasPrefix(name, "/") || !fs.ValidPath(clean) || strings.ContainsAny(name, "\\\x00") {
		return "", fmt.Errorf("spec.git.path: %q is not a directory inside the repository, such as addons", name)
	}
	return clean, nil
}

func interval(text string) (time.Duration, error) {
	if text == "" {
		return defaultInterval, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minInterval {
		return 0, fmt.Errorf("spec.git.interval: %q is not a duration of at least %s, such as 15s or 5m", text, minInterval)
	}
	return d, nil
}

// secret is the Secret as the errors name it.
type secret struct {
	name string
	data map[string][]byte
}

func (s secret) key(key string) string {
	if s.name == "" {
		return fmt.Sprintf("key %s of the Secret (spec.git.secret names none)", key)
	}
	return fmt.Sprintf("key %s of Secret %s/%s", key, object.Namespace, s.name)
}

// text is a value without the line break that editors leave behind it.
func (s secret) text(key string) string { return strings.TrimRight(string(s.data[key]), "\r\n") }

// values are what no message may contain.
func (s secret) values(spec api.GitSpec) ([]string, error) {
	var values []string
	for _, key := range []string{"token", "password", "passphrase"} {
		value := s.text(key)
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("%s: it has more than one line", s.key(key))
		}
		values = append(values, value)
	}
	return append(append(values, logins(spec.URL)...), logins(spec.Proxy)...), nil
}
