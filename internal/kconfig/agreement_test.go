package kconfig

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// ours is what we write for a job.
func ours(t testing.TB, j job) (*Tree, []string) {
	t.Helper()
	tree, err := Parse(os.DirFS(j.Dir), "Kconfig")
	if err != nil {
		t.Fatal(err)
	}
	written := make([]string, len(j.Configs))
	for i, path := range j.Configs {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		c := tree.NewConfig()
		if _, err := c.ReadDotConfig(f, path, Prefix); err != nil {
			t.Fatal(err)
		}
		f.Close()
		var b bytes.Buffer
		if err := c.WriteDotConfig(&b, Prefix); err != nil {
			t.Fatal(err)
		}
		written[i] = b.String()
	}
	return tree, written
}

// read takes a flat configuration file apart into what is written for each
// symbol.
func read(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if symbol, value, ok := assignment(strings.TrimRight(line, "\n"), Prefix, func(string, ...any) {}); ok {
			values[symbol] = value
		}
	}
	return values
}

// differences lists what a peer writes otherwise than we do. If lenient, a bool
// that is n may be unwritten: Linux 4.11 writes more of them.
func differences(tree *Tree, our, their string, lenient bool) []string {
	a, b := read(our), read(their)
	var differ []string
	for _, s := range tree.Symbols {
		want, got := a[s.Name], b[s.Name]
		if lenient && s.Type == Bool && (want == "" || want == "n") && (got == "" || got == "n") {
			continue
		}
		if want != got || has(a, s.Name) != has(b, s.Name) {
			if !has(b, s.Name) {
				got = "unwritten"
			}
			differ = append(differ, s.Name+"="+got)
		}
	}
	return differ
}

// unmetImply says whether a difference is that of the rule imply-unmet.
func unmetImply(tree *Tree, difference string) bool {
	name, value, _ := strings.Cut(difference, "=")
	return value == "unwritten" && len(tree.Symbol(name).ImpliedBy) > 0
}

// otherLines compares files of equal values as texts: the headings of menus and
// comments. The header of the file is ours, and blank lines do not count.
func otherLines(our, their string) []string {
	var differ []string
	a, b := headings(our)[2:], headings(their)
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return append(differ, fmt.Sprintf("heading %d of ours %q, of theirs %q", i, a, b))
		}
	}
	return nil
}

func headings(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") && !strings.HasSuffix(line, " is not set\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func has(values map[string]string, name string) bool {
	_, ok := values[name]
	return ok
}

// expectation is what the peers section of an archive says about one peer: it
// cannot read the tree, or some values differ for a configuration.
type expectation struct {
	unreadable bool
	differ     map[string]string
}

// expected reads lines such as
//
//	kconfiglib differs in config.2: A=15 B= (the reason)
//	kconfig-conf cannot read: the reason
func (a *archive) expected(t *testing.T, peer string) expectation {
	t.Helper()
	e := expectation{differ: map[string]string{}}
	for line := range strings.Lines(a.section("peers")) {
		rest, found := strings.CutPrefix(strings.TrimSpace(line), peer+" ")
		switch {
		case !found:
		case strings.HasPrefix(rest, "cannot read: "):
			e.unreadable = true
		case strings.HasPrefix(rest, "differs"):
			config, values, _ := strings.Cut(strings.TrimPrefix(rest, "differs"), ":")
			values, _, reason := strings.Cut(values, " (")
			if !reason {
				t.Errorf("%s: no reason is given: %s", a.path, line)
			}
			e.differ["config"+strings.Replace(strings.TrimSpace(config), "in ", ".", 1)] = strings.TrimSpace(values)
		default:
			t.Errorf("%s: unknown expectation: %s", a.path, line)
		}
	}
	return e
}

func TestOtherImplementationsAgreeOnTheCorpus(t *testing.T) {
	p := findPeers(t)
	archives := readArchives(t, "rules")
	jobs := make([]job, len(archives))
	for i, a := range archives {
		var configs []string
		for _, config := range a.configs() {
			configs = append(configs, config.text)
		}
		jobs[i] = writeJob(t, a.files(), configs)
	}
	results := map[string][]outcome{
		"kconfiglib":   p.kconfiglib(t, jobs),
		"kconfig-conf": p.kconfigConf(t, jobs),
	}
	for i, a := range archives {
		tree, written := ours(t, jobs[i])
		for peer, outcomes := range results {
			t.Run(a.name()+" "+peer, func(t *testing.T) {
				want, got := a.expected(t, peer), outcomes[i]
				if want.unreadable != (got.problem != "") {
					t.Fatalf("expected to be unreadable: %t, but: %s", want.unreadable, got.problem)
				}
				if want.unreadable {
					return
				}
				for k, config := range a.configs() {
					differ := strings.Join(differences(tree, written[k], got.written[k], peer == "kconfig-conf"), " ")
					if differ != want.differ[config.name] {
						t.Errorf("%s:\nwant %s\n got %s", config.name, want.differ[config.name], differ)
					}
				}
			})
		}
	}
}
