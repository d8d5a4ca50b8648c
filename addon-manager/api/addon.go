package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Addon is one addon of the tree. Its spec is written by people, its status by the manager;
// what the addon is made of is a directory of the tree.
type Addon struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              AddonSpec   `json:"spec,omitempty"`
	Status            AddonStatus `json:"status,omitempty"`
}

// IsReady tells whether the addon is true to a revision; any, if it is "".
func (a Addon) IsReady(revision string) bool {
	return a.Status.Ready == string(metav1.ConditionTrue) && (revision == "" || a.Status.Revision == revision)
}

// IsTrueTo tells whether the addon is ready as what a tree hash stands for.
func (a Addon) IsTrueTo(treeHash string) bool {
	return a.Status.Ready == string(metav1.ConditionTrue) && a.Status.TreeHash == treeHash
}

// AddonSpec is what a person asks of one addon, in passing; what lasts belongs in the tree.
type AddonSpec struct {
	// Suspend: nothing of the addon is applied, repaired or pruned.
	Suspend bool `json:"suspend,omitempty"`
	// ApprovedPrune is the token of the one pending prune that may go on.
	ApprovedPrune string `json:"approvedPrune,omitempty"`
}

// AddonStatus is written when it changes, never on a schedule.
type AddonStatus struct {
	// Ready is True once everything is applied, healthy, and what left the tree
	// is gone; False where that needs a person; Unknown on the way.
	Ready string `json:"ready"`
	// Mode is enforce or observe.
	Mode string `json:"mode,omitempty"`
	// Revision is the tree's revision in which the addon last changed.
	Revision string `json:"revision,omitempty"`
	// TreeHash is that of everything the addon is built from: the same hash, the same objects.
	TreeHash string `json:"treeHash,omitempty"`
	// Objects counts what the addon owns in the cluster.
	Objects int `json:"objects"`
	// Drift counts the objects that differ from the tree, and are left so for now.
	Drift int `json:"drift"`
	// Message is the first thing that is not as it should be.
	Message string `json:"message,omitempty"`
	// Conditions are Built, Applied, Healthy and Pruned.
	Conditions []Condition `json:"conditions,omitempty"`
	// Failures are the objects that are not as they should be, at most 20.
	Failures []Failure `json:"failures,omitempty"`
	// PendingPrune is what waits for an approval.
	PendingPrune *PendingPrune `json:"pendingPrune,omitempty"`
	// History is what the addon was, the newest first, at most 10.
	History []Change `json:"history,omitempty"`
}

// Failure is one object that is not as it should be.
type Failure struct {
	// Object is its kind and name: "Deployment kube-system/coredns".
	Object string `json:"object"`
	// Reason is ApplyFailed, Unhealthy, Progressing, PrunePending, Drifted or Contested.
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// File is where the tree declares it.
	File string `json:"file,omitempty"`
}

// PendingPrune is a deletion that nobody has approved yet.
type PendingPrune struct {
	// Token names exactly these objects; it is what is approved.
	Token string `json:"token"`
	Count int    `json:"count"`
	// Objects are the first 20 of them.
	Objects []string `json:"objects"`
}

// Change is one state of the tree that an addon was in.
type Change struct {
	Revision string      `json:"revision"`
	TreeHash string      `json:"treeHash"`
	Time     metav1.Time `json:"time"`
	// Outcome is Ready, Failed, or Progressing where it never came further.
	Outcome string `json:"outcome"`
}

// The conditions of an Addon.
const (
	Built   = "Built"
	Applied = "Applied"
	Healthy = "Healthy"
	Pruned  = "Pruned"
)

// The modes of an addon.
const (
	// Enforce makes the cluster like the tree.
	Enforce = "enforce"
	// Observe writes nothing and tells what differs.
	Observe = "observe"
)
