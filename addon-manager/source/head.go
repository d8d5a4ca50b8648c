package source

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// HeadName is the ConfigMap that names the revision that counts.
const HeadName = "addon-source"

// The marks of a revision's chunks.
const (
	labelSource   = "turnup.dev/source"
	labelRevision = "turnup.dev/revision"
	labelName     = "turnup.dev/name"
	annotation    = "turnup.dev/"
	chunkKey      = "tree"
)

// Head describes one pushed revision.
type Head struct {
	Revision string
	// Name is the short name that the revision's ConfigMaps carry.
	Name    string
	SHA256  string
	Chunks  int
	Author  string
	Message string
	Pushed  time.Time
	// blob is the whole revision, where it is small enough to travel with its head.
	blob []byte
}

// Slim is the head without the files that it may carry.
func (h Head) Slim() Head {
	h.blob = nil
	return h
}

// Is tells whether two heads name the same revision, pushed once.
func (h Head) Is(o Head) bool {
	return h.Name == o.Name && h.SHA256 == o.SHA256 && h.Revision == o.Revision && h.Pushed.Equal(o.Pushed)
}

func (h Head) data() map[string]string {
	return map[string]string{
		"revision": h.Revision, "name": h.Name, "sha256": h.SHA256, "chunks": strconv.Itoa(h.Chunks),
		"author": h.Author, "message": h.Message, "pushed": h.Pushed.UTC().Format(time.RFC3339Nano),
	}
}

// headOf reads a head out of the head ConfigMap's data or, with the prefix
// taken off, out of a chunk's annotations.
func headOf(data map[string]string) (Head, error) {
	chunks, err := strconv.Atoi(data["chunks"])
	if err != nil || chunks < 1 || data["name"] == "" || data["revision"] == "" || len(data["sha256"]) != 64 {
		return Head{}, fmt.Errorf("read ConfigMap %s/%s: it names no revision; push again with `kubectl turnup addons push`", object.Namespace, HeadName)
	}
	// A head without its time still names a revision.
	pushed, _ := time.Parse(time.RFC3339, data["pushed"])
	return Head{
		Revision: data["revision"], Name: data["name"], SHA256: data["sha256"], Chunks: chunks,
		Author: data["author"], Message: data["message"], Pushed: pushed,
	}, nil
}

func headOfChunk(chunk *corev1.ConfigMap) (Head, error) {
	data := map[string]string{}
	for key, value := range chunk.Annotations {
		if len(key) > len(annotation) && key[:len(annotation)] == annotation {
			data[key[len(annotation):]] = value
		}
	}
	return headOf(data)
}

func chunkName(name string, i int) string { return fmt.Sprintf("addons-%s-%d", name, i) }
