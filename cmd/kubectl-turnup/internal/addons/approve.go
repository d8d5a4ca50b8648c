package addons

import (
	"context"
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// Approve lets the deletions go on that wait for a person: those of the named
// addons, or all. It says what they are, and asks.
func (a *Manager) Approve(ctx context.Context, names []string) ([]string, error) {
	to, err := a.connect()
	if err != nil {
		return nil, err
	}
	addons, err := api.ListAddons(ctx, to.Dynamic)
	if err != nil {
		return nil, noManager(err)
	}
	if err := known(names, addons); err != nil {
		return nil, err
	}
	pending := waitingForApproval(addons, names)
	if len(pending) == 0 {
		a.Out.Printf("nothing waits for an approval")
		return nil, nil
	}
	total := 0
	for _, addon := range pending {
		total += addon.Status.PendingPrune.Count
		a.Out.Printf("%s", doomed(addon))
	}
	question := fmt.Sprintf("Delete %s from the cluster?", ui.Count(total, "object"))
	if err := a.Out.Confirm(ctx, question); err != nil {
		return nil, err
	}
	var done []string
	for _, addon := range pending {
		// The token names exactly what was shown: anything else asks again.
		token := map[string]any{"approvedPrune": addon.Status.PendingPrune.Token}
		if err := amend(ctx, to, api.Addons(), addon.Name, "spec", token); err != nil {
			return done, ui.Hint(err, "run it again: what was approved so far is: %s", strings.Join(done, ", "))
		}
		done = append(done, "addon/"+addon.Name)
	}
	return done, nil
}

// waitingForApproval picks out what has a deletion pending that is not approved yet.
func waitingForApproval(addons []api.Addon, names []string) []api.Addon {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var pending []api.Addon
	for _, addon := range addons {
		waits := addon.Status.PendingPrune
		if waits == nil || waits.Token == addon.Spec.ApprovedPrune || len(names) > 0 && !wanted[addon.Name] {
			continue
		}
		pending = append(pending, addon)
	}
	return pending
}

// doomed says what an approval would delete.
func doomed(addon api.Addon) string {
	waits := addon.Status.PendingPrune
	text := fmt.Sprintf("addon %s would lose %s:", addon.Name, ui.Count(waits.Count, "object"))
	for _, one := range waits.Objects {
		text += "\n  " + one
	}
	if more := waits.Count - len(waits.Objects); more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return text
}
