package tcp

import (
	"slices"
	"unsafe"

	"tcpwarm/capture/segment"
)

// A Step is what one segment adds to a time-sequence graph, as tcptrace draws it: data that one side has sent,
// or what the other side says of that side's data. Numbers are relative, as Wireshark's are: the SYN is 0 and
// data begins at 1; where the SYN was not seen, the first number that was is 1. They do not wrap.
type Step struct {
	At         segment.Time // of the capture
	Packet     int64
	Start, End int64 // see the kinds
	Kind       StepKind
	Dir        segment.Dir // of the data
}

// A StepKind is what a Step says.
type StepKind uint8

// The kinds. Of data, a SYN and a FIN, Start and End are its sequence numbers, End excluded.
const (
	NewStep       StepKind = iota // not sent before
	ResentStep                    // sent again
	ReorderedStep                 // came behind what was sent after it
	ProbeStep                     // a keep-alive or a window probe
	ACKStep                       // Start is acknowledged, and data up to End permitted; End is less where that cannot be read
	DupACKStep                    // the same once more, while data is outstanding (RFC 5681 section 2)
	SACKStep                      // a block that the ACK before had not (RFC 2018)
	ZeroStep                      // the window closes at Start

	StepKinds = iota // how many there are
)

// MaxSteps is how many steps a connection keeps before it hands them on: some 20 kB.
const MaxSteps = 512

// Bounds of Steps.
const (
	leastStrokes = 8  // segments of a connection that say more together than its times do
	smallSteps   = 64 // so many are copied, and their room serves again
)

// Steps collect the steps of both directions of a connection. The zero value is empty.
type Steps struct {
	list    []Step
	side    [2]numbering
	strokes int  // data that was sent, and SYN and FIN
	unusual bool // something was resent, reordered, SACKed, or the window was closed
}

// A numbering makes positions of the sequence numbers of one direction, and knows what was last said of it.
type numbering struct {
	known, hasISN bool
	isn, at       segment.Seq
	position      int64 // of at

	sent              int64 // where the highest data ends
	resent, reordered int64 // segments, as the half has counted them
	heard             bool
	acked, edge       int64
	zero              bool // the window was closed
	blocks            [4]segment.Block
}

// follow keeps up with h, whose first number is seq where no SYN says another: so that what is to come lies near.
func (n *numbering) follow(h *Half, seq segment.Seq) {
	switch {
	case h.SawSYN && (!n.hasISN || n.isn != h.ISN):
		*n = numbering{known: true, hasISN: true, isn: h.ISN, at: h.ISN, resent: n.resent, reordered: n.reordered}
	case !n.known:
		n.known, n.at, n.position = true, seq, 1
	}
	if h.Started {
		n.position += int64(h.Nxt.Sub(n.at))
		n.at = h.Nxt
	}
}

func (n *numbering) of(seq segment.Seq) int64 { return n.position + int64(seq.Sub(n.at)) }

// Reset empties l, for another connection. What has grown stays, unless that is much.
func (l *Steps) Reset() {
	list := l.list[:0]
	if cap(list) > smallSteps {
		list = nil
	}
	*l = Steps{list: list}
}

// Note notes s, which own has sent and peer has taken, both told of it already. kind is what own says that it is.
func (l *Steps) Note(s *segment.Segment, own, peer *Half, kind Kind) {
	if s.Flags.Has(segment.RST) { // its numbers need not fit
		return
	}
	l.sent(s, own, kind)
	if s.Flags.Has(segment.ACK) {
		l.acked(s, own, peer)
	}
}

func (l *Steps) add(s *segment.Segment, d segment.Dir, kind StepKind, start, end int64) {
	l.unusual = l.unusual || kind != NewStep && kind != ACKStep && kind != DupACKStep && kind != ProbeStep
	l.list = append(l.list, Step{At: s.Time, Packet: s.Packet, Start: start, End: end, Kind: kind, Dir: d})
}

func (l *Steps) sent(s *segment.Segment, own *Half, kind Kind) {
	n := &l.side[s.Dir]
	n.follow(own, s.Seq)
	length := int64(s.End().Sub(s.Seq))
	if length == 0 && kind != KeepAlive {
		return
	}
	what, start := NewStep, n.of(s.Seq)
	switch {
	case kind == KeepAlive:
		what = ProbeStep
	case own.ResentSegments > n.resent, s.Len == 0 && start+length <= n.sent:
		what = ResentStep
	case own.OutOfOrder > n.reordered:
		what = ReorderedStep
	}
	n.resent, n.reordered, n.sent = own.ResentSegments, own.OutOfOrder, max(n.sent, start+length)
	l.strokes++
	l.add(s, s.Dir, what, start, start+length)
}

// acked notes what own says by s of the data of peer.
func (l *Steps) acked(s *segment.Segment, own, peer *Half) {
	n, d := &l.side[1-s.Dir], 1-s.Dir
	n.follow(peer, s.Ack)
	ack := n.of(s.Ack)
	edge := ack - 1
	if own.Window.Known && (scalesKnown(own, peer) || own.Window.Offered == 0) {
		edge = ack + int64(own.Window.Offered)
	}
	switch {
	case n.heard && ack < n.acked: // overtaken on its way: its window is the old one (RFC 9293 section 3.10.7.4)
		return
	case !n.heard || ack > n.acked || edge != n.edge:
		l.add(s, d, ACKStep, ack, edge)
	case s.End() == s.Seq && peer.Flight() > 0:
		l.add(s, d, DupACKStep, ack, ack)
	}
	zero := edge == ack && !s.Flags.Has(segment.SYN)
	if zero && !n.zero {
		l.add(s, d, ZeroStep, ack, ack)
	}
	n.heard, n.acked, n.edge, n.zero = true, ack, edge, zero
	l.sacked(s, n, peer)
}

// sacked notes the SACK blocks of s that the ACK before had not: each is said several times, lest an ACK is lost.
// What peer has not sent, and what lies further back than any window, is no block.
func (l *Steps) sacked(s *segment.Segment, n *numbering, peer *Half) {
	var blocks [4]segment.Block
	for i, b := range s.Options.SACK[:min(int(s.Options.SACKBlocks), len(blocks))] {
		if !b.Start.Before(b.End) || b.End.After(peer.Nxt) || b.Start.Before(peer.Floor()) {
			continue
		}
		if blocks[i] = b; !slices.Contains(n.blocks[:], b) {
			l.add(s, 1-s.Dir, SACKStep, n.of(b.Start), n.of(b.End))
		}
	}
	n.blocks = blocks
}

// Full reports whether l is to be taken before more is noted.
func (l *Steps) Full() bool { return len(l.list) >= MaxSteps }

// Drop forgets what l holds.
func (l *Steps) Drop() { l.list = l.list[:0] }

// Take returns what was noted since it was last called, for the caller to keep: nothing of a connection of a
// few segments that all went well.
func (l *Steps) Take() []Step {
	if l.strokes < leastStrokes && !l.unusual || len(l.list) == 0 {
		return nil
	}
	list := l.list
	if len(list) <= smallSteps {
		l.list = list[:0]
		return slices.Clone(list)
	}
	l.list = nil
	return list
}

// Memory returns how many bytes l takes.
func (l *Steps) Memory() int {
	return int(unsafe.Sizeof(*l)) + cap(l.list)*int(unsafe.Sizeof(Step{}))
}
