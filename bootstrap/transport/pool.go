package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// UnknownHosts says what to do about an SSH host whose key nobody has seen
// before. A host whose key is another than the known one is always refused.
type UnknownHosts int

// What can be done about them.
const (
	// AskUnknown shows the key's fingerprint to the user, if there is one.
	AskUnknown UnknownHosts = iota
	// AcceptUnknown takes the key and remembers it: right for a host that was
	// made a moment ago, or that the user vouches for.
	AcceptUnknown
)

// Options are how the machines of a cluster are reached. The zero value reaches
// those that need no file and no answer.
type Options struct {
	// Dir is what paths in the machines file are relative to.
	Dir string
	// KnownHosts is the file that new host keys are written to, in OpenSSH's
	// format; it is read as well. "" remembers none.
	KnownHosts string
	// OtherKnownHosts are read only: the user's own. They need not exist.
	OtherKnownHosts []string
	// Unknown is about hosts that are in none of the files.
	Unknown UnknownHosts
	// Confirm asks the user a question; an error is a no. nil: nobody can be asked.
	Confirm func(ctx context.Context, question string) error
	// Secret asks the user for a passphrase or password; nil: nobody can be asked.
	Secret func(ctx context.Context, question string) (string, error)
	// SudoPassword is the password for sudo; "" asks for it, if it is needed.
	SudoPassword string
	// Identities are the private keys to try where a machine names none and the
	// agent has none. They need not exist.
	Identities []string
	// Agent is the socket of the SSH agent; "" for none.
	Agent string
	// Patience is how long a host may refuse or not answer before it counts as
	// unreachable; 0 is DefaultPatience.
	Patience time.Duration
	// Young hosts are still being made: they may not know the user's key yet, and
	// are asked again within Patience.
	Young bool
	// Logs is the directory of one log for each machine; "" for none.
	Logs string
}

// DefaultPatience is enough for a host that reboots.
const DefaultPatience = 60 * time.Second

// Pool reaches machines by one connection each, which all their scripts share.
type Pool struct {
	options Options
	mu      sync.Mutex
	closed  bool
	// opened are the transports by machine, and links the SSH connections by
	// host: machines may share a jump host.
	opened map[string]Transport
	links  map[route]*link
	close  []func() error
	hosts  hostKeys
	keys   identities
	sudo   passwords
}

// NewPool returns a Pool with no connection yet.
func NewPool(o Options) *Pool {
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	p := &Pool{options: o, opened: map[string]Transport{}, links: map[route]*link{}}
	p.hosts.options, p.keys.options, p.sudo.options = o, o, o
	return p
}

// Open connects to a machine by the transport that its entry names. A host that
// does not answer yet is given Patience; what time does not cure, IsGone.
func (p *Pool) Open(ctx context.Context, m machines.Machine) (Transport, error) {
	t, err := p.get(m)
	if err != nil {
		return nil, err
	}
	if s, ok := t.(*secureShell); ok {
		if _, err := s.link.connect(ctx); err != nil {
			return nil, s.explain(err)
		}
	}
	return t, nil
}

func (p *Pool) get(m machines.Machine) (Transport, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.New("the connections to the machines are closed")
	}
	if t, ok := p.opened[m.Name]; ok {
		return t, nil
	}
	log := newLog(p.options.Logs, m.Name)
	p.close = append(p.close, log.Close)
	var t Transport
	switch {
	case m.Transport.Docker != nil:
		d, err := openDocker(m.Name, m.Transport.Docker.Container, log)
		if err != nil {
			return nil, err
		}
		p.close = append(p.close, d.api.Close)
		t = d
	case m.Transport.SSH != nil:
		t = &secureShell{machine: m.Name, link: p.link(routeTo(m)), log: log}
	default:
		return nil, fmt.Errorf("machine %s: its transport is none this version knows (docker, ssh)", m.Name)
	}
	p.opened[m.Name] = t
	return t, nil
}

// Close closes all connections; scripts that still run are cut off.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, l := range p.links {
		l.close()
	}
	p.keys.close()
	for _, c := range p.close {
		errs = append(errs, c())
	}
	p.close = nil
	return errors.Join(errs...)
}
