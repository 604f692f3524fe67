package examined

import _ "embed"

// SchemaJSON is the JSON Schema of a Report. It is generated from the structs by the tests of
// package report: go test -update.
//
//go:embed schema.json
var SchemaJSON []byte
