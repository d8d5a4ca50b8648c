package plan

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/api"
	"turnup.dev/kubectl-turnup/addon-manager/object"
)

const (
	// defaultBudget is the percentage of all owned objects that may go at once.
	defaultBudget = 30
	// always is how many objects may go whatever the percentage.
	always = 10
)

// Over tells whether deleting so many of all owned objects at once is more
// likely a mistake than a wish. percent is nil for the default.
func Over(owned, doomed int, percent *int) bool {
	budget := defaultBudget
	if percent != nil {
		budget = *percent
	}
	return doomed > always && doomed*100 > owned*budget
}

// Protected tells whether an object's deletion always has to be approved: more
// goes with it than itself.
func Protected(ref object.Ref) bool {
	switch ref.GroupKind() {
	case schema.GroupKind{Kind: "Namespace"}, schema.GroupKind{Kind: "PersistentVolume"}, schema.GroupKind{Kind: "PersistentVolumeClaim"},
		schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		return true
	}
	return false
}

// Token names a set of objects, each with its uid: it is what a person approves,
// and nothing else is; least of all what has the same name another time.
func Token(uids map[object.Ref]string) string {
	sum := sha256.New()
	for _, ref := range slices.SortedFunc(maps.Keys(uids), object.Ref.Compare) {
		fmt.Fprintf(sum, "%s\x00%s\x00%s\x00%s\x00%s\n", ref.Group, ref.Kind, ref.Namespace, ref.Name, uids[ref])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Approves tells whether a commit's message approves what the commit takes away.
func Approves(message string) bool {
	lines := bufio.NewScanner(strings.NewReader(message))
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.EqualFold(strings.TrimSpace(key), api.PruneTrailer) && strings.TrimSpace(value) == "approved" {
			return true
		}
	}
	return false
}
