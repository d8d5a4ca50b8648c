package wizard

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// field is one line of text that is being typed, in the pieces that a person
// takes for one character, and the cursor among them.
type field struct {
	pieces []string
	at     int
}

func newField(text string) field {
	pieces := split(text)
	return field{pieces, len(pieces)}
}

func split(text string) []string {
	var pieces []string
	for text != "" {
		piece, _ := ansi.FirstGraphemeCluster(text, ansi.WcWidth)
		pieces = append(pieces, piece)
		text = text[len(piece):]
	}
	return pieces
}

func (f *field) value() string { return strings.Join(f.pieces, "") }

// press answers a key that edits, and says whether it was one.
func (f *field) press(k key) bool {
	switch k.name {
	case "left", "ctrl+b":
		f.at = max(0, f.at-1)
	case "right", "ctrl+f":
		f.at = min(len(f.pieces), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.pieces)
	case "ctrl+left", "alt+left", "alt+b":
		f.at = f.word()
	case "backspace", "ctrl+h":
		f.remove(max(0, f.at-1), f.at)
	case "delete", "ctrl+d":
		f.remove(f.at, min(len(f.pieces), f.at+1))
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		f.remove(f.word(), f.at)
	case "ctrl+u":
		f.remove(0, f.at)
	case "ctrl+k":
		f.remove(f.at, len(f.pieces))
	default:
		return f.insert(k.text)
	}
	return true
}

// insert adds what was typed or pasted. A value is one line.
func (f *field) insert(text string) bool {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, text)
	if text == "" {
		return false
	}
	// What is typed may join the character before it, so all is split again.
	before := strings.Join(f.pieces[:f.at], "") + text
	rest := strings.Join(f.pieces[f.at:], "")
	f.pieces = split(before + rest)
	f.at = min(len(split(before)), len(f.pieces))
	return true
}

func (f *field) remove(from, to int) {
	f.pieces = slices.Delete(f.pieces, from, to)
	f.at = from
}

// word is where the word before the cursor starts.
func (f *field) word() int {
	at := f.at
	for at > 0 && f.pieces[at-1] == " " {
		at--
	}
	for at > 0 && f.pieces[at-1] != " " {
		at--
	}
	return at
}

// draw returns the part of the text that fits around the cursor, and the
// cursor's column in it. One column is left for the cursor at the end.
func (f *field) draw(l look, columns int) (text string, x int) {
	columns = max(2, columns)
	from := f.at
	used := 1
	for from > 0 && used+width(l.text(f.pieces[from-1])) <= columns {
		from--
		used += width(l.text(f.pieces[from]))
	}
	x = used - 1
	to := f.at
	for to < len(f.pieces) && used+width(l.text(f.pieces[to])) <= columns {
		used += width(l.text(f.pieces[to]))
		to++
	}
	return l.text(strings.Join(f.pieces[from:to], "")), x
}
