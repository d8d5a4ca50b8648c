package home

import (
	"os"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestSettingsOfAnotherPlatformGoWhenThePlatformChanges(t *testing.T) {
	testdir.Empty(t)
	testdir.Write(t, ".config.json", `{"provision":{"platform":"aws","aws":{"region":"eu-west-1"}}}`)
	cfg, err := Resolve(Request{Base: "clusters", Set: []string{"provision.platform=local"}})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Provision.AWS.Region != "" || cfg.Provision.Local.Subnet != "172.30.0.0/24" {
		t.Errorf("%+v", cfg.Provision)
	}
}

func TestCredentialsThatCannotBeReadAreRefusedBeforeAnythingIsTouched(t *testing.T) {
	testdir.Empty(t)
	_, err := Resolve(Request{Base: "clusters", Set: []string{"addons.source=git", "addons.git.url=https://git.example.com/a.git", "addons.git.token_file=nowhere"}})
	if err == nil || !strings.Contains(err.Error(), "token: open nowhere") || ui.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	if entries, _ := os.ReadDir("."); len(entries) > 0 {
		t.Errorf("something was written: %v", entries)
	}
}
