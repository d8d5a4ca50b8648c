package turnup

import (
	"context"
	"fmt"
	"time"

	"turnup.dev/kubectl-turnup/terraform"
)

// driftBudget is the longest that Terraform may look at the machines for status.
const driftBudget = 2 * time.Minute

// Drift is how machines and what belongs to them differ from what Terraform made.
type Drift struct {
	// Summary is "no changes", or how many resources the next run would add,
	// change and remove.
	Summary   string   `json:"summary"`
	Resources []string `json:"resources"`
}

// Drift asks Terraform what the next run would change, and adds it to a status.
// It takes no lock, so that others may go on.
func (t *Turnup) Drift(ctx context.Context, s *Status) {
	drift, err := t.drift(ctx)
	if err != nil {
		s.Problems = append(s.Problems, fmt.Sprintf("Terraform cannot tell of drift: %v", err))
		return
	}
	s.Drift = drift
}

func (t *Turnup) drift(ctx context.Context) (*Drift, error) {
	if _, err := terraform.Module(t.Config.Provision.Platform); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, driftBudget)
	defer cancel()
	tool, err := terraform.Find(t.Terraform)
	if err != nil {
		return nil, err
	}
	site, err := t.platform(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = site.close() }()
	changes, err := t.workspace(tool, site).Drift(ctx)
	if err != nil {
		return nil, err
	}
	d := &Drift{Summary: changes.String(), Resources: []string{}}
	for _, change := range changes.Resources {
		d.Resources = append(d.Resources, change.String())
	}
	return d, nil
}
