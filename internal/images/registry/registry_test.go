package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"turnup.dev/kubectl-turnup/internal/images"
	"turnup.dev/kubectl-turnup/internal/images/imagetest"
	"turnup.dev/kubectl-turnup/internal/ui"
)

// house is a real registry, and what stands before it.
type house struct {
	t    *testing.T
	host string
	// before is asked first; true is that it has answered.
	before func(http.ResponseWriter, *http.Request) bool
	blobs  atomic.Int32
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.before != nil && h.before(w, r) {
			return
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			h.blobs.Add(1)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.host = strings.TrimPrefix(server.URL, "http://")
	return h
}

func (h *house) image(arch string) v1.Image {
	h.t.Helper()
	return imagetest.Random(h.t, arch, 2, 4096)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// push stores an image for an architecture.
func (h *house) push(path, arch string) string {
	h.t.Helper()
	ref := h.host + "/" + path
	tag, err := name.NewTag(ref)
	h.must(err)
	h.must(remote.Write(tag, h.image(arch)))
	return ref
}

// pushIndex stores an image for several.
func (h *house) pushIndex(path string, archs ...string) (string, v1.ImageIndex) {
	h.t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, arch := range archs {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: h.image(arch), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	ref := h.host + "/" + path
	tag, err := name.NewTag(ref)
	h.must(err)
	h.must(remote.WriteIndex(tag, index))
	return ref, index
}

func here() Platforms {
	return Platforms{List: []v1.Platform{{OS: "linux", Architecture: runtime.GOARCH}}}
}

func other() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// quick is a client that waits for nobody.
func quick() Client { return Client{Answer: 300 * time.Millisecond, Patience: 2 * time.Second} }

func (h *house) save(c Client, dir string, p Platforms, refs ...string) *images.Bundle {
	h.t.Helper()
	entries, err := c.Find(h.t.Context(), refs, p)
	h.must(err)
	h.must(c.Save(h.t.Context(), dir, entries, nil))
	b, err := images.Open(dir)
	h.must(err)
	return b
}

func TestABundleIsSavedFromARegistryAndPushedIntoAnother(t *testing.T) {
	from, to := newHouse(t), newHouse(t)
	one := from.push("one:v1", runtime.GOARCH)
	two, index := from.pushIndex("deep/two:v2", "amd64", "arm64")
	dir := t.TempDir()
	b := from.save(quick(), dir, here(), one, two)
	if err := b.Verify(); err != nil {
		t.Error(err)
	}
	if got := b.Refs(); !slices.Equal(got, []string{two, one}) {
		t.Errorf("got %v", got)
	}
	fetched := from.blobs.Load()
	from.save(quick(), dir, here(), one, two)
	if again := from.blobs.Load() - fetched; again > 2 { // the configurations
		t.Errorf("a second time fetched %d blobs", again)
	}

	all := from.save(quick(), t.TempDir(), Platforms{All: true}, one, two)
	want, err := index.Digest()
	from.must(err)
	if all.Pinned(two) != want.String() {
		t.Errorf("with all platforms the digest of %s is %s, want the registry's, %s", two, all.Pinned(two), want)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		err := all.VerifyFor(arch)
		if wrong := err != nil && strings.Contains(err.Error(), two); wrong {
			t.Errorf("%s: %v", arch, err)
		}
	}

	var most int64
	pushed, err := quick().Push(t.Context(), all, to.host+"/mirror", func(_, total int64) { most = max(most, total) })
	from.must(err)
	if !slices.Equal(pushed, []string{to.host + "/mirror/deep/two:v2", to.host + "/mirror/one:v1"}) || most == 0 {
		t.Errorf("pushed %v, %d bytes", pushed, most)
	}
	mirror := to.save(quick(), t.TempDir(), Platforms{All: true}, pushed...)
	if mirror.Pinned(pushed[0]) != want.String() {
		t.Error("the mirror has another image")
	}
}

func TestASaveThatWasCutOffGoesOn(t *testing.T) {
	h := newHouse(t)
	ref := h.push("one:v1", runtime.GOARCH)
	dir := t.TempDir()
	b := h.save(quick(), dir, here(), ref)
	image, err := b.Image(ref)
	h.must(err)
	layers, err := image.Layers()
	h.must(err)
	for i, damage := range []func(string) error{os.Remove, func(path string) error { return os.Truncate(path, 7) }} {
		digest, err := layers[i].Digest()
		h.must(err)
		h.must(damage(filepath.Join(dir, "blobs", "sha256", digest.Hex)))
	}
	if b.Verify() == nil {
		t.Fatal("the damage is not seen")
	}
	h.must(h.save(quick(), dir, here(), ref).Verify())
}

func TestABusyRegistryIsAskedAgain(t *testing.T) {
	h := newHouse(t)
	ref := h.push("one:v1", runtime.GOARCH)
	var refused atomic.Int32
	h.before = func(w http.ResponseWriter, _ *http.Request) bool {
		if refused.Add(1) > 2 {
			return false
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	var said string
	c := quick()
	c.See = func(text string) { said = text }
	h.save(c, t.TempDir(), here(), ref)
	if !strings.Contains(said, "asks to come back") {
		t.Errorf("it said %q", said)
	}
}

func TestWhatARegistryRefusesIsOneErrorWithAHint(t *testing.T) {
	status := func(code int, retry string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			if retry != "" {
				w.Header().Set("Retry-After", retry)
			}
			w.WriteHeader(code)
			return true
		}
	}
	for name, c := range map[string]struct {
		before     func(http.ResponseWriter, *http.Request) bool
		arch       string
		what, hint string
	}{
		"a login is missing":  {before: status(401, ""), what: "does not give image", hint: "docker login"},
		"it is forbidden":     {before: status(403, ""), what: "403 Forbidden", hint: "docker login"},
		"it is not there":     {before: status(404, ""), what: "has no image", hint: "bootstrap.registry"},
		"it is busy for long": {before: status(429, "3600"), what: "is busy", hint: "later"},
		"it is broken":        {before: status(501, ""), what: "answered 501", hint: "ask whoever runs"},
		"it never answers": {before: func(_ http.ResponseWriter, r *http.Request) bool {
			select { // longer than the client waits
			case <-r.Context().Done():
			case <-time.After(2 * time.Second):
			}
			return true
		}, what: "does not answer", hint: "network"},
		"it is for another architecture": {arch: other(), what: "is for linux/" + other(), hint: "--platform"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			arch := c.arch
			if arch == "" {
				arch = runtime.GOARCH
			}
			refs := []string{h.push("one:v1", arch), h.push("two:v1", arch)}
			h.before = c.before
			start := time.Now()
			_, err := quick().Find(t.Context(), refs, here())
			if err == nil || !strings.Contains(err.Error(), c.what) || !strings.Contains(ui.HintOf(err), c.hint) {
				t.Errorf("%v\nhint: %s\nwant %q and %q", err, ui.HintOf(err), c.what, c.hint)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestARegistryThatIsNotThereIsSaidOnce(t *testing.T) {
	_, err := quick().Find(t.Context(), []string{"127.0.0.1:1/one:v1", "127.0.0.1:1/two:v1", "127.0.0.1:1/three:v1"}, here())
	if err == nil || strings.Count(err.Error(), "cannot be reached") != 1 || ui.HintOf(err) == "" {
		t.Errorf("%v\nhint: %s", err, ui.HintOf(err))
	}
}

// layerSizes are those of the first image, as a Content-Length has them.
func (h *house) layerSizes(entries []images.Entry) map[string]string {
	h.t.Helper()
	layers, err := entries[0].Image.Layers()
	h.must(err)
	sizes := map[string]string{}
	for _, layer := range layers {
		digest, err := layer.Digest()
		h.must(err)
		size, err := layer.Size()
		h.must(err)
		sizes[digest.String()] = strconv.FormatInt(size, 10)
	}
	return sizes
}

func TestATruncatedBlobIsAskedForAgainAndThenRefused(t *testing.T) {
	for name, c := range map[string]struct {
		times int32
		fails bool
	}{"once": {1, false}, "always": {1000, true}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			ref := h.push("one:v1", runtime.GOARCH)
			entries, err := quick().Find(t.Context(), []string{ref}, here())
			h.must(err)
			sizes := h.layerSizes(entries)
			var cut atomic.Int32
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") || cut.Add(1) > c.times {
					return false
				}
				w.Header().Set("Content-Length", sizes[path.Base(r.URL.Path)])
				_, _ = w.Write(make([]byte, 100))
				return true
			}
			dir := t.TempDir()
			err = quick().Save(t.Context(), dir, entries, nil)
			if (err != nil) != c.fails || c.fails && ui.HintOf(err) == "" {
				t.Errorf("got %v\nhint: %s", err, ui.HintOf(err))
			}
			if _, err := os.Stat(filepath.Join(dir, "index.json")); c.fails != errors.Is(err, os.ErrNotExist) {
				t.Errorf("the index: %v", err)
			}
		})
	}
}

func TestAnAnswerThatStallsIsGivenUp(t *testing.T) {
	h := newHouse(t)
	ref := h.push("one:v1", runtime.GOARCH)
	entries, err := quick().Find(t.Context(), []string{ref}, here())
	h.must(err)
	sizes := h.layerSizes(entries)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.Header().Set("Content-Length", sizes[path.Base(r.URL.Path)])
		_, _ = w.Write(make([]byte, 100))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(3 * time.Second):
		}
		return true
	}
	err = quick().Save(t.Context(), t.TempDir(), entries, nil)
	if err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestAnInterruptedSaveSaysSo(t *testing.T) {
	h := newHouse(t)
	ref := h.push("one:v1", runtime.GOARCH)
	entries, err := quick().Find(t.Context(), []string{ref}, here())
	h.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := quick().Save(ctx, t.TempDir(), entries, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheCredentialsOfDockerLoginAreUsed(t *testing.T) {
	h := newHouse(t)
	ref := h.push("one:v1", runtime.GOARCH)
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "me" && password == "secret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="house"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	dir := t.TempDir()
	h.must(os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"auths":{"`+h.host+`":{"auth":"bWU6c2VjcmV0"}}}`), 0o600))
	t.Setenv("DOCKER_CONFIG", dir)
	if _, err := quick().Find(t.Context(), []string{ref}, here()); err == nil {
		t.Error("without credentials it answered")
	}
	c := quick()
	c.Keychain = authn.DefaultKeychain
	if _, err := c.Find(t.Context(), []string{ref}, here()); err != nil {
		t.Error(err)
	}
}

func TestPlatformsAreRead(t *testing.T) {
	for text, want := range map[string]int{"linux/amd64": 1, "linux/amd64,linux/arm64": 2, "all": 0} {
		if p, err := ParsePlatforms(text); err != nil || len(p.List) != want {
			t.Errorf("%s: %v, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "amd64", "windows/amd64", "linux/amd64,", "linux"} {
		if _, err := ParsePlatforms(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
