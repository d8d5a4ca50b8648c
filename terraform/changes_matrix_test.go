package terraform_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnup.dev/kubectl-turnup/internal/golden"
	"turnup.dev/kubectl-turnup/terraform"
)

// later is what happens to a cluster once it is there.
var later = []struct {
	name  string
	set   []string
	token bool // a new one in the user-data
}{
	{name: "a token is renewed", token: true},
	{name: "more workers", set: []string{"provision.workers=5"}},
	{name: "another pool", set: []string{"provision.pools=gpu count=1 type=TYPE"}},
	{name: "three control planes", set: []string{"provision.control_planes=3"}},
	{name: "more zones", set: []string{"provision.P.zones=MORE"}},
	{name: "larger workers", set: []string{"provision.P.worker_type=TYPE"}},
	{name: "larger control planes", set: []string{"provision.P.control_plane_type=TYPE"}},
	{name: "the API is closed", set: []string{"provision.P.api_cidrs=203.0.113.7/32"}},
}

// TestLaterChanges plans changes of a cluster on every cloud. Each is in
// testdata/plans, and none may end a machine that runs, or etcd's data.
func TestLaterChanges(t *testing.T) {
	for _, platform := range clouds {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if s.world == "" {
				t.Skip("SKIPPED: a real cloud would have to be made first")
			}
			cfg := configure(t, platform, nil)
			ok(t, s.Prepare(cfg, inputs(t, cfg)))
			_, err := s.Apply(t.Context())
			ok(t, err)
			var out strings.Builder
			for _, c := range later {
				cfg := configure(t, platform, c.set)
				in := inputs(t, cfg)
				if c.token {
					for name := range in.UserData {
						in.UserData[name] += "token=new\n"
					}
				}
				ok(t, s.Prepare(cfg, in))
				changes, err := s.Plan(t.Context())
				ok(t, err)
				out.WriteString("# " + c.name + "\n" + told(changes) + "\n\n")
				for _, change := range changes.Resources {
					// Google's groups keep the zones that they were made with: there the plan says what is lost.
					if loss := change.Loss(); loss != "" && (platform != "gce" || c.name != "more zones") {
						t.Errorf("%s: %s: %s", c.name, change, loss)
					}
				}
			}
			golden.Check(t, filepath.Join("testdata", "plans", platform, "later.txt"), out.String())
		})
	}
}

// told are the changes, one a line.
func told(changes terraform.Changes) string {
	var lines []string
	for _, c := range changes.Resources {
		lines = append(lines, c.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
