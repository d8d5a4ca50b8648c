package main

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hinshun/vt10x"
)

// recording is what a program wrote to a terminal, and when. It is kept as an
// asciicast, version 2 (docs.asciinema.org/manual/asciicast/v2), so that other
// players show it, too.
type recording struct {
	columns, lines int
	title          string
	events         []output
}

type output struct {
	at   float64 // seconds
	text string
}

type castHeader struct {
	Version int    `json:"version"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Title   string `json:"title"`
}

func (r recording) encode() ([]byte, error) {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(castHeader{2, r.columns, r.lines, r.title}); err != nil {
		return nil, err
	}
	for _, e := range r.events {
		if err := enc.Encode([]any{e.at, "o", e.text}); err != nil {
			return nil, err
		}
	}
	return []byte(out.String()), nil
}

func decode(in io.Reader) (recording, error) {
	dec := json.NewDecoder(in)
	var head castHeader
	if err := dec.Decode(&head); err != nil {
		return recording{}, fmt.Errorf("read a recording: %w", err)
	}
	r := recording{columns: head.Width, lines: head.Height, title: head.Title}
	for dec.More() {
		var at float64
		var kind, text string
		if err := dec.Decode(&[]any{&at, &kind, &text}); err != nil {
			return r, fmt.Errorf("read a recording: %w", err)
		}
		r.events = append(r.events, output{at, text})
	}
	return r, nil
}

// screen is what a person saw after so many events.
func (r recording) screen(events int) vt10x.Terminal {
	vt := vt10x.New(vt10x.WithSize(r.columns, r.lines))
	for _, e := range r.events[:events] {
		_, _ = vt.Write([]byte(e.text))
	}
	return vt
}

// moment finds the last screen that shows a text.
func (r recording) moment(text string) (vt10x.Terminal, error) {
	vt, last := r.screen(0), 0
	for i, e := range r.events {
		_, _ = vt.Write([]byte(e.text))
		if strings.Contains(vt.String(), text) {
			last = i + 1
		}
	}
	if last == 0 {
		return nil, fmt.Errorf("the recording %q never shows %q", r.title, text)
	}
	return r.screen(last), nil
}

// Sizes in pixels, and the colours of a dark terminal: the sixteen of ANSI.
const (
	cellWidth, cellHeight = 8.0, 18.0
	edge                  = 14.0
	foreground            = "#d6dae0"
	background            = "#1b1f24"
)

var palette = [16]string{
	"#545d68", "#f47067", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#909dab",
	"#636e7b", "#ff938a", "#6bc46d", "#daaa3f", "#6cb6ff", "#dcbdfb", "#56d4dd", "#ffffff",
}

// The modes of a cell, which vt10x keeps to itself. It has swapped the colours of
// a reversed one already.
const (
	underline = 1 << 1
	bold      = 1 << 2
)

// terminalSVG draws a screen. Every run of letters has its place and its width,
// so that columns stay columns in any font. Empty lines at the end are left out.
func terminalSVG(title string, vt vt10x.Terminal) []byte {
	columns, lines := vt.Size()
	text := strings.Split(strings.TrimRight(vt.String(), " \n"), "\n")
	lines = min(lines, len(text))
	width, height := 2*edge+float64(columns)*cellWidth, 2*edge+float64(lines)*cellHeight
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">
<title>%s</title>
<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace }
</style>
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
`, width, height, width, height, html.EscapeString(title), background)
	for y := range lines {
		for x := 0; x < columns; {
			x = drawRun(&out, vt, x, y, columns)
		}
	}
	out.WriteString("</svg>\n")
	return []byte(out.String())
}

// drawRun draws the letters from x on that look the same, and returns where they end.
func drawRun(out *strings.Builder, vt vt10x.Terminal, x, y, columns int) int {
	first := vt.Cell(x, y)
	look := lookOf(first)
	var run strings.Builder
	end := x
	for ; end < columns; end++ {
		cell := vt.Cell(end, y)
		if lookOf(cell) != look {
			break
		}
		if cell.Char == 0 {
			cell.Char = ' '
		}
		run.WriteRune(cell.Char)
	}
	left, top := edge+float64(x)*cellWidth, edge+float64(y)*cellHeight
	if look.back != background {
		fmt.Fprintf(out, `<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" fill="%s"/>`+"\n", left, top, float64(end-x)*cellWidth, cellHeight, look.back)
	}
	style := ""
	if look.bold {
		style += ` font-weight="bold"`
	}
	if look.underline {
		style += ` text-decoration="underline"`
	}
	for _, w := range columnsOf(run.String()) {
		fmt.Fprintf(out, `<text x="%.0f" y="%.0f" textLength="%.0f" fill="%s"%s>%s</text>`+"\n",
			left+float64(w.at)*cellWidth, top+13, float64(utf8.RuneCountInString(w.text))*cellWidth, look.fore, style, html.EscapeString(w.text))
	}
	return end
}

// words are letters with no more than single blanks between them, and the column
// that they begin at: pictures do not keep more blanks than one.
type words struct {
	at   int
	text string
}

func columnsOf(run string) []words {
	var list []words
	blanks := 2
	for i, r := range []rune(run) {
		switch {
		case r == ' ':
			blanks++
			continue
		case blanks > 1:
			list = append(list, words{at: i})
		case blanks == 1:
			list[len(list)-1].text += " "
		}
		blanks = 0
		list[len(list)-1].text += string(r)
	}
	return list
}

type look struct {
	fore, back      string
	bold, underline bool
}

func lookOf(cell vt10x.Glyph) look {
	return look{fore: colour(cell.FG), back: colour(cell.BG), bold: cell.Mode&bold != 0, underline: cell.Mode&underline != 0}
}

// colour is one of the palette, of xterm's 256, of all that there are, or the
// terminal's own.
func colour(c vt10x.Color) string {
	switch {
	case c == vt10x.DefaultFG:
		return foreground
	case c == vt10x.DefaultBG:
		return background
	case c < 16:
		return palette[c]
	case c < 232:
		step := func(n vt10x.Color) int {
			if n == 0 {
				return 0
			}
			return 55 + 40*int(n)
		}
		c -= 16
		return fmt.Sprintf("#%02x%02x%02x", step(c/36), step(c/6%6), step(c%6))
	case c < 256:
		grey := 8 + 10*int(c-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
	return fmt.Sprintf("#%06x", uint32(c))
}
