package segment

import "time"

// Time is an instant: nanoseconds since 1970-01-01 UTC, as the capture says.
type Time int64

// Latest is the latest instant that a segment may have, in the year 2200: what is due some
// time after it has a place in Time, too.
const Latest Time = 7_258_118_400_000_000_000

// Sub returns the span from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Add returns the instant d after t.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Std returns t as package time has it, in UTC.
func (t Time) Std() time.Time { return time.Unix(0, int64(t)).UTC() }

// Flags are the control bits of a TCP header (RFC 9293 section 3.1), as on the
// wire.
type Flags uint8

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether any bit of g is set in f.
func (f Flags) Has(g Flags) bool { return f&g != 0 }

// A Block is a range of sequence numbers, End excluded.
type Block struct{ Start, End Seq }

// Options are the TCP options the analysis uses. A value is valid only where its
// Has field says so: absent and zero differ.
type Options struct {
	TSVal, TSEcr uint32 // RFC 7323 section 3, valid if HasTimestamps
	MSS          uint16 // bytes, valid if HasMSS
	WindowScale  uint8  // shift count, at most 14 (RFC 7323 section 2.3), valid if HasWindowScale
	SACKBlocks   uint8  // how many of SACK are in use

	HasTimestamps  bool
	HasMSS         bool
	HasWindowScale bool
	SACKPermitted  bool // RFC 2018 section 2
	Signed         bool // RFC 2385 section 2.0 (MD5) or RFC 5925 section 2.2 (TCP-AO)
	Cut            bool // the capture has them in part only
	Bad            bool // the options do not parse to their end; what came before counts

	SACK [4]Block // RFC 2018 section 3; the first may be a D-SACK (RFC 2883)
}

// A Sum says whether a segment's checksum is right (RFC 9293 section 3.1): no receiver takes one whose is not. It is
// looked at of a SYN, FIN or RST without payload, each of which may end or begin a connection.
type Sum uint8

// What is known of a checksum.
const (
	SumNotKnown Sum = iota // not looked at, cut off, or left to hardware by the sender
	SumRight
	SumWrong
)

// A Segment is the TCP part of one captured packet. Offload can make one
// captured segment stand for several wire segments.
type Segment struct {
	Packet int64 // number of the packet, from 1 over the whole capture
	Time   Time
	Key    Key
	Dir    Dir
	Flags  Flags
	TTL    uint8 // or IPv6 hop limit
	CE     bool  // congestion experienced (RFC 3168 section 5)

	Sum Sum // what is known of the checksum

	Untimed bool // Time is that of a packet before: its own is missing, or far before that

	Window uint16 // as on the wire, not scaled
	IPID   uint16 // valid for IPv4
	Seq    Seq
	Ack    Seq // valid if Flags has ACK

	// Len is the payload's length on the wire, in bytes. Payload is what the
	// capture holds of it: shorter where the frame was snapped.
	Len     int
	Payload []byte

	Options Options
}

// From returns the endpoint that sent s, and To the one it was sent to.
func (s *Segment) From() Endpoint { return s.Key.Sender(s.Dir) }

// To returns the endpoint s was sent to.
func (s *Segment) To() Endpoint { return s.Key.Sender(1 - s.Dir) }

// FirstByte returns the sequence number of the first byte of s's payload: a SYN takes one before it.
func (s *Segment) FirstByte() Seq {
	if s.Flags.Has(SYN) {
		return s.Seq.Add(1)
	}
	return s.Seq
}

// End returns the sequence number after s: SYN and FIN take one each (RFC 9293
// section 3.4).
func (s *Segment) End() Seq {
	n := s.Len
	if s.Flags.Has(SYN) {
		n++
	}
	if s.Flags.Has(FIN) {
		n++
	}
	return s.Seq.Add(n)
}

// A Batch is a run of segments in capture order together with the bytes their
// payloads point into. A source fills it; whoever holds it may read it until
// it is given back to be filled again, then no part of it may be used.
type Batch struct {
	Segments []Segment
	Bytes    []byte   // backing store; a source may grow it
	Secrets  [][]byte // TLS key logs that the capture holds here; they may be kept
}

// Grow returns a pointer to one more segment of b, not cleared.
func (b *Batch) Grow() *Segment {
	n := len(b.Segments)
	if n < cap(b.Segments) {
		b.Segments = b.Segments[:n+1]
	} else {
		b.Segments = append(b.Segments, Segment{})
	}
	return &b.Segments[n]
}
