package images

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Namespace is the containerd namespace a machine keeps a component's image in;
// "" for the machine image, which no machine needs. The namespace turnup holds
// what runs before and beside the pods.
func Namespace(c Component) string {
	switch c {
	case Machine:
		return ""
	case Kubelet, Bootstrap, LoadBalancer, ContainerRuntime, DockerRuntime:
		return "turnup"
	default:
		return "k8s.io"
	}
}

// Tar writes images, all of them when none is named, as an OCI layout that
// `ctr images import -` reads.
func (b *Bundle) Tar(w io.Writer, refs ...string) error {
	if len(refs) == 0 {
		refs = b.Refs()
	}
	out := tar.NewWriter(w)
	if err := b.layout(out, "", refs); err != nil {
		return err
	}
	return out.Close()
}

// StoreTar writes every image that machines may need as machine-fill-store
// (terraform/local/image) reads them: one OCI layout per containerd namespace.
func (b *Bundle) StoreTar(w io.Writer, set Set) error {
	refs := map[string][]string{}
	for _, ref := range b.Refs() {
		namespace := Namespace(set.componentOf(ref))
		refs[namespace] = append(refs[namespace], ref)
	}
	out := tar.NewWriter(w)
	for _, namespace := range []string{"k8s.io", "turnup"} {
		if err := b.layout(out, namespace+"/", refs[namespace]); err != nil {
			return err
		}
	}
	return out.Close()
}

// componentOf is the component of a reference: that of the set, or else the one
// whose repository has its name. "" is that of nobody we know.
func (s Set) componentOf(ref string) Component {
	all := s.All()
	for _, image := range all {
		if image.Ref == ref {
			return image.Component
		}
	}
	for _, image := range all {
		if strings.HasSuffix(repository(ref), "/"+path.Join(path.Base(strings.TrimSuffix(Own, "/")), string(image.Component))) {
			return image.Component
		}
	}
	return ""
}

// repository is a reference without tag and digest.
func repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if colon := strings.LastIndex(ref, ":"); colon > strings.LastIndex(ref, "/") {
		return ref[:colon]
	}
	return ref
}

// DockerTar writes one image as the Docker daemon's image load reads it.
func (b *Bundle) DockerTar(w io.Writer, ref string) error {
	image, err := b.Image(ref)
	if err != nil {
		return err
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		return fmt.Errorf("read image reference %s: %w", ref, err)
	}
	if err := tarball.Write(tag, image, w); err != nil {
		return fmt.Errorf("write image %s of bundle %s: %w", ref, b.dir, err)
	}
	return nil
}

// layout writes an OCI layout of some images below a prefix.
func (b *Bundle) layout(out *tar.Writer, prefix string, refs []string) error {
	index := b.index
	index.Manifests = nil
	var blobs []v1.Descriptor
	for _, ref := range refs {
		all, err := b.descriptor(ref)
		if err != nil {
			return err
		}
		d, err := b.pick(all, runtime.GOARCH)
		if err != nil {
			return fmt.Errorf("image %s of bundle %s %w", ref, b.dir, err)
		}
		manifest, err := b.manifest(d)
		if err != nil {
			return fmt.Errorf("read image %s of bundle %s: blob %s %w; %s", ref, b.dir, d.Digest, err, rebuild)
		}
		index.Manifests = append(index.Manifests, d)
		blobs = append(append(blobs, d, manifest.Config), manifest.Layers...)
	}
	data, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	if err := add(out, prefix+"oci-layout", []byte(ociLayout)); err != nil {
		return err
	}
	if err := add(out, prefix+"index.json", data); err != nil {
		return err
	}
	written := map[v1.Hash]bool{}
	for _, d := range blobs {
		if written[d.Digest] {
			continue
		}
		written[d.Digest] = true
		if err := b.addBlob(out, prefix, d); err != nil {
			return fmt.Errorf("write blob %s of bundle %s: %w; %s", d.Digest, b.dir, err, rebuild)
		}
	}
	return nil
}

func (b *Bundle) addBlob(out *tar.Writer, prefix string, d v1.Descriptor) error {
	file, err := os.Open(b.blob(d.Digest))
	if err != nil {
		return err
	}
	defer file.Close()
	path := prefix + "blobs/" + d.Digest.Algorithm + "/" + d.Digest.Hex
	if err := out.WriteHeader(header(path, d.Size)); err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}

func add(out *tar.Writer, path string, data []byte) error {
	if err := out.WriteHeader(header(path, int64(len(data)))); err != nil {
		return err
	}
	_, err := out.Write(data)
	return err
}

// header has no owner and a fixed time: the same images make the same tar.
func header(path string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: path, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)}
}
