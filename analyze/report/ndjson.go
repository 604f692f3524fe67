package report

import (
	"encoding/json"
	"io"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
)

// NDJSON is one object a line: connections, pools and findings as they become
// final, and last the capture. The fields are those of JSON, after a type.

// ConnectionLine writes c as one line.
func ConnectionLine(w io.Writer, c *Connection) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		*Connection
	}{"connection", c.listed()})
}

// PoolLine writes p as one line.
func PoolLine(w io.Writer, p *Pool) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		*Pool
	}{"pool", p.listed()})
}

// FindingLine writes f as one line.
func FindingLine(w io.Writer, f *Finding) error {
	return writeLine(w, struct {
		Type string `json:"type"`
		Finding
	}{"finding", f.listed()})
}

// CaptureLine writes the last line: what was read, expectations and verdict.
func CaptureLine(w io.Writer, r *Report) error {
	return writeLine(w, struct {
		Type         string          `json:"type"`
		Schema       string          `json:"schema"`
		Capture      Capture         `json:"capture"`
		Expectations []Expectation   `json:"expectations"`
		Totals       Totals          `json:"totals"`
		Command      *Command        `json:"command,omitempty"`
		Unjudged     string          `json:"unjudged,omitempty"`
		Outcome      verdict.Outcome `json:"outcome,omitempty"`
		Verdict      pool.Verdict    `json:"verdict"`
	}{"capture", r.Schema, listed(r.Capture), list(r.Expectations), r.Totals, r.Command, r.Unjudged, r.Outcome, r.Verdict})
}

// NDJSON writes all of r, a line each: for a report that is complete already.
func NDJSON(w io.Writer, r *Report) error {
	for _, c := range r.Connections {
		if err := ConnectionLine(w, c); err != nil {
			return err
		}
	}
	for _, p := range r.Pools {
		if err := PoolLine(w, p); err != nil {
			return err
		}
	}
	for i := range r.Findings {
		if err := FindingLine(w, &r.Findings[i]); err != nil {
			return err
		}
	}
	return CaptureLine(w, r)
}

// writeLine writes v and the line's end in one call, so that lines of concurrent
// users of a pipe stay whole.
func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
