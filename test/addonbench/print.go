package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// printTable writes the table, the goal next to what was measured.
func printTable(w io.Writer, r *run, rows []row) error {
	lines := [][]string{{"", "what", "goal", "ours", "flux ssa", "plain ssa"}}
	sizes := []int{0}
	for _, row := range rows {
		verdict := row.Verdict
		if verdict == "" {
			verdict = "    "
		}
		lines = append(lines, []string{verdict, row.What, row.Goal, row.Ours.String(), row.Flux.String(), row.Plain.String()})
		sizes = append(sizes, row.Size)
	}
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var text strings.Builder
	for i, line := range lines {
		if i > 0 && sizes[i] != sizes[i-1] {
			fmt.Fprintf(&text, "\n%d objects in %d addons\n", sizes[i], addonsFor(sizes[i]))
		}
		var out strings.Builder
		for j, cell := range line {
			out.WriteString(cell + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+2))
		}
		text.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
	fmt.Fprintf(&text, "\nMedian (smallest..largest); README.md of test/addonbench says what is counted. %d goals missed. %.0f s.\n",
		missed(rows), time.Since(r.began).Seconds())
	_, err := io.WriteString(w, text.String())
	return err
}

// printJSON writes the same for programs, with all samples.
func printJSON(w io.Writer, r *run, rows []row) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Seconds float64  `json:"seconds"`
		Missed  int      `json:"missed"`
		Rows    []row    `json:"rows"`
		Notes   []string `json:"notes"`
	}{time.Since(r.began).Seconds(), missed(rows), rows, r.notes})
}
