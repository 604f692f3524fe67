package report

import (
	"tcpwarm/analyze/pool"
)

// A Pool is one client and one authority: all connections between them.
type Pool struct {
	ID     int64  `json:"id"`
	Client string `json:"client"` // ip
	// by what, where the wire shows that several clients at the address call the server
	ToldBy string   `json:"client_told_by,omitempty"`
	Server []string `json:"server"` // ip:port, sorted
	Name   string   `json:"name,omitempty"`
	// what the client calls itself, at most 256 bytes of it: User-Agent, or Via
	UserAgent string `json:"user_agent,omitempty"`
	TLS       bool   `json:"tls"`
	// not of the server that was asked for: in no total, and not judged by
	Other        bool     `json:"other,omitempty"`
	Protocol     string   `json:"protocol"`
	Connections  int64    `json:"connections"`
	Unused       int64    `json:"unused"`
	Speculative  int64    `json:"speculative,omitempty"` // of the unused: opened before the first request
	Used         int64    `json:"used"`
	Transactions int64    `json:"transactions"`
	ReusedCount  int64    `json:"reused"`
	Reuse        *float64 `json:"reuse,omitempty"`
	Needed       int64    `json:"needed"`
	Avoidable    int64    `json:"avoidable"`
	// of the needed: avoidable if requests that could not be read asked for the end
	PerhapsAvoidable int64 `json:"perhaps_avoidable,omitempty"`
	// of the avoidable: needed if responses that could not be read said close, or if missing bytes kept the other connection busy
	PerhapsNeeded int64 `json:"perhaps_needed,omitempty"`
	ServerEnded   int64 `json:"server_ended"`
	// responses without a length to HTTP/1.0 requests: only closing could end them
	OldEnds         int64                `json:"ended_for_http10,omitempty"`
	Causes          map[pool.Cause]int64 `json:"causes"`
	Peak            int64                `json:"peak_concurrency"`
	Promised        int64                `json:"promised"`
	SaidKeepAlive   int64                `json:"said_keep_alive,omitempty"` // of those, by a header, not by HTTP/1.1's default
	Shared          int64                `json:"promised_and_shared"`       // of those, how many travelled with another
	Curve           []CurvePoint         `json:"curve"`
	Warmth          map[Warmth]int64     `json:"warmth,omitempty"`      // transactions by what they found the window like
	ColdCost        *Seconds             `json:"cold_cost_s,omitempty"` // handshakes of the avoidable connections
	Verdict         pool.Verdict         `json:"verdict"`
	WithheldBecause string               `json:"withheld_because,omitempty"` // why the verdict is not known

	TransactionLow  *int64 `json:"transaction_low,omitempty"` // bounds where transactions are inferred
	TransactionHigh *int64 `json:"transaction_high,omitempty"`

	ColdRoundTrips  int64    `json:"cold_round_trips,omitempty"`  // of the avoidable connections' handshakes, TLS included
	SavedRoundTrips int64    `json:"saved_round_trips,omitempty"` // that the reused transactions did without
	SavedCost       *Seconds `json:"saved_s,omitempty"`
	LongestIdle     *Seconds `json:"longest_idle_s,omitempty"`        // longest idle time after which a connection was used again
	ServerTimeout   *Seconds `json:"server_timeout_s,omitempty"`      // the server's Keep-Alive: timeout=, the least said
	ServerClosed    *Seconds `json:"server_closed_after_s,omitempty"` // shortest idle time after which the server closed a connection

	FirstPacket int64 `json:"first_packet"`

	// the first openings that were avoidable and of which there is no connection in the report, of the worst pools only
	Blamed []Opening `json:"blamed,omitempty"`
}

// An Opening is that of a connection of which no more is kept.
type Opening struct {
	Connection    int64         `json:"connection"` // its ID
	FirstPacket   int64         `json:"first_packet"`
	OpenedBecause OpenedBecause `json:"opened_because"`
}

// A CurvePoint says how many connections a client would have opened that keeps
// at most IdleKept idle ones, and the idle timeout it needs for that.
type CurvePoint struct {
	IdleKept    int64   `json:"idle_kept"`
	Connections int64   `json:"connections"`
	IdleTimeout Seconds `json:"idle_timeout_s"`
}
