package report

import (
	"encoding/json"
	"strconv"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// Schema names the JSON form of a Report.
const Schema = "tcpwarm/v1"

// Seconds is a span; JSON shows it as a number of seconds.
type Seconds time.Duration

// MarshalJSON writes s in seconds with at most nine decimals.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of seconds.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*s = Seconds(f * 1e9)
	return nil
}

// Instant is a point in time; JSON shows it as RFC 3339 with nanoseconds, UTC.
type Instant segment.Time

// MarshalJSON writes t in RFC 3339.
func (t Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(segment.Time(t).Std().Format(time.RFC3339Nano))
}

// UnmarshalJSON reads RFC 3339.
func (t *Instant) UnmarshalJSON(b []byte) error {
	var u time.Time
	if err := json.Unmarshal(b, &u); err != nil {
		return err
	}
	*t = Instant(u.UnixNano())
	return nil
}

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

// Totals are sums over everything, kept or not.
type Totals struct {
	Connections  int64                `json:"connections"`
	Used         int64                `json:"used"`
	Unused       int64                `json:"unused"`
	Transactions int64                `json:"transactions"`
	Reused       int64                `json:"reused"`
	Needed       int64                `json:"needed"`
	Avoidable    int64                `json:"avoidable"`
	Perhaps      int64                `json:"perhaps_avoidable,omitempty"` // as a pool's
	Ignored      int64                `json:"ignored,omitempty"`           // transactions that were not to be judged
	Excused      int64                `json:"perhaps_needed,omitempty"`    // as a pool's
	ServerEnded  int64                `json:"server_ended"`                // used connections that the server ended first
	Promised     int64                `json:"promised"`
	Shared       int64                `json:"promised_and_shared"`
	Causes       map[pool.Cause]int64 `json:"causes,omitempty"`
	Findings     map[string]int64     `json:"findings,omitempty"` // by ID
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

	MissingBytes int64 `json:"missing_bytes"` // acknowledged by a peer, not in the capture
}

// A Problem is a counted reason why part of the capture was not used.
type Problem struct {
	Kind        string `json:"kind"`
	Count       int64  `json:"count"`
	FirstPacket int64  `json:"first_packet,omitempty"`
	Text        string `json:"text"`
}

// Vantage is where the capture was taken, as the handshakes' two gaps tell.
type Vantage string

// The vantages.
const (
	AtClient       Vantage = "client"
	AtServer       Vantage = "server"
	InTheMiddle    Vantage = "middle"
	AtBoth         Vantage = "both" // loopback
	UnknownVantage Vantage = "unknown"
)

// A Connection is one TCP connection.
type Connection struct {
	ID          int64   `json:"id"` // from 1, in order of first packet
	Client      string  `json:"client"`
	Server      string  `json:"server"`
	ProxiedFor  string  `json:"proxied_for,omitempty"` // ip; the client is a proxy, and says by the PROXY protocol whom it speaks for
	RoleBasis   string  `json:"role_basis"`            // syn, syn-ack, payload, port
	Other       bool    `json:"other,omitempty"`       // not of the command that was run: not judged
	Start       Instant `json:"start"`
	End         Instant `json:"end"`
	FirstPacket int64   `json:"first_packet"`
	LastPacket  int64   `json:"last_packet"`
	Pool        int64   `json:"pool,omitempty"` // ID of its pool
	Handshake   string  `json:"handshake"`      // full, fast-open, half, refused, missed
	History     string  `json:"history"`
	Protocol    string  `json:"protocol"` // http/1.0, http/1.1, http/2, websocket, tunnel, tls, unknown
	TLS         *TLS    `json:"tls,omitempty"`
	Name        string  `json:"name,omitempty"` // authority's name: TLS server name or Host

	GRPC   int64 `json:"grpc_requests,omitempty"`
	Pushed int64 `json:"pushed_responses,omitempty"` // that nobody asked for (RFC 9113 section 8.4)

	TransactionCount int64             `json:"transaction_count"`
	TransactionBasis transaction.Basis `json:"transaction_basis"`
	TransactionLow   *int64            `json:"transaction_low,omitempty"`
	TransactionHigh  *int64            `json:"transaction_high,omitempty"`
	Requests         int64             `json:"requests"`
	Responses        int64             `json:"responses"` // final ones
	Transactions     []*Transaction    `json:"transactions"`

	OpenedBecause *OpenedBecause `json:"opened_because,omitempty"` // absent for unused connections
	Closed        Closed         `json:"closed"`
	Tunnel        *Tunnel        `json:"tunnel,omitempty"`

	ClientToServer Half `json:"client_to_server"`
	ServerToClient Half `json:"server_to_client"`
}

// TLS is what a connection's handshake showed.
type TLS struct {
	Version    string `json:"version,omitempty"` // 1.0 to 1.3
	ServerName string `json:"server_name,omitempty"`
	ALPN       string `json:"alpn,omitempty"`
	Resumed    *bool  `json:"resumed,omitempty"`
	Decrypted  bool   `json:"decrypted"`
}

// A Transaction is one request with its final response.
type Transaction struct {
	N                   int64    `json:"n"` // from 1, on its connection
	Method              string   `json:"method,omitempty"`
	Target              string   `json:"target,omitempty"` // "..." at its end stands for what was beyond 8 KiB
	Status              int      `json:"status,omitempty"`
	Start               Instant  `json:"start"` // first byte of the request
	StartPacket         int64    `json:"start_packet"`
	EndPacket           int64    `json:"end_packet,omitempty"`
	Wait                *Seconds `json:"wait_s,omitempty"`     // last request byte to first response byte
	Receive             *Seconds `json:"receive_s,omitempty"`  // first response byte to last
	Duration            *Seconds `json:"duration_s,omitempty"` // start to the last byte of the response
	RequestBytes        int64    `json:"request_bytes"`        // head and body
	ResponseBytes       int64    `json:"response_bytes"`
	IdleBefore          *Seconds `json:"idle_before_s,omitempty"` // since the one before ended; absent for the first
	Reused              bool     `json:"reused"`
	PromisesPersistence bool     `json:"promises_persistence"`
	Warmth              Warmth   `json:"warmth,omitempty"`          // of the connection when it began
	WindowAtStart       *Window  `json:"window_at_start,omitempty"` // congestion window of the content's sender when it began
	Rounds              int64    `json:"rounds,omitempty"`          // flights in which the content was sent
	Complete            bool     `json:"complete"`                  // the response was seen to its end
	Ignored             bool     `json:"ignored,omitempty"`         // not to be judged: not among a pool's
}

// OpenedBecause says why a used connection was opened.
type OpenedBecause struct {
	Cause      pool.Cause      `json:"cause"`
	InsteadOf  int64           `json:"instead_of,omitempty"` // the connection that could have served
	Confidence pool.Confidence `json:"confidence"`
	Idle       *Seconds        `json:"idle_s,omitempty"` // how long that one had been idle
	Packets    []int64         `json:"packets"`
	Text       string          `json:"text"`                 // evidence in words, one sentence
	RefutedBy  string          `json:"refuted_by,omitempty"` // what would show the cause to be wrong
}

// Closed says how a connection ended.
type Closed struct {
	First     string   `json:"first"` // client, server, none
	How       string   `json:"how"`   // fin, rst, timeout, open
	AfterIdle *Seconds `json:"after_idle_s,omitempty"`
	Packet    int64    `json:"packet,omitempty"` // of the first FIN or RST
	At        *Instant `json:"at,omitempty"`
}

// Judged returns the transactions of c that count in its pool: what ran inside a tunnel,
// if anything did, instead of its CONNECT.
func (c *Connection) Judged() []*Transaction {
	if t := c.tunnelled(); t != nil {
		return t.Transactions
	}
	return c.Transactions
}

// Forget gives up the transactions of c; how many they were stays.
func (c *Connection) Forget() {
	c.Transactions = []*Transaction{}
	if c.Tunnel != nil {
		c.Tunnel.Transactions = nil
	}
}

// tunnelled returns the tunnel whose transactions are judged, nil if none is.
func (c *Connection) tunnelled() *Tunnel {
	if t := c.Tunnel; t != nil && t.Counts {
		return t
	}
	return nil
}

// A Tunnel is what ran inside a connection after CONNECT or 101.
type Tunnel struct {
	Counts bool `json:"-"` // its transactions are judged, instead of the CONNECT

	Kind             string            `json:"kind"` // connect, websocket, other
	Target           string            `json:"target,omitempty"`
	Protocol         string            `json:"protocol"`
	TLS              *TLS              `json:"tls,omitempty"`
	TransactionCount int64             `json:"transaction_count"`
	TransactionBasis transaction.Basis `json:"transaction_basis"`
	Transactions     []*Transaction    `json:"transactions,omitempty"`
}

// A Half is one direction of a connection: what one side sent.
type Half struct {
	Window           *HalfWindow `json:"window,omitempty"` // congestion window of the data it sends
	Packets          int64       `json:"packets"`          // as captured, duplicates included
	DuplicatePackets int64       `json:"duplicate_packets"`
	WireSegments     int64       `json:"wire_segments"`
	PayloadBytes     int64       `json:"payload_bytes"`
	ResentSegments   int64       `json:"resent_segments"`
	ResentBytes      int64       `json:"resent_bytes"`
	MissingBytes     int64       `json:"missing_bytes"` // acknowledged by the peer, not in the capture
	OutOfOrder       int64       `json:"out_of_order"`
	MSS              *int        `json:"mss,omitempty"`
	WindowScale      *int        `json:"window_scale,omitempty"`
	SACK             bool        `json:"sack"`
	Timestamps       bool        `json:"timestamps"`
	MaxFlight        int64       `json:"max_flight_bytes"`
	RTT              *RTT        `json:"rtt,omitempty"`
}

// RTT are round-trip times from a half's data to the acknowledgements it drew,
// by Karn's rule (RFC 6298 section 3), seen at the capture point.
type RTT struct {
	Handshake *Seconds `json:"handshake_s,omitempty"`
	Min       *Seconds `json:"min_s,omitempty"`
	Median    *Seconds `json:"median_s,omitempty"`
	P90       *Seconds `json:"p90_s,omitempty"`
	Samples   int64    `json:"samples"`
}

// A Pool is one client and one authority: all connections between them.
type Pool struct {
	ID              int64                `json:"id"`
	Client          string               `json:"client"`                   // ip
	ToldBy          string               `json:"client_told_by,omitempty"` // by what, where the wire shows that several clients at the address call the server
	Server          []string             `json:"server"`                   // ip:port, sorted
	Name            string               `json:"name,omitempty"`
	TLS             bool                 `json:"tls"`
	Protocol        string               `json:"protocol"`
	Connections     int64                `json:"connections"`
	Unused          int64                `json:"unused"`
	Used            int64                `json:"used"`
	Transactions    int64                `json:"transactions"`
	ReusedCount     int64                `json:"reused"`
	Reuse           *float64             `json:"reuse,omitempty"`
	Needed          int64                `json:"needed"`
	Avoidable       int64                `json:"avoidable"`
	Perhaps         int64                `json:"perhaps_avoidable,omitempty"` // of the needed: avoidable if requests that could not be read asked for the end
	Excused         int64                `json:"perhaps_needed,omitempty"`    // of the avoidable: needed if responses that could not be read said close
	ServerEnded     int64                `json:"server_ended"`
	Causes          map[pool.Cause]int64 `json:"causes"`
	Peak            int64                `json:"peak_concurrency"`
	Promised        int64                `json:"promised"`
	Shared          int64                `json:"promised_and_shared"` // of those, how many travelled with another
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
	LongestIdle     *Seconds `json:"longest_idle_s,omitempty"`   // longest idle time after which a connection was used again
	ServerTimeout   *Seconds `json:"server_timeout_s,omitempty"` // the server's Keep-Alive: timeout=, the least said

	FirstPacket int64 `json:"first_packet"`
}

// A CurvePoint says how many connections a client would have opened that keeps
// at most IdleKept idle ones, and the idle timeout it needs for that.
type CurvePoint struct {
	IdleKept    int64   `json:"idle_kept"`
	Connections int64   `json:"connections"`
	IdleTimeout Seconds `json:"idle_timeout_s"`
}

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
	Packets  []int64  `json:"packets,omitempty"`
}

// A Warmth says what a transaction found its connection's congestion window like.
type Warmth string

// The warmths.
const (
	Cold          Warmth = "cold"   // initial: the connection is new, or its window never grew
	Warm          Warmth = "warm"   // above the initial window
	Cooled        Warmth = "cooled" // it had grown, and idling took it back
	WarmthUnknown Warmth = "not-known"
)

// A Window is a congestion window with its bounds, in bytes.
type Window struct {
	Low   int64  `json:"low_bytes"`
	Best  int64  `json:"best_bytes"`
	High  int64  `json:"high_bytes"`
	Basis string `json:"basis"` // observed, inferred, assumed

	Segment int64 `json:"-"` // bytes that one carried then
}

// A WindowPhase is slow-start, congestion-avoidance, recovery, timeout or not-limited;
// or several, for all beyond 64. Times are after the connection's begin.
type WindowPhase struct {
	Phase string  `json:"phase"`
	Start Seconds `json:"start_s"`
	End   Seconds `json:"end_s"`
	From  int64   `json:"from_bytes"`
	To    int64   `json:"to_bytes"`
}

// A HalfWindow is how the congestion window of one direction went.
type HalfWindow struct {
	InitialSegments int64              `json:"initial_segments"`
	Segment         int64              `json:"-"` // bytes that one carries in the end
	Initial         int64              `json:"initial_bytes"`
	InitialBasis    string             `json:"initial_basis"` // observed, or assumed: the first flight did not fill it
	Last            int64              `json:"last_bytes"`
	Max             int64              `json:"max_bytes"`
	Basis           string             `json:"basis"` // of last
	Rounds          int64              `json:"rounds"`
	Losses          int64              `json:"loss_events"`
	Timeouts        int64              `json:"timeouts"`
	IdleRestarts    int64              `json:"idle_restarts"`
	SlowStartExit   *Seconds           `json:"slow_start_exit_s,omitempty"` // after the connection's begin
	Growth          []int64            `json:"growth_bytes,omitempty"`      // at the begin of rounds, spread over all of them
	Phases          []WindowPhase      `json:"phases"`                      // rounds in which it did the same, and episodes
	LimitedBy       map[string]float64 `json:"limited_by"`                  // shares of rounds, each weighing as many ACKs as it has, by what kept the sender from sending more
	LimitedACKs     map[string]int64   `json:"limited_by_acks"`             // the ACKs
}
