package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// polls lets the manager follow a repository with our tree in it, in which nothing
// happens, and counts what that asks of the git server and of the API server.
func (s *scene) polls(ctx context.Context, manager *manager) error {
	repository, err := s.repository(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		s.note("git is not installed: nothing of the git source is measured")
		return nil
	}
	if err != nil {
		return err
	}
	server := httptest.NewServer(repository)
	defer server.Close()
	if err := s.followGit(ctx, server.URL+"/addons.git", repository.commit); err != nil {
		return err
	}
	before, err := s.cluster.quiet(ctx)
	if err != nil {
		return err
	}
	// A poll that ends is seen by the time that the manager gives for it.
	const stamp = "turnup_source_last_success_timestamp_seconds"
	last, _ := manager.metric(ctx, stamp)
	polls, asked := 0, repository.requests.Load()
	for end := time.Now().Add(30 * time.Second); polls < s.options.passes && time.Now().Before(end); {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		if now, ok := manager.metric(ctx, stamp); ok && now > last {
			polls, last = polls+1, now
		}
	}
	if polls == 0 {
		return errors.New("the manager does not poll the repository")
	}
	requests := repository.requests.Load() - asked
	after, err := s.cluster.ledger.read(ctx)
	if err != nil {
		return err
	}
	s.add(s.n, "git requests", ours, float64(requests)/float64(polls))
	s.add(s.n, "git cluster", ours, float64(after.since(before).total))
	s.say("%d objects, %d polls of a repository: %d requests to git, %s", s.n, polls, requests, after.since(before))
	return nil
}

// repository is a git server with one commit in it, which counts the requests.
type repository struct {
	http.Handler
	commit   string
	requests atomic.Int64
}

func (r *repository) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.requests.Add(1)
	r.Handler.ServeHTTP(w, request)
}

// repository commits our tree as it is now.
func (s *scene) repository(ctx context.Context) (*repository, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.cluster.dir, "git", "addons.git")
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(dir), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Bench",
		"GIT_AUTHOR_EMAIL=bench@example.com", "GIT_COMMITTER_NAME=Bench", "GIT_COMMITTER_EMAIL=bench@example.com",
	}
	files, err := s.trees[ours].files(s.state)
	if err != nil {
		return nil, err
	}
	for name, data := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o600)); err != nil {
			return nil, err
		}
	}
	var out []byte
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main", "."}, {"add", "--all"}, {"commit", "--quiet", "--message=bench"},
		{"rev-parse", "HEAD"}, {"--exec-path"},
	} {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env = dir, env
		text, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, text)
		}
		out = append(out, text...)
	}
	commit, programs, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return &repository{commit: commit, Handler: &cgi.Handler{
		Path: filepath.Join(programs, "git-http-backend"), Stderr: io.Discard, Logger: log.New(io.Discard, "", 0),
		Env: append(env, "GIT_PROJECT_ROOT="+filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1"),
	}}, nil
}

// followGit makes the repository the source, and waits until its commit is in force.
func (s *scene) followGit(ctx context.Context, url, commit string) error {
	sources := s.cluster.objects.Resource(api.Sources())
	spec := fmt.Sprintf(`{"spec":{"type":"git","git":{"url":%q,"branch":"main","interval":"1s"}}}`, url)
	if _, err := sources.Patch(ctx, api.SourceName, types.MergePatchType, []byte(spec), metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		return fmt.Errorf("make a repository the source: %w", err)
	}
	return eventually(ctx, 30*time.Second, func() error {
		source, err := sources.Get(ctx, api.SourceName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if now, _, _ := unstructured.NestedString(source.Object, "status", "revision"); now != commit {
			return fmt.Errorf("the source is at %q, not at commit %s: %v", now, commit, source.Object["status"])
		}
		return nil
	})
}
