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
	rest     []byte // an incomplete line

	outputs Outputs
	changes Changes
	errors  []diagnostic
}

// Changes is what a plan wants to do.
type Changes struct {
	Add, Change, Remove int
	// Resources says what happens to which: "create docker_container.machine[\"demo-worker-0\"]".
	Resources []string
}

// Any says that the plan is not empty.
func (c Changes) Any() bool { return c.Add+c.Change+c.Remove > 0 }

func (c Changes) String() string {
	if !c.Any() {
		return "no changes"
	}
	return fmt.Sprintf("%d to add, %d to change, %d to remove", c.Add, c.Change, c.Remove)
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
		Action   string `json:"action"`
		Resource struct {
			Addr string `json:"addr"`
		} `json:"resource"`
	} `json:"change"`
	Outputs map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"outputs"`
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
		e.changes.Resources = append(e.changes.Resources, msg.Change.Action+" "+msg.Change.Resource.Addr)
	case "change_summary":
		if msg.Changes.Operation == "plan" {
			e.changes.Add, e.changes.Change, e.changes.Remove = msg.Changes.Add, msg.Changes.Change, msg.Changes.Remove
		}
	case "apply_start", "apply_complete":
		if e.progress != nil {
			e.progress(msg.Message)
		}
	case "outputs":
		e.outputs = Outputs{}
		for name, output := range msg.Outputs {
			e.outputs[name] = output.Value
		}
	}
}
