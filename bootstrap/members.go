package bootstrap

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// EtcdStart is what a member of etcd is told when it starts for the first time.
// Later it knows the members from its own data and reads neither, but a change
// of a flag would be a change of its manifest, and start it anew.
type EtcdStart struct {
	// Cluster lists the members, NAME=URL,NAME=URL.
	Cluster string
	// State is new for members that found a cluster together, existing for one
	// that joins.
	State string
}

// EtcdStarts are the starts of control planes, by machine name. One that is not
// among them founds a cluster with all the others.
type EtcdStarts map[string]EtcdStart

func (s EtcdStarts) of(m machines.Machine, planes []machines.Machine) EtcdStart {
	if start, ok := s[m.Name]; ok {
		return start
	}
	return founding(planes)
}

func founding(planes []machines.Machine) EtcdStart {
	var members []string
	for _, m := range planes {
		members = append(members, m.Name+"="+PeerURL(m))
	}
	return EtcdStart{Cluster: strings.Join(members, ","), State: "new"}
}

// PeerURL is where the other members of etcd reach the one on a machine.
func PeerURL(m machines.Machine) string { return "https://" + net.JoinHostPort(m.Address, "2380") }

// EtcdSeen is what a control plane already has of etcd.
type EtcdSeen struct {
	// Data tells whether it has been a member of a cluster.
	Data bool
	// Start is what its manifest says; empty if it has none.
	Start EtcdStart
}

// LookAtEtcd looks at one control plane. Machines that still boot are waited for.
func LookAtEtcd(ctx context.Context, t transport.Transport, machine string) (EtcdSeen, error) {
	const script = `! test -d /var/lib/etcd/member || echo data
cat /etc/kubernetes/manifests/etcd.yaml 2>/dev/null || true`
	var seen EtcdSeen
	err := wait.For(ctx, wait.Options{
		What: "machine " + machine + " to answer", Budget: upBudget,
	}, func(ctx context.Context) (bool, string, error) {
		out, err := t.Run(ctx, script, nil)
		if transport.IsGone(err) {
			return false, "", wait.Stop(err)
		}
		seen = parseSeen(out)
		return err == nil, "", err
	})
	return seen, err
}

func parseSeen(out string) EtcdSeen {
	var seen EtcdSeen
	for line := range strings.Lines(out) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
		if line == "data" {
			seen.Data = true
		}
		if value, ok := strings.CutPrefix(line, "--initial-cluster="); ok {
			seen.Start.Cluster = value
		}
		if value, ok := strings.CutPrefix(line, "--initial-cluster-state="); ok {
			seen.Start.State = value
		}
	}
	return seen
}

// PlanEtcd decides how each control plane starts its etcd, and which ones have
// to join a cluster that the others are.
//
// Where nobody has data, all found a cluster together. Where somebody has, one
// that has its data or was told to found that cluster goes on as it was told,
// and whoever is left joins: it is new, or has lost what it knew. (One that was
// told to found a cluster, and did, and lost its data, is refused by etcd
// itself: to come back empty would be to forget its votes.)
func PlanEtcd(planes []machines.Machine, seen map[string]EtcdSeen) (starts EtcdStarts, joining []machines.Machine) {
	starts = EtcdStarts{}
	if !slices.ContainsFunc(planes, func(m machines.Machine) bool { return seen[m.Name].Data }) {
		return starts, nil
	}
	for _, m := range planes {
		one := seen[m.Name]
		switch {
		case one.Start.Cluster != "" && (one.Data || one.Start.State == "new"):
			starts[m.Name] = one.Start
		case one.Data:
			// Its disk outlived the machine around it; of the flags none counts.
			starts[m.Name] = EtcdStart{Cluster: founding(planes).Cluster, State: "existing"}
		default:
			joining = append(joining, m)
		}
	}
	return starts, joining
}

// Joining is the start of one that joins the members there are, which list it
// already.
func Joining(m machines.Machine, members []EtcdMember) EtcdStart {
	var list []string
	for _, member := range members {
		name := member.Name
		if slices.Contains(member.PeerURLs, PeerURL(m)) {
			name = m.Name // it has told nobody yet
		}
		for _, url := range member.PeerURLs {
			list = append(list, name+"="+url)
		}
	}
	slices.Sort(list)
	return EtcdStart{Cluster: strings.Join(list, ","), State: "existing"}
}

// quorum is how many of n members of etcd have to agree.
func quorum(n int) int { return n/2 + 1 }

// MayLeave tells whether a member may be taken out of etcd while the others of
// those that are well go on; the error says why not.
func MayLeave(name string, members []EtcdMember, well map[string]bool) error {
	voters, others := 0, 0
	for _, m := range members {
		if m.Learner {
			continue
		}
		voters++
		if m.Name != name && well[m.Name] {
			others++
		}
	}
	if voters <= 1 {
		return fmt.Errorf("%s is the only member of etcd: all that the cluster knows would be gone with it", name)
	}
	if need := quorum(voters - 1); others < need {
		return fmt.Errorf("etcd has %d members, of which %d would be well without %s, and it takes %d of them", voters, others, name, need)
	}
	return nil
}

// ForgetEtcd removes what a machine knows as a member of etcd, before it joins
// as another one.
func ForgetEtcd(ctx context.Context, t transport.Transport) error {
	_, err := t.Run(ctx, "rm -rf /var/lib/etcd/member", nil)
	return err
}
