package conn

import (
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A setup remembers the latest segments with payload until a connection's first request is
// told of: the one before that request is the handshake's last, whatever was negotiated (TLS, a
// tunnel, HTTP/2's settings). A client's request may begin some segments before it is told of. Where it is more
// than are remembered, it is all that the client has sent since the server has spoken, but perhaps for the first.
type setup struct {
	latest [4]setupSegment
	n      int
	before setupSegment // the latest before turn, packet 0: there is none
	turn   setupSegment // the first since the same side sends, packet 0: there is none
}

// A setupSegment is a segment with payload, by its sender.
type setupSegment struct {
	segment.Mark
	fromClient bool
}

// spoke notes a segment, if it has payload and no request has been told of.
func (x *httpTracker) spoke(s *segment.Segment, kind tcp.Kind) {
	if s.Len == 0 || kind != tcp.Ordinary || x.facts.Count > 0 {
		return
	}
	u, now := &x.setup, setupSegment{s.Mark(), x.conn.isClient(s.Dir)}
	if u.turn.Packet == 0 || u.turn.fromClient != now.fromClient {
		u.turn = now
		if u.n > 0 {
			u.before = u.latest[(u.n-1)%len(u.latest)]
		}
	}
	u.latest[u.n%len(u.latest)] = now
	u.n++
}

// waited returns how long the client could have sent a connection's first request, which
// began at start, before it did, on its own clock: since the handshake's last segment. It is 0
// where that is not known, or the request is not the first.
func (x *httpTracker) waited(start segment.Mark) time.Duration {
	shake := &x.conn.shake
	if x.facts.Count != 1 || shake.SYNACK.Packet == 0 {
		return 0
	}
	offset := shake.ClientClockOffset()
	last, known := x.setup.lastBefore(start.Packet, setupSegment{Mark: shake.SYNACK})
	if !known {
		return 0
	}
	ready := last.Time.Add(offset)
	if last.fromClient {
		ready = last.Time.Add(-offset)
	}
	return max(0, start.Time.Add(-offset).Sub(ready))
}

// lastBefore returns the last segment before the given packet, which a request begins with, or else the SYN-ACK, and
// whether it is known.
func (u *setup) lastBefore(packet int64, synAck setupSegment) (last setupSegment, known bool) {
	last = synAck
	known = u.n <= len(u.latest) // none is forgotten
	for _, s := range u.latest[:min(u.n, len(u.latest))] {
		if s.Packet < packet {
			known = true
			if s.Packet > last.Packet {
				last = s
			}
		}
	}
	switch {
	case known || !u.turn.fromClient:
	case packet == u.turn.Packet:
		known = true
		if u.before.Packet > last.Packet {
			last = u.before
		}
	case packet > u.turn.Packet:
		last, known = u.turn, true
	}
	return last, known
}
