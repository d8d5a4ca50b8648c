package wizard

import (
	"errors"
	"io"
	"os"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// ErrChanged is what Save returns if the file is not what it was when it was
// read. The wizard asks what to do.
var ErrChanged = errors.New("the file was changed by somebody else")

// Options say what is edited and how it is read and written.
type Options struct {
	// Config is what is edited, in place.
	Config *kconfig.Config
	// Title is the first word of the header; empty is the main menu's title.
	Title string
	// Path is the file that is edited. It is shown, and offered where a file is
	// asked for.
	Path string
	// Dirty says that there is something to save from the start: there is no
	// file yet, or it was migrated.
	Dirty bool

	// Save writes the configuration to Path. The functions may be nil, and then
	// the wizard says that it cannot do that here.
	Save func() error
	// Overwrite is Save in spite of an ErrChanged, when the user wants that.
	Overwrite func() error
	// SaveMinimal writes only what differs from the defaults.
	SaveMinimal func(path string) error
	// Load replaces the contents of Config. After an error Config has to be as
	// it was.
	Load func(path string) error
	// Validate says what is wrong with a value that is being typed, beyond its
	// type and range, or nil. It is called with every key, and no value that it
	// refuses is accepted.
	Validate func(s *kconfig.Symbol, value string) error
	// Check returns what does not go together. It is called after every change.
	Check func() []Problem

	// In and Out are the terminal; nil is the process's own.
	In  io.Reader
	Out io.Writer
	// Env looks up the environment; nil is os.Getenv.
	Env func(string) string
}

// Problem is something that is wrong with the configuration as a whole. It is
// shown, and does not keep anyone from saving; Save may.
type Problem struct {
	// Symbols are the names of those concerned (of choices too); the wizard
	// marks all of them and jumps to the first.
	Symbols []string
	Message string
}

// Outcome is how a person left the wizard.
type Outcome int

// The ways to leave.
const (
	// Interrupted is by a second Ctrl-C or a signal: changes that were not
	// saved are lost.
	Interrupted Outcome = iota
	// Unchanged is with nothing to save, and without having saved.
	Unchanged
	// Saved is with nothing left to save.
	Saved
	// Discarded is by a decision not to save the changes.
	Discarded
)

// String is one word.
func (o Outcome) String() string {
	return [...]string{"interrupted", "unchanged", "saved", "discarded"}[o]
}

// Result says how the wizard was left.
type Result struct {
	Outcome Outcome
	// Saves counts how often Save succeeded. It can be more than zero with any
	// outcome but Unchanged.
	Saves int
}

func (o Options) withDefaults() Options {
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Env == nil {
		o.Env = os.Getenv
	}
	if o.Title == "" {
		o.Title = o.Config.Tree().Root.Prompt
	}
	return o
}
