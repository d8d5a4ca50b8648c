// Package api is what people and the addon manager say to each other through
// the API server: the kinds of turnup.dev/v1alpha1 and the annotations of the tree.
package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is that of both kinds.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: "turnup.dev", Version: "v1alpha1"}
}

// Addons is the resource of Addon objects.
func Addons() schema.GroupVersionResource { return GroupVersion().WithResource("addons") }

// Sources is the resource of AddonSource objects.
func Sources() schema.GroupVersionResource { return GroupVersion().WithResource("addonsources") }

// ReconcileAnnotation on an Addon or on the AddonSource makes the manager look
// again at once, whenever its value changes.
const ReconcileAnnotation = "turnup.dev/reconcile"

// Condition is metav1.Condition; its time is that of the last transition.
type Condition = metav1.Condition
