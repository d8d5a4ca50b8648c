package documents

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinksThatLeadNowhereAreFound(t *testing.T) {
	text := "# One Title!\n\n# One title\n\n[a](b.md) [c](#one-title-1) [d](#nope) [e](/etc/passwd) [f](../x) [g](http://example.org)\n<img src=\"p.svg\">\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.svg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(BrokenLinks(dir, []Document{Parse("a.md", []byte(text))}), "\n")
	for _, want := range []string{"there is no b.md", "a.md has no heading #nope", "from the root", "out of the repository", "want https"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("want five complaints:\n%s", got)
	}
}

func TestMarksSayHowABlockIsRun(t *testing.T) {
	d := Parse("a.md", []byte("<!-- before: a: b -->\n<!-- exit: 3 -->\n\n<!-- run: in the checkout -->\n\n```sh\nc\n```\n\n<!-- hm -->\n```sh\nc\n```\n"))
	how, err := d.Blocks[0].How()
	if want := (How{Before: "a: b", Exit: "3", Checkout: true}); err != nil || how != want {
		t.Errorf("got %+v, %v; want %+v", how, err, want)
	}
	if _, err := d.Blocks[1].How(); err == nil {
		t.Error("an unknown mark is not an error")
	}
}

func TestIndentedCommandsAreMisplaced(t *testing.T) {
	d := Parse("a.md", []byte("A\n\n    kubectl turnup create\n\nB\n\n    provision → machines\n"))
	if d.Blocks[0].Misplaced() == "" || d.Blocks[1].Misplaced() != "" {
		t.Errorf("got %q and %q", d.Blocks[0].Misplaced(), d.Blocks[1].Misplaced())
	}
}

func TestAnEllipsisStandsForAnything(t *testing.T) {
	for want, ok := range map[string]bool{
		"a b\nc d": true, "a …\nc d": true, "…\nc d": true, "a b\n…": true, "…": true, "a b": false, "a b\nc": false, "x …\nc d": false,
	} {
		if got := (Command{Output: want}).Prints("a b\nc d\n"); got != ok {
			t.Errorf("%q: got %v", want, got)
		}
	}
}

func TestWordsThatTheProgramDoesNotKnowAreFound(t *testing.T) {
	known, err := NewKnown(root)
	if err != nil {
		t.Fatal(err)
	}
	known.Plugin = func(args ...string) (string, error) {
		if args[0] == "get" {
			return "Usage:\n  kubectl turnup get SYMBOL... [flags]\n", nil
		}
		return "Usage:\n  kubectl turnup addons [flags]\n  kubectl turnup addons [command]\n", nil
	}
	for text, ok := range map[string]bool{
		"kubectl turnup get a.b": true, "kubectl turnup addons": true, "kubectl turnup addons -o wide": true, "kubectl turnup addons bogus": false,
		"make verify test": true, "make bogus": false, "make bench-addons ARGS='x y'": true,
		"X=1 go test ./internal/... && go run ./bogus": false, "if true; then make up; fi": true,
	} {
		calls, err := Calls(text)
		for _, call := range calls {
			if e := known.Check(call); e != nil {
				err = e
			}
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAShellTellsWhatIsDifferent(t *testing.T) {
	shell := Shell{Dir: t.TempDir(), Env: Env(t.TempDir())}
	run := func(text string) string {
		if err := shell.Run(t.Context(), Parse("a.md", []byte(text)).Blocks[0]); err != nil {
			return err.Error()
		}
		return ""
	}
	for text, want := range map[string]string{
		"```console\n$ echo a b\na …\n$ true\n```":          "",
		"```console\n$ echo a\nb\n```":                      "the document says:\nb",
		"```sh\nfalse\ntrue\n```":                           "exit code 1, want 0",
		"<!-- exit: 3 -->\n```sh\nexit 3\n```":              "",
		"<!-- before: touch f -->\n\n```sh\ntest -f f\n```": "",
	} {
		if got := run(text); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s\ngot %q, want %q", text, got, want)
		}
	}
}
