// Package health says whether an object does what it is there for, by kstatus:
// the rules that kubectl, Flux and others share.
package health

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

// State is an object's health.
type State struct {
	// Healthy is true once the object does its work.
	Healthy bool
	// Failed is true where waiting does not help.
	Failed  bool
	Message string
	// Version is the resourceVersion that was looked at.
	Version uint64
	// most: it is a DaemonSet on its way, and on most nodes already.
	most bool
}

// Mostly is true once the object does its work or, for a DaemonSet, does it on
// more than half of its nodes, and its old version's on none.
func (s State) Mostly() bool { return s.Healthy || s.most }

// Passive tells whether a kind has no health of its own: being there is enough.
func Passive(ref object.Ref) bool {
	switch ref.Group {
	case "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "node.k8s.io",
		"admissionregistration.k8s.io", "networking.k8s.io", "discovery.k8s.io":
		return true
	case "":
		switch ref.Kind {
		case "Namespace", "ServiceAccount", "ConfigMap", "Secret", "ResourceQuota", "LimitRange", "Endpoints":
			return true
		}
	}
	return false
}

// Of computes the health of a live object.
func Of(live *unstructured.Unstructured) State {
	state := State{Version: object.Version(live.GetResourceVersion())}
	result, err := status.Compute(live)
	if err != nil {
		state.Message = fmt.Sprintf("its status cannot be read: %v", err)
		return state
	}
	state.Message = result.Message
	switch result.Status {
	case status.CurrentStatus:
		state.Healthy, state.Message = true, ""
	case status.FailedStatus:
		state.Failed = true
	case status.InProgressStatus:
		state.most = live.GroupVersionKind().GroupKind() == daemonSet && onMostNodes(live)
	}
	return state
}

var daemonSet = schema.GroupKind{Group: "apps", Kind: "DaemonSet"}

// onMostNodes tells whether a DaemonSet, as it is declared now, runs on more than
// half of its nodes, and on none as it was declared before.
func onMostNodes(live *unstructured.Unstructured) bool {
	count := func(field string) int64 {
		n, _, _ := unstructured.NestedInt64(live.Object, "status", field) // Zero where it is missing.
		return n
	}
	return count("observedGeneration") == live.GetGeneration() &&
		count("updatedNumberScheduled") == count("currentNumberScheduled") && 2*count("numberAvailable") > count("desiredNumberScheduled")
}
