package addons

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/source"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// RevisionList is what the cluster keeps of the tree, the newest first.
type RevisionList struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Items      []Revision `json:"items"`
}

// Revision is one state of the tree that the cluster keeps.
type Revision struct {
	Revision string    `json:"revision"`
	Current  bool      `json:"current"`
	Author   string    `json:"author,omitempty"`
	Message  string    `json:"message,omitempty"`
	Pushed   time.Time `json:"pushed"`
	head     source.Head
}

// Revisions lists the states of the tree that a rollback can go to.
func (a *Manager) Revisions(ctx context.Context) (RevisionList, error) {
	list := RevisionList{APIVersion: api.GroupVersion().String(), Kind: "RevisionList", Items: []Revision{}}
	to, err := a.connect()
	if err != nil {
		return list, err
	}
	heads, err := source.Revisions(ctx, to.Typed.CoreV1())
	if err != nil {
		return list, err
	}
	current, err := source.Current(ctx, to.Typed.CoreV1())
	if err != nil && !errors.Is(err, source.ErrNone) {
		return list, err
	}
	for _, head := range heads {
		headline, _, _ := strings.Cut(head.Message, "\n")
		list.Items = append(list.Items, Revision{
			Revision: head.Revision, Current: head.Name == current.Name,
			Author: head.Author, Message: headline, Pushed: head.Pushed, head: head,
		})
	}
	return list, nil
}

// find is the one revision that begins with a text. Of several pushes of the
// same dirty commit it is the newest.
func (l RevisionList) find(prefix string) (Revision, error) {
	var matches []Revision
	for _, revision := range l.Items {
		if revision.Revision == prefix {
			return revision, nil
		}
		if strings.HasPrefix(revision.Revision, prefix) {
			matches = append(matches, revision)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(l.Items) == 0:
		return Revision{}, ui.Hint(errors.New("the cluster keeps no revision yet"), "`kubectl turnup addons push` ships the tree")
	case len(matches) == 0:
		return Revision{}, ui.Hint(fmt.Errorf("the cluster keeps no revision %s", prefix), "those that it keeps are: %s", l.names())
	}
	return Revision{}, ui.Hint(fmt.Errorf("%d revisions begin with %s", len(matches), prefix), "write more of it; those that the cluster keeps are: %s", l.names())
}

func (l RevisionList) names() string {
	var names []string
	for _, revision := range l.Items {
		names = append(names, Short(revision.Revision))
	}
	return strings.Join(names, ", ")
}

// Rollback makes a kept revision the one in force. A git source is suspended
// first: its next look would undo it.
func (a *Manager) Rollback(ctx context.Context, prefix string, wait bool, budget time.Duration) (Revision, error) {
	list, err := a.Revisions(ctx)
	if err != nil {
		return Revision{}, err
	}
	revision, err := list.find(prefix)
	if err != nil {
		return Revision{}, err
	}
	to, err := a.connect()
	if err != nil {
		return Revision{}, err
	}
	from, err := readSource(ctx, to)
	if err != nil {
		return Revision{}, err
	}
	if from.Spec.Type == api.Git && !from.Spec.Suspend {
		if err := amend(ctx, to, api.Sources(), api.SourceName, "spec", map[string]any{"suspend": true}); err != nil {
			return Revision{}, err
		}
		a.Out.Printf("suspended the git source: its next look would undo the rollback")
		a.Out.Hintf("`kubectl turnup addons resume` follows the repository again")
	}
	if err := source.Point(ctx, to.Typed.CoreV1(), revision.head); err != nil {
		return Revision{}, err
	}
	revision.Current = true
	if !wait {
		return revision, nil
	}
	return revision, a.awaitInForce(ctx, to, nil, budget)
}
