package turnup

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// planEtcd looks at every control plane, all at once, and decides how each
// starts its etcd, and which of them join the others.
func (t *Turnup) planEtcd(ctx context.Context, file machines.File) (bootstrap.EtcdStarts, []machines.Machine, error) {
	planes := file.WithRole(machines.ControlPlane)
	seen := map[string]bootstrap.EtcdSeen{}
	var one sync.Mutex
	group, all := errgroup.WithContext(ctx)
	for _, m := range planes {
		group.Go(func() error {
			machine, err := t.open(all, m)
			if err != nil {
				return err
			}
			found, err := bootstrap.LookAtEtcd(all, machine, m.Name)
			one.Lock()
			defer one.Unlock()
			seen[m.Name] = found
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	starts, joining := bootstrap.PlanEtcd(planes, seen)
	return starts, append(joining, t.formerMembers(ctx, file, starts, joining)...), nil
}

// formerMembers are control planes that have data of a member that the others
// have taken out: a run was cut off before their machines were removed. They join
// anew. Where etcd does not answer at once, it is not asked.
func (t *Turnup) formerMembers(ctx context.Context, file machines.File, starts bootstrap.EtcdStarts, joining []machines.Machine) []machines.Machine {
	if len(starts) < 2 {
		return nil
	}
	for _, e := range t.etcds(ctx, file, joining...) {
		members, err := e.Members(ctx)
		if err != nil {
			continue
		}
		var former []machines.Machine
		for _, m := range file.WithRole(machines.ControlPlane) {
			_, told := starts[m.Name]
			if _, is := bootstrap.MemberOn(m, members); told && !is {
				delete(starts, m.Name)
				former = append(former, m)
			}
		}
		return former
	}
	return nil
}

// etcds are ways to ask etcd on control planes other than some. Those that
// cannot be reached are left out.
func (t *Turnup) etcds(ctx context.Context, file machines.File, except ...machines.Machine) []bootstrap.Etcd {
	var list []bootstrap.Etcd
	for _, m := range file.WithRole(machines.ControlPlane) {
		if slices.ContainsFunc(except, func(e machines.Machine) bool { return e.Name == m.Name }) {
			continue
		}
		if machine, err := t.open(ctx, m); err == nil {
			list = append(list, bootstrap.Etcd{Machine: m.Name, Transport: machine})
		}
	}
	return list
}

// joinEtcd makes members of the control planes that are none, one after the
// other: etcd takes in one at a time. It returns those that it started, as they
// were rendered last: how a member starts is only known once it is admitted.
func (t *Turnup) joinEtcd(ctx context.Context, file machines.File, starts bootstrap.EtcdStarts, joining []machines.Machine) ([]bootstrap.Rendered, error) {
	if len(joining) == 0 && !anyJoined(starts) {
		return nil, nil
	}
	others := t.etcds(ctx, file, joining...)
	var started []bootstrap.Rendered
	for _, m := range joining {
		r, err := t.joinOne(ctx, file, starts, others, m)
		if err != nil {
			return nil, err
		}
		started = append(started, r...)
	}
	// An earlier run may have been cut off before it gave one its vote.
	speaker, members, err := bootstrap.AwaitMembers(ctx, others, nil)
	if err != nil {
		return nil, err
	}
	for _, m := range file.WithRole(machines.ControlPlane) {
		if member, ok := bootstrap.MemberOn(m, members); ok && member.Learner {
			if err := t.awaitVote(ctx, speaker, m); err != nil {
				return nil, err
			}
		}
	}
	return started, nil
}

func anyJoined(starts bootstrap.EtcdStarts) bool {
	for _, start := range starts {
		if start.State == "existing" {
			return true
		}
	}
	return false
}

func (t *Turnup) joinOne(ctx context.Context, file machines.File, starts bootstrap.EtcdStarts, others []bootstrap.Etcd, m machines.Machine) ([]bootstrap.Rendered, error) {
	var speaker bootstrap.Etcd
	err := t.step(ctx, "admit "+m.Name+" to etcd", bootstrap.EtcdBudget, func(ctx context.Context, step *ui.Step) (err error) {
		if speaker, _, err = bootstrap.AwaitMembers(ctx, others, step.See); err != nil {
			return err
		}
		members, err := speaker.AwaitAdmitted(ctx, m, step.See)
		if err == nil {
			starts[m.Name] = bootstrap.Joining(m, members)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	_, rendered, err := t.render(file, starts)
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(rendered, func(r bootstrap.Rendered) bool { return r.Machine.Name != m.Name })
	changed, err := t.deliver(ctx, own)
	if err != nil {
		return nil, err
	}
	machine, err := t.open(ctx, m)
	if err != nil {
		return nil, err
	}
	// Its disk may hold what it was before: of that it remembers nothing good.
	if err := bootstrap.ForgetEtcd(ctx, machine); err != nil {
		return nil, fmt.Errorf("empty etcd's directory on %s: %w", m.Name, err)
	}
	if err := t.start(ctx, changed); err != nil {
		return nil, err
	}
	return own, t.awaitVote(ctx, speaker, m)
}

func (t *Turnup) awaitVote(ctx context.Context, speaker bootstrap.Etcd, m machines.Machine) error {
	return t.step(ctx, "bring "+m.Name+" up to date with etcd", bootstrap.CatchUpBudget, func(ctx context.Context, step *ui.Step) error {
		return speaker.AwaitVote(ctx, m, step.See)
	})
}
