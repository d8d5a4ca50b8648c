package documents

import (
	"fmt"
	"regexp"
	"strings"
)

// How is what is done with a block of commands.
type How struct {
	// NotRun is the reason why nobody runs it; Cluster has it run by the
	// end-to-end test, in order, on a real cluster.
	NotRun  string
	Cluster bool
	// Checkout runs it in the repository instead of a directory of the
	// document's own.
	Checkout bool
	// Before is what the shell does first, unseen by the reader.
	Before string
	// Exit is the code it ends with.
	Exit string
}

// IsCommands tells blocks that a reader may type from examples of files.
func (b Block) IsCommands() bool { return b.Language == "sh" || b.Language == "console" }

// How reads the marks of a block.
func (b Block) How() (How, error) {
	how := How{Exit: "0"}
	for _, mark := range b.Marks {
		key, value, _ := strings.Cut(mark, ":")
		value = strings.TrimSpace(value)
		switch {
		case key == "not run" && value != "":
			how.NotRun = value
		case mark == "run: on a cluster":
			how.Cluster = true
		case mark == "run: in the checkout":
			how.Checkout = true
		case key == "before" && value != "":
			how.Before = value
		case key == "exit" && value != "":
			how.Exit = value
		default:
			return how, fmt.Errorf("the mark %q is not known", mark)
		}
	}
	return how, nil
}

var typed = regexp.MustCompile(`(?m)^(\$ )?(kubectl|make|go|git|terraform|docker|vi|cp|cd|ssh) `)

// Misplaced says why a block is not one that can be checked, or "".
func (b Block) Misplaced() string {
	switch {
	case b.IsCommands():
		return ""
	case !b.Fenced && typed.MatchString(b.Text):
		return "commands that are only indented: put them between ```sh and ```, so that they are tried"
	case b.Fenced && typed.MatchString(b.Text) && b.Language == "" && strings.Contains(b.Text, "\n$ "):
		return "commands without a language: say sh or console after the fence"
	}
	return ""
}

// Command is something that is typed, and what comes out of it.
type Command struct {
	Line   int
	Text   string
	Output string
	// Checked tells that Output is all of it.
	Checked bool
}

// Commands are those of a block: of console, the lines that begin with $, each
// followed by what it prints; of sh all of it at once.
func (b Block) Commands() []Command {
	if b.Language != "console" {
		return []Command{{Line: b.Line, Text: b.Text}}
	}
	var all []Command
	for i, line := range strings.Split(strings.TrimSuffix(b.Text, "\n"), "\n") {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, Command{Line: b.Line + i, Text: text, Checked: true})
		} else if len(all) > 0 {
			all[len(all)-1].Output += line + "\n"
		}
	}
	return all
}

// Prints tells whether an output is what the document shows: an … in it stands
// for anything, within its line or, alone on a line, for any lines.
func (c Command) Prints(output string) bool {
	var pattern strings.Builder
	for _, line := range strings.Split(strings.TrimRight(c.Output, "\n "), "\n") {
		if line == "…" {
			pattern.WriteString(`(.*\n)*`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(output, "\n "), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(strings.Join(lines, "\n") + "\n")
}
