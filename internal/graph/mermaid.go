package graph

import (
	"fmt"
	"strings"
)

// Mermaid writes a scene as a flowchart that GitHub, among others, draws:
// https://mermaid.js.org/syntax/flowchart.html
func Mermaid(s Scene) string {
	var out strings.Builder
	fmt.Fprintf(&out, "---\ntitle: %s\n---\nflowchart TB\n", s.Title)
	for _, f := range s.Frames {
		fmt.Fprintf(&out, "  subgraph %s[%s]\n", f.ID, quoted(f.Title))
		for _, b := range f.Boxes {
			fmt.Fprintf(&out, "    %s[%s]\n", b.ID, quoted(strings.Join(b.Lines, "<br>")))
		}
		out.WriteString("  end\n")
	}
	for _, l := range s.Links {
		fmt.Fprintf(&out, "  %s -->|%s| %s\n", l.From, quoted(l.Text), l.To)
	}
	return out.String()
}

// quoted is a label that may hold anything.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(text, `"`, "#quot;") + `"`
}
