package report

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
	Warmth              Warmth   `json:"warmth,omitempty"`                 // of the connection when it began
	WindowAtStart       *Window  `json:"window_at_start,omitempty"`        // congestion window of the content's sender when it began
	KernelWindowAtStart *Window  `json:"kernel_window_at_start,omitempty"` // the same, by that sender's own kernel
	Rounds              int64    `json:"rounds,omitempty"`                 // flights in which the content was sent
	Complete            bool     `json:"complete"`                         // the response was seen to its end
	Ignored             bool     `json:"ignored,omitempty"`                // not to be judged: not among a pool's
}

// ByClient reports whether it is the client that sends the content of t: an upload's request,
// else the response.
func (t *Transaction) ByClient() bool { return t.RequestBytes > t.ResponseBytes }
