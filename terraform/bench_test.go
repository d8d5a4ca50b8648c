//go:build unix

package terraform_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/terraform"
)

// BenchmarkMachines renders and plans clusters of so many machines: variables
// with a pool and 10 KB of user-data for each, and a plan of a resource for each.
// own-ms is the processor time of this program, terraform-ms that of the tool
// and its provider; the first has to be small beside the second, and linear.
func BenchmarkMachines(b *testing.B) {
	for _, n := range []int{250, 500, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var pools []string
			in := terraform.Inputs{SSHPublicKey: "ssh-ed25519 AAAA demo", UserData: map[string]string{}}
			for i := range n {
				name := fmt.Sprintf("p%d", i)
				pools = append(pools, name+" count=1 type=t3.large")
				in.UserData[name] = strings.Repeat("user-data ", 1024)
			}
			cfg := with(b, "provision.platform=aws", "network.pod_cidr=10.128.0.0/12", "provision.pools="+strings.Join(pools, "; "))
			rendered, planned := newSite(b), newTinySite(b)
			planned.vars(b, map[string]any{"control_planes": n})
			_, err := planned.Plan(b.Context()) // with init
			ok(b, err)
			own, tool := used(b, syscall.RUSAGE_SELF), used(b, syscall.RUSAGE_CHILDREN)
			b.ResetTimer()
			for range b.N {
				ok(b, rendered.Prepare(cfg, in))
				changes, err := planned.Plan(b.Context())
				ok(b, err)
				if changes.Add != n+3 {
					b.Fatalf("the plan wants %s", changes)
				}
			}
			b.ReportMetric(float64((used(b, syscall.RUSAGE_SELF)-own).Milliseconds())/float64(b.N), "own-ms")
			b.ReportMetric(float64((used(b, syscall.RUSAGE_CHILDREN)-tool).Milliseconds())/float64(b.N), "terraform-ms")
		})
	}
}

// used is the processor time up to now.
func used(b *testing.B, who int) time.Duration {
	var usage syscall.Rusage
	ok(b, syscall.Getrusage(who, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
