package verdict

import (
	"fmt"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Pace is what slowed the content of a connection down.
type Pace struct {
	Remote     bool   // captured at the receiver
	ACKs, Full int64  // of it; and those of them before which it had filled the offered window to within a segment
	FullAt     int64  // packet that did first
	Stalls     Pauses // within a message, nothing out, nothing sent
	Holds      Pauses // within a message, a small segment out, until its delayed ACK came

	Segments, Resent int64
	ResentAt         int64 // packet of the first resend
	Losses, Timeouts int64 // episodes in which the window was reduced
}

// Pauses are waits of one kind.
type Pauses = tcp.Pauses

// leastACKs is how many ACKs a share says anything of.
const leastACKs = 20

// receiverLimited: at most ACKs what was in flight filled the window that the
// receiver offered (RFC 9293 section 3.8.6).
func receiverLimited(c *Conn) bool { return c.Pace.ACKs >= leastACKs && c.Pace.Full*2 > c.Pace.ACKs }

func receiverEvidence(c *Conn) Evidence {
	p := &c.Pace
	return Evidence{Packets: []int64{p.FullAt}, Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d: at %d of %d ACKs what was in flight filled the window that the receiver offered (from packet %d on)", c.ID, p.Full, p.ACKs, p.FullAt)}
}

// senderIdle: in the middle of a message all was acknowledged, there was room, and
// nothing came.
func senderIdle(c *Conn) bool {
	return c.Pace.Stalls.N > 0 && !(c.Pace.Remote && c.Pace.Resent+c.Pace.Losses+c.Pace.Timeouts > 0)
}

func senderEvidence(c *Conn) Evidence {
	s, sure := &c.Pace.Stalls, pool.Likely
	if c.Pace.Remote { // a whole flight may have been lost on its way
		sure = pool.Hint
	}
	return Evidence{Packets: []int64{s.At.Packet}, Confidence: sure,
		Text: fmt.Sprintf("#%d: %s within messages, %v in all, with nothing in flight and nothing sent; the longest, %v, ended in packet %d",
			c.ID, count(s.N, "pause"), segment.Span(s.Total), segment.Span(s.Longest), s.At.Packet)}
}

// lossy: losses have reduced the window again and again.
func lossy(c *Conn) bool {
	p := &c.Pace
	return p.Losses+p.Timeouts >= 3 && p.Resent*100 >= p.Segments
}

func lossyEvidence(c *Conn) Evidence {
	p := &c.Pace
	return Evidence{Packets: []int64{p.ResentAt}, Confidence: pool.Certain,
		Text: fmt.Sprintf("#%d: %d of %d segments were sent again, the first in packet %d; the window was reduced %d times, %d of them by a timeout",
			c.ID, p.Resent, p.Segments, p.ResentAt, p.Losses+p.Timeouts, p.Timeouts)}
}

// nagle: the rest of a message waited for the ACK of a small segment, which the
// receiver delayed (RFC 9293 sections 3.7.4 and 3.8.6.3).
func nagle(c *Conn) bool { return c.Pace.Holds.N != 0 }

func nagleEvidence(c *Conn) Evidence {
	h := &c.Pace.Holds
	e := Evidence{Packets: []int64{h.At.Packet}, Confidence: pool.Hint,
		Text: fmt.Sprintf("#%d: %s, %v in all, in which the rest of a message waited for the delayed ACK of a small segment; the longest, %v, ended in packet %d",
			c.ID, count(h.N, "wait"), segment.Span(h.Total), segment.Span(h.Longest), h.At.Packet)}
	if h.N > 1 {
		e.Confidence = pool.Likely
	}
	return e
}
