package turnup

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/bootstrap/preflight"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// checkBudget is the longest that looking at all hosts may take, questions to
// the user about their host keys not counted.
const checkBudget = time.Minute

// checkPatience is how long a host that is only looked at may not answer.
const checkPatience = 10 * time.Second

// Report is what a check of hosts has found.
type Report struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Hosts      []preflight.Host    `json:"hosts"`
	Findings   []preflight.Finding `json:"findings"`
}

// Failed are the findings that keep a host from becoming a node.
func (r Report) Failed() []preflight.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f preflight.Finding) bool { return f.Level != preflight.Error })
}

// Check looks at every machine, all at once, and changes nothing on any.
func (t *Turnup) Check(ctx context.Context) (Report, error) {
	file, err := t.expectedMachines()
	if t.Config.Provision.Platform != baremetal {
		file, err = t.Home.ReadMachines()
	}
	if err != nil {
		return Report{}, err
	}
	t.Patience = checkPatience
	var report Report
	err = t.step(ctx, "look at "+ui.Count(len(file.Machines), "machine"), checkBudget, func(ctx context.Context, _ *ui.Step) error {
		report = t.lookAt(ctx, file, file.Machines)
		return ctx.Err()
	})
	return report, err
}

// preflight looks at the hosts that bootstrap is about to touch, and refuses to
// begin when one of them would fail: the others stay untouched as well. Machines
// that are containers were made for this a moment ago.
func (t *Turnup) preflight(ctx context.Context, file machines.File) error {
	var hosts []machines.Machine
	for _, m := range file.Machines {
		if m.Transport.SSH != nil {
			hosts = append(hosts, m)
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	if err := t.wholeBundle(); err != nil {
		return err
	}
	var report Report
	err := t.step(ctx, "check "+ui.Count(len(hosts), "host"), checkBudget, func(ctx context.Context, _ *ui.Step) error {
		report = t.lookAt(ctx, file, hosts)
		return report.err()
	})
	for _, f := range report.Findings {
		if f.Level == preflight.Warning {
			t.Out.Warnf("%s", f)
		}
	}
	return err
}

// err is one error of all that failed; nil if nothing did.
func (r Report) err() error {
	failed := r.Failed()
	if len(failed) == 0 {
		return nil
	}
	var lines []string
	for _, f := range failed {
		lines = append(lines, f.String())
	}
	err := fmt.Errorf("%s, and nothing was changed on any of them:\n%s", cannot(failed), strings.Join(lines, "\n"))
	return ui.Hint(err, "put it right there, then run the same command again; `kubectl turnup machines check` looks only")
}

func cannot(failed []preflight.Finding) string {
	hosts := map[string]bool{}
	for _, f := range failed {
		hosts[f.Machine] = true
	}
	return ui.Count(len(hosts), "host") + " cannot become a node"
}

// lookAt gathers the facts of hosts and judges them.
func (t *Turnup) lookAt(ctx context.Context, file machines.File, list []machines.Machine) Report {
	hosts := make([]preflight.Host, len(list))
	outside := outsideOf(t.Config)
	var all sync.WaitGroup
	for i, m := range list {
		all.Go(func() { hosts[i] = t.lookAtOne(ctx, m, preflight.Questions(file, m, outside)) })
	}
	all.Wait()
	cluster := preflight.Cluster{Bundle: t.Config.Bootstrap.Bundle != "", Network: t.Config.Network.Provider}
	if ca, err := os.ReadFile(filepath.Join(t.Home.PKI(), "ca.crt")); err == nil {
		cluster.CA = fmt.Sprintf("%x", sha256.Sum256(ca))
	}
	findings := preflight.Judge(hosts, cluster)
	if findings == nil {
		findings = []preflight.Finding{}
	}
	return Report{APIVersion: machines.APIVersion, Kind: "Check", Hosts: hosts, Findings: findings}
}

func (t *Turnup) lookAtOne(ctx context.Context, m machines.Machine, questions string) preflight.Host {
	host := preflight.Host{Machine: m}
	machine, err := t.open(ctx, m)
	if err != nil {
		host.Unreachable = err
		return host
	}
	ctx, cancel := context.WithTimeout(ctx, checkBudget)
	defer cancel()
	asked := time.Now()
	out, err := machine.Run(ctx, preflight.Script, strings.NewReader(questions))
	if err != nil {
		host.Unreachable = err
		return host
	}
	host.Facts = preflight.Parse(out)
	host.Skew = host.Facts.Ahead(asked, time.Now())
	return host
}

// outsideOf are the hosts that images come from, or the proxy in front of them.
func outsideOf(cfg config.Cluster) (outside preflight.Outside) {
	if cfg.Bootstrap.Bundle != "" {
		return outside
	}
	add := func(list *[]string, host string) {
		if !slices.Contains(*list, host) {
			*list = append(*list, host)
		}
	}
	proxy := bootstrap.Proxy(cfg)
	for _, image := range config.Images(cfg).Images() {
		host, _, _ := strings.Cut(image.Ref, "/")
		through, err := proxy(&url.URL{Scheme: "https", Host: host})
		switch {
		case err != nil || through == nil: // the config's URLs are valid
			add(&outside.Registries, host)
		case through.Port() == "" && through.Scheme == "http":
			add(&outside.Proxies, net.JoinHostPort(through.Hostname(), "80"))
		default:
			add(&outside.Proxies, through.Host)
		}
	}
	return outside
}
