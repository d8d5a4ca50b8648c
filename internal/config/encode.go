package config

import (
	"bytes"
	"encoding/json"
	"strings"

	"turnup.dev/kubectl-turnup/internal/kconfig"
)

// Encode returns the config as JSON with every field that applies in it: the
// same bytes for the same config, and Decode gives the config back.
func Encode(cluster Cluster) []byte {
	c, _ := open(cluster)
	return Write(c, "")
}

// Write returns the config as JSON with every field that applies in it, false
// and defaults included, in the order of the Kconfig files. schema is the
// value of "$schema"; "" writes none.
func Write(c *kconfig.Config, schema string) []byte {
	return write(c, schema, func(f *Field) bool { return Visible(c, f) })
}

// Minimal returns as JSON only what differs from the defaults. Read gives the
// same values back.
func Minimal(c *kconfig.Config, schema string) []byte {
	return write(c, schema, func(f *Field) bool { return Visible(c, f) && Value(c, f) != DefaultOf(c, f) })
}

// WriteGroup returns the JSON object of a group, such as "provision.local".
func WriteGroup(c *kconfig.Config, group string) []byte {
	w := writer{config: c, wanted: func(f *Field) bool { return Visible(c, f) && strings.HasPrefix(f.Path, group+".") }}
	w.group(group, 0)
	w.out.WriteByte('\n')
	return w.out.Bytes()
}

func write(c *kconfig.Config, schema string, wanted func(*Field) bool) []byte {
	w := writer{config: c, schema: schema, wanted: wanted}
	w.group("", 0)
	w.out.WriteByte('\n')
	return w.out.Bytes()
}

type writer struct {
	config *kconfig.Config
	schema string
	wanted func(*Field) bool
	out    bytes.Buffer
}

// group writes an object and says whether it has members.
func (w *writer) group(path string, depth int) bool {
	start := w.out.Len()
	w.out.WriteByte('{')
	empty := true
	member := func(key string) int {
		before := w.out.Len()
		if !empty {
			w.out.WriteByte(',')
		}
		w.out.WriteString("\n" + strings.Repeat("  ", depth+1))
		w.text(key)
		w.out.WriteString(": ")
		return before
	}
	if path == "" && w.schema != "" {
		member("$schema")
		w.text(w.schema)
		empty = false
	}
	for _, key := range described().keys[path] {
		child := key
		if path != "" {
			child = path + "." + key
		}
		if f := Lookup(child); f == nil || f.Path != child {
			if before := member(key); !w.group(child, depth+1) {
				w.out.Truncate(before)
				continue
			}
		} else if !w.wanted(f) {
			continue
		} else {
			member(key)
			w.value(f)
		}
		empty = false
	}
	if empty {
		w.out.Truncate(start + 1)
	} else {
		w.out.WriteString("\n" + strings.Repeat("  ", depth))
	}
	w.out.WriteByte('}')
	return !empty
}

func (w *writer) value(f *Field) {
	if value := Value(w.config, f); f.Kind == Bool || f.Kind == Int {
		w.out.WriteString(value)
	} else {
		w.text(value)
	}
}

func (w *writer) text(s string) {
	enc := json.NewEncoder(&w.out)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) == nil { // a string: encoding/json cannot refuse
		w.out.Truncate(w.out.Len() - 1)
	}
}
