package events

// The types of an event.
const (
	Normal  = "Normal"
	Warning = "Warning"
)

// The reasons of events about an addon.
const (
	// Ready: it was not as the tree has it, and is again.
	Ready = "Ready"
	// NotReady: something of it does not do its work.
	NotReady = "NotReady"
	// BuildFailed: the tree's newest revision of it cannot be used.
	BuildFailed = "BuildFailed"
	// ApplyFailed: the API server refuses some of its objects.
	ApplyFailed = "ApplyFailed"
	// Pruned: objects that left the tree are gone.
	Pruned = "Pruned"
	// PruneBlocked: objects that left the tree stay until somebody approves.
	PruneBlocked = "PruneBlocked"
	// TookOver: fields that another manager had set are the addon's now.
	TookOver = "TookOver"
	// Recreated: a field that cannot change in place has changed.
	Recreated = "Recreated"
	// Contested: somebody changes an object again and again.
	Contested = "Contested"
)

// The reasons of events about the source.
const (
	// SourceFailed: the newest revision cannot be had or used.
	SourceFailed = "SourceFailed"
	// SourceRecovered: it can again.
	SourceRecovered = "SourceRecovered"
	// HistoryRewritten: the newest revision does not descend from the one before.
	HistoryRewritten = "HistoryRewritten"
)
