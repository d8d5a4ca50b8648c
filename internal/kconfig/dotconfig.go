package kconfig

import "io"

// Prefix is what stands before names in the files that Linux writes.
const Prefix = "CONFIG_"

// ReadDotConfig sets what a flat configuration file says, on top of what is
// set. Lines that cannot be used (malformed, of an unknown symbol, of the wrong
// type, or a second time) are skipped and reported; name is the file's name in
// these reports. The error is one of reading.
func (c *Config) ReadDotConfig(r io.Reader, name, prefix string) (Errors, error) {
	return nil, nil
}

// WriteDotConfig writes all symbols that are Written as a flat configuration
// file, which Linux, kconfig-frontends and Kconfiglib read.
func (c *Config) WriteDotConfig(w io.Writer, prefix string) error { return nil }

// WriteMinimal writes only what has to be set to get the same values again.
func (c *Config) WriteMinimal(w io.Writer, prefix string) error { return nil }

// Minimal walks, in the order of the tree, the symbols that have to be set to
// get the same values again: visible ones whose value is not their default.
func (c *Config) Minimal() []*Symbol { return nil }
