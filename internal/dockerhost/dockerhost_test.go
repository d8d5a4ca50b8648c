package dockerhost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestTheDaemonIsTheOneDockerTalksTo(t *testing.T) {
	home := t.TempDir()
	file := func(path, data string) {
		path = filepath.Join(home, ".docker", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	meta := func(name string) string {
		return filepath.Join("contexts", "meta", digest.FromString(name).Encoded(), "meta.json")
	}
	check := func(name string, env map[string]string, home, want, wantError string) {
		t.Run(name, func(t *testing.T) {
			got, err := find(func(k string) string { return env[k] }, home)
			if wantError != "" {
				if err == nil || !strings.Contains(err.Error(), wantError) || ui.HintOf(err) == "" {
					t.Errorf("got %v, want %q and a hint", err, wantError)
				}
				return
			}
			if err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
	file("config.json", `{"currentContext":"colima"}`)
	file(meta("colima"), `{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///c/docker.sock"}}}`)
	file(meta("empty"), `{"Name":"empty","Endpoints":{}}`)
	check("DOCKER_HOST wins", map[string]string{"DOCKER_HOST": "tcp://a:1"}, home, "tcp://a:1", "")
	check("the current context is next", nil, home, "unix:///c/docker.sock", "")
	check("DOCKER_CONTEXT wins over it", map[string]string{"DOCKER_CONTEXT": "default"}, home, "unix:///var/run/docker.sock", "")
	check("without anything it is the usual socket", nil, t.TempDir(), "unix:///var/run/docker.sock", "")
	check("a context that is not there is an error", map[string]string{"DOCKER_CONTEXT": "gone"}, home, "", `read Docker context "gone"`)
	check("a context of something else is an error", map[string]string{"DOCKER_CONTEXT": "empty"}, home, "", "it has no docker endpoint")
}

func TestADaemonThatDoesNotAnswerSaysWhatToDo(t *testing.T) {
	wants := func(t *testing.T, err error, text, hint string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(ui.HintOf(err), hint) {
			t.Errorf("got %v with hint %q, want %q and %q", err, ui.HintOf(err), text, hint)
		}
	}
	t.Run("no permission", func(t *testing.T) {
		err := Explain("unix:///var/run/docker.sock", fmt.Errorf("dial: %w", fs.ErrPermission))
		wants(t, err, "connect to Docker at unix:///var/run/docker.sock: permission denied", "usermod -aG docker")
	})
	t.Run("another computer", func(t *testing.T) {
		err := Explain("tcp://there:2375", errors.New("no route to host"))
		wants(t, err, "no route to host", "DOCKER_HOST")
	})
}
