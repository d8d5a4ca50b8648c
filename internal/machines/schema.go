package machines

import _ "embed" // the schema

// Schema is the JSON schema of the machines file, for editors. What it cannot
// say (a name that is used twice), Validate says.
//
//go:embed schema.json
var Schema []byte
