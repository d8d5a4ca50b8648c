package home

import (
	"os"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/testdir"
	"turnup.dev/kubectl-turnup/internal/ui"
)

func TestWhatCannotBeMadeYetIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	cases := []struct {
		name string
		set  []string
		want string
	}{
		{"all at once", []string{"bootstrap.proxy.http=http://p:1", "bootstrap.proxy.https=http://p:1"},
			"bootstrap.proxy.http is http://p:1, and this version cannot set up a proxy yet\n" +
				"bootstrap.proxy.https is http://p:1, and this version cannot set up a proxy yet"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			testdir.Empty(t)
			_, err := Resolve(Request{Base: "clusters", Set: tc.set})
			if err == nil || err.Error() != tc.want || ui.HintOf(err) == "" {
				t.Errorf("%v", err)
			}
			if entries, _ := os.ReadDir("."); len(entries) > 0 {
				t.Errorf("something was written: %v", entries)
			}
		})
	}
}

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
	if err == nil || !strings.Contains(err.Error(), "token: open nowhere") {
		t.Errorf("%v", err)
	}
}
