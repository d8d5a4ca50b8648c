// Package ask is the line mode of a configuration: the questions that the
// wizard shows as menus, one after the other, for pipes, screen readers and
// terminals that cannot draw.
package ask

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"turnup.dev/kubectl-turnup/internal/config"
	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Interview asks for everything that applies, in the order of the menus, and
// sets what is answered. An empty answer keeps what is there.
type Interview struct {
	Config *kconfig.Config
	In     io.Reader
	Out    io.Writer
	// Echo writes answers after their questions: a terminal does it by itself,
	// a pipe does not.
	Echo bool

	lines <-chan string
	asked map[*config.Field]bool
	// left counts the questions that nobody answered, because the input ended.
	left  int
	ended bool
	// headings are the menus that the next question is in and that were not
	// written yet.
	headings []string
}

// Run asks until nothing is left to ask and everything goes together. When the
// input ends, the rest keeps what it has. The error is the context's, or
// config.Problems if there is nobody to ask again.
func (i *Interview) Run(ctx context.Context) error {
	stop := make(chan struct{})
	defer close(stop)
	i.lines, i.asked = read(i.In, stop), map[*config.Field]bool{}
	// An answer can bring up a question before it, so one pass is not enough.
	for before := -1; before != len(i.asked); {
		before = len(i.asked)
		if err := i.menu(ctx, i.Config.Tree().Root); err != nil {
			return err
		}
	}
	if i.left > 0 {
		fmt.Fprintf(i.Out, "There are no more answers: the other %d keep what they have.\n", i.left)
	}
	for {
		problems := config.CheckApplying(i.Config)
		if len(problems) == 0 {
			return nil
		}
		if i.ended {
			return problems
		}
		fmt.Fprintf(i.Out, "\nThis does not go together:\n")
		for _, p := range problems {
			fmt.Fprintf(i.Out, "  %s: %s\n", p.Path, p.Text)
		}
		if err := i.again(ctx, problems); err != nil {
			return err
		}
	}
}

func (i *Interview) again(ctx context.Context, problems config.Problems) error {
	fmt.Fprintln(i.Out)
	for _, p := range problems {
		if f := config.Lookup(p.Path); f != nil {
			if err := i.ask(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *Interview) menu(ctx context.Context, n *kconfig.Node) error {
	for _, child := range n.Children {
		if !i.Config.NodeVisible(child) {
			continue
		}
		if err := i.node(ctx, child); err != nil {
			return err
		}
	}
	return nil
}

func (i *Interview) node(ctx context.Context, n *kconfig.Node) error {
	var f *config.Field
	switch n.Kind {
	case kconfig.KindMenu:
		outer := i.headings
		i.headings = slices.Concat(outer, []string{n.Prompt})
		err := i.menu(ctx, n)
		if len(i.headings) > len(outer) {
			i.headings = outer // nothing was asked in it
		}
		return err
	case kconfig.KindComment:
		if len(i.asked) > 0 && !i.ended {
			fmt.Fprintf(i.Out, "  (%s)\n", n.Prompt)
		}
	case kconfig.KindChoice:
		f = config.Lookup(n.Choice.Name)
	default:
		f = config.Lookup(n.Symbol.Name)
	}
	if f != nil && !i.asked[f] {
		i.asked[f] = true
		if i.free(f) {
			if err := i.ask(ctx, f); err != nil {
				return err
			}
		}
	}
	if n.Kind == kconfig.KindChoice {
		return nil // its members are answers, not questions
	}
	return i.menu(ctx, n)
}

// free says whether there is more than one answer.
func (i *Interview) free(f *config.Field) bool {
	if f.Kind == config.Choice {
		return len(i.Config.VisibleMembers(f.Choice)) > 1
	}
	if f.Kind == config.Int {
		low, high, _, ok := i.Config.Range(f.Symbol)
		return !ok || low != high
	}
	return true
}

// ask puts one question until it is answered with something that is right.
func (i *Interview) ask(ctx context.Context, f *config.Field) error {
	if i.ended {
		i.left++
		return nil
	}
	i.heading()
	i.options(f)
	for {
		fmt.Fprint(i.Out, i.question(f))
		answer, err := i.answer(ctx)
		if err != nil || i.ended {
			return err
		}
		switch answer {
		case "":
			if problem := config.CheckField(i.Config, f); problem != "" {
				fmt.Fprintf(i.Out, "  %s\n", problem)
				continue
			}
			return nil
		case "?":
			i.help(f)
			continue
		}
		problem := i.set(f, answer)
		if problem == "" {
			return nil
		}
		fmt.Fprintf(i.Out, "  %s\n", problem)
	}
}

// set takes an answer, or says why it is wrong and leaves what was there.
func (i *Interview) set(f *config.Field, answer string) string {
	text := i.meant(f, answer)
	trial := i.Config.Clone()
	if err := config.Assign(trial, f, text); err != nil {
		return err.Error()
	}
	if problem := config.CheckField(trial, f); problem != "" {
		return problem
	}
	// Assign has just accepted the same text.
	_ = config.Assign(i.Config, f, text)
	return ""
}

// meant reads the short forms of answers: the number of an option, y and n, and
// "" for the empty text.
func (i *Interview) meant(f *config.Field, answer string) string {
	switch f.Kind {
	case config.Bool:
		switch strings.ToLower(answer) {
		case "y", "yes", "true":
			return "true"
		case "n", "no", "false":
			return "false"
		}
	case config.Choice:
		for at, m := range i.Config.VisibleMembers(f.Choice) {
			if answer == fmt.Sprint(at+1) {
				return strings.TrimPrefix(m.Name, f.Path+".")
			}
		}
	case config.String:
		if answer == `""` {
			return ""
		}
	}
	return answer
}

func (i *Interview) answer(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case line, ok := <-i.lines:
		if !ok {
			i.ended = true
			i.left++
			fmt.Fprintln(i.Out)
		} else if i.Echo {
			fmt.Fprintln(i.Out, line)
		}
		return strings.TrimSpace(line), nil
	}
}
