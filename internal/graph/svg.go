package graph

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Sizes in pixels. The text is monospaced, so that its width is known without a font.
const (
	glyph  = 7.3 // the width of a letter of 12 px
	line   = 16.0
	pad    = 12.0
	gap    = 18.0  // between boxes
	rise   = 64.0  // between frames, for the links and what they say
	margin = 24.0  // around all
	widest = 940.0 // beyond it boxes go into another row
)

// placed is a box, or a frame, with its place.
type placed struct{ x, y, w, h float64 }

func (p placed) middle() float64 { return p.x + p.w/2 }
func (p placed) bottom() float64 { return p.y + p.h }

// SVG writes a scene as a picture: frames below each other, in order, the boxes of
// each in rows.
func SVG(s Scene) string {
	frames, boxes, width, height := place(s)
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">
<title>%s</title>
<style>
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328 }
.title { font-weight: bold; font-size: 14px }
.frame { fill: #f6f8fa; stroke: #8c959f }
.box { fill: #ffffff; stroke: #0969da }
.name { font-weight: bold }
.link { fill: none; stroke: #57606a; marker-end: url(#arrow) }
.says { fill: #57606a; font-size: 11px; paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>
<rect width="100%%" height="100%%" fill="#ffffff"/>
`, width, height, width, height, escaped(s.Title))
	fmt.Fprintf(&out, `<text class="title" x="%.0f" y="%.0f">%s</text>`+"\n", margin, margin+4, escaped(s.Title))
	for i, f := range s.Frames {
		p := frames[i]
		fmt.Fprintf(&out, `<rect class="frame" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>`+"\n", p.x, p.y, p.w, p.h)
		fmt.Fprintf(&out, `<text x="%.1f" y="%.1f">%s</text>`+"\n", p.x+pad, p.y+line+1, escaped(f.Title))
		for j, b := range f.Boxes {
			b.draw(&out, boxes[i][j])
		}
	}
	drawLinks(&out, s, frames, boxes)
	out.WriteString("</svg>\n")
	return out.String()
}

// place gives every frame and box its place, and says how large the picture is.
func place(s Scene) (frames []placed, boxes [][]placed, width, height float64) {
	y := margin + 28
	for _, f := range s.Frames {
		inner, w, h := rows(f, y+line+pad)
		w = max(w, float64(len([]rune(f.Title)))*glyph)
		frames = append(frames, placed{0, y, w + 2*pad, h + line + 2*pad})
		boxes = append(boxes, inner)
		width = max(width, w+2*pad)
		y += h + line + 2*pad + rise
	}
	width += 2 * margin
	for i := range frames {
		frames[i].x = (width - frames[i].w) / 2
		for j := range boxes[i] {
			boxes[i][j].x += frames[i].x
		}
	}
	return frames, boxes, width, y - rise + margin
}

// rows places the boxes of a frame from a height on; x counts from the frame's edge.
func rows(f Frame, y float64) (list []placed, width, height float64) {
	top, x, tallest := y, pad, 0.0
	for _, b := range f.Boxes {
		w, h := b.size()
		if x > pad && x+w > widest {
			x, y, tallest = pad, y+tallest+gap, 0
		}
		list = append(list, placed{x, y, w, h})
		x += w + gap
		tallest = max(tallest, h)
		width = max(width, x-gap-pad)
	}
	return list, width, y + tallest - top
}

func (b Box) size() (w, h float64) {
	longest := 0
	for _, text := range b.Lines {
		longest = max(longest, len([]rune(text)))
	}
	return float64(longest)*glyph + 2*pad, float64(len(b.Lines))*line + pad
}

func (b Box) draw(out *strings.Builder, p placed) {
	fmt.Fprintf(out, `<rect class="box" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4"/>`+"\n", p.x, p.y, p.w, p.h)
	for i, text := range b.Lines {
		class := ""
		if i == 0 {
			class = ` class="name"`
		}
		fmt.Fprintf(out, `<text%s x="%.1f" y="%.1f">%s</text>`+"\n", class, p.x+pad, p.y+float64(i+1)*line+1, escaped(text))
	}
}

// drawLinks draws the links between frames: a line from frame to frame for each pair,
// with what is said on it below each other. Boxes of one frame that talk to each
// other are said in its title instead.
func drawLinks(out *strings.Builder, s Scene, frames []placed, boxes [][]placed) {
	type pair struct{ from, to string }
	said := map[pair][]string{}
	var order []pair
	for _, l := range s.Links {
		p := pair{l.From, l.To}
		if said[p] == nil {
			order = append(order, p)
		}
		said[p] = append(said[p], l.Text)
	}
	at := func(id string) placed {
		f, b := s.frameOf(id)
		if b >= 0 {
			return boxes[f][b]
		}
		return frames[f]
	}
	sides := map[bool]int{}
	for _, p := range order {
		from, to := at(p.from), at(p.to)
		if frame, _ := s.frameOf(p.to); len(s.Frames[frame].Boxes) == 1 {
			to = frames[frame] // not across its title
		}
		if fromFrame, _ := s.frameOf(p.from); !next(s, p.from, p.to) {
			// Around the frames between, on the side that has had fewer.
			left := sides[true] <= sides[false]
			sides[left]++
			toFrame, _ := s.frameOf(p.to)
			around(out, frames[fromFrame], frames[toFrame], frames, left, sides[left], said[p])
			continue
		}
		// Down on the right of the middle, up on the left of it.
		x1, y1, x2, y2, anchor, away := from.middle(), from.bottom(), to.middle(), to.y, "start", 6.0
		if to.y < from.y {
			y1, y2, anchor, away = from.y, to.bottom(), "end", -6
		}
		x1, x2 = x1+away, x2+away
		fmt.Fprintf(out, `<path class="link" d="M%.1f %.1f L%.1f %.1f"/>`+"\n", x1, y1, x2, y2)
		says(out, anchor, (x1+x2)/2+away, (y1+y2)/2, said[p])
	}
}

// next tells whether two things are in frames that follow each other.
func next(s Scene, from, to string) bool {
	a, _ := s.frameOf(from)
	b, _ := s.frameOf(to)
	return a-b == 1 || b-a == 1
}

// around draws a line past what is between two frames.
func around(out *strings.Builder, from, to placed, frames []placed, left bool, nth int, text []string) {
	edge, away := frames[0].x, -1.0
	for _, f := range frames {
		if left {
			edge = min(edge, f.x)
		} else {
			edge, away = max(edge, f.x+f.w), 1
		}
	}
	x := edge + away*8*float64(nth)
	x1, x2 := from.x, to.x
	if !left {
		x1, x2 = from.x+from.w, to.x+to.w
	}
	y1, y2 := from.y+from.h/2+7*float64(nth-1), to.y+to.h/2-7*float64(nth-1)
	fmt.Fprintf(out, `<path class="link" d="M%.1f %.1f H%.1f V%.1f H%.1f"/>`+"\n", x1, y1, x, y2, x2)
	// Between two frames, where there is room.
	y := from.y - rise/2
	if to.y > from.y {
		y = from.bottom() + rise/2
	}
	if left {
		says(out, "start", x+5, y, text)
		return
	}
	says(out, "end", x-5, y, text)
}

// says writes text; anchor is which end of it x is.
func says(out *strings.Builder, anchor string, x, y float64, text []string) {
	for i, t := range text {
		fmt.Fprintf(out, `<text class="says" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", anchor, x, y+float64(i)*13-float64(len(text)-1)*6.5+4, escaped(t))
	}
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a Builder takes everything
	return out.String()
}
