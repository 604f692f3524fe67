// Package jsonreport writes a report as JSON, as one object or as a line for each
// part (NDJSON), and reads the one object back.
//
// What the fields are called and mean is said at the types of package report.
package jsonreport
