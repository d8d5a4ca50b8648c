package turnup

import (
	"context"
	"errors"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/internal/machines"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// doctorBudget is the longest that one look of the doctor may take.
const doctorBudget = 30 * time.Second

// The phases that a check belongs to, in the order in which they can fail.
const (
	phaseComputer  = "computer"
	phaseConfig    = "config"
	phaseProvision = "provision"
	phaseBootstrap = "bootstrap"
	phaseAddons    = "addons"
)

// Diagnosis is what the doctor has found out.
type Diagnosis struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Cluster    string  `json:"cluster"`
	Platform   string  `json:"platform,omitempty"`
	Checks     []Check `json:"checks"`
}

// Check is one look at one thing.
type Check struct {
	// Phase is computer, config, provision, bootstrap or addons.
	Phase string `json:"phase"`
	// What was looked at, in words.
	What string `json:"what"`
	// Level is ok, warning or error.
	Level string `json:"level"`
	// Code names the kind of trouble for programs: DockerUnavailable, NodeNotReady…
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Log is the end of what the part in question has said.
	Log []string `json:"log,omitempty"`
}

// Failed are the checks that keep the cluster from being well, the first phase's first.
func (d Diagnosis) Failed() []Check {
	var list []Check
	for _, c := range d.Checks {
		if c.Level == levelError {
			list = append(list, c)
		}
	}
	return list
}

const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelError   = "error"
)

func (d *Diagnosis) ok(phase, what string) {
	d.Checks = append(d.Checks, Check{Phase: phase, What: what, Level: levelOK})
}

func (d *Diagnosis) warn(phase, what, code, message string) {
	d.Checks = append(d.Checks, Check{Phase: phase, What: what, Level: levelWarning, Code: code, Message: message})
}

// see notes how a look ended, and tells whether it ended well.
func (d *Diagnosis) see(phase, what, code string, err error, log ...string) bool {
	if err == nil {
		d.ok(phase, what)
		return true
	}
	c := Check{Phase: phase, What: what, Level: levelError, Code: code, Message: err.Error(), Hint: ui.HintOf(err)}
	for _, text := range log {
		if text = strings.TrimSpace(text); text != "" {
			c.Log = append(c.Log, strings.Split(text, "\n")...)
		}
	}
	d.Checks = append(d.Checks, c)
	return false
}

// Doctor looks at this computer and the config as create would and, where there are
// machines, at every phase up to the first that fails: what comes after it fails for
// its sake. It changes nothing.
func (t *Turnup) Doctor(ctx context.Context) Diagnosis {
	d := Diagnosis{APIVersion: machines.APIVersion, Kind: "Diagnosis", Cluster: t.name(), Platform: t.Config.Provision.Platform}
	t.Patience = checkPatience
	t.examineComputer(ctx, &d)
	file, err := t.Home.ReadMachines()
	if errors.Is(err, machines.ErrMissing) {
		if t.Home.Exists() {
			d.warn(phaseProvision, "there are machines", "NotProvisioned", "none have been made yet")
		}
		return d
	}
	if !d.see(phaseProvision, "machines.json can be read", "MachinesFileDamaged", err) {
		return d
	}
	if t.examineMachines(ctx, &d, file) && t.examineNodes(ctx, &d, file) {
		t.examineAddons(ctx, &d)
	}
	return d
}
