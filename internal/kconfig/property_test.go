package kconfig

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wild sets values that need not make sense together: out of range, invisible,
// and several members of a choice.
func (r random) wild(c *Config) {
	texts := comparedTexts(c.Tree())
	for _, s := range c.Tree().Symbols {
		if r.one(2) {
			if err := c.Set(s.Name, r.value(s, texts[s])); err != nil {
				panic(err)
			}
		}
	}
}

// everyTree runs a check on random configurations of random trees.
func everyTree(t *testing.T, check func(*testing.T, random, *Config)) {
	t.Helper()
	r := newRandom(t)
	for range 100 {
		files := r.tree(30)
		tree, err := Parse(files, "Kconfig")
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			c := tree.NewConfig()
			r.wild(c)
			if hasEmptyRange(c) {
				continue
			}
			if check(t, r, c); t.Failed() {
				t.Fatalf("of\n%s\nwith\n%s", files["Kconfig"].Data, userValues(c))
			}
		}
	}
}

func userValues(c *Config) string {
	var b strings.Builder
	for s := range c.UserSet() {
		value, _ := c.UserValue(s)
		b.WriteString(s.Name + "=" + value + "\n")
	}
	return b.String()
}

func written(t *testing.T, c *Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteDotConfig(&b, "."); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// allValues are the values of all symbols, and whether they are written.
func allValues(c *Config) []string {
	var values []string
	for _, s := range c.Tree().Symbols {
		value := s.Name + "=" + c.Value(s)
		if !c.Written(s) {
			value += " unwritten"
		}
		values = append(values, value)
	}
	return values
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	everyTree(t, func(t *testing.T, _ random, c *Config) {
		text := written(t, c)
		again := c.Tree().NewConfig()
		problems, err := again.ReadDotConfig(strings.NewReader(text), ".config", ".")
		if err != nil || len(problems) > 0 {
			t.Errorf("read: %v %v", err, problems)
		}
		if diff := cmp.Diff(text, written(t, again)); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(allValues(c), allValues(again)); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

// hasEmptyRange says whether a range's lower bound is above its upper one: a
// value that is clamped to the one is clamped to the other the next time.
func hasEmptyRange(c *Config) bool {
	return slices.ContainsFunc(c.Tree().Symbols, func(s *Symbol) bool {
		r := c.activeRange(s)
		return r != nil && c.number(r.Low, s) > c.number(r.High, s)
	})
}

func TestAMinimalConfigurationGivesTheSameValues(t *testing.T) {
	everyTree(t, func(t *testing.T, _ random, c *Config) {
		var b bytes.Buffer
		if err := c.WriteMinimal(&b, "."); err != nil {
			t.Fatal(err)
		}
		minimal := c.Tree().NewConfig()
		problems, err := minimal.ReadDotConfig(strings.NewReader(b.String()), ".config", ".")
		if err != nil || len(problems) > 0 {
			t.Errorf("read: %v %v", err, problems)
		}
		if diff := cmp.Diff(allValues(c), allValues(minimal)); diff != "" {
			t.Errorf("after reading\n%s(-all +minimal):\n%s", &b, diff)
		}
		for s := range minimal.UserSet() {
			without := minimal.Clone()
			without.Unset(s)
			if slices.Equal(allValues(c), allValues(without)) {
				t.Errorf("%s is superfluous in\n%s", s.Name, &b)
			}
		}
	})
}

func TestTheOrderOfSettingDoesNotMatter(t *testing.T) {
	everyTree(t, func(t *testing.T, r random, c *Config) {
		// Only of a choice it does: the latest member is chosen.
		for _, ch := range c.Tree().Choices {
			c.UnsetChoice(ch)
		}
		symbols := slices.Collect(c.UserSet())
		r.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
		other := c.Tree().NewConfig()
		for _, s := range symbols {
			value, _ := c.UserValue(s)
			if err := other.Set(s.Name, value); err != nil {
				t.Fatal(err)
			}
			// Values that were computed in between must not stay.
			other.Value(c.Tree().Symbols[r.IntN(len(c.Tree().Symbols))])
		}
		if diff := cmp.Diff(allValues(c), allValues(other)); diff != "" {
			t.Errorf("(-in order +shuffled):\n%s", diff)
		}
	})
}

func TestExactlyOneMemberOfAVisibleChoiceIsSelected(t *testing.T) {
	everyTree(t, func(t *testing.T, _ random, c *Config) {
		for _, ch := range c.Tree().Choices {
			chosen := 0
			for _, m := range ch.Members {
				if c.Bool(m) {
					chosen++
				}
			}
			visible := len(c.VisibleMembers(ch))
			if (visible > 0) != (chosen == 1) || visible > 0 && !c.Bool(c.Selected(ch)) {
				t.Errorf("%d members of the choice at %s are visible and %d are chosen", visible, ch.Span(), chosen)
			}
		}
	})
}

func TestEveryUserValueCountsOrHasAProblem(t *testing.T) {
	everyTree(t, func(t *testing.T, _ random, c *Config) {
		for s := range c.UserSet() {
			value, _ := c.UserValue(s)
			if problem := c.UserValueProblem(s); problem == nil && c.Value(s) != value {
				t.Errorf("%s was set to %q and is %q, and nothing is said", s.Name, value, c.Value(s))
			}
			if x := c.Explain(s); !x.Visible && s.Prompt() != "" && len(x.Unmet) == 0 {
				t.Errorf("%s is not visible, and nothing is unmet", s.Name)
			}
		}
	})
}
