package main

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"turnup.dev/kubectl-turnup/internal/images"
)

// builder makes images from recipes.
type builder struct {
	root     string
	marks    string // what each image of the bundle was built from
	compiler *compiler
	debian   *debian
	given    []images.Entry // images of the bundle that are built elsewhere
	mu       sync.Mutex
	bases    map[string]func() (v1.Layer, error)
}

// plan is an image that is ready to be packed: its layers' content, and a key
// that is equal when the image would be.
type plan struct {
	recipe recipe
	key    string
	base   func() (v1.Layer, error)
	files  files
}

// format changes when the same inputs make another image.
const format = "1"

// plan makes everything an image consists of, the programs and the root.
func (b *builder) plan(ctx context.Context, r recipe) (plan, error) {
	p := plan{recipe: r, files: files{}}
	base, err := b.base(ctx, r.Base, &p)
	if err != nil {
		return plan{}, err
	}
	parts := []string{format, runtime.GOARCH, base}
	for path, name := range r.Binaries {
		if _, err := b.compiler.build(ctx, name); err != nil {
			return plan{}, err
		}
		p.files[strings.TrimPrefix(path, "/")] = entry{mode: 0o755, source: filepath.Join(b.compiler.bin, name)}
	}
	if r.Tree != "" {
		if err := p.files.addTree(filepath.Join(b.root, r.Tree), r.Under, r.Executable); err != nil {
			return plan{}, err
		}
	}
	if r.Masked != "" {
		if err := p.mask(filepath.Join(b.root, r.Masked)); err != nil {
			return plan{}, err
		}
	}
	content, err := p.files.key()
	if err != nil {
		return plan{}, err
	}
	settings, err := json.Marshal(r)
	if err != nil {
		return plan{}, err
	}
	p.key = hash(append(parts, content, string(settings))...)
	return p, nil
}

// mask adds what `systemctl mask` makes, and the empty machine-id that tells
// systemd that this is not a first boot.
func (p plan) mask(list string) error {
	data, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	for unit := range strings.Lines(string(data)) {
		if unit = strings.TrimSpace(unit); unit != "" && !strings.HasPrefix(unit, "#") {
			p.files["etc/systemd/system/"+unit] = entry{link: "/dev/null"}
		}
	}
	p.files["etc/machine-id"] = entry{mode: 0o444}
	return nil
}

// base prepares an image's lowest layer, and returns its key.
func (b *builder) base(ctx context.Context, name string, p *plan) (string, error) {
	from := name
	if name == "static" {
		from = "net" // only for the certificates
	}
	root, key, err := b.debian.root(ctx, from)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bases[name] == nil {
		b.bases[name] = sync.OnceValues(func() (v1.Layer, error) {
			if name == "static" {
				return staticBase(root)
			}
			return layer(func(w io.Writer) error { return copyFile(w, root) })
		})
	}
	p.base = b.bases[name]
	return name + key, nil
}

// staticBase is what a static binary may look for.
func staticBase(root string) (v1.Layer, error) {
	certificates, err := readTar(root, "etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		return nil, err
	}
	passwd := "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n" +
		"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
	group := "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"
	return layer(files{
		"etc/group":                         {mode: 0o644, data: []byte(group)},
		"etc/passwd":                        {mode: 0o644, data: []byte(passwd)},
		"etc/ssl/certs/ca-certificates.crt": {mode: 0o644, data: certificates},
		"root":                              {mode: 0o700, dir: true},
		"tmp":                               {mode: 0o1777, dir: true},
	}.write)
}

// pack makes the image of a plan.
func (p plan) pack() (v1.Image, error) {
	base, err := p.base()
	if err != nil {
		return nil, err
	}
	top, err := layer(p.files.write)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.AppendLayers(image, base, top); err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config = v1.Config{
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Entrypoint: p.recipe.Entrypoint, User: p.recipe.User, StopSignal: p.recipe.StopSignal, WorkingDir: "/",
	}
	return mutate.ConfigFile(image, file)
}

func copyFile(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = bufio.NewReader(file).WriteTo(w)
	return err
}

// readTar returns one file of a tar.
func readTar(path, name string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for in := tar.NewReader(file); ; {
		h, err := in.Next()
		if err != nil {
			return nil, fmt.Errorf("find %s in %s: %w", name, path, err)
		}
		if h.Name == name {
			return io.ReadAll(in)
		}
	}
}
