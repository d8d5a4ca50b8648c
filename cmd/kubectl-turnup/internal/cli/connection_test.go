package cli

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestFlagsOfKubectlLeadToACluster(t *testing.T) {
	var f connectionFlags
	flags := pflag.NewFlagSet("addons", pflag.ContinueOnError)
	f.add(flags)
	if c := f.connection(); len(c.Words) > 0 || c.Secret != "" {
		t.Errorf("without flags: %+v", c)
	}
	err := flags.Parse([]string{"-s", "https://192.0.2.1:6443", "--insecure-skip-tls-verify", "--as=u", "--as-group=a", "--as-group=b,c", "--token", "t", "--request-timeout=3s"})
	if err != nil {
		t.Fatal(err)
	}
	c := f.connection()
	slices.Sort(c.Words)
	want := []string{"--as-group=a", "--as-group=b,c", "--as=u", "--insecure-skip-tls-verify=true", "--request-timeout=3s", "--server=https://192.0.2.1:6443", "--token=t"}
	if !slices.Equal(c.Words, want) || c.Secret != "--token" {
		t.Errorf("got %q, secret %q", c.Words, c.Secret)
	}
	if o := c.Overrides; o.ClusterInfo.Server != "https://192.0.2.1:6443" || o.AuthInfo.Token != "t" || !slices.Equal(o.AuthInfo.ImpersonateGroups, []string{"a", "b,c"}) || o.Timeout != "3s" {
		t.Errorf("got %+v", o)
	}
}
