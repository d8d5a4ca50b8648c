package terraform

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		explicit  string
		env       map[string]string
		installed []string
		dirs      []string
		want      Tool
		wantError string
	}{
		"terraform from PATH comes first": {installed: []string{"terraform", "tofu"}, want: Tool{Path: "/path/terraform"}},
		"tofu is as good":                 {installed: []string{"tofu"}, want: Tool{Path: "/path/tofu"}},
		"one next to our executable is found, with its providers": {
			installed: []string{"/own/tofu"}, dirs: []string{"/own/terraform-providers"},
			want: Tool{Path: "/own/tofu", Providers: "/own/terraform-providers"}},
		"the flag wins over the environment and PATH": {
			explicit: "/opt/terraform", env: map[string]string{EnvTool: "/env/terraform"}, installed: []string{"/opt/terraform", "/env/terraform", "terraform"},
			want: Tool{Path: "/opt/terraform"}},
		"the environment wins over PATH": {
			env: map[string]string{EnvTool: "/env/tofu"}, installed: []string{"/env/tofu", "terraform"}, want: Tool{Path: "/env/tofu"}},
		"the environment's providers win": {
			env: map[string]string{EnvProviders: "/mirror"}, installed: []string{"terraform"}, dirs: []string{"/mirror", "/own/terraform-providers"},
			want: Tool{Path: "/path/terraform", Providers: "/mirror"}},
		"a wrong flag is not replaced by something else": {
			explicit: "/opt/terraform", installed: []string{"terraform"}, wantError: "find terraform: /opt/terraform: executable file not found"},
		"a wrong directory of providers is an error": {
			env: map[string]string{EnvProviders: "/nowhere"}, installed: []string{"terraform"}, wantError: "TURNUP_TERRAFORM_PROVIDERS=/nowhere is no directory"},
		"nothing anywhere is an error": {wantError: "neither terraform nor tofu is on PATH or in /own"},
	} {
		t.Run(name, func(t *testing.T) {
			look := func(name string) (string, error) {
				for _, i := range c.installed {
					if i == name && strings.HasPrefix(i, "/") {
						return i, nil
					}
					if i == name {
						return "/path/" + i, nil
					}
				}
				return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
			}
			dir := func(path string) bool {
				for _, d := range c.dirs {
					if d == path {
						return true
					}
				}
				return false
			}
			got, err := find(c.explicit, "/own", func(k string) string { return c.env[k] }, look, dir)
			if c.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantError) {
					t.Fatalf("got %v, want %q", err, c.wantError)
				}
				if ui.HintOf(err) == "" {
					t.Error("there is no hint")
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestAnOldToolIsRefused(t *testing.T) {
	for v, want := range map[string]bool{"1.5.7": false, "1.6.0": true, "1.6.0-beta1": true, "1.12.6-dev": true, "0.15.3": false} {
		err := suitable("/bin/terraform", version.Must(version.NewVersion(v)))
		if (err == nil) != want {
			t.Errorf("%s: %v", v, err)
		}
		if err != nil && !strings.Contains(err.Error(), "it is version "+v+", and 1.6 or newer is needed") {
			t.Errorf("%s: %v", v, err)
		}
	}
}

func TestTheToolsEnvironmentIsClean(t *testing.T) {
	got := environment([]string{
		"PATH=/bin", "TF_VAR_workers=9", "TF_CLI_ARGS=-destroy", "TF_DATA_DIR=/x", "TF_WORKSPACE=other", "TF_CLI_CONFIG_FILE=/no/such/file", "DOCKER_HOST=a",
	}, map[string]string{"DOCKER_HOST": "b"})
	want := map[string]string{"PATH": "/bin", "DOCKER_HOST": "b", "CHECKPOINT_DISABLE": "1"}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
}

func TestReasonDropsTheRepeatedName(t *testing.T) {
	_, err := exec.LookPath("/no/such/tool")
	if got := reason(err); strings.Contains(got.Error(), "tool") {
		t.Errorf("got %v", got)
	}
	if plain := errors.New("plain"); reason(plain) != plain {
		t.Error("another error changed")
	}
}
