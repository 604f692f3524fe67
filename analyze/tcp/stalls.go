package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// Pauses are waits of one kind.
type Pauses struct {
	N       int64
	Total   time.Duration
	Longest time.Duration
	At      segment.Mark // end of the longest
}

// Add adds a wait of d that ended at an instant.
func (p *Pauses) Add(d time.Duration, at segment.Mark) {
	p.N++
	p.Total += d
	if d > p.Longest {
		p.Longest, p.At = d, at
	}
}

// SendStalls notes what slows a direction down beside the network: a sender that has
// nothing to send, a receiver that has no room, and a sender that waits for an ACK which
// the receiver delays.
type SendStalls struct {
	ACKs, Full int64  // ACKs, and those of them before which data had filled the offered window
	FullAt     int64  // packet that filled it first
	Idle       Pauses // within a message, with nothing in flight and nothing sent
	Nagle      Pauses // within a message or before the next, with a small segment in flight, until its delayed ACK came

	lastData segment.Time // when data was sent
	small    bool         // that was less than a full segment
	lateACK  segment.Time // when all that was in flight was acknowledged late; 0 if it was not
	late     time.Duration
	filled   bool // since the latest ACK, data has filled the offered window
}

const (
	leastStall = 200 * time.Millisecond // Linux's least retransmission timeout: a pause that long is no network's
	leastDelay = 35 * time.Millisecond  // Linux delays an ACK for 40 ms at least, in ticks of 4
	mostDelay  = 500 * time.Millisecond // nobody may delay one longer (RFC 9293 section 3.8.6.3)
)

// A Way is that of a direction's packets: how long they take, the handshake has shown.
type Way struct {
	*Handshake
	FromClient bool
}

// rtt is the whole round trip.
func (w Way) rtt() time.Duration {
	toServer, toClient := w.RTTs()
	return toServer + toClient
}

// rttToReceiver is the round trip from the capture to the side that the data goes to.
func (w Way) rttToReceiver() time.Duration {
	toServer, toClient := w.RTTs()
	if w.FromClient {
		return toServer
	}
	return toClient
}

// A Part is what data is part of.
type Part uint8

// What data may be part of.
const (
	OfNone    Part = iota // no message, and none is being waited for
	OfNext                // one that begins, or none, while others that were sent to their ends have no answer
	OfMessage             // a message that had begun, and not ended
)

// Rested reports whether data sent at an instant comes after a rest that would be a pause within a message.
func (p *SendStalls) Rested(at segment.Time) bool { return at.Sub(p.lastData) >= leastStall }

// data notes data of a half, and what it is part of. offered is
// the peer's window; mss and blind are what is known of the sender (see Sender).
func (p *SendStalls) data(s *segment.Segment, own *Half, offered *Window, sender *Sender, part Part, way Way) {
	at := s.Mark()
	if offered.Known && !sender.Blind() && offered.Edge.Sub(own.Nxt) < sender.MSS {
		if p.filled = true; p.FullAt == 0 {
			p.FullAt = s.Packet
		}
	}
	nothingElseInFlight := s.Seq == own.Una && s.End() == own.Nxt && !own.Resending()
	switch {
	case part == OfNone || p.lastData == 0 || !nothingElseInFlight:
	case p.lateACK != 0 && at.Time.Sub(p.lateACK) <= way.rtt()-way.rttToReceiver()+5*time.Millisecond:
		p.Nagle.Add(p.late, at) // that ACK let it go (Nagle; RFC 9293 section 3.7.4)
	case part == OfMessage && at.Time.Sub(max(p.lastData, offered.Moved)) >= max(leastStall, 3*way.rtt()) &&
		2*offered.Offered > offered.Most:
		p.Idle.Add(at.Time.Sub(p.lastData), at) // with less than half of the window open it would wait for room
	}
	p.lastData, p.lateACK = at.Time, 0
	p.small = s.Len < sender.MSS
}

// acked notes an ACK of a half's data, before it is counted.
func (p *SendStalls) acked(s *segment.Segment, data *Half, way Way) {
	full := p.filled
	if p.ACKs++; full {
		p.Full++
		p.filled = false
	}
	if data.Nxt != s.Ack || full { // else what comes has waited for room
		return
	}
	if s.Len > 0 || !p.small || !s.Ack.After(data.Una) {
		return
	}
	if late := s.Time.Sub(p.lastData) - way.rttToReceiver(); leastDelay <= late && late <= mostDelay {
		p.lateACK, p.late = s.Time, late
	}
}
