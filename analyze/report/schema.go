package report

import _ "embed"

// SchemaJSON is the JSON Schema of what package jsonreport writes. It is generated from the
// structs by this package's tests: go test -update.
//
//go:embed schema.json
var SchemaJSON []byte
