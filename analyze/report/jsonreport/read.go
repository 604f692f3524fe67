package jsonreport

import (
	"encoding/json"
	"fmt"
	"io"

	"tcpwarm/analyze/report"
)

// Read reads a report that Write has written.
func Read(r io.Reader) (*report.Report, error) {
	var rep report.Report
	if err := json.NewDecoder(r).Decode(&rep); err != nil {
		return nil, err
	}
	if rep.Schema != report.Schema {
		return nil, fmt.Errorf("schema %q, not %q", rep.Schema, report.Schema)
	}
	return &rep, nil
}
