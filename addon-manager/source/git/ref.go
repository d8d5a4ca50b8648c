package git

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// target is what to fetch, and the commit that it should turn out to be.
type target struct {
	want plumbing.Hash
	// commit is zero where a tag has to be fetched before it tells.
	commit plumbing.Hash
	// ref is how messages name it.
	ref string
}

// resolve finds what the spec follows among the remote's refs.
func (r *Repository) resolve(refs *packp.AdvRefs) (target, error) {
	switch {
	case r.spec.Commit != "":
		hash := plumbing.NewHash(r.spec.Commit)
		return target{want: hash, commit: hash, ref: "commit " + r.spec.Commit}, nil
	case r.spec.Branch != "":
		hash, found := refs.References["refs/heads/"+r.spec.Branch]
		if !found {
			return target{}, fmt.Errorf("there is no branch %q; %s", r.spec.Branch, known(refs, "refs/heads/", "branch"))
		}
		return target{want: hash, commit: hash, ref: "branch " + r.spec.Branch}, nil
	case r.spec.Tag != "":
		name := "refs/tags/" + r.spec.Tag
		hash, found := refs.References[name]
		if !found {
			return target{}, fmt.Errorf("there is no tag %q; %s", r.spec.Tag, known(refs, "refs/tags/", "tag"))
		}
		// The peeled hash is the commit below an annotated tag. Only a server
		// that lists none of these leaves it open what a tag points to.
		commit, annotated := refs.Peeled[name]
		if !annotated && len(refs.Peeled) > 0 {
			commit = hash
		}
		return target{want: hash, commit: commit, ref: "tag " + r.spec.Tag}, nil
	case refs.Head == nil:
		return target{}, fmt.Errorf("its HEAD names no commit; set spec.git.branch; %s", known(refs, "refs/heads/", "branch"))
	}
	return target{want: *refs.Head, commit: *refs.Head, ref: "HEAD"}, nil
}

// known lists a few of the names that could have been meant.
func known(refs *packp.AdvRefs, prefix, what string) string {
	var names []string
	for name := range refs.References {
		if short, found := strings.CutPrefix(name, prefix); found {
			names = append(names, short)
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("it has no %s at all", what)
	}
	slices.Sort(names)
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("it has %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "it has " + strings.Join(names, ", ")
}

// tips are the commits and tags that all branches and tags end in.
func tips(refs *packp.AdvRefs) []plumbing.Hash {
	var all []plumbing.Hash
	for name, hash := range refs.References {
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
			all = append(all, hash)
		}
	}
	plumbing.HashesSort(all)
	return slices.Compact(all)
}
