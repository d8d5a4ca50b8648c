package documents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Calls are the commands of a shell text, word by word. A word that the shell
// makes up at run time is "…".
func Calls(script string) ([][]string, error) {
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, err
	}
	var calls [][]string
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok {
			return true
		}
		var words []string
		for _, word := range call.Args {
			words = append(words, literal(word))
		}
		if len(words) > 0 {
			calls = append(calls, words)
		}
		return true
	})
	return calls, nil
}

// literal is a word without its quotes.
func literal(word *syntax.Word) string {
	var b strings.Builder
	for _, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(part.Value)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			b.WriteString(literal(&syntax.Word{Parts: part.Parts}))
		default:
			b.WriteString("…")
		}
	}
	return b.String()
}

// Known checks the words of commands without running them.
type Known struct {
	root    string
	targets []string
	// Plugin runs the plugin with arguments and --help, and returns what it says.
	Plugin func(args ...string) (string, error)
}

// NewKnown reads what `make` knows.
func NewKnown(root string) (*Known, error) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return nil, err
	}
	k := &Known{root: root}
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z0-9 -]*):`).FindAllStringSubmatch(string(makefile), -1) {
		k.targets = append(k.targets, strings.Fields(match[1])...)
	}
	return k, nil
}

// Check says what is wrong with a command's words.
func (k *Known) Check(call []string) error {
	switch {
	case len(call) > 1 && call[0] == "kubectl" && call[1] == "turnup":
		return k.plugin(call[2:])
	case call[0] == "make":
		for _, word := range call[1:] {
			if !strings.ContainsAny(word, "=-") && !slices.Contains(k.targets, word) {
				return fmt.Errorf("the Makefile has no target %s", word)
			}
		}
	case call[0] == "go":
		for _, word := range call[1:] {
			dir, _ := strings.CutSuffix(word, "/...")
			if strings.HasPrefix(dir, "./") {
				if _, err := os.Stat(filepath.Join(k.root, dir)); err != nil {
					return fmt.Errorf("there is no %s", dir)
				}
			}
		}
	}
	return nil
}

// plugin has the plugin itself read the words: --help stops it before it does
// anything, and after it has understood the flags.
func (k *Known) plugin(words []string) error {
	help, err := k.Plugin(append(slices.Clone(words), "--help")...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, help)
	}
	_, usage, _ := strings.Cut(help, "Usage:\n  kubectl turnup")
	usage, _, _ = strings.Cut(usage, "\n")
	// The verb's own words are small; what it takes is in brackets or capitals.
	verb := strings.Fields(usage)
	takes := slices.IndexFunc(verb, func(word string) bool { return word[0] < 'a' || word[0] > 'z' })
	if takes < 0 {
		takes = len(verb)
	}
	takesMore := slices.ContainsFunc(verb[takes:], func(word string) bool { return word != "[flags]" && word != "[command]" })
	for i, word := range words {
		switch {
		case strings.HasPrefix(word, "-"):
			return nil // flags, which the plugin has understood
		case i < takes && word == verb[i], i >= takes && takesMore:
		default:
			return fmt.Errorf("%q is nothing that it takes: kubectl turnup%s", word, usage)
		}
	}
	return nil
}
