package kconfig

import "io"

// Minimal are, in the order of the tree, the symbols that have to be set to get
// the same values again: visible ones whose value is not their default. Of a
// choice it is the selected member, if that is not the default.
func (c *Config) Minimal() []*Symbol {
	var minimal []*Symbol
	done := make([]bool, len(c.tree.Symbols))
	for n := range c.tree.Nodes() {
		s := n.Symbol
		if s == nil || done[s.id] {
			continue
		}
		done[s.id] = true
		if c.differs(s) {
			minimal = append(minimal, s)
		}
	}
	return minimal
}

func (c *Config) differs(s *Symbol) bool {
	if !c.Visible(s) || s.Type == Unknown || c.Value(s) == c.Default(s) {
		return false
	}
	// That another member is n follows from the one that is y.
	return s.Choice == nil || c.Bool(s)
}

// WriteMinimal writes Minimal as a flat configuration file.
func (c *Config) WriteMinimal(w io.Writer, prefix string) error {
	d := &dotConfig{Config: c, prefix: prefix}
	for _, s := range c.Minimal() {
		d.line(s)
	}
	_, err := io.WriteString(w, d.out.String())
	return err
}
