package manager_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// shards is how many processes, each with a control plane of its own, share the tests of this
// package: they wait more than they compute. Worlds of one process would meet in kustomize,
// which keeps its schema in variables of its packages.
const shards = 3

// shardVariable is set for a process that runs a part of the tests.
const shardVariable = "TURNUP_TEST_SHARD"

// spread runs the tests in several processes at once, the first part of them in this one. Whoever
// picks tests, or asks for a profile, gets a single process.
func spread(m *testing.M, run func(*testing.M) int) int {
	flag.Parse()
	if os.Getenv(shardVariable) != "" || !plain() {
		return run(m)
	}
	parts, err := parts()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var others []*shard
	for _, names := range parts[1:] {
		others = append(others, startShard(names))
	}
	if err := flag.Set("test.run", pattern(parts[0])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := run(m)
	for _, other := range others {
		code = max(code, other.wait())
	}
	return code
}

// plain tells whether this is a run of all tests, as `go test ./...` has it.
func plain() bool {
	all := true
	flag.Visit(func(f *flag.Flag) {
		name := strings.TrimPrefix(f.Name, "test.")
		all = all && slices.Contains([]string{"v", "count", "timeout", "testlogfile", "paniconexit0", "failfast", "fullpath"}, name)
	})
	return all
}

// parts deals the names of all tests out.
func parts() ([][]string, error) {
	list := exec.Command(os.Args[0], "-test.list=^Test")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests: %w", err)
	}
	parts := make([][]string, shards)
	for i, name := range strings.Fields(string(out)) {
		parts[i%shards] = append(parts[i%shards], name)
	}
	return parts, nil
}

func pattern(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }

// shard is another process; its output is kept until it ends.
type shard struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	err  error
	done chan struct{}
}

func startShard(names []string) *shard {
	// go test reads one log of the files that count, and that is this process's.
	args := slices.DeleteFunc(slices.Clone(os.Args[1:]), func(arg string) bool {
		return strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.testlogfile")
	})
	s := &shard{cmd: exec.Command(os.Args[0], append(args, "-test.run="+pattern(names))...), done: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), shardVariable+"=1")
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	// If this process is killed, nothing of the others is left.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	go func() {
		defer close(s.done)
		s.err = s.cmd.Run()
	}()
	return s
}

// wait returns a shard's exit code when it has ended, and shows what it said.
func (s *shard) wait() int {
	<-s.done
	_, _ = os.Stdout.Write(s.out.Bytes()) // There is nowhere else to say that this failed.
	if s.err == nil {
		return 0
	}
	fmt.Println("shard:", s.err)
	return 1
}
