package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// maker knows what the cloud answers for one object: values that depend on what
// the object is, and on nothing else.
type maker struct {
	kind       string
	rules      rules
	common     map[string]string
	provider   tftypes.Value
	identity   [sha256.Size]byte
	generation int
}

// fill makes every unknown value known.
func (m maker) fill(v tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(v, func(path *tftypes.AttributePath, inner tftypes.Value) (tftypes.Value, error) {
		if inner.IsKnown() {
			return inner, nil
		}
		return m.value(v, dotted(path), inner.Type(), 0)
	})
}

// value is that of one attribute of v; depth counts the templates that led here.
func (m maker) value(v tftypes.Value, path string, kind tftypes.Type, depth int) (tftypes.Value, error) {
	if fixed, ok := m.fixed(v, path); ok {
		return decode(fixed, kind)
	}
	template, ok := m.rules.Values[path]
	if !ok {
		template, ok = m.common[last(path)]
	}
	if !ok || depth > 5 {
		return zero(kind), nil
	}
	if whole := reference.FindStringSubmatch(template); whole != nil {
		if found := at(v, whole[1]); len(found) == 1 && found[0].Type().Equal(kind) {
			if !found[0].IsKnown() {
				return m.value(v, whole[1], kind, depth+1)
			}
			if found[0].IsNull() {
				return zero(kind), nil
			}
			return found[0], nil
		}
	}
	filled, err := m.expand(v, path, template, depth)
	if err != nil {
		return tftypes.Value{}, err
	}
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, filled), nil
	case kind.Is(tftypes.Number):
		n, err := strconv.ParseInt(filled, 10, 64)
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%s.%s: %w", m.kind, path, err)
		}
		return tftypes.NewValue(kind, n), nil
	}
	return zero(kind), nil
}

// fixed is a value that no template makes.
func (m maker) fixed(v tftypes.Value, path string) ([]byte, bool) {
	for _, c := range m.rules.Cases {
		if value, ok := c.Fixed[path]; ok && c.pattern.MatchString(first(at(v, c.Where))) {
			return value, true
		}
	}
	value, ok := m.rules.Fixed[path]
	return value, ok
}

var (
	reference   = regexp.MustCompile(`^\{([a-z_.]+)\}$`)
	placeholder = regexp.MustCompile(`\{([a-z_.]+)(?:[:|]([^}]*))?\}`)
)

// expand fills in a template.
func (m maker) expand(v tftypes.Value, path, template string, depth int) (string, error) {
	var failed error
	filled := placeholder.ReplaceAllStringFunc(template, func(token string) string {
		match := placeholder.FindStringSubmatch(token)
		name, argument := match[1], match[2]
		switch {
		case name == "hex":
			n, err := strconv.Atoi(argument)
			if err != nil || n < 1 || n > 2*sha256.Size {
				failed = fmt.Errorf("%s.%s: %s is not a number of digits", m.kind, path, token)
				return ""
			}
			return hex.EncodeToString(m.identity[:])[:n]
		case name == "ip":
			prefix, err := netip.ParsePrefix(argument)
			if err != nil {
				failed = fmt.Errorf("%s.%s: %w", m.kind, path, err)
				return ""
			}
			return m.address(prefix, path).String()
		case name == "kind":
			return m.kind
		case name == "generation":
			return strconv.Itoa(m.generation)
		case strings.HasPrefix(name, "provider."):
			return cmp.Or(first(at(m.provider, strings.TrimPrefix(name, "provider."))), argument)
		}
		found := at(v, name)
		if len(found) == 1 && !found[0].IsKnown() {
			made, err := m.value(v, name, found[0].Type(), depth+1)
			if err != nil {
				failed = err
			}
			found[0] = made
		}
		return cmp.Or(first(found), argument)
	})
	return filled, failed
}

// first is the first of the values as text.
func first(values []tftypes.Value) string {
	for _, v := range values {
		if s, known := text(v); known {
			return s
		}
	}
	return ""
}

// address is one in the IPv4 prefix, neither its first ones nor its last, and
// another one for each object and attribute.
func (m maker) address(prefix netip.Prefix, path string) netip.Addr {
	sum := sha256.Sum256(append(m.identity[:], path...))
	size := uint32(1) << (32 - prefix.Bits())
	offset := 4 + binary.BigEndian.Uint32(sum[:4])%max(size-8, 1)
	base := prefix.Masked().Addr().As4()
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], binary.BigEndian.Uint32(base[:])+offset)
	return netip.AddrFrom4(out)
}
