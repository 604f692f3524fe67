package capture

import (
	"time"

	"tcpwarm/capture/segment"
)

// A decoder turns packets into segments and keeps the totals. It allocates
// nothing on the fast path.
type decoder struct {
	totals    segment.Totals
	problems  [numProblems]segment.Problem
	loopback  bool
	last      segment.Time    // handed on last; never goes back
	latest    segment.Time    // as files say it
	fileFrom  segment.Time    // the first of the file before
	newFile   bool            // the next packet is its first
	stepped   time.Duration   // how far the clock has gone back since it was set
	unread    []protocolCount // protocols that were met and are not read, at most mostUnread
	fragments fragments       // IP packets that are not whole
	wifiParts wifiParts       // and frames of 802.11
	found     found           // in the packet being decoded
	batch     *segment.Batch  // that is being filled
	before    int             // segments of it that were there before this packet
	untimed   bool            // the time handed on is not this packet's own
	rest      rest
}

// A found is where in a packet the decoder found TCP.
type found struct {
	src, dst segment.Addr
	tcp      []byte // header and payload as captured
	length   int    // of both on the wire
	id       uint16
	ttl      uint8
	ce       bool
	layers   uint8 // headers so far
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
	d.untimed = !d.clock(p)
	wire := min(p.orig, maxPacket) // so that no length can be absurd
	if wire < len(p.data) {
		d.count(longerThanWire)
		wire = len(p.data)
	}
	f := &d.found
	*f = found{}
	d.batch, d.before = b, len(b.Segments)
	what, prob := d.link(p.data, wire, p.link, f)
	if what == needsLibrary {
		what, prob = d.tunnel(f)
	}
	d.take(what, prob, f)
}

// take appends the segment that was found to the batch, or counts why there is none. A packet
// has several segments where a frame of it has, but of one connection only: others are counted
// as not read, for a packet's number must tell what came first.
func (d *decoder) take(what verdict, prob problem, f *found) {
	b := d.batch
	if what == isTCP {
		s := b.Grow()
		if prob = f.segment(s); prob == noProblem && len(b.Segments) > d.before+1 && s.Key != b.Segments[d.before].Key {
			_, prob = d.unreadProtocol(inOther, severalFlows)
		} else if prob == noProblem {
			s.Packet, s.Time, s.Untimed = d.totals.Packets, d.last, d.untimed
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
	t, first := p.time, !d.totals.Timed
	if first {
		d.totals.Start, d.totals.End, d.totals.Timed = t, t, true
		d.last, d.latest = t, t
	}
	switch between := t.Sub(d.latest); {
	case d.newFile && (-between > mostReordered || t == d.fileFrom && between < 0): // or the same once more
		d.count(filesOverlap)
	case !d.newFile && between > mostQuiet:
		d.count(clockAhead)
	}
	if d.newFile || first {
		d.fileFrom = t
	}
	d.latest, d.newFile = max(d.latest, t), false
	d.totals.Start = min(d.totals.Start, t)
	if d.last.Sub(t) <= max(mostReordered, d.stepped/2) { // also after a step: then packets of several clocks are mixed
		d.stepped = 0
	}
	if t = t.Add(d.stepped); d.stepped > 0 && (t < 0 || t > segment.Latest) {
		d.count(noTime) // beyond what a time can be
		return false
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

// mostQuiet is for how long at most nothing comes by while a capture is made. Beyond it a
// clock was set that had not been, or captures were joined.
const mostQuiet = 366 * 24 * time.Hour

// isLoopback reports 127.0.0.0/8 and ::1.
func isLoopback(a segment.Addr) bool {
	return a.Hi == 0 && (a.Lo == 1 || a.Lo>>24 == 0xffff7f)
}
