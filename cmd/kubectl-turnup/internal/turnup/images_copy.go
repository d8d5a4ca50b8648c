package turnup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"golang.org/x/net/http/httpproxy"

	"turnup.dev/kubectl-turnup/bootstrap"
	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/registry"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// copyBudget is the longest that all images of a cluster may take over the wire.
const copyBudget = 4 * time.Hour

// ResolveImages adds digests to a list: those of the config's bundle or, with
// ask, of the registries.
func (t *Turnup) ResolveImages(ctx context.Context, list ImageList, ask bool) (ImageList, error) {
	if !ask {
		if dir := t.Config.Bootstrap.Bundle; dir != "" {
			bundle, err := images.Open(dir)
			if err != nil {
				return list, ui.Hint(err, wholeBundle)
			}
			for i := range list.Images {
				list.Images[i].Digest = bundle.Pinned(list.Images[i].Ref)
			}
		}
		return list, nil
	}
	return list, t.step(ctx, "ask the registries", 0, func(ctx context.Context, step *ui.Step) error {
		found, err := t.registries(step).Find(ctx, list.Refs(), registry.Platforms{All: true})
		for i, e := range found {
			switch {
			case e.Index != nil:
				digest, err := e.Index.Digest()
				if err != nil {
					return err
				}
				list.Images[i].Digest = digest.String()
			case e.Image != nil:
				digest, err := e.Image.Digest()
				if err != nil {
					return err
				}
				list.Images[i].Digest = digest.String()
			}
		}
		return err
	})
}

// registries is a client with the credentials of docker login.
func (t *Turnup) registries(step *ui.Step) registry.Client {
	return registry.Client{Keychain: authn.DefaultKeychain, See: step.See}
}

// SaveImages makes a bundle of all images of the config, from their registries.
// platforms is "" for the machines' own.
func (t *Turnup) SaveImages(ctx context.Context, dir, platforms string) (*images.Bundle, error) {
	list, err := t.Images()
	if err != nil {
		return nil, err
	}
	if platforms == "" {
		platforms = list.Platform
	}
	wanted, err := registry.ParsePlatforms(platforms)
	if err != nil {
		return nil, ui.Hint(err, "without --platform, images are for the machines of the config: %s", list.Platform)
	}
	if err := bundleOrNothing(dir); err != nil {
		return nil, err
	}
	var entries []images.Entry
	// Each request has a limit of its own; what they find is read in the next step.
	err = t.step(ctx, "ask the registries for "+ui.Count(len(list.Images), "image"), 0, func(ctx context.Context, step *ui.Step) (err error) {
		entries, err = t.registries(step).Find(ctx, list.Refs(), wanted)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = t.bounded(ctx, "save "+ui.Count(len(entries), "image")+" to "+ui.Relative(dir), copyBudget, func(ctx context.Context, step *ui.Step) error {
		return t.registries(step).Save(ctx, dir, entries, step.Advance)
	})
	if err != nil {
		return nil, err
	}
	return images.Open(dir)
}

// bundleOrNothing refuses a directory with anything but a bundle in it: a bundle
// is exactly its images, so that others would be removed.
func bundleOrNothing(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ui.Hint(fmt.Errorf("save images: %w", err), "--output takes a directory")
	}
	for _, e := range entries {
		switch e.Name() {
		case "blobs", "index.json", "oci-layout":
		default:
			return ui.Hint(fmt.Errorf("save images: %s is in %s, which is no bundle, then", e.Name(), dir), "choose a new directory with --output")
		}
	}
	return nil
}

// PushImages copies all images of a bundle to a mirror, and returns their names there.
func (t *Turnup) PushImages(ctx context.Context, dir, to string) ([]string, error) {
	bundle, err := images.Open(dir)
	if err != nil {
		return nil, ui.Hint(err, wholeBundle)
	}
	var pushed []string
	err = t.bounded(ctx, "check "+ui.Count(len(bundle.Refs()), "image"), imagesBudget, func(context.Context, *ui.Step) error {
		return ui.Hint(bundle.VerifyFor(t.arch()), wholeBundle)
	})
	if err != nil {
		return nil, err
	}
	err = t.bounded(ctx, "push "+ui.Count(len(bundle.Refs()), "image")+" to "+to, copyBudget, func(ctx context.Context, step *ui.Step) (err error) {
		pushed, err = t.registries(step).Push(ctx, bundle, to, step.Advance)
		return err
	})
	return pushed, err
}

// VerifyImages says everything that keeps a bundle from making the cluster that
// the config describes.
func (t *Turnup) VerifyImages(ctx context.Context, dir string) (ImageList, error) {
	list, err := t.Images()
	if err != nil {
		return list, err
	}
	bundle, err := images.Open(dir)
	if err != nil {
		return list, ui.Hint(err, wholeBundle)
	}
	for i := range list.Images {
		list.Images[i].Digest = bundle.Pinned(list.Images[i].Ref)
	}
	return list, t.bounded(ctx, "check "+ui.Count(len(bundle.Refs()), "image"), imagesBudget, func(context.Context, *ui.Step) error {
		// What is damaged and what is missing, in one report.
		err := errors.Join(bundle.Require(list.set()), bundle.VerifyFor(t.arch()))
		return ui.Hint(err, "`kubectl turnup images save --output %s` fetches what is missing or damaged, and keeps the rest", ui.Relative(dir))
	})
}

// within refuses a bundle that lacks an image of the list.
func (l ImageList) within(bundle *images.Bundle) error {
	return ui.Hint(bundle.Require(l.set()), wholeBundle)
}

// askBudget is how long a look at the registries may take before machines are made.
const askBudget = 15 * time.Second

// pullable asks, before there is anything, whether the machines will find their
// images. They have no credentials, and so neither has the question; it takes
// their proxy. A registry
// that is silent here may well answer them: that is a warning.
func (t *Turnup) pullable(ctx context.Context, list ImageList) error {
	ctx, cancel := context.WithTimeout(ctx, askBudget)
	defer cancel()
	client := registry.Client{Answer: 5 * time.Second, Patience: 5 * time.Second}
	if t.Config.Bootstrap.Proxy != (config.Proxy{}) {
		client.Proxy = bootstrap.Proxy(t.Config)
	} else if proxy := ownProxy(list); proxy != nil {
		t.Out.Warnf("this computer reaches registries through the proxy %s, and the machines do not; "+
			"--set bootstrap.proxy.https=http://%[1]s tells them, if they need it", proxy.Host)
	}
	_, err := client.Find(ctx, list.Refs(), registry.Platforms{All: true})
	if err == nil || registry.Refused(err) {
		return ui.Hint(err, "the machines pull without credentials: use a mirror that needs none (bootstrap.registry), or a bundle (`kubectl turnup images save`, then --bundle)")
	}
	t.Out.Warnf("%v", err)
	return nil
}

// ownProxy is the proxy by which this computer reaches registries of the list; nil
// for none. Its URL may have a password.
func ownProxy(list ImageList) *url.URL {
	through := httpproxy.FromEnvironment().ProxyFunc()
	for _, ref := range list.Refs() {
		host, _, _ := strings.Cut(ref, "/")
		if proxy, err := through(&url.URL{Scheme: "https", Host: host}); err == nil && proxy != nil {
			return proxy
		}
	}
	return nil
}
