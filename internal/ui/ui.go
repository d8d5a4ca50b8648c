// Package ui is how the long verbs talk: steps with durations, warnings,
// hints and questions, on stderr. stdout belongs to results.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Format is how progress is written.
type Format string

// Text is for people, JSON is one object per line for programs.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Options tell what the user asked for. The zero value is text, and looks at
// the stream and the environment for the rest.
type Options struct {
	Format Format
	// Quiet drops steps, messages and hints; warnings and errors stay.
	Quiet bool
	// Yes answers every question.
	Yes bool
	// Stdin is where answers come from; nil for nowhere.
	Stdin io.Reader
	// Env looks up the environment; nil is os.Getenv.
	Env func(string) string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Output is where a verb writes while it works. It is safe for concurrent use.
type Output struct {
	mu     sync.Mutex
	w      io.Writer
	opts   Options
	style  style
	steps  []*Step // all, in the order they started
	begun  bool    // the first event of the JSON format is written
	screen screen
}

// New returns an Output that writes to stderr.
func New(stderr io.Writer, opts Options) *Output {
	if opts.Env == nil {
		opts.Env = os.Getenv
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	o := &Output{w: stderr, opts: opts}
	o.style = newStyle(opts.Env, Terminal(stderr) && opts.Format != JSON)
	o.screen.size = func() (w, h int) { return size(stderr) }
	return o
}

// Printf writes a line of plain progress.
func (o *Output) Printf(format string, args ...any) {
	if !o.opts.Quiet {
		o.say("message", "", fmt.Sprintf(format, args...))
	}
}

// Hintf says what the user may do next.
func (o *Output) Hintf(format string, args ...any) {
	if !o.opts.Quiet {
		o.say("hint", o.style.dim("hint:")+" ", fmt.Sprintf(format, args...))
	}
}

// Warnf says what is odd and does not stop the verb.
func (o *Output) Warnf(format string, args ...any) {
	o.say("warning", o.style.yellow("warning:")+" ", fmt.Sprintf(format, args...))
}

// Error writes the error a verb ends with, and below it what to do about it.
func (o *Output) Error(err error) {
	o.say("error", o.style.red("error:")+" ", err.Error())
	if hint := HintOf(err); hint != "" {
		o.say("hint", o.style.dim("hint:")+" ", hint)
	}
}

// say writes one event; the lines of a longer text are indented below the first.
func (o *Output) say(kind, prefix, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text = strings.TrimRight(text, "\n")
	if o.opts.Format == JSON {
		o.event(event{Type: kind, Text: text})
		return
	}
	if prefix != "" {
		text = strings.ReplaceAll(text, "\n", "\n  ")
	}
	o.line(prefix + text)
}

// line writes a whole line above the live part of the screen. Progress is not
// worth failing for: errors of the stream are dropped.
func (o *Output) line(text string) {
	_, _ = fmt.Fprint(o.w, o.screen.erase()+text+"\n"+o.screen.draw())
}

// ProgressVersion names the JSON format, in its first line. Fields and types may
// be added to a version; what is there keeps its meaning.
const ProgressVersion = "progress.turnup.dev/v1"

// event is one line of the JSON format.
type event struct {
	Time    time.Time `json:"time"`
	Type    string    `json:"type"`
	Version string    `json:"apiVersion,omitempty"`
	Machine string    `json:"machine,omitempty"`
	Step    string    `json:"step,omitempty"`
	Parent  string    `json:"parent,omitempty"`
	State   State     `json:"state,omitempty"`
	Seconds *float64  `json:"seconds,omitempty"`
	Text    string    `json:"text,omitempty"`
}

func (o *Output) event(e event) {
	if !o.begun {
		o.begun = true
		o.event(event{Type: "begin", Version: ProgressVersion})
	}
	e.Time = o.opts.Now().UTC()
	if data, err := json.Marshal(e); err == nil {
		_, _ = o.w.Write(append(data, '\n'))
	}
}

// Close takes the live part off the screen, for the end of a verb that left
// steps unfinished.
func (o *Output) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.screen.stop()
	_, _ = fmt.Fprint(o.w, o.screen.erase())
}

// Terminal tells whether a stream is one that somebody looks at.
func Terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// size of the terminal behind a stream; 80 by 24 when it does not say.
func size(stream any) (w, h int) {
	if file, ok := stream.(*os.File); ok {
		if w, h, err := term.GetSize(int(file.Fd())); err == nil && w > 0 && h > 0 {
			return w, h
		}
	}
	return 80, 24
}
