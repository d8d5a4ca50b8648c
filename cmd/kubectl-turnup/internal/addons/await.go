package addons

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
	"turnup.dev/kubectl-turnup/cmd/kubectl-turnup/internal/cluster"
	"turnup.dev/kubectl-turnup/internal/ui"
	"turnup.dev/kubectl-turnup/internal/wait"
)

// HealthyBudget is how long every addon may take to be healthy.
const HealthyBudget = 5 * time.Minute

// AwaitHealthy waits until every addon of a tree is true to it, and the others are gone.
func AwaitHealthy(ctx context.Context, out *ui.Output, to *cluster.Access, shipped Shipment, budget time.Duration) error {
	step := out.Step("addons healthy", budget)
	return step.End(wait.For(ctx, wait.Options{
		What: "every addon to be healthy", Budget: budget, Every: 200 * time.Millisecond, See: step.See,
	}, func(ctx context.Context) (bool, string, error) {
		list, err := api.ListAddons(ctx, to.Dynamic)
		if err != nil {
			return false, "", err
		}
		waiting, hopeless := shipped.missing(list)
		if hopeless != "" {
			return false, "", wait.Stop(ui.Hint(errors.New(hopeless), "`kubectl turnup addons list -o wide` tells more; `kubectl turnup addons resume --all` goes on with what was suspended"))
		}
		return len(waiting) == 0, strings.Join(waiting, "; "), nil
	}))
}

// missing says what keeps the addons of a cluster from being true to the
// shipment: hopeless is what no waiting will change. An addon that a revision
// did not change keeps the revision in which it did, so it is the hash that counts.
func (s Shipment) missing(list []api.Addon) (waiting []string, hopeless string) {
	reported := map[string]api.Addon{}
	for _, addon := range list {
		reported[addon.Name] = addon
		if !s.partial && addon.Name != object.Manager && !slices.Contains(s.Addons, addon.Name) {
			waiting = append(waiting, addon.Name+": it left the tree and is not gone yet"+because(addon))
		}
	}
	for _, name := range s.Addons {
		addon, there := reported[name]
		hash := s.hashes[name]
		switch {
		case hash != "" && addon.IsTrueTo(hash):
		case addon.Spec.Suspend:
			return nil, fmt.Sprintf("the addon %s is suspended, and not true to the tree", name)
		case !there:
			waiting = append(waiting, name+": not looked at yet")
		case addon.Status.Ready != "False" && hash != addon.Status.TreeHash:
			waiting = append(waiting, name+": not looked at yet"+because(addon))
		default:
			waiting = append(waiting, name+because(addon))
		}
	}
	return waiting, ""
}

// only is the part of a shipment that these addons are; without names, all of it.
func (s Shipment) only(names []string) Shipment {
	if len(names) == 0 {
		return s
	}
	s.Addons, s.partial = names, true
	return s
}

func because(addon api.Addon) string {
	if addon.Status.Message == "" {
		return ""
	}
	return ": " + addon.Status.Message
}
