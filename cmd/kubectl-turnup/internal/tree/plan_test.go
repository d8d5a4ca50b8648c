package tree

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func files(pairs ...string) map[string][]byte {
	m := map[string][]byte{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = []byte(pairs[i+1])
	}
	return m
}

func TestWhatBecomesOfAFile(t *testing.T) {
	for name, c := range map[string]struct {
		base, mine, theirs string // "" is a file that is not there
		resolve            string
		change, content    string
	}{
		"nobody changed it":                            {base: "1\n", mine: "1\n", theirs: "1\n"},
		"it is new":                                    {theirs: "1\n", change: "added", content: "1\n"},
		"we changed it":                                {base: "1\n", mine: "1\n", theirs: "2\n", change: "updated", content: "2\n"},
		"you changed it":                               {base: "1\n", mine: "2\n", theirs: "1\n", change: "kept"},
		"both made the same of it":                     {base: "1\n", mine: "2\n", theirs: "2\n"},
		"both changed other lines":                     {base: "1\n2\n3\n", mine: "0\n2\n3\n", theirs: "1\n2\n4\n", change: "merged", content: "0\n2\n4\n"},
		"both changed the same line":                   {base: "1\n", mine: "2\n", theirs: "3\n", change: "conflict"},
		"both changed the same line, keep mine":        {base: "1\n0\n9\n", mine: "2\n0\n9\n", theirs: "3\n0\n8\n", resolve: Mine, change: "merged", content: "2\n0\n8\n"},
		"both changed the same line, take theirs":      {base: "1\n0\n9\n", mine: "2\n0\n8\n", theirs: "3\n0\n9\n", resolve: Theirs, change: "merged", content: "3\n0\n8\n"},
		"keep mine, and there is nothing else":         {base: "1\n", mine: "2\n", theirs: "3\n", resolve: Mine, change: "kept"},
		"you deleted it":                               {base: "1\n", theirs: "1\n", change: "deleted"},
		"you deleted it, and we changed it":            {base: "1\n", theirs: "2\n", change: "deleted"},
		"we dropped it":                                {base: "1\n", mine: "1\n", change: "removed"},
		"we dropped what you changed":                  {base: "1\n", mine: "2\n", change: "conflict"},
		"we dropped what you changed, keep mine":       {base: "1\n", mine: "2\n", resolve: Mine, change: "kept"},
		"we dropped what you changed, take theirs":     {base: "1\n", mine: "2\n", resolve: Theirs, change: "removed"},
		"both dropped it":                              {base: "1\n"},
		"you had one of that name":                     {mine: "2\n", theirs: "1\n", change: "conflict"},
		"you had the same":                             {mine: "1\n", theirs: "1\n"},
		"git gave yours other ends of lines":           {base: "1\r\n", mine: "1\r\n", theirs: "1\n"},
		"a merge keeps the ends of lines that you had": {base: "1\n2\n3\n", mine: "0\r\n2\r\n3\r\n", theirs: "1\n2\n4\n", change: "merged", content: "0\r\n2\r\n4\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			side := func(text string) []byte {
				if text == "" {
					return nil
				}
				return []byte(text)
			}
			got := decide("a/f", side(c.base), side(c.mine), side(c.theirs), c.resolve)
			if got.Change != c.change || string(got.content) != c.content {
				t.Errorf("%s, %q; want %s, %q", got.Change, got.content, c.change, c.content)
			}
			if (got.Change == "conflict" || got.content != nil) && got.Diff == "" {
				t.Error("there is no diff")
			}
		})
	}
}

func TestWhatBecomesOfAnAddon(t *testing.T) {
	base := files("a/k", "1", "a/m", "1", "b/k", "1", "b/m", "1", "c/k", "1", "d/k", "1")
	mine := files("a/k", "1", "a/m", "1", "b/k", "1", "b/m", "mine", "d/k", "1", "d/own", "mine", "own/k", "mine", "README.md", "mine")
	theirs := files("c/k", "2", "c/new", "2", "e/k", "1")
	want := []FileUpdate{
		{File: "a/k", Change: "removed"}, {File: "a/m", Change: "removed"},
		{File: "b/", Change: "kept"},
		{File: "c/", Change: "deleted"},
		{File: "d/", Change: "kept"},
		{File: "e/k", Change: "added"},
	}
	got := planUpdate(base, mine, theirs, "")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(FileUpdate{}, "Diff", "content"), cmpopts.IgnoreUnexported(FileUpdate{})); diff != "" {
		t.Error(diff)
	}
}
