package ask

import (
	"fmt"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
)

// heading writes the names of the menus that a question is the first of.
func (i *Interview) heading() {
	if len(i.headings) > 0 {
		fmt.Fprintf(i.Out, "\n%s\n\n", strings.Join(i.headings, " / "))
	}
	i.headings = nil
}

// options lists what a choice can be.
func (i *Interview) options(f *config.Field) {
	if f.Kind != config.Choice {
		return
	}
	fmt.Fprintf(i.Out, "%s\n", f.Prompt())
	for at, m := range i.Config.VisibleMembers(f.Choice) {
		mark := " "
		if i.Config.Bool(m) {
			mark = ">"
		}
		fmt.Fprintf(i.Out, "  %s %d  %s\n", mark, at+1, m.Prompt())
	}
}

func (i *Interview) question(f *config.Field) string {
	about, now := f.Prompt(), config.Value(i.Config, f)
	switch f.Kind {
	case config.Bool:
		about += " (y or n)"
		now = map[string]string{"true": "y", "false": "n"}[now]
	case config.Int:
		if low, high, _, ok := i.Config.Range(f.Symbol); ok {
			about += fmt.Sprintf(" (%s to %s)", low, high)
		}
	case config.Choice:
		about = fmt.Sprintf("1 to %d, or its name", len(i.Config.VisibleMembers(f.Choice)))
	}
	if now == "" {
		now = "empty"
	}
	return fmt.Sprintf("%s [%s, ? for help]: ", about, now)
}

func (i *Interview) help(f *config.Field) {
	fmt.Fprintf(i.Out, "\n  %s (%s)\n\n", f.Path, f.Place())
	indent := func(text, by string) {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			fmt.Fprintln(i.Out, strings.TrimRight(by+line, " "))
		}
	}
	indent(f.Help(), "  ")
	if f.Kind == config.Choice {
		for _, m := range i.Config.VisibleMembers(f.Choice) {
			fmt.Fprintf(i.Out, "\n  %s\n", m.Prompt())
			indent(m.Help(), "      ")
		}
	}
	fmt.Fprintf(i.Out, "\n  Legal: %s.", f.Legal(i.Config))
	if f.Kind == config.String && f.Accepts("") {
		fmt.Fprint(i.Out, ` Answer "" for the empty text.`)
	}
	fmt.Fprint(i.Out, "\n\n")
}
