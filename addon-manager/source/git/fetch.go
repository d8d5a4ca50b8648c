package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

var (
	errSilent = errors.New("the server is silent")
	errSlow   = fmt.Errorf("the pack did not arrive within %s", fetchBudget)
)

// look opens a conversation and reads the refs: one request.
func (r *Repository) look(ctx context.Context) (session, *packp.AdvRefs, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.budget, errSilent)
	defer cancel()
	session, err := r.remote.open(ctx)
	if err != nil {
		return nil, nil, ended(ctx, err)
	}
	refs, err := session.refs(ctx)
	if err != nil {
		session.close()
		return nil, nil, ended(ctx, err)
	}
	return session, refs, nil
}

// request is what to ask for.
type request struct {
	wants  []plumbing.Hash
	have   plumbing.Hash
	depth  int
	filter packp.Filter
}

// received is a pack, and what the server said beside it.
type received struct {
	objects objects
	// shallow are the commits whose parents it left out because of the depth.
	shallow []plumbing.Hash
	// common: it knows the commit that we said we have.
	common bool
}

// fetch gets one pack.
func (r *Repository) fetch(ctx context.Context, from session, refs *packp.AdvRefs, ask request) (received, error) {
	message := packp.NewUploadPackRequestFromCapabilities(refs.Capabilities)
	message.Wants = ask.wants
	if !ask.have.IsZero() {
		message.Haves = []plumbing.Hash{ask.have}
	}
	set := []capability.Capability{}
	if refs.Capabilities.Supports(capability.NoProgress) {
		set = append(set, capability.NoProgress)
	}
	// Not every server can be shallow: one that cannot sends all it has, within the limits.
	if ask.depth > 0 && refs.Capabilities.Supports(capability.Shallow) {
		message.Depth = packp.DepthCommits(ask.depth)
		set = append(set, capability.Shallow)
	}
	if ask.filter != "" {
		message.Filter = ask.filter
		set = append(set, capability.Filter)
	}
	for _, capability := range set {
		if err := message.Capabilities.Set(capability); err != nil {
			return received{}, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, fetchBudget, errSlow)
	defer cancel()
	ctx, silence := context.WithCancelCause(ctx)
	defer silence(nil)
	watch := time.AfterFunc(r.budget, func() { silence(errSilent) })
	defer watch.Stop()
	body, err := from.pack(ctx, message)
	if err != nil {
		return received{}, ended(ctx, err)
	}
	defer body.Close()
	var pack io.Reader = &noticed{reader: body, notice: func() { watch.Reset(r.budget) }}
	switch {
	case message.Capabilities.Supports(capability.Sideband64k):
		pack = sideband.NewDemuxer(sideband.Sideband64k, pack)
	case message.Capabilities.Supports(capability.Sideband):
		pack = sideband.NewDemuxer(sideband.Sideband, pack)
	}
	got, err := unpack(pack, r.limits)
	if err != nil {
		if ctx.Err() != nil {
			err = ended(ctx, err)
		}
		return received{}, err
	}
	all := received{objects: got}
	if answer, ok := body.(*packp.UploadPackResponse); ok {
		all.shallow, all.common = answer.Shallows, len(answer.ACKs) > 0
	}
	return all, nil
}

// noticed tells that something arrived.
type noticed struct {
	reader io.Reader
	notice func()
}

func (n *noticed) Read(p []byte) (int, error) {
	count, err := n.reader.Read(p)
	if count > 0 {
		n.notice()
	}
	return count, err
}
