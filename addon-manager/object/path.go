package object

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Path leads to a field: "spec.replicas", "metadata.annotations.example\.com/x" or,
// through a list, "spec.template.spec.containers.[name=app].image".
type Path []string

// ParsePath cuts a path at its dots.
func ParsePath(text string) Path {
	var path Path
	var step strings.Builder
	bracket := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '.':
			i++
			step.WriteByte('.')
		case c == '.' && !bracket:
			path = append(path, step.String())
			step.Reset()
		default:
			bracket = c == '[' || bracket && c != ']'
			step.WriteByte(c)
		}
	}
	return append(path, step.String())
}

// item reads a step that chooses one item of a list.
func item(step string) (key, value string, ok bool) {
	inner, opened := strings.CutPrefix(step, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return "", "", false
	}
	return strings.Cut(inner, "=")
}

// find returns what is at a path.
func (p Path) find(value any) (any, bool) {
	if len(p) == 0 {
		return value, true
	}
	switch value := value.(type) {
	case map[string]any:
		inner, ok := value[p[0]]
		if !ok {
			return nil, false
		}
		return p[1:].find(inner)
	case []any:
		if i := p.index(value); i >= 0 {
			return p[1:].find(value[i])
		}
	}
	return nil, false
}

// index is that of the item which the first step chooses, or -1.
func (p Path) index(list []any) int {
	key, want, ok := item(p[0])
	if !ok {
		return -1
	}
	return slices.IndexFunc(list, func(entry any) bool {
		fields, ok := entry.(map[string]any)
		return ok && fmt.Sprint(fields[key]) == want
	})
}

// In tells whether an object has the field.
func (p Path) In(content map[string]any) bool {
	_, found := p.find(content)
	return found
}

// Remove takes the field out of an object.
func (p Path) Remove(content map[string]any) {
	last := len(p) - 1
	if parent, found := p[:last].find(content); found {
		if fields, ok := parent.(map[string]any); ok {
			delete(fields, p[last])
		}
	}
}

// Copy puts the field of one object into another, with the names of the list
// items on the way.
func (p Path) Copy(from, to map[string]any) {
	if value, found := p.find(from); found {
		p.put(to, value)
	}
}

func (p Path) put(fields map[string]any, value any) {
	if len(p) == 1 {
		fields[p[0]] = value
		return
	}
	if key, want, ok := item(p[1]); ok && len(p) > 2 {
		list, _ := fields[p[0]].([]any)
		i := p[1:].index(list)
		if i < 0 {
			i, list = len(list), append(list, map[string]any{key: want})
			fields[p[0]] = list
		}
		if entry, ok := list[i].(map[string]any); ok {
			p[2:].put(entry, value)
		}
		return
	}
	inner, ok := fields[p[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
		fields[p[0]] = inner
	}
	p[1:].put(inner, value)
}

// Owned tells whether a set of managed fields, decoded, has the field.
func (p Path) Owned(fields map[string]any) bool {
	if len(p) == 0 {
		return true
	}
	key, want, isItem := item(p[0])
	for name, inner := range fields {
		if isItem {
			var keys map[string]any
			chosen, ok := strings.CutPrefix(name, "k:")
			if !ok || json.Unmarshal([]byte(chosen), &keys) != nil || fmt.Sprint(keys[key]) != want {
				continue
			}
		} else if name != "f:"+p[0] {
			continue
		}
		below, _ := inner.(map[string]any)
		if p[1:].Owned(below) {
			return true
		}
	}
	return false
}
