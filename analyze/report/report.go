package report

import (
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
)

// Schema names the JSON form of a Report.
const Schema = "tcpwarm/v1"

// A Report is all that one analysis found.
type Report struct {
	Schema       string          `json:"schema"`
	Capture      Capture         `json:"capture"`
	Connections  []*Connection   `json:"connections"` // in order of first packet; closed ones beyond a limit are left out and counted
	Pools        []*Pool         `json:"pools"`       // in order of first packet
	Findings     []Finding       `json:"findings"`
	Expectations []Expectation   `json:"expectations"`
	Totals       Totals          `json:"totals"`
	Command      *Command        `json:"command,omitempty"`  // that was run while capturing
	Unjudged     string          `json:"unjudged,omitempty"` // why nothing was held against the expectations, and what was seen instead
	Outcome      verdict.Outcome `json:"outcome,omitempty"`  // of the expectations together; absent where nothing was demanded
	Verdict      pool.Verdict    `json:"verdict"`
}

// A Command is a client that was run while its packets were captured.
type Command struct {
	Args   []string `json:"args"`
	Exit   int      `json:"exit"` // -1 if a signal ended it
	Signal string   `json:"signal,omitempty"`
	Error  string   `json:"error,omitempty"` // why it could not be started

	Scope string `json:"scope"` // whose connections were judged
}

// Totals are sums over all pools, kept or not; with a server that was asked for, over its.
type Totals struct {
	Connections      int64                  `json:"connections"`
	Used             int64                  `json:"used"`
	Unused           int64                  `json:"unused"`
	Transactions     int64                  `json:"transactions"`
	Reused           int64                  `json:"reused"`
	Needed           int64                  `json:"needed"`
	Avoidable        int64                  `json:"avoidable"`
	PerhapsAvoidable int64                  `json:"perhaps_avoidable,omitempty"` // as a pool's
	Ignored          int64                  `json:"ignored,omitempty"`           // transactions that were not to be judged
	PerhapsNeeded    int64                  `json:"perhaps_needed,omitempty"`    // as a pool's
	ServerEnded      int64                  `json:"server_ended"`                // used connections that the server ended first
	Promised         int64                  `json:"promised"`
	Shared           int64                  `json:"promised_and_shared"`
	Causes           map[pool.Cause]int64   `json:"causes,omitempty"`
	Findings         map[string]int64       `json:"findings,omitempty"`          // by ID
	FindingsAtLeast  []string               `json:"findings_at_least,omitempty"` // IDs of findings of which there may be more than counted
	Verdicts         map[pool.Verdict]int64 `json:"verdicts,omitempty"`          // how many pools have which
	// pools of which it is not known how many connections they need
	Inexact int64 `json:"inexact_pools,omitempty"`
}

// Capture says what was read and what of it could not be used.
type Capture struct {
	Files       []string  `json:"files"`
	Filter      string    `json:"filter,omitempty"`     // only packets that it lets through were used
	Redacted    bool      `json:"redacted,omitempty"`   // addresses and names are stand-ins, targets are left out
	OneClient   bool      `json:"one_client,omitempty"` // all client addresses are one client's: a pool names the first
	Packets     int64     `json:"packets"`
	Filtered    int64     `json:"filtered_packets,omitempty"` // that the filter did not let through
	Segments    int64     `json:"segments"`
	Unread      int64     `json:"unread_packets,omitempty"` // that may hold TCP and could not be looked into
	Bytes       int64     `json:"bytes"`
	Start       *Instant  `json:"start,omitempty"`
	End         *Instant  `json:"end,omitempty"`
	QUICPackets int64     `json:"quic_packets"`
	Vantage     Vantage   `json:"vantage"`
	Loopback    bool      `json:"loopback"`
	Problems    []Problem `json:"problems"`
	Others      []Other   `json:"other_protocols,omitempty"` // of packets without TCP, in order of their first packets

	MissingBytes int64 `json:"missing_bytes"` // acknowledged by a peer, not in the capture
}

// A Problem is a counted reason why part of the capture was not used.
type Problem struct {
	Kind        string `json:"kind"`
	Count       int64  `json:"count"`
	FirstPacket int64  `json:"first_packet,omitempty"`
	Text        string `json:"text"`
}

// An Other is a protocol of packets that hold no TCP.
type Other struct {
	Protocol    string `json:"protocol"`
	Packets     int64  `json:"packets"`
	FirstPacket int64  `json:"first_packet"`
}

// Vantage is where the capture was taken, as the handshakes' two gaps tell.
type Vantage = tcp.Vantage

// The vantages.
const (
	AtClient       = tcp.AtClient
	AtServer       = tcp.AtServer
	InTheMiddle    = tcp.InTheMiddle
	AtBoth         = tcp.AtBoth // loopback
	UnknownVantage = tcp.UnknownVantage
)
