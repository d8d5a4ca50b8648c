package machines

import (
	_ "embed" // the example
	"path/filepath"
	"strings"
)

// Example is a machines file as the owner of existing hosts writes it.
//
//go:embed example.json
var Example []byte

// Adopt returns the copy of a file somebody wrote that turnup works with: what
// the entries leave out is filled in, and paths of keys, relative to the
// original at source, become absolute.
func (f File) Adopt(source, user string, port int) File {
	f.Source = source
	list := make([]Machine, len(f.Machines))
	for i, m := range f.Machines {
		if m.Transport.SSH != nil {
			s := *m.Transport.SSH
			if s.User == "" {
				s.User = user
			}
			if s.Port == 0 {
				s.Port = port
			}
			s.IdentityFile = from(source, s.IdentityFile)
			if s.Jump != nil {
				jump := *s.Jump
				jump.IdentityFile = from(source, jump.IdentityFile)
				s.Jump = &jump
			}
			m.Transport.SSH = &s
		}
		list[i] = m
	}
	f.Machines = list
	return f
}

// from is a path as seen from the directory of a file; one in a home directory
// is left to whoever opens it.
func from(file, path string) string {
	if path == "" || filepath.IsAbs(path) || strings.HasPrefix(path, "~/") {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// Without returns the file without one machine.
func (f File) Without(name string) File {
	var list []Machine
	for _, m := range f.Machines {
		if m.Name != name {
			list = append(list, m)
		}
	}
	f.Machines = list
	return f
}
