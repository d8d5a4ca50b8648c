package object

// Declared is one object of the tree, ready to be applied.
type Declared struct {
	Ref
	// Version is the API version that the manifest is written in.
	Version string
	// Data is the JSON that is applied, with the addon's label and without what
	// only the server writes.
	Data []byte
	// Hash is that of Data and Options.
	Hash string
	// File is where the tree declares it.
	File string
	Options
}

// Options are what annotations and labels say about how an object is applied.
type Options struct {
	// EnsureExists: made where it is missing, never changed, never pruned.
	EnsureExists bool
	// Recreate: may be deleted and made again where an immutable field changed.
	Recreate bool
	// Adopt: may be taken over from another tool.
	Adopt bool
	// Keep: stays in the cluster when it leaves the tree.
	Keep bool
	// Ignore lists dotted field paths that are set once and left alone ever after.
	Ignore []string
	// Claims are what only one object of the cluster can have, in a form that two
	// claimants share: "clusterIP 10.96.0.10", "nodePort TCP 30080", "hostPort TCP 9100".
	Claims []string
}
