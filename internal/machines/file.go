package machines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// New returns an empty machines file for an endpoint.
func New(endpoint string, list []Machine) File {
	return File{APIVersion: APIVersion, Kind: Kind, Endpoint: endpoint, Machines: list}
}

// Decode parses and validates the JSON of a machines file; unknown keys are errors.
func Decode(data []byte) (File, error) {
	var file File
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&file); {
	case errors.Is(err, io.EOF):
		return File{}, errors.New("the machines file is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return File{}, errors.New("the machines file is truncated: it ends inside the JSON")
	case err != nil:
		return File{}, fmt.Errorf("not a machines file: line %d: %w", line(data, err, dec.InputOffset()), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("there is text behind the machines object")
	}
	if err := file.Validate(); err != nil {
		return File{}, err
	}
	return file, nil
}

// line is where an error of encoding/json is; the decoder itself only knows
// where the last good token ended.
func line(data []byte, err error, offset int64) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	return 1 + bytes.Count(data[:min(offset, int64(len(data)))], []byte("\n"))
}

// Encode returns the file's JSON, the same bytes for the same value.
func (f File) Encode() []byte {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		// Only strings and slices of them: encoding/json cannot refuse.
		return nil
	}
	return append(data, '\n')
}
