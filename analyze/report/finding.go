package report

import (
	"tcpwarm/analyze/pool"
)

// A Finding is a diagnosis with its evidence.
type Finding struct {
	ID          string          `json:"id"`
	Title       string          `json:"title"`
	Confidence  pool.Confidence `json:"confidence"`
	Connections []int64         `json:"connections"`
	Pool        int64           `json:"pool,omitempty"`
	Packets     []int64         `json:"packets"`
	Text        string          `json:"text"`
	RefutedBy   string          `json:"refuted_by,omitempty"`
	Remedy      string          `json:"remedy,omitempty"`
}

// An Expectation is one thing a user demanded, and what was measured.
type Expectation struct {
	Text     string   `json:"text"`
	Held     *bool    `json:"held" jsonschema:"nullable"` // null: the evidence cannot decide
	Measured string   `json:"measured"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	Note     string   `json:"note,omitempty"` // what Measured leaves out: avoidable connections with an allowed cause
}
