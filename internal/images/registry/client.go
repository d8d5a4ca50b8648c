// Package registry brings images from registries into bundles, and from bundles
// into registries.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

	"turnup.dev/kubectl-turnup/internal/images"
)

// Client talks to registries. The zero value asks without credentials, and with
// the patience of Answer and Patience.
type Client struct {
	// Keychain has the credentials; authn.DefaultKeychain is that of docker login.
	Keychain authn.Keychain
	// Answer is how long a registry may say nothing at all; 0 is 20 s.
	Answer time.Duration
	// Patience is how long a registry may make us wait that asks us to come back
	// later; 0 is 5 min.
	Patience time.Duration
	// Proxy tells which one to take to a URL; nil is as the environment says.
	Proxy func(*url.URL) (*url.URL, error)
	// See hears what is waited for; nil is nobody.
	See func(string)
}

// parallel is how many requests are under way at a time.
const parallel = 4

// options are those of every request.
func (c Client) options(ctx context.Context) []remote.Option {
	keys := c.Keychain
	if keys == nil {
		keys = authn.NewMultiKeychain()
	}
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(keys), remote.WithTransport(c.transport()),
		remote.WithUserAgent("kubectl-turnup/" + images.Runtime), remote.WithJobs(parallel),
		// Who asks to come back later is heard by the transport.
		remote.WithRetryStatusCodes(http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout),
		remote.WithRetryPredicate(func(err error) bool {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		}),
	}
}

// Platforms are those an image is wanted for; All is every one that it has.
type Platforms struct {
	List []v1.Platform
	All  bool
}

// ParsePlatforms reads "linux/amd64,linux/arm64" or "all".
func ParsePlatforms(text string) (Platforms, error) {
	if text == "all" {
		return Platforms{All: true}, nil
	}
	var p Platforms
	for part := range strings.SplitSeq(text, ",") {
		one, err := v1.ParsePlatform(part)
		if err != nil || one.OS != "linux" || one.Architecture == "" {
			return p, fmt.Errorf("%q is no platform of a machine: want linux/amd64, linux/arm64, or several separated by commas, or all", part)
		}
		p.List = append(p.List, *one)
	}
	return p, nil
}

// Find asks the registries for every reference, and reports all that are not to
// be had at once. Nothing but manifests is read.
func (c Client) Find(ctx context.Context, refs []string, platforms Platforms) ([]images.Entry, error) {
	entries, failed := make([]images.Entry, len(refs)), make([]error, len(refs))
	var mu sync.Mutex
	silent := map[string]error{} // a registry that is away is asked once
	var group errgroup.Group     // ctx outlives it: what was found is read later
	group.SetLimit(parallel)
	for i, ref := range refs {
		group.Go(func() error {
			host, _, _ := strings.Cut(ref, "/")
			mu.Lock()
			known := silent[host]
			mu.Unlock()
			if known != nil {
				failed[i] = known
				return nil // one report is enough
			}
			entries[i], failed[i] = c.find(ctx, ref, platforms)
			if f := (failure{}); errors.As(failed[i], &f) && f.away {
				mu.Lock()
				silent[host] = failed[i]
				mu.Unlock()
			}
			return nil // the others go on
		})
	}
	_ = group.Wait() // each has its own error
	return entries, together(failed)
}

func (c Client) find(ctx context.Context, ref string, platforms Platforms) (images.Entry, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return images.Entry{}, fmt.Errorf("read image reference %s: %w", ref, err)
	}
	found, err := remote.Get(parsed, c.options(ctx)...)
	if err != nil {
		return images.Entry{}, explain(ref, err)
	}
	if !found.MediaType.IsIndex() {
		image, err := found.Image()
		if err != nil {
			return images.Entry{}, explain(ref, err)
		}
		return images.Entry{Ref: ref, Image: image}, fits(ref, image, platforms)
	}
	index, err := found.ImageIndex()
	if err != nil {
		return images.Entry{}, explain(ref, err)
	}
	return choose(ref, index, platforms)
}

// fits says whether an image for a single platform is the one that is wanted.
func fits(ref string, image v1.Image, platforms Platforms) error {
	file, err := image.ConfigFile()
	if err != nil {
		return explain(ref, err)
	}
	have := v1.Platform{OS: file.OS, Architecture: file.Architecture}
	for _, want := range platforms.List {
		if !have.Satisfies(want) {
			return foreign(ref, want, []v1.Platform{have})
		}
	}
	return nil
}

// choose takes the wanted platforms out of an index: one as an image, all as the
// index that it is, so that its digest stays.
func choose(ref string, index v1.ImageIndex, platforms Platforms) (images.Entry, error) {
	if platforms.All {
		return images.Entry{Ref: ref, Index: index}, nil
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return images.Entry{}, explain(ref, err)
	}
	var have []v1.Platform
	chosen := map[v1.Hash]bool{}
	var last v1.Hash
	for _, want := range platforms.List {
		found := false
		for _, d := range manifest.Manifests {
			if d.Platform != nil && d.Platform.Satisfies(want) && !found {
				chosen[d.Digest], last, found = true, d.Digest, true
			}
		}
		if !found {
			for _, d := range manifest.Manifests {
				if d.Platform != nil && d.Platform.OS != "unknown" { // an attestation
					have = append(have, *d.Platform)
				}
			}
			return images.Entry{}, foreign(ref, want, have)
		}
	}
	if len(chosen) == 1 {
		image, err := index.Image(last)
		if err != nil {
			return images.Entry{}, explain(ref, err)
		}
		return images.Entry{Ref: ref, Image: image}, nil
	}
	only := mutate.RemoveManifests(index, func(d v1.Descriptor) bool { return !chosen[d.Digest] })
	return images.Entry{Ref: ref, Index: only}, nil
}
