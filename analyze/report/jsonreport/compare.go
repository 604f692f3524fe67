package jsonreport

import (
	"bytes"
	"encoding/json"
	"io"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/compare"
	"tcpwarm/analyze/report/printable"
)

// CompareSchema names the JSON form of a comparison.
const CompareSchema = "tcpwarm/compare/v1"

// A comparison is how compare.Comparison is written.
type comparison struct {
	Schema      string         `json:"schema"`
	Change      compare.Change `json:"change"`
	Undecided   string         `json:"undecided_because,omitempty"`
	Tolerance   float64        `json:"tolerance,omitempty"` // avoidable connections for each request by which the two may differ
	Before      side           `json:"before"`
	After       side           `json:"after"`
	Authorities []authority    `json:"authorities"` // with another number of avoidable connections

	Expectations []report.Expectation `json:"expectations,omitempty"` // of what metrics have changed by
}

type side struct {
	Files          []string                `json:"files"`
	Verdict        pool.Verdict            `json:"verdict"`
	Totals         report.Totals           `json:"totals"`
	ColdRoundTrips int64                   `json:"cold_round_trips"` // of the handshakes of avoidable connections
	ColdCost       report.Seconds          `json:"cold_cost_s"`
	Warmth         map[report.Warmth]int64 `json:"warmth,omitempty"`
	Setbacks       []string                `json:"setbacks,omitempty"` // by which it is of a part only
}

type authority struct {
	Name      string  `json:"name"`
	Through   string  `json:"through,omitempty"` // the proxy
	Addresses int     `json:"addresses"`
	Before    account `json:"before"`
	After     account `json:"after"`
}

type account struct {
	Used      int64 `json:"used"`
	Avoidable int64 `json:"avoidable"`
}

// WriteComparison writes c.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	out := comparison{Schema: CompareSchema, Change: c.Change, Undecided: c.Why, Tolerance: float64(c.Tolerance) / 1e6,
		Before: sideOf(&c.Before), After: sideOf(&c.After), Authorities: []authority{},
		Expectations: c.Expectations}
	for _, a := range c.Authorities {
		out.Authorities = append(out.Authorities, authority{Name: a.Name, Through: a.Through, Addresses: a.Addresses,
			Before: account(a.Before), After: account(a.After)})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := w.Write(printable.JSON(b.Bytes()))
	return err
}

func sideOf(s *compare.Side) side {
	out := side{Files: s.Capture.Files, Verdict: s.Verdict, Totals: s.Totals, ColdRoundTrips: s.ColdRoundTrips,
		ColdCost: report.Seconds(s.ColdCost), Warmth: s.Warmth}
	for _, b := range s.Setbacks() {
		out.Setbacks = append(out.Setbacks, b.Text)
	}
	return out
}
