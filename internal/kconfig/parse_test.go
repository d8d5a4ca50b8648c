package kconfig

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func parseText(kconfig string) (*Tree, error) {
	return Parse(fstest.MapFS{"Kconfig": {Data: []byte(kconfig)}}, "Kconfig")
}

func TestLinksAreNotFollowed(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		filepath.Join(outside, "secret"): "config SECRET\n\tbool\n",
		filepath.Join(root, "Kconfig"):   "source \"link\"\nsource \"dir/secret\"\nsource \"in*\"\nosource \"dir/*\"\n",
		filepath.Join(root, "file"):      "config A\n\tbool\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link": filepath.Join(outside, "secret"), "dir": outside, "inside": "file",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	_, err := Parse(os.DirFS(root), "Kconfig")
	want := `Kconfig:1:8: link is a link; links are not followed
Kconfig:2:8: dir/secret is behind the link dir; links are not followed
Kconfig:3:8: inside is a link; links are not followed
Kconfig:4:9: dir/secret is behind the link dir; links are not followed`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestARootThatCannotBeReadIsAnError(t *testing.T) {
	for name, want := range map[string]string{
		"none":    "none:1:1: none does not exist",
		"sub":     "sub:1:1: sub is a directory, not a file",
		"../x":    `../x:1:1: "../x" is not a path inside of the root`,
		"binary":  "binary:1:1: binary is not a text: byte 6 is zero",
		"huge":    "huge:1:1: huge is too large: a file may have 4 MiB, all together 64 MiB",
		"invalid": "invalid:2:2: byte 0xff is not UTF-8",
	} {
		_, err := Parse(fstest.MapFS{
			"sub/Kconfig": {},
			"binary":      {Data: []byte("config\x00")},
			"huge":        {Data: []byte(strings.Repeat("# comment\n", maxFileSize/10+1))},
			"invalid":     {Data: []byte("config A\n\t\xff\n")},
			"pipe":        {Mode: fs.ModeNamedPipe},
		}, name)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", name, err, want)
		}
	}
	_, err := Parse(fstest.MapFS{"pipe": {Mode: fs.ModeNamedPipe}}, "pipe")
	if err == nil || err.Error() != "pipe:1:1: pipe is not a regular file" {
		t.Error(err)
	}
}

func TestTheLastLineNeedsNoEnd(t *testing.T) {
	for _, kconfig := range []string{"config A\n\tbool \"A\"", "\ufeffconfig A\n\tbool \"A\"\n\thelp\n\t  Text", "config A\n\tbool \"A\"\\"} {
		tree, err := parseText(kconfig)
		if strings.HasSuffix(kconfig, `\`) {
			if err == nil {
				t.Errorf("%q was read", kconfig)
			}
			continue
		}
		if err != nil || tree.Symbol("A").Prompt() != "A" {
			t.Errorf("%q: %v", kconfig, err)
		}
	}
}

func TestEmptyFilesAreTrees(t *testing.T) {
	for _, kconfig := range []string{"", "\n\n", "# nothing", "mainmenu \"Nothing\""} {
		if tree, err := parseText(kconfig); err != nil || len(tree.Symbols) > 0 || tree.Root.Prompt == "" {
			t.Errorf("%q: %v", kconfig, err)
		}
	}
}

// No input may take long or much memory: each of these is as large or as deep
// as may be, or more, and is read or refused at once.
func TestHostileInputIsReadOrRefusedAtOnce(t *testing.T) {
	var chain strings.Builder
	chain.WriteString("config S0\n\tbool \"0\"\n")
	for i := 1; i < 20_000; i++ {
		fmt.Fprintf(&chain, "config S%d\n\tbool \"%d\"\n\tdefault y\n\tdepends on S%d\n", i, i, i-1)
	}
	terms := strings.Repeat("A && ", maxTerms-1) + "A"
	for name, test := range map[string]struct{ kconfig, want string }{
		"a chain of dependencies": {chain.String(), ""},
		"parentheses":             {"config A\n\tdefault " + strings.Repeat("(", 100_000), "expression nests deeper than 64"},
		"negations":               {"config A\n\tdefault " + strings.Repeat("!", 100_000) + "y", "expression nests deeper than 64"},
		"operators":               {"config A\n\tdefault " + strings.Repeat("y||", 100_000) + "y", "expression has more than 10000 operators"},
		"blocks":                  {strings.Repeat("if y\n", 500_000), "menus, choices and ifs nest deeper than 64"},
		"errors":                  {strings.Repeat("x\n", 500_000), "unknown statement"},
		"a long word":             {"config " + strings.Repeat("a", 1<<20) + "\n\tbool\n" + strings.Repeat("b", 1<<20), "unknown statement"},
		"a condition of many around many": {"config A\n\tbool \"A\"\nmenu \"M\"\n\tdepends on " + terms + "\n" +
			repeated("config B%d\n\tbool \"B\"\n", 20_000) + "endmenu\n", ""},
		"many that select one": {"config T\n\tbool\n" + repeated("config S%d\n\tbool \"S\"\n\tselect T\n", 20_000), ""},
		"a choice of many":     {"choice\n\tprompt \"C\"\n" + repeated("config M%d\n\tbool \"M\"\n", 20_000) + "endchoice\n", ""},
		"a loop of many":       {repeated("config S%d\n\tbool \"S\"\n\tdepends on S0\n", 20_000), "values depend on each other: S0 → S0"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			tree, err := parseText(test.kconfig)
			if test.want == "" && err == nil {
				c := tree.NewConfig()
				for _, s := range tree.Symbols {
					c.Value(s)
				}
				c.Explain(tree.Symbols[0])
			} else if test.want == "" || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %.300v", test.want, err)
			}
			// Milliseconds, in fact; the machine may be busy.
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func repeated(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
