package local

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestNoDockerSaysWhyAndWhatToDo(t *testing.T) {
	t.Run("no socket", func(t *testing.T) {
		t.Setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
		_, err := Connect(t.Context())
		wants(t, err, "connect to Docker at unix:///no/such/docker.sock: there is no such socket", "start Docker")
	})
	t.Run("a socket nobody listens on", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("DOCKER_HOST", "unix://"+path)
		_, err := Connect(t.Context())
		wants(t, err, "nothing answers", "start Docker")
	})
	t.Run("a daemon that does not answer", func(t *testing.T) {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		t.Setenv("DOCKER_HOST", "unix://"+l.Addr().String())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = Connect(ctx)
		wants(t, err, "no answer", "restart Docker")
	})
}

func wants(t *testing.T, err error, text, hint string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(ui.HintOf(err), hint) {
		t.Errorf("got %v with hint %q, want %q and %q", err, ui.HintOf(err), text, hint)
	}
}
