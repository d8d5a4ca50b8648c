package terraform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// events reads what terraform says with -json, one object per line: the human
// part goes to the log, the rest is kept. It is the io.Writer of one run.
type events struct {
	log      io.Writer
	progress func(string)
	machine  func(name string, done bool)
	rest     []byte // an incomplete line

	outputs Outputs
	changes Changes
	errors  []diagnostic
}

// diagnostic is an error as terraform describes it.
type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
	Range    *struct {
		Filename string `json:"filename"`
		Start    struct {
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
}

// event is the union of the messages that matter here.
type event struct {
	Type       string     `json:"type"`
	Message    string     `json:"@message"`
	Diagnostic diagnostic `json:"diagnostic"`
	Changes    struct {
		Add       int    `json:"add"`
		Change    int    `json:"change"`
		Remove    int    `json:"remove"`
		Operation string `json:"operation"`
	} `json:"changes"`
	Change struct {
		Action   string   `json:"action"`
		Reason   string   `json:"reason"`
		Resource resource `json:"resource"`
	} `json:"change"`
	Hook struct {
		Action   string   `json:"action"`
		Resource resource `json:"resource"`
	} `json:"hook"`
	Outputs map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"outputs"`
}

// resource is what an event is about.
type resource struct {
	Addr string `json:"addr"`
	Type string `json:"resource_type"`
	Name string `json:"resource_name"`
	Key  any    `json:"resource_key"` // a string, a number or null
}

func (r resource) key() string {
	if r.Key == nil {
		return ""
	}
	return fmt.Sprint(r.Key)
}

func (m event) change() Change {
	r := m.Change.Resource
	return Change{Action: m.Change.Action, Address: r.Addr, Type: r.Type, Name: r.Name, Key: r.key(), Tainted: m.Change.Reason == "tainted"}
}

func (e *events) Write(data []byte) (int, error) {
	e.rest = append(e.rest, data...)
	for {
		line, rest, found := bytes.Cut(e.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		e.line(line)
		e.rest = rest
	}
}

func (e *events) line(line []byte) {
	var msg event
	if err := json.Unmarshal(line, &msg); err != nil {
		// Warnings about the CLI configuration come before -json is understood.
		fmt.Fprintf(e.log, "%s\n", line)
		return
	}
	fmt.Fprintln(e.log, msg.Message)
	switch msg.Type {
	case "diagnostic":
		if msg.Diagnostic.Detail != "" {
			fmt.Fprintf(e.log, "  %s\n", strings.ReplaceAll(msg.Diagnostic.Detail, "\n", "\n  "))
		}
		if msg.Diagnostic.Severity == "error" {
			e.errors = append(e.errors, msg.Diagnostic)
		}
	case "planned_change":
		e.changes.Resources = append(e.changes.Resources, msg.change())
	case "change_summary":
		if msg.Changes.Operation == "plan" {
			e.changes.Add, e.changes.Change, e.changes.Remove = msg.Changes.Add, msg.Changes.Change, msg.Changes.Remove
			e.changes.sort()
		}
	case "apply_start", "apply_complete":
		if e.progress != nil {
			e.progress(msg.Message)
		}
		if name, ok := msg.machine(); ok && e.machine != nil {
			e.machine(name, msg.Type == "apply_complete")
		}
	case "outputs":
		e.outputs = Outputs{}
		for name, output := range msg.Outputs {
			e.outputs[name] = output.Value
		}
	}
}
