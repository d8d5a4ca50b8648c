package turnup

import (
	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// The stages of a machine on the board.
const (
	stageMachine = "machine"
	stageConfig  = "config"
	stageStart   = "start"
	stageNode    = "node"
	stageReady   = "ready"
)

// follow shows the machines on a board until the returned func is called.
func (t *Turnup) follow(stages ...string) (end func()) {
	t.board = t.Out.Board(stages...)
	return t.board.Close
}

// made puts on the board what Terraform does to a machine.
func (t *Turnup) made(machine string, done bool) {
	if done {
		t.board.End(machine, stageMachine, nil)
		return
	}
	t.board.Start(machine, stageMachine)
}

// started puts on the board that a machine's unit runs. One that is no node is
// through.
func (t *Turnup) started(m machines.Machine, err error) {
	t.board.End(m.Name, stageStart, err)
	switch {
	case err != nil:
	case m.IsNode():
		t.board.Start(m.Name, stageNode)
	default:
		t.board.Skip(m.Name, stageNode)
		t.board.Skip(m.Name, stageReady)
	}
}

// registered puts on the board that a machine is a node, and whether it is ready.
func (t *Turnup) registered(n corev1.Node) {
	t.board.End(n.Name, stageNode, nil)
	if notReady(n) != "" {
		t.board.Start(n.Name, stageReady)
		return
	}
	t.board.End(n.Name, stageReady, nil)
}
