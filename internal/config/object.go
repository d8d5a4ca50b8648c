package config

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object that keeps the order of its keys.
type object []member

type member struct {
	key   string
	value any
}

// with adds a schema for what is at a path below the object's properties.
func (o object) with(path []string, schema any) object {
	if len(path) == 0 {
		return o
	}
	properties := object{}
	for _, m := range o {
		if m.key == "properties" {
			properties = m.value.(object)
		}
	}
	child := schema
	if len(path) > 1 {
		child = object{}.with(path[1:], schema)
		for _, m := range properties {
			if m.key == path[0] {
				child = m.value.(object).with(path[1:], schema)
			}
		}
	}
	return o.put("properties", properties.put(path[0], child))
}

func (o object) put(key string, value any) object {
	for i := range o {
		if o[i].key == key {
			o[i].value = value
			return o
		}
	}
	return append(o, member{key, value})
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m.key); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (o object) encode() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(o) != nil {
		return nil // objects, texts and numbers: encoding/json cannot refuse
	}
	return out.Bytes()
}
