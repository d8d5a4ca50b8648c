package git

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"turnup.dev/kubectl-turnup/addon-manager/source"
)

// Poll looks at the remote once. While the commit that the ref names is the known one, the error is ErrUnchanged,
// and it cost one request; a pinned commit costs none. Otherwise the tree of the new commit is returned, and whether
// the known commit is proven not to be an ancestor of it.
func (r *Repository) Poll(ctx context.Context, known string) (tree source.Tree, rewritten bool, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("what the server sent makes the decoder panic: %v", panicked)
		}
		if err == nil || errors.Is(err, ErrUnchanged) {
			return
		}
		// A connection that failed once is not the one to try again.
		r.remote.idle()
		tree, rewritten = source.Tree{}, false
		err = redact(fmt.Errorf("read git repository %s: %w", r.name, r.explain(ctx, err)), r.secrets)
	}()
	if r.spec.Commit != "" && known == r.spec.Commit {
		return source.Tree{}, false, ErrUnchanged
	}
	from, refs, err := r.look(ctx)
	if err != nil {
		return source.Tree{}, false, err
	}
	defer from.close()
	target, err := r.resolve(refs)
	if err != nil {
		return source.Tree{}, false, err
	}
	if !target.commit.IsZero() && target.commit.String() == known {
		return source.Tree{}, false, ErrUnchanged
	}
	found, list, err := r.get(ctx, from, refs, target)
	if err != nil {
		return source.Tree{}, false, err
	}
	if found.hash.String() == known {
		return source.Tree{}, false, ErrUnchanged
	}
	if r.signers != nil {
		if err := r.signers.verify(found, r.spec.Tag); err != nil {
			return source.Tree{}, false, err
		}
	}
	files, err := list.read()
	if err != nil {
		return source.Tree{}, false, fmt.Errorf("commit %s: %w", found.hash, err)
	}
	from.close()
	return source.Tree{
		Revision: found.hash.String(), Author: found.author, Message: found.message, Files: files,
	}, r.rewritten(ctx, found, known), nil
}

// get fetches a commit with the files that count, by the cheapest way that the server allows.
func (r *Repository) get(ctx context.Context, from session, refs *packp.AdvRefs, target target) (*commit, *listing, error) {
	// Whether a server gives out a commit by its hash, it tells when it is asked: over
	// HTTP git does, whatever it announces.
	found, list, err := r.one(ctx, from, refs, request{wants: []plumbing.Hash{target.want}, depth: 1}, target)
	switch {
	case refused(err) && r.spec.Commit != "":
		return r.again(ctx, func(from session, refs *packp.AdvRefs) (*commit, *listing, error) {
			return r.search(ctx, from, refs, target)
		})
	case errors.Is(err, errTooBig) && refs.Capabilities.Supports(capability.Filter):
		return r.again(ctx, func(from session, refs *packp.AdvRefs) (*commit, *listing, error) {
			return r.sparse(ctx, from, refs, target, err)
		})
	}
	return found, list, err
}

// one makes one request, and reads the commit out of the answer.
func (r *Repository) one(ctx context.Context, from session, refs *packp.AdvRefs, ask request, target target) (*commit, *listing, error) {
	got, err := r.fetch(ctx, from, refs, ask)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch %s: %w", target.ref, err)
	}
	found, err := got.objects.commit(target.want)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", target.ref, err)
	}
	list, err := got.objects.list(found.tree, r.path, r.limits)
	if err != nil {
		return nil, nil, fmt.Errorf("commit %s: %w", found.hash, err)
	}
	return found, list, nil
}

// again starts another conversation, since a pack ends the one that it came in.
func (r *Repository) again(ctx context.Context, what func(session, *packp.AdvRefs) (*commit, *listing, error)) (*commit, *listing, error) {
	from, refs, err := r.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer from.close()
	return what(from, refs)
}

// search looks for a commit in the whole history of all branches and tags: the
// server does not let it be asked for by its hash.
func (r *Repository) search(ctx context.Context, from session, refs *packp.AdvRefs, target target) (*commit, *listing, error) {
	const wayOut = "the server does not serve single commits, so its branches and tags were searched; follow a branch or a tag instead, or allow it on the server (git config uploadpack.allowReachableSHA1InWant true)"
	wants := tips(refs)
	if len(wants) == 0 {
		return nil, nil, fmt.Errorf("%s is not in it: it has no branches or tags", target.ref)
	}
	found, list, err := r.one(ctx, from, refs, request{wants: wants}, target)
	if err != nil {
		return nil, nil, fmt.Errorf("%w; %s", err, wayOut)
	}
	return found, list, nil
}

// sparse fetches what a big repository has below spec.git.path only: first the
// directories, then the files.
func (r *Repository) sparse(ctx context.Context, from session, refs *packp.AdvRefs, target target, why error) (*commit, *listing, error) {
	found, list, err := r.one(ctx, from, refs, request{
		wants: []plumbing.Hash{target.want}, depth: 1, filter: packp.FilterBlobNone(),
	}, target)
	if err != nil {
		return nil, nil, err
	}
	missing := list.missing()
	if len(missing) == 0 {
		return found, list, nil
	}
	return r.again(ctx, func(from session, refs *packp.AdvRefs) (*commit, *listing, error) {
		got, err := r.fetch(ctx, from, refs, request{wants: missing})
		if refused(err) {
			// The server has filters, but gives out no single files.
			return nil, nil, why
		}
		if err != nil {
			return nil, nil, fmt.Errorf("fetch the files of %s: %w", target.ref, err)
		}
		for hash, entry := range got.objects {
			list.objects[hash] = entry
		}
		return found, list, nil
	})
}

// rewritten is whether history proves that the known commit does not lead to the new one.
func (r *Repository) rewritten(ctx context.Context, now *commit, known string) bool {
	if !isCommit(known) || r.spec.Commit != "" {
		return false
	}
	old := plumbing.NewHash(known)
	for _, parent := range now.parents {
		if parent == old {
			return false
		}
	}
	if len(now.parents) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, r.budget)
	defer cancel()
	from, refs, err := r.look(ctx)
	if err != nil {
		return false
	}
	defer from.close()
	ask := request{wants: []plumbing.Hash{now.hash}, have: old, depth: historyDepth}
	if refs.Capabilities.Supports(capability.Filter) {
		ask.filter = packp.FilterTreeDepth(0)
	}
	got, err := r.fetch(ctx, from, refs, ask)
	if err != nil {
		// The tree is here and good; how it came about is only for the log.
		return false
	}
	return got.proves(now.hash, old)
}

// historyDepth is how many commits are looked at between two.
const historyDepth = 1000

// proves is whether what lies between two commits shows that the old one is no ancestor of the new one.
func (r received) proves(now, old plumbing.Hash) bool {
	seen := map[plumbing.Hash]bool{}
	for next := []plumbing.Hash{now}; len(next) > 0; {
		hash := next[len(next)-1]
		next = next[:len(next)-1]
		if hash == old {
			return false
		}
		if seen[hash] {
			continue
		}
		seen[hash] = true
		// What is not here lies behind the old commit, or beyond the depth.
		if r.objects[hash].kind != plumbing.CommitObject {
			continue
		}
		c, err := r.objects.decode(hash)
		if err != nil {
			return false
		}
		next = append(next, c.parents...)
	}
	for _, edge := range r.shallow {
		if seen[edge] {
			c, err := r.objects.decode(edge)
			if err != nil || len(c.parents) > 0 {
				return !r.common
			}
		}
	}
	return true
}
