package capture

import (
	"time"

	"tcpwarm/capture/segment"
)

// A decoder turns packets into segments and keeps the totals. It allocates
// nothing on the fast path.
type decoder struct {
	totals   segment.Totals
	problems [numProblems]segment.Problem
	loopback bool
	last     segment.Time  // handed on last; never goes back
	stepped  time.Duration // how far the clock has gone back since it was set
	rest     rest
}

// A found is where in a packet the decoder found TCP.
type found struct {
	src, dst segment.Addr
	tcp      []byte // header and payload as captured
	length   int    // of both on the wire
	id       uint16
	ttl      uint8
	ce       bool
}

// A verdict says what a packet, or a part of it, holds.
type verdict uint8

const (
	notTCP verdict = iota
	isTCP
	needsLibrary // decoder.rest says what the fast path does not read
)

// packet decodes one packet and appends its segment to b, if it holds one.
func (d *decoder) packet(b *segment.Batch, p *packet) {
	d.totals.Packets++
	d.totals.Bytes += int64(len(p.data))
	timed := d.clock(p)
	wire := min(p.orig, maxPacket) // so that no length can be absurd
	if wire < len(p.data) {
		d.count(longerThanWire)
		wire = len(p.data)
	}
	var f found
	what, prob := d.link(p.data, wire, p.link, &f)
	if what == needsLibrary {
		what, prob = d.tunnel(&f)
	}
	if what == isTCP {
		s := b.Grow()
		if prob = f.segment(s); prob == noProblem {
			s.Packet, s.Time, s.Untimed = d.totals.Packets, d.last, !timed
			d.totals.Segments++
			d.loopback = d.loopback && (f.src == f.dst || isLoopback(f.src) && isLoopback(f.dst))
			return
		}
		b.Segments = b.Segments[:len(b.Segments)-1]
	}
	if prob != noProblem {
		d.count(prob)
	}
}

// clock keeps the capture's bounds, and the time handed on from going back. It reports whether
// that is p's own, or near it.
func (d *decoder) clock(p *packet) bool {
	if !p.timed || p.time < 0 {
		d.count(noTime)
		return false
	}
	t := p.time
	if !d.totals.Timed {
		d.totals.Start, d.totals.End, d.totals.Timed = t, t, true
		d.last = t
	}
	d.totals.Start = min(d.totals.Start, t)
	if d.last.Sub(t) <= max(mostReordered, d.stepped/2) { // also after a step: then packets of several clocks are mixed
		d.stepped = 0
	}
	if t = t.Add(d.stepped); d.stepped > 0 && t < 0 {
		t = d.last // beyond what a time can be
	}
	if back := d.last.Sub(t); back > 0 {
		if back > unnoted {
			d.count(clockBack)
		}
		if back > mostReordered {
			d.stepped += back
			return false
		}
		return true
	}
	d.last, d.totals.End = t, t
	return true
}

// unnoted is how far back a time may lie without a word: packets of two processors are written in an
// order of their own, microseconds apart, which bears on nothing.
const unnoted = time.Millisecond

// mostReordered is how far back a time may lie because packets were captured on several
// processors or interfaces. Beyond it the clock was set, or another capture begins: what
// follows is as much later as it says, counted from there.
const mostReordered = time.Second

// isLoopback reports 127.0.0.0/8 and ::1.
func isLoopback(a segment.Addr) bool {
	return a.Hi == 0 && (a.Lo == 1 || a.Lo>>24 == 0xffff7f)
}
