package preflight

import (
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
)

// Level is how bad a finding is.
type Level string

// An Error keeps a host from becoming a node; a Warning does not.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// Finding is something about a host that somebody has to know.
type Finding struct {
	Machine string `json:"machine"`
	Level   Level  `json:"level"`
	// Check is what was looked at: disk, clock, ports…
	Check   string `json:"check"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (f Finding) String() string {
	text := f.Machine + ": " + f.Message
	if f.Hint != "" {
		text += " (" + f.Hint + ")"
	}
	return text
}

// Host is a machine and what was found out about it.
type Host struct {
	Machine machines.Machine `json:"machine"`
	Facts   Facts            `json:"facts,omitempty"`
	// Skew is how much the host's clock is ahead of this computer's.
	Skew time.Duration `json:"skew,omitempty"`
	// Unreachable is why there are no facts.
	Unreachable error `json:"-"`
}

// Ahead is the skew of a host's clock, given when it was asked and had answered.
func (f Facts) Ahead(asked, answered time.Time) time.Duration {
	clock := f.clock()
	if clock.IsZero() {
		return 0
	}
	// It told the time somewhere in between: the doubt is in its favour.
	switch {
	case clock.Before(asked):
		return clock.Sub(asked)
	case clock.After(answered):
		return clock.Sub(answered)
	}
	return 0
}

// Cluster is what the hosts are to become part of.
type Cluster struct {
	// CA is the SHA-256 of this cluster's CA certificate, in hex; "" for a new cluster.
	CA string
	// Network is the pod network, network.provider of the config.
	Network string
	// Bundle: hosts pull nothing.
	Bundle bool
}

// Ours tells whether a host is a node of the cluster already.
func (c Cluster) Ours(f Facts) bool {
	return c.CA != "" && f["ca"] == c.CA && f["kubelet_by"] == "turnup"
}
