package conn

import (
	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// An Identity is what a connection is known by. It is written by the goroutine that feeds
// the connection, and outlives that. It is final once Sink.Opened was called.
type Identity struct {
	Key       segment.Key
	First     segment.Mark
	Client    segment.Dir
	Midstream bool           // nothing of its handshake's first round trip was seen when the client was told apart
	SYNUnseen bool           // of that only the server's half was seen
	SYN       SYNFingerprint // of the first SYN
	Traits    event.SYN      // likewise, where machines behind one address are told apart
}

// A SYNFingerprint is what of a SYN stays the same behind an address translator: its
// initial sequence number (RFC 9293 section 3.4.1) and its timestamp (RFC 7323 section
// 5.4). TSVal is 0 where it had none.
type SYNFingerprint struct {
	ISN   segment.Seq
	TSVal uint32
}

// Key returns f as one number, by which SYNs are told apart: both parts are as good as random. Without a timestamp
// 32 bits are too few for that, and ok is false.
func (f SYNFingerprint) Key() (key uint64, ok bool) {
	return uint64(f.TSVal)<<32 | uint64(f.ISN), f.TSVal != 0
}

// A Sink takes what happens on one connection.
type Sink interface {
	// Opened comes when it is known who the client is, and with it the connection's
	// Identity.
	Opened()
	// Event returns room for an event, all of which the caller fills: it is large, and
	// written in place.
	Event() *event.Event
	// Who and Ending return room for what an event is going to point to, as long as there is
	// the event: of most there is none.
	Who() *event.Who
	Ending() *event.Ending
	// Unacceptable comes with the packet of a segment that cannot be the connection's.
	Unacceptable(packet int64)
	// Inconsistent comes with the packet of a segment that has other bytes than another at the same sequence numbers.
	Inconsistent(packet int64)
	// Samples takes how the window of the side that sends in direction d has grown. The
	// list is the sink's.
	Samples(d segment.Dir, list []tcp.Sample)
	// Steps takes what time-sequence graphs of the connection show, in the order of the capture. It
	// comes after Opened. The list is the sink's.
	Steps(list []tcp.Step)
}

// An Env is what the connections of one goroutine have in common.
type Env struct {
	Now         segment.Mark // of the segment that is taken, or of the capture's end
	Readers     app.Readers
	KeepTargets bool // transactions are kept, and with them targets
	KeepSamples bool // Sink.Samples is wanted
	KeepSteps   bool // Sink.Steps is wanted
	OneClient   bool // whatever the wire shows, an address is one client's

	resumed resumed
}

// A Budget bounds what the connections of one shard that have not ended may keep, and keeps what they have read lately.
type Budget struct {
	Kept, Most int // transactions
	Room       int // bytes of the shard's memory that transactions may still take

	recent recent // what they have read lately
}
