package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// malformed says why data is not one JSON object. What it lets pass, the
// reader can walk through without an error.
func malformed(data []byte, name string) (Problem, bool) {
	at := func(offset int, format string, args ...any) (Problem, bool) {
		line, column := position(data, offset)
		return Problem{File: name, Line: line, Column: column, Text: fmt.Sprintf(format, args...)}, true
	}
	body := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return at(0, "the file starts with a byte order mark; save it as UTF-8 without one")
	case !utf8.Valid(data):
		return at(invalidUTF8(data), "the file is not UTF-8; save it as UTF-8")
	case len(body) == 0:
		return at(0, "the file is empty; {} is the config that is all defaults")
	}
	var whole json.RawMessage
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(data, &whole); {
	case errors.As(err, &syntax) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return at(len(data), "the file is truncated: it ends inside the JSON")
	case errors.As(err, &syntax) && strings.HasSuffix(syntax.Error(), "exceeded max depth"):
		return at(int(syntax.Offset)-1, "the file is nested too deeply to be a config")
	case errors.As(err, &syntax):
		offset := max(0, int(syntax.Offset)-1)
		return at(offset, "not JSON: %s%s", syntax, remedy(data, offset))
	case err != nil:
		return at(0, "not JSON: %s", err)
	case body[0] != '{':
		return at(len(data)-len(body), "the config is one JSON object: it starts with {")
	}
	return Problem{}, false
}

// remedy explains the slips that people make most.
func remedy(data []byte, offset int) string {
	before := bytes.TrimRight(data[:offset], " \t\r\n")
	switch {
	case offset >= len(data):
		return ""
	case data[offset] == '/' || data[offset] == '#':
		return " (JSON has no comments)"
	case bytes.HasSuffix(before, []byte(",")) && (data[offset] == '}' || data[offset] == ']'):
		return " (there is a comma too many)"
	case data[offset] == '\'':
		return " (JSON has double quotes only)"
	}
	return ""
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// position counts lines and columns (in characters) from 1.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
