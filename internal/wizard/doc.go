// Package wizard is the terminal interface of a configuration: a tree of menus
// that changes as one answers, with the keys that people know from menuconfig.
//
//	if err := wizard.Supported(os.Stdin, os.Stdout, os.Getenv); err != nil {
//		return askLineByLine() // not a terminal, or a dumb one
//	}
//	result, err := wizard.Run(ctx, wizard.Options{
//		Config: config,
//		Path:   ".config.json",
//		Save:   func() error { return write(".config.json", config) },
//		...
//	})
//
// The wizard changes the Config in place, and calls the functions of Options
// between two keys, never two of them at once, so they may use the Config. It
// writes no file itself: nothing can be left half written by leaving it.
//
// # How it is built
//
// A model takes messages (keys, sizes) in Update and draws itself in View, and
// knows nothing about the terminal; Run connects the two. The list of menus is
// always there; what lies above it (the search, a help text, a question) is a
// stack of screens, of which the topmost gets the keys. After every change the
// facts (what differs from the defaults, what is wrong, whether a file would
// differ) are computed once; drawing touches only the rows that are seen.
package wizard
