package manager_test

import (
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"turnup.dev/kubectl-turnup/addon-manager/api"
)

// TestARepositoryIsNotReadBeforeItHasAnswered points the source from pushes to a
// repository that hangs, and then answers.
func TestARepositoryIsNotReadBeforeItHasAnswered(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("SKIPPED: git is not on the PATH")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "asked"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "asked", "x.yaml"), []byte(cm("asked", "a: git")), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "x"}} {
		cmd := exec.Command(git, append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	answer := make(chan struct{})
	backend := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-answer:
			backend.ServeHTTP(rw, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)

	w := newWorld(t)
	w.start()
	w.ready("asked", w.push(of("asked", cm("asked", "a: push"))))
	fetched := func(want string) {
		t.Helper()
		w.source(func(s api.SourceStatus) error {
			for _, c := range s.Conditions {
				if c.Type == api.Fetched && string(c.Status) == want {
					return nil
				}
			}
			return fmt.Errorf("Fetched is not %s: %+v", want, s.Conditions)
		})
	}
	fetched("True")
	w.sourced(fmt.Sprintf(`{"type":"git","git":{"url":"%s/.git","interval":"1s"}}`, server.URL))
	t.Cleanup(func() { w.unsourcedLater() })
	fetched("Unknown")
	w.is("configmaps", "asked", "data.a", "push")
	close(answer)
	fetched("True")
	w.becomes("configmaps", "asked", "data.a", "git")
}
