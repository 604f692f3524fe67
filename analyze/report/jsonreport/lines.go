package jsonreport

import (
	"encoding/json"
	"io"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict"
)

// A line is one object: connections, pools and findings as they become final, and
// last the capture. The fields are those of JSON, after a type.

// WriteConnection writes c as one line of NDJSON. Its error is w's, as that of all that write here.
func WriteConnection(w io.Writer, c *report.Connection) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		*report.Connection
	}{"connection", listedConnection(c)})
}

// WritePool writes p as one line of NDJSON.
func WritePool(w io.Writer, p *report.Pool) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		*report.Pool
	}{"pool", listedPool(p)})
}

// WriteFinding writes f as one line of NDJSON.
func WriteFinding(w io.Writer, f *report.Finding) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		report.Finding
	}{"finding", listedFinding(*f)})
}

// WriteCapture writes the last line: what was read, expectations and verdict.
func WriteCapture(w io.Writer, r *report.Report) error {
	return writeLine(w, struct {
		Type         string               `json:"type"`
		Schema       string               `json:"schema"`
		Capture      report.Capture       `json:"capture"`
		Expectations []report.Expectation `json:"expectations"`
		Totals       report.Totals        `json:"totals"`
		Command      *report.Command      `json:"command,omitempty"`
		Unjudged     string               `json:"unjudged,omitempty"`
		Outcome      verdict.Outcome      `json:"outcome,omitempty"`
		Verdict      pool.Verdict         `json:"verdict"`
	}{"capture", r.Schema, listedCapture(r.Capture), list(r.Expectations), r.Totals, r.Command,
		r.Unjudged, r.Outcome, r.Verdict})
}

// WriteLines writes all of r, a line each: for a report that is complete already.
func WriteLines(w io.Writer, r *report.Report) error {
	for _, c := range r.Connections {
		if err := WriteConnection(w, c); err != nil {
			return err
		}
	}
	for _, p := range r.Pools {
		if err := WritePool(w, p); err != nil {
			return err
		}
	}
	for i := range r.Findings {
		if err := WriteFinding(w, &r.Findings[i]); err != nil {
			return err
		}
	}
	return WriteCapture(w, r)
}

// writeLine writes v and the line's end in one call, so that lines of concurrent
// users of a pipe stay whole.
func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(printable.JSON(b), '\n'))
	return err
}
