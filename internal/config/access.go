package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Get returns the value at a path: a string, an int or a bool.
func Get(c Cluster, path string) (any, error) {
	if _, ok := lookup(path); !ok {
		return nil, Problems{{Path: path, Text: noSymbol(path)}}
	}
	return field(&c, path).Interface(), nil
}

// Set applies assignments such as "provision.workers=3", in order, with the
// checks of Decode. If one of them is wrong, it changes nothing.
func Set(c *Cluster, assignments ...string) error {
	next, failed := *c, map[string]bool{}
	var problems Problems
	for _, assignment := range assignments {
		path, text, ok := strings.Cut(assignment, "=")
		problem := fmt.Sprintf("%q assigns nothing; write PATH=VALUE, like provision.workers=3", assignment)
		if ok {
			problem = assign(&next, path, text)
		} else {
			path = ""
		}
		if problem != "" {
			failed[path] = true
			problems = append(problems, Problem{Path: path, Text: problem})
		}
	}
	problems = append(problems, validate(next, failed)...)
	if len(problems) == 0 {
		*c = next
	}
	return problems.orNil()
}

// assign stores the value that a text stands for, and says why it cannot.
func assign(c *Cluster, path, text string) string {
	symbol, ok := lookup(path)
	if !ok {
		return noSymbol(path)
	}
	switch symbol.Kind {
	case Bool:
		if text != "true" && text != "false" {
			return fmt.Sprintf("%q is not %s", text, symbol.Legal())
		}
		field(c, path).SetBool(text == "true")
	case Int:
		n, problem := whole(symbol, text)
		if problem != "" {
			return problem
		}
		field(c, path).SetInt(int64(n))
	case String, Choice:
		field(c, path).SetString(text)
	}
	return ""
}

// noSymbol says why a path names no value: it is unknown, or a group.
func noSymbol(path string) string {
	if keys := keysOf(path); path != "" && len(keys) > 0 {
		return fmt.Sprintf("this is a group, not a value; its keys are %s", strings.Join(keys, ", "))
	}
	return unknown(path)
}

// Encode returns the config as JSON with every symbol in it: the same bytes
// for the same config, and Decode gives the config back.
func Encode(c Cluster) []byte {
	var buffer bytes.Buffer
	enc := json.NewEncoder(&buffer)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		// Strings, numbers and booleans: encoding/json cannot refuse.
		return nil
	}
	return buffer.Bytes()
}

// field finds the struct field at a symbol's path; a test proves that the
// table and the struct know the same paths.
func field(c *Cluster, path string) reflect.Value {
	value := reflect.ValueOf(c).Elem()
	for _, key := range strings.Split(path, ".") {
		for i := range value.NumField() {
			if value.Type().Field(i).Tag.Get("json") == key {
				value = value.Field(i)
				break
			}
		}
	}
	return value
}
