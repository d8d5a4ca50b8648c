package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/bootstrap/transport"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// The longest that etcd may take.
const (
	// EtcdBudget is for starting, electing a leader and answering.
	EtcdBudget = 2 * time.Minute
	// CatchUpBudget is for a new member to have all the data of the others.
	CatchUpBudget = 5 * time.Minute
)

// EtcdMember is a member of etcd as the others know it.
type EtcdMember struct {
	ID uint64 `json:"ID"`
	// Name is empty until the member has started for the first time.
	Name       string   `json:"name"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"`
	// Learner has no vote yet.
	Learner bool `json:"isLearner"`
}

// started tells whether the member has ever been up.
func (m EtcdMember) started() bool { return len(m.ClientURLs) > 0 }

// is tells whether the member is the one on a machine.
func (m EtcdMember) is(machine machines.Machine) bool {
	return m.Name == machine.Name || slices.Contains(m.PeerURLs, PeerURL(machine))
}

// MemberOn finds the member on a machine among others.
func MemberOn(machine machines.Machine, members []EtcdMember) (EtcdMember, bool) {
	i := slices.IndexFunc(members, func(m EtcdMember) bool { return m.is(machine) })
	if i < 0 {
		return EtcdMember{}, false
	}
	return members[i], true
}

// Etcd is etcd as one control plane's member sees it. It is asked with etcdctl,
// in that member's own container: that takes no more than a way to the machine.
type Etcd struct {
	Machine   string
	Transport transport.Transport
}

// etcdctl runs in the container of etcd, as its user. Of several containers
// (earlier ones that ended) the one that runs is meant.
const etcdctl = `set -eu
for id in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.container.name"==etcd'); do
	ctr -n k8s.io tasks ls | grep -q "^$id .*RUNNING" || continue
	exec ctr -n k8s.io tasks exec --exec-id "turnup-$(cat /proc/sys/kernel/random/uuid)" "$id" \
		/usr/local/bin/etcdctl --endpoints=https://127.0.0.1:2379 --dial-timeout=2s --command-timeout=5s \
		--cacert=/etc/kubernetes/etcd/ca.crt --cert=/etc/kubernetes/etcd/server.crt --key=/etc/kubernetes/etcd/server.key \
		-w json `

func (e Etcd) run(ctx context.Context, args string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	out, err := e.Transport.Run(ctx, etcdctl+args+"\ndone\necho 'etcd does not run' >&2\nexit 3", nil)
	var exit *transport.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("etcd on %s: %s", e.Machine, lastLine(exit.Stderr))
	}
	return out, err
}

// Members lists the members. It takes a quorum of them to know.
func (e Etcd) Members(ctx context.Context) ([]EtcdMember, error) {
	out, err := e.run(ctx, "member list")
	if err != nil {
		return nil, err
	}
	return parseMembers(out)
}

func parseMembers(out string) ([]EtcdMember, error) {
	var list struct {
		Members []EtcdMember `json:"members"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, fmt.Errorf("read the members of etcd: %w", err)
	}
	return list.Members, nil
}

// EtcdState is what a member says of itself.
type EtcdState struct {
	// Leader is the id of the member that leads; 0 while there is none.
	Leader uint64
	// Bytes is the size of the member's database.
	Bytes int64
}

// State asks this member for its state.
func (e Etcd) State(ctx context.Context) (EtcdState, error) {
	out, err := e.run(ctx, "endpoint status")
	if err != nil {
		return EtcdState{}, err
	}
	return parseState(out)
}

func parseState(out string) (EtcdState, error) {
	var list []struct {
		Status struct {
			Leader uint64 `json:"leader"`
			DBSize int64  `json:"dbSize"`
		} `json:"Status"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return EtcdState{}, fmt.Errorf("read the state of etcd: %w", err)
	}
	if len(list) != 1 {
		return EtcdState{}, fmt.Errorf("read the state of etcd: %d members answer, want one", len(list))
	}
	return EtcdState{Leader: list[0].Status.Leader, Bytes: list[0].Status.DBSize}, nil
}

// Well tells whether this member takes part: it has a leader and is in step.
func (e Etcd) Well(ctx context.Context) error {
	_, err := e.run(ctx, "endpoint health")
	return err
}

// Add makes a machine a member without a vote, before it starts: one that was
// added with a vote and did not come up would count as lost.
func (e Etcd) Add(ctx context.Context, m machines.Machine) error {
	_, err := e.run(ctx, "member add "+m.Name+" --learner --peer-urls="+PeerURL(m))
	return err
}

// Remove takes a member out for good.
func (e Etcd) Remove(ctx context.Context, member EtcdMember) error {
	_, err := e.run(ctx, fmt.Sprintf("member remove %x", member.ID))
	return err
}

// Promote gives a member its vote. Etcd refuses until it has caught up.
func (e Etcd) Promote(ctx context.Context, member EtcdMember) error {
	_, err := e.run(ctx, fmt.Sprintf("member promote %x", member.ID))
	return err
}

// AwaitMembers waits until one of some control planes knows the members, and
// returns that one and what it knows.
func AwaitMembers(ctx context.Context, planes []Etcd, see func(string)) (Etcd, []EtcdMember, error) {
	var speaker Etcd
	var members []EtcdMember
	err := wait.For(ctx, wait.Options{
		What: "etcd to answer", Budget: EtcdBudget, Every: 300 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		var errs []error
		for _, e := range planes {
			list, err := e.Members(ctx)
			if err == nil {
				speaker, members = e, list
				return true, "", nil
			}
			errs = append(errs, err)
		}
		return false, "", errors.Join(errs...)
	})
	return speaker, members, ui.Hint(err, "etcd answers while more than half of its members run: start the control planes that are down, and run the same command again")
}

// AwaitVote waits until a member that was added has caught up, and gives it its vote.
func (e Etcd) AwaitVote(ctx context.Context, m machines.Machine, see func(string)) error {
	return wait.For(ctx, wait.Options{
		What: m.Name + " to have all of etcd's data", Budget: CatchUpBudget, Every: 300 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		members, err := e.Members(ctx)
		if err != nil {
			return false, "", err
		}
		member, ok := MemberOn(m, members)
		if !ok {
			return false, "", wait.Stop(fmt.Errorf("%s is no member of etcd any more", m.Name))
		}
		if !member.Learner {
			return true, "", nil
		}
		return false, "", e.Promote(ctx, member)
	})
}

// Admit makes the machine a member without a vote, unless it is one that has
// never started, and returns the members then. A member of its name or address
// that has been up is what the machine was before it lost its data: its vote is
// void, and it goes.
func (e Etcd) Admit(ctx context.Context, m machines.Machine) ([]EtcdMember, error) {
	members, err := e.Members(ctx)
	if err != nil {
		return nil, err
	}
	for _, member := range members {
		if !member.is(m) {
			continue
		}
		if !member.started() {
			return members, nil
		}
		if err := e.Remove(ctx, member); err != nil {
			return nil, fmt.Errorf("remove what %s was in etcd: %w", m.Name, err)
		}
	}
	if err := e.Add(ctx, m); err != nil {
		return nil, fmt.Errorf("add %s to etcd: %w", m.Name, err)
	}
	return e.Members(ctx)
}

// AwaitAdmitted is Admit, again while etcd refuses: for some seconds after a change
// of its members it takes no other.
func (e Etcd) AwaitAdmitted(ctx context.Context, m machines.Machine, see func(string)) ([]EtcdMember, error) {
	var members []EtcdMember
	err := wait.For(ctx, wait.Options{
		What: "etcd to take in " + m.Name, Budget: EtcdBudget, Every: 500 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		list, err := e.Admit(ctx, m)
		members = list
		return err == nil, "", err
	})
	return members, err
}

// AwaitRemoved is Remove, again while etcd refuses.
func (e Etcd) AwaitRemoved(ctx context.Context, member EtcdMember, see func(string)) error {
	return wait.For(ctx, wait.Options{
		What: "etcd to let " + member.Name + " go", Budget: EtcdBudget, Every: 500 * time.Millisecond, See: see,
	}, func(ctx context.Context) (bool, string, error) {
		members, err := e.Members(ctx)
		if err != nil {
			return false, "", err
		}
		if !slices.ContainsFunc(members, func(m EtcdMember) bool { return m.ID == member.ID }) {
			return true, "", nil
		}
		return false, "", e.Remove(ctx, member)
	})
}

// lastLine is what a program says last, which is what went wrong with etcdctl.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		if after, ok := strings.CutPrefix(lines[i], "Error: "); ok {
			return strings.TrimSpace(after)
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
