package conn

import (
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A setup remembers the latest segments with payload until a connection's first request is
// told of: the one before that request is the handshake's last, whatever was negotiated (TLS, a
// tunnel, HTTP/2's settings). A client's request may begin some segments before it is told of.
type setup struct {
	latest [4]setupSegment
	n      int
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
	x.setup.latest[x.setup.n%len(x.setup.latest)] = setupSegment{s.Mark(), x.conn.isClient(s.Dir)}
	x.setup.n++
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
	last := setupSegment{Mark: shake.SYNACK}
	known := x.setup.n <= len(x.setup.latest) // none is forgotten
	for _, s := range x.setup.latest[:min(x.setup.n, len(x.setup.latest))] {
		if s.Packet >= start.Packet {
			continue
		}
		known = true
		if s.Packet > last.Packet {
			last = s
		}
	}
	if !known { // all that is remembered is the request's own, or came after it
		return 0
	}
	ready := last.Time.Add(offset)
	if last.fromClient {
		ready = last.Time.Add(-offset)
	}
	return max(0, start.Time.Add(-offset).Sub(ready))
}
