package jsonreport

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
)

// Write writes r as one object of the schema. The long arrays are written element
// by element: a report of a million transactions is never one buffer.
func Write(w io.Writer, r *report.Report) error {
	o := &object{w: bufio.NewWriterSize(w, 1<<16)}
	o.enc = json.NewEncoder(&o.text)
	o.w.WriteString("{")
	o.field("schema", r.Schema)
	o.field("capture", listedCapture(r.Capture))
	array(o, "connections", r.Connections, listedConnection)
	array(o, "pools", r.Pools, listedPool)
	array(o, "findings", r.Findings, listedFinding)
	array(o, "expectations", r.Expectations, func(e report.Expectation) report.Expectation { return e })
	o.field("totals", r.Totals)
	if r.Command != nil {
		o.field("command", r.Command)
	}
	if r.Unjudged != "" {
		o.field("unjudged", r.Unjudged)
	}
	if r.Outcome != "" {
		o.field("outcome", r.Outcome)
	}
	o.field("verdict", r.Verdict)
	o.w.WriteString("\n}\n")
	if o.err != nil {
		return o.err
	}
	return o.w.Flush()
}

// An object is a JSON object being written, indented by one space a level.
type object struct {
	w    *bufio.Writer
	enc  *json.Encoder // into text, which serves all values in turn
	text bytes.Buffer
	some bool // a field was written
	err  error
}

func (o *object) name(s string) {
	if o.some {
		o.w.WriteByte(',')
	}
	o.some = true
	o.w.WriteString("\n \"" + s + "\": ")
}

func (o *object) value(v any, prefix string) {
	if o.err != nil {
		return
	}
	o.text.Reset()
	o.enc.SetIndent(prefix, " ")
	if o.err = o.enc.Encode(v); o.err != nil {
		return
	}
	_, o.err = o.w.Write(printable.JSON(bytes.TrimSuffix(o.text.Bytes(), []byte("\n"))))
}

func (o *object) field(name string, v any) {
	o.name(name)
	o.value(v, " ")
}

// array writes a field of many elements; none is [].
func array[T, U any](o *object, name string, all []T, listed func(T) U) {
	o.name(name)
	o.w.WriteByte('[')
	for i, v := range all {
		if i > 0 {
			o.w.WriteByte(',')
		}
		o.w.WriteString("\n  ")
		o.value(listed(v), "  ")
	}
	if len(all) > 0 {
		o.w.WriteString("\n ")
	}
	o.w.WriteByte(']')
}

// The listed functions return a copy in which lists that the schema requires are
// empty rather than null. The copies are shallow, the originals untouched.

func listedCapture(c report.Capture) report.Capture {
	c.Files = list(c.Files)
	c.Problems = list(c.Problems)
	return c
}

func listedConnection(c *report.Connection) *report.Connection {
	d := *c
	d.Transactions = list(c.Transactions)
	if c.OpenedBecause != nil {
		b := *c.OpenedBecause
		b.Packets = list(b.Packets)
		d.OpenedBecause = &b
	}
	return &d
}

func listedPool(p *report.Pool) *report.Pool {
	q := *p
	q.Server = list(p.Server)
	q.Curve = list(p.Curve)
	if q.Causes == nil {
		q.Causes = map[pool.Cause]int64{}
	}
	return &q
}

func listedFinding(f report.Finding) report.Finding {
	f.Connections = list(f.Connections)
	f.Packets = list(f.Packets)
	return f
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
