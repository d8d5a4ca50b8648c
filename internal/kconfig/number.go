package kconfig

import (
	"math"
	"strconv"
	"strings"
)

// Numbers are read as C's strtoll and strtoull do, which all other
// implementations use: white space and a sign may lead, and base 0 knows the
// prefixes 0x and 0.

type numberKind int

const (
	notANumber numberKind = iota
	signed
	unsigned
)

type number struct {
	kind numberKind
	bits uint64
}

// parseOperand reads one side of a comparison by the type of its symbol.
func parseOperand(text string, t Type) number {
	if t == Bool {
		return number{signed, 2 * uint64(strings.Count(text, "y"))}
	}
	magnitude, negative, used, overflow := scanNumber(text, base(t))
	if used == 0 || used != len(text) {
		return number{}
	}
	if t == Hex {
		if overflow {
			return number{}
		}
		return number{unsigned, negated(magnitude, negative)}
	}
	if overflow || magnitude > limit(negative) {
		return number{}
	}
	return number{signed, negated(magnitude, negative)}
}

// toNumber reads as much of a text as is a number, at most the largest one.
func toNumber(text string, base int) int64 {
	magnitude, negative, _, overflow := scanNumber(text, base)
	if overflow || magnitude > limit(negative) {
		if negative {
			return math.MinInt64
		}
		return math.MaxInt64
	}
	return int64(negated(magnitude, negative))
}

// limit is the largest magnitude of a signed number.
func limit(negative bool) uint64 {
	if negative {
		return 1 << 63
	}
	return math.MaxInt64
}

func negated(magnitude uint64, negative bool) uint64 {
	if negative {
		return -magnitude
	}
	return magnitude
}

// base is that of a type's texts; 0 goes by the prefix.
func base(t Type) int {
	switch t {
	case Int:
		return 10
	case Hex:
		return 16
	default:
		return 0
	}
}

// scanNumber reads a number at the start of a text; used is 0 if there is none.
func scanNumber(text string, base int) (magnitude uint64, negative bool, used int, overflow bool) {
	rest := strings.TrimLeft(text, " \t\n\v\f\r")
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		negative = rest[0] == '-'
		rest = rest[1:]
	}
	prefixed := len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x' && digit(rest[2]) < 16
	switch {
	case (base == 0 || base == 16) && prefixed:
		base, rest = 16, rest[2:]
	case base == 0 && rest != "" && rest[0] == '0':
		base = 8
	case base == 0:
		base = 10
	}
	n := 0
	for n < len(rest) && digit(rest[n]) < base {
		next := magnitude*uint64(base) + uint64(digit(rest[n]))
		if magnitude > (math.MaxUint64-uint64(digit(rest[n])))/uint64(base) {
			overflow = true
		}
		magnitude = next
		n++
	}
	if n == 0 {
		return 0, false, 0, false
	}
	return magnitude, negative, len(text) - len(rest) + n, overflow
}

func digit(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b|0x20 && b|0x20 <= 'z':
		return int(b|0x20-'a') + 10
	default:
		return 99
	}
}

// validInt says whether a text is an int's value: no sign but -, no leading 0.
func validInt(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] == '0' && len(digits) > 1 {
		return false
	}
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil && digits[0] != '+' && digits[0] != '-'
}

// validHex says whether a text is a hex's value, with or without 0x.
func validHex(text string) bool {
	digits := text
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		digits = text[2:]
	}
	for i := range len(digits) {
		if digit(digits[i]) >= 16 {
			return false
		}
	}
	_, err := strconv.ParseUint(digits, 16, 64)
	return err == nil
}

// activeRange is the first range that holds.
func (c *Config) activeRange(s *Symbol) *Range {
	for _, r := range s.Ranges {
		if c.depends(r.Node.scope) && c.holds(r.If) {
			return r
		}
	}
	return nil
}

// clamp moves a value that is out of range to the nearer bound.
func (c *Config) clamp(s *Symbol, text string) (value string, clamped bool) {
	r := c.activeRange(s)
	if r == nil {
		return text, false
	}
	n, bound := toNumber(text, base(s.Type)), c.number(r.Low, s)
	if n >= bound {
		bound = c.number(r.High, s)
		if n <= bound {
			return text, false
		}
	}
	if s.Type == Hex {
		return "0x" + strconv.FormatUint(uint64(bound), 16), true
	}
	return strconv.FormatInt(bound, 10), true
}

// number is a bound as a number: by its own type, or by that of the symbol
// whose range it bounds.
func (c *Config) number(bound, of *Symbol) int64 {
	t := bound.Type
	if t != Int && t != Hex {
		t = of.Type
	}
	return toNumber(c.text(bound), base(t))
}
