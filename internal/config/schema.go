package config

// Schema is the JSON Schema of the config.
func Schema() []byte { return nil }
