package config

// renamed says what fields were called in older versions: old path → path of
// now. Files and --set may go on using the old ones, and are told of the new.
func renamed() map[string]string { return map[string]string{} }
