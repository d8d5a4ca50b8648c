package terraform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// What a cloud refuses is said in one sentence with a way out, and once that is
// mended the same command goes on: what was made stays.
func TestWhatGoesWrongInACloudIsSaidAndTheNextRunGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		vars   map[string]any
		faults []fault
		want   string
		hint   string
		made   int // instances that there are in spite of it, at least
	}{
		"a quota that is used up": {
			faults: []fault{{On: "create", Type: "aws_instance", Nth: 2, Do: "fail", Says: "creating EC2 Instance: operation error EC2: RunInstances, api error " +
				"VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 2 allows for the instance bucket that the specified instance type belongs to."}},
			want: "a quota of the AWS account is used up", hint: "Service Quotas", made: 1},
		"no credentials": {
			faults: []fault{{On: "configure", Do: "fail", Says: "No valid credential sources found"}},
			want:   "there are no credentials for AWS", hint: "aws sso login"},
		"credentials that expire on the way": {
			faults: []fault{{On: "create", Type: "aws_instance", Nth: 1, Do: "fail", Says: "api error ExpiredToken: The security token included in the request is expired"}},
			want:   "the credentials for AWS have expired", hint: "aws sso login"},
		"an unknown region": {
			vars: map[string]any{"region": "moon-base-1"}, want: "AWS has no such region", hint: "provision.aws.region"},
		"an unknown zone": {
			vars: map[string]any{"zone": "us-east-1z"}, want: "AWS has no such zone in the region", hint: "provision.aws.zones"},
		"an unknown type": {
			vars: map[string]any{"type": "t3.giant"}, want: "AWS does not have that type of instance there", hint: "provision.aws.control_plane_type"},
		"a provider that crashes": {
			faults: []fault{{On: "create", Type: "aws_instance", Nth: 2, Do: "crash"}},
			want:   "a provider crashed: panic: schemaprovider was told to crash", hint: "terraform.log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTinySite(t)
			s.vars(t, c.vars)
			s.faults(t, c.faults...)
			_, err := s.Apply(t.Context())
			saysOnOneLine(t, err, c.want, c.hint)
			before := s.objects(t, "aws_instance")
			if len(before) < c.made {
				t.Errorf("there are %d instances, want %d", len(before), c.made)
			}
			s.faults(t)
			s.vars(t, nil)
			s.goesOn(t, before)
		})
	}
}

// goesOn applies again: everything is there afterwards, and what was there before still is.
func (s *site) goesOn(t *testing.T, before []object) {
	t.Helper()
	file, err := s.Apply(t.Context())
	ok(t, err)
	if len(file.Machines) != 2 {
		t.Errorf("there are %d machines, want 2", len(file.Machines))
	}
	for _, o := range before {
		if _, err := os.Stat(o.file); err != nil {
			t.Errorf("%s %s was replaced", o.Type, o.ID)
		}
	}
	s.planIsEmpty(t, "after the second apply")
	ok(t, s.Destroy(t.Context()))
	s.isEmpty(t, "after destroy")
}

func saysOnOneLine(t *testing.T, err error, want, hint string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "│\n") {
		t.Errorf("got %v, want %q on one line", err, want)
	}
	if got := ui.HintOf(err); !strings.Contains(got, hint) {
		t.Errorf("the hint is %q, want %q", got, hint)
	}
}

func TestAnApplyInTheCloudThatIsInterruptedGoesOnLater(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	s.faults(t, fault{On: "create", Type: "aws_instance", Nth: 2, Do: "hang"})
	ctx, cancel := context.WithCancel(t.Context())
	s.Progress = func(message string) {
		if strings.HasPrefix(message, "aws_instance") && strings.Contains(message, "complete") {
			cancel()
		}
	}
	_, err := s.Apply(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted apply returned %v", err)
	}
	saysOnOneLine(t, err, "was interrupted", "run the same command again")
	s.Progress = nil
	s.faults(t)
	s.goesOn(t, s.objects(t, ""))
}

// Killed: by the kernel for want of memory, or by someone in a hurry.
func TestATerraformThatIsKilledGoesOnLater(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	pid := filepath.Join(t.TempDir(), "pid")
	s.Tool.Path = script(t, fmt.Sprintf("echo $$ >%s\nexec %s \"$@\"\n", pid, s.Tool.Path))
	s.faults(t, fault{On: "create", Type: "aws_instance", Nth: 2, Do: "hang"})
	s.Progress = func(message string) {
		if strings.HasPrefix(message, "aws_instance") && strings.Contains(message, "complete") {
			// Killed before it has noted that, it would leave an orphan.
			ok(t, wait.For(t.Context(), wait.Options{What: "the state to know the machine", Budget: time.Minute}, func(ctx context.Context) (bool, string, error) {
				known, err := s.Known(ctx)
				return err == nil && known[s.objects(t, "aws_instance")[0].ID], "", err
			}))
			kill(t, pid)
		}
	}
	_, err := s.Apply(t.Context())
	saysOnOneLine(t, err, "was killed", "Run the same command again")
	s.Progress = nil
	s.faults(t)
	s.goesOn(t, s.objects(t, ""))
}

func kill(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	ok(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	ok(t, err)
	process, err := os.FindProcess(pid)
	ok(t, err)
	ok(t, process.Kill())
}

// Terraform's own crash cannot be had at will; its words are those of
// internal/logging/panic.go of terraform 1.11.
func TestATerraformThatCrashesSaysSo(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	real := s.Tool.Path
	s.Tool.Path = script(t, `[ "$1" = apply ] || exec `+real+` "$@"
cat >&2 <<'END'

!!!!!!!!!!!!!!!!!!!!!!!!!!! TERRAFORM CRASH !!!!!!!!!!!!!!!!!!!!!!!!!!!!

Terraform crashed! This is always indicative of a bug within Terraform.
Please report the crash with Terraform[1] so that we can fix this.

[1]: https://github.com/hashicorp/terraform/issues

!!!!!!!!!!!!!!!!!!!!!!!!!!! TERRAFORM CRASH !!!!!!!!!!!!!!!!!!!!!!!!!!!!
panic: runtime error: invalid memory address or nil pointer dereference
goroutine 1 [running]:
main.main()
END
exit 11
`)
	_, err := s.Apply(t.Context())
	saysOnOneLine(t, err, "terraform crashed: panic: runtime error: invalid memory address", "run the same command again")
	s.Tool.Path = real
	s.goesOn(t, nil)
}

func TestALockedStateNamesWhoHasItAndTheWayOut(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	s.faults(t, fault{On: "create", Type: "aws_instance", Nth: 1, Do: "hang"})
	ctx, cancel := context.WithCancel(t.Context())
	other, done := *s.Workspace, make(chan error, 1)
	other.Progress = nil
	go func() {
		_, err := other.Apply(ctx)
		done <- err
	}()
	ok(t, wait.For(t.Context(), wait.Options{What: "the other run to have the lock", Budget: time.Minute}, func(context.Context) (bool, string, error) {
		return len(s.objects(t, "aws_subnet")) > 0, "", nil
	}))
	_, err := s.Apply(t.Context())
	saysOnOneLine(t, err, "the state is locked by", "force-unlock -force")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the other run returned %v", err)
	}
	s.faults(t)
	s.goesOn(t, nil)
}

// An object that was made by a run which died before it could say so is in the
// way of the next one, and nobody but its owner knows whether it may go.
func TestAnOrphanIsNamed(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	s.faults(t, fault{On: "create", Type: "aws_key_pair", Do: "orphan"})
	_, err := s.Apply(t.Context())
	saysOnOneLine(t, err, "a provider crashed", "")
	s.faults(t)
	_, err = s.Apply(t.Context())
	saysOnOneLine(t, err, `aws_key_pair.cluster: aws_key_pair "demo" already exists`, "terraform import")
	for _, o := range s.objects(t, "aws_key_pair") {
		ok(t, os.Remove(o.file)) // what the hint says
	}
	s.goesOn(t, nil)
}

// What failed after it was made is in the state, tainted: it is made anew.
func TestWhatIsHalfMadeIsTainted(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	s.faults(t, fault{On: "create", Type: "aws_instance", Nth: 2, Do: "half", Says: "waiting for it to run: context canceled"})
	_, err := s.Apply(t.Context())
	saysOnOneLine(t, err, "waiting for it to run", "")
	s.faults(t)
	changes, err := s.Plan(t.Context())
	ok(t, err)
	tainted := 0
	for _, c := range changes.Removed() {
		if c.Tainted {
			tainted++
		}
	}
	if len(changes.Removed()) != 1 || tainted != 1 {
		t.Errorf("the plan is\n%s\n%d of it tainted, want one that is replaced for that", told(changes), tainted)
	}
	s.goesOn(t, nil)
}

func TestWhatIsMissingInTheCloudIsMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		gone []string
		want []string
	}{
		"a machine": {[]string{"aws_instance"}, []string{"create aws_instance.control_plane[0]", "create aws_instance.control_plane[1]"}},
		"half of the network": {[]string{"aws_instance", "aws_subnet"}, []string{
			"create aws_instance.control_plane[0]", "create aws_instance.control_plane[1]", "create aws_subnet.cluster"}},
		"the network under machines that still are": {[]string{"aws_subnet"}, []string{
			"create aws_subnet.cluster", "replace aws_instance.control_plane[0]", "replace aws_instance.control_plane[1]"}},
		"all of it": {[]string{""}, []string{
			"create aws_instance.control_plane[0]", "create aws_instance.control_plane[1]", "create aws_key_pair.cluster",
			"create aws_subnet.cluster", "create aws_vpc.cluster"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTinySite(t)
			_, err := s.Apply(t.Context())
			ok(t, err)
			for _, kind := range c.gone {
				for _, o := range s.objects(t, kind) {
					ok(t, os.Remove(o.file))
				}
			}
			changes, err := s.Plan(t.Context())
			ok(t, err)
			if got := told(changes); got != strings.Join(c.want, "\n") {
				t.Errorf("the plan is\n%s\nwant\n%s", got, strings.Join(c.want, "\n"))
			}
			s.goesOn(t, nil)
		})
	}
}

func TestWhatSomeoneChangedInTheCloudIsChangedBack(t *testing.T) {
	t.Parallel()
	s := newTinySite(t)
	_, err := s.Apply(t.Context())
	ok(t, err)
	o := s.objects(t, "aws_instance")[0]
	o.Values["instance_type"] = "t3.large"
	data, err := json.Marshal(o)
	ok(t, err)
	ok(t, os.WriteFile(o.file, data, 0o600))
	changes, err := s.Plan(t.Context())
	ok(t, err)
	if got := told(changes); !strings.HasPrefix(got, "update aws_instance.control_plane[") || strings.Contains(got, "\n") {
		t.Errorf("the plan is %s", got)
	}
	s.goesOn(t, s.objects(t, ""))
}

// script makes an executable of the shell.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	ok(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700))
	return path
}
