package addons

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// AddonList is every addon of a cluster, and where they come from.
type AddonList struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Source     api.AddonSource `json:"source"`
	// Head is the revision that the cluster is to be.
	Head  string      `json:"head,omitempty"`
	Items []api.Addon `json:"items"`
}

// List asks the cluster for its addons.
func (a *Manager) List(ctx context.Context) (AddonList, error) {
	to, err := a.connect()
	if err != nil {
		return AddonList{}, err
	}
	list := AddonList{APIVersion: api.GroupVersion().String(), Kind: "AddonList"}
	if list.Items, err = api.ListAddons(ctx, to.Dynamic); err != nil {
		return list, noManager(err)
	}
	if list.Source, err = readSource(ctx, to); err != nil {
		return list, err
	}
	if head, err := source.Current(ctx, to.Typed.CoreV1()); err == nil {
		list.Head = head.Revision
	}
	return list, nil
}

// Origin says in a line where the addons come from, and how that goes.
func (l AddonList) Origin() string {
	text := "source " + l.Source.Spec.Type
	if git := l.Source.Spec.Git; l.Source.Spec.Type == api.Git && git != nil {
		text += " " + git.URL
	}
	if l.Head == "" {
		text += ", no revision yet"
	} else {
		text += ", revision " + Short(l.Head)
	}
	if l.Source.Spec.Suspend {
		text += ", suspended"
	}
	for _, kind := range []string{api.Fetched, api.Usable} {
		if c := conditionOf(l.Source.Status.Conditions, kind); c.Status == "False" {
			text += ", not " + kind + ": " + c.Message
		}
	}
	return text
}

// Age is the time since then, as kubectl shows it.
func Age(since, now time.Time) string { return duration.HumanDuration(max(0, now.Sub(since))) }
