package graph

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func many(n int) Scene {
	s := Scene{Title: `a "title" <of> & all`, Frames: []Frame{
		{ID: "one", Title: "a title that is longer than what is in the frame", Boxes: []Box{{ID: "a", Lines: []string{"a"}}}},
		{ID: "two", Title: "two"}, {ID: "three", Title: "three", Boxes: []Box{{ID: "z", Lines: []string{"z"}}}},
	}, Links: []Link{
		{"a", "two", "next <1>"}, {"two", "a", "back"}, {"a", "z", "around"}, {"z", "a", "and back"},
	}}
	for i := range n {
		s.Frames[1].Boxes = append(s.Frames[1].Boxes, Box{ID: fmt.Sprint("b", i), Lines: []string{strings.Repeat("ü", 5+i%30), "second line"}})
	}
	return s
}

func TestNothingInThePictureOverlaps(t *testing.T) {
	for _, n := range []int{1, 3, 40} {
		s := many(n)
		frames, boxes, width, height := place(s)
		inside := func(what string, p placed, x, y, w, h float64) {
			if p.x < x || p.y < y || p.x+p.w > x+w+0.01 || p.y+p.h > y+h+0.01 {
				t.Errorf("%d boxes: %s %v is not inside %v", n, what, p, []float64{x, y, w, h})
			}
		}
		for i, f := range frames {
			inside(s.Frames[i].ID, f, 0, 0, width, height)
			if i > 0 && f.y < frames[i-1].bottom() {
				t.Errorf("frame %d begins in the one above", i)
			}
			for j, b := range boxes[i] {
				inside(s.Frames[i].Boxes[j].ID, b, f.x, f.y+line, f.w, f.h-line)
				for k := range j {
					a := boxes[i][k]
					if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.bottom() && b.y < a.bottom() {
						t.Errorf("%d boxes: %d and %d overlap", n, k, j)
					}
				}
			}
		}
	}
}

func TestThePictureIsWellFormed(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(SVG(many(7))))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMermaidTakesAnyText(t *testing.T) {
	got := Mermaid(Scene{Title: "t", Frames: []Frame{{ID: "f", Title: `say "x" [y]`, Boxes: []Box{{ID: "b", Lines: []string{"1", "2"}}}}}, Links: []Link{{"b", "f", "p|q"}}})
	want := "---\ntitle: t\n---\nflowchart TB\n  subgraph f[\"say #quot;x#quot; [y]\"]\n    b[\"1<br>2\"]\n  end\n  b -->|\"p|q\"| f\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
