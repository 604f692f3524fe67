package report

import (
	"encoding/json"

	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
)

// A Half is one direction of a connection: what one side sent.
type Half struct {
	Window           *HalfWindow   `json:"window,omitempty"`        // congestion window of the data it sends
	KernelWindow     *KernelWindow `json:"kernel_window,omitempty"` // what its own kernel said of it
	Packets          int64         `json:"packets"`                 // as captured, duplicates included
	DuplicatePackets int64         `json:"duplicate_packets"`
	WireSegments     int64         `json:"wire_segments"`
	PayloadBytes     int64         `json:"payload_bytes"`
	ResentSegments   int64         `json:"resent_segments"`
	ResentBytes      int64         `json:"resent_bytes"`
	MissingBytes     int64         `json:"missing_bytes"` // acknowledged by the peer, not in the capture
	OutOfOrder       int64         `json:"out_of_order"`
	MSS              *int          `json:"mss,omitempty"`
	WindowScale      *int          `json:"window_scale,omitempty"`
	SACK             bool          `json:"sack"`
	Timestamps       bool          `json:"timestamps"`
	MaxFlight        int64         `json:"max_flight_bytes"`
	RTT              *RTT          `json:"rtt,omitempty"`
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

// A Warmth says what a transaction found its connection's congestion window like.
type Warmth = transaction.Warmth

// The warmths.
const (
	Cold          = transaction.Cold
	Warm          = transaction.Warm
	Cooled        = transaction.Cooled
	WarmthUnknown = transaction.WarmthUnknown
)

// A Window is a congestion window with its bounds, in bytes.
type Window struct {
	Low   int64  `json:"low_bytes"`
	Best  int64  `json:"best_bytes"`
	High  int64  `json:"high_bytes"`
	Basis string `json:"basis"` // observed, inferred, assumed; kernel

	Segment int64 `json:"segment_bytes,omitempty"` // bytes that one carried then
}

// A WindowPhase is slow-start, congestion-avoidance, recovery, timeout or not-limited, or of a
// sender that goes by BBR startup, drain or probe-bandwidth;
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
	InitialSegments int64         `json:"initial_segments"`
	Segment         int64         `json:"segment_bytes,omitempty"` // bytes that one carries in the end
	Initial         int64         `json:"initial_bytes"`
	InitialBasis    string        `json:"initial_basis"` // observed, or assumed: the first flight did not fill it
	Last            int64         `json:"last_bytes"`
	Max             int64         `json:"max_bytes"`
	Basis           string        `json:"basis"` // of last
	Rounds          int64         `json:"rounds"`
	Losses          int64         `json:"loss_events"`
	Timeouts        int64         `json:"timeouts"`
	IdleRestarts    int64         `json:"idle_restarts"`
	SlowStartExit   *Seconds      `json:"slow_start_exit_s,omitempty"` // after the connection's begin
	Growth          []int64       `json:"growth_bytes,omitempty"`      // at the begin of rounds, spread over all of them
	Phases          []WindowPhase `json:"phases"`                      // rounds in which it did the same, and episodes
	// shares of rounds, each weighing as many ACKs as it has, by what kept the sender from sending more
	LimitedBy   ByLimit[float64] `json:"limited_by"`
	LimitedACKs ByLimit[int64]   `json:"limited_by_acks"` // the ACKs
}

// MostLimiting returns what kept the sender from sending more at most ACKs, and how many ACKs there were.
func (w *HalfWindow) MostLimiting() (limit tcp.Limit, acks int64) {
	for i, n := range w.LimitedACKs {
		if n > 0 && n >= w.LimitedACKs[limit] {
			limit = tcp.Limit(i)
		}
		acks += n
	}
	return limit, acks
}

// ByLimit holds a number for each tcp.Limit. In JSON it is an object with those that are not
// zero; two maps a direction would take more memory than all else that is kept of a connection.
type ByLimit[N int64 | float64] [tcp.Limits]N

// MarshalJSON writes what is not zero under the limits' words.
func (b ByLimit[N]) MarshalJSON() ([]byte, error) {
	words := map[string]N{}
	for i, n := range b {
		if n != 0 {
			words[tcp.Limit(i).String()] = n
		}
	}
	return json.Marshal(words)
}

// UnmarshalJSON reads what MarshalJSON wrote; other words are passed over.
func (b *ByLimit[N]) UnmarshalJSON(text []byte) error {
	var words map[string]N
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	for i := range b {
		b[i] = words[tcp.Limit(i).String()]
	}
	return nil
}
