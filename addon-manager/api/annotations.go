package api

// Annotations that the tree may carry. On a kustomization's metadata they speak
// of the whole addon, on an object of that object alone.
const (
	// WaveAnnotation on a kustomization: "network" comes before all others.
	WaveAnnotation = "turnup.dev/wave"
	// DependsOnAnnotation on a kustomization: names of addons, separated by commas,
	// that must be ready before this one's workloads.
	DependsOnAnnotation = "turnup.dev/depends-on"
	// ModeAnnotation on a kustomization: enforce or observe.
	ModeAnnotation = "turnup.dev/mode"
	// IgnoreAnnotation on either: dotted field paths, separated by commas, that are
	// set when an object is made and left alone ever after ("spec.replicas").
	IgnoreAnnotation = "turnup.dev/ignore"
	// AdoptAnnotation on either: "true" takes objects over from Helm, Flux, another ApplySet and the like.
	AdoptAnnotation = "turnup.dev/adopt"
	// RecreateAnnotation on an object: "true" lets it be deleted and made again
	// where an immutable field has changed.
	RecreateAnnotation = "turnup.dev/recreate"
	// PruneAnnotation on an object: "false" leaves it in the cluster when it leaves the tree.
	PruneAnnotation = "turnup.dev/prune"
	// PruneTrailer in a commit's message, with the value "approved", approves what that revision prunes.
	PruneTrailer = "Turnup-Prune"
)

// Labels of kube-addon-manager, on objects of the tree.
const (
	// CompatLabel is Reconcile (as every object is) or EnsureExists: made where it
	// is missing, never changed, never pruned.
	CompatLabel = "addonmanager.kubernetes.io/mode"
	// EnsureExists is CompatLabel's value of consequence.
	EnsureExists = "EnsureExists"
)
