package conn

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A RST may be forged, or come too late to be taken: whether it has ended anything shows
// only by what follows. So a connection that was reset is concluded only a while later, or
// when it is given up. Until then what still comes is held back: if the receiver of the RST
// acknowledges something that its sender sent afterwards, neither has heeded it, and all
// goes on as if it had not been. A RST that is doubtful by itself is believed only when
// nothing follows.

// maxHeldBack bounds the payload held back, in bytes, and maxHeldGaps the gaps between. What
// comes beyond them is missing if the connection goes on.
const (
	maxHeldBack = 64 << 10
	maxHeldGaps = 1 << 10
)

// A pendingReset is a RST of which it is not certain that it has ended the connection.
type pendingReset struct {
	at       segment.Mark // packet 0: there is none
	dir      segment.Dir
	doubtful bool        // it lies inside the window, but not at what the receiver waits for
	seq      segment.Seq // its own
	acked    segment.Seq // what of the other's it acknowledges
	una      segment.Seq // what of its sender had been acknowledged by then
	beyond   segment.Seq // what its sender had sent by then
	pending  bool        // what comes is held back
	held     []heldBack
	rest     []heldBack // gaps, one of a direction at most: all that came of it once there was no room for another
	bytes    int        // of payload in held
}

// A heldBack piece is payload, or a gap of n bytes.
type heldBack struct {
	dir segment.Dir
	b   []byte
	n   int64
	at  segment.Mark
}

func (r *pendingReset) exists() bool { return r.at.Packet != 0 }

// keep keeps a copy of b, if there is room.
func (r *pendingReset) keep(dir segment.Dir, b []byte, at segment.Mark) {
	if r.bytes+len(b) > maxHeldBack || r.restOf(dir) != nil {
		r.keepGap(dir, int64(len(b)), at)
		return
	}
	r.bytes += len(b)
	r.held = append(r.held, heldBack{dir: dir, b: append([]byte(nil), b...), at: at})
}

// keepGap notes n bytes that are missing. What follows a gap that has no room of its own is
// taken for a part of it: else it would be read as if nothing lacked before it.
func (r *pendingReset) keepGap(dir segment.Dir, n int64, at segment.Mark) {
	gap := heldBack{dir: dir, n: n, at: at}
	switch k, rest := len(r.held)-1, r.restOf(dir); {
	case rest != nil:
		rest.n += n
	case k >= 0 && r.held[k].dir == dir && r.held[k].b == nil:
		r.held[k].n += n
	case k+1 < maxHeldGaps:
		r.held = append(r.held, gap)
	default:
		r.rest = append(r.rest, gap)
	}
}

// restOf returns the gap that takes all that comes of direction dir, nil while there is none.
func (r *pendingReset) restOf(dir segment.Dir) *heldBack {
	for i := range r.rest {
		if r.rest[i].dir == dir {
			return &r.rest[i]
		}
	}
	return nil
}

// resets takes a RST that own has sent, and that its receiver may have taken.
func (c *Conn) resets(s *segment.Segment, own *Half, belief tcp.Belief, at segment.Mark) {
	r := &c.reset
	if r.exists() {
		if r.doubtful { // said again, or answered in kind
			c.believeDoubtful()
		}
		return
	}
	*r = pendingReset{
		at: at, dir: s.Dir, seq: s.Seq, acked: c.half[1-s.Dir].Una, una: own.Una, beyond: s.Seq,
		doubtful: belief == tcp.Doubtful, pending: true, held: r.held[:0], rest: r.rest[:0],
	}
	if s.Flags.Has(segment.ACK) && s.Ack.After(r.acked) {
		r.acked = s.Ack
	}
	if own.Started && (own.Nxt.After(s.Seq) || r.doubtful) {
		r.beyond = own.Nxt
	}
	if !r.doubtful {
		c.believeReset()
	}
}

// believeReset takes the pending RST for the connection's end, unless it turns out otherwise.
// What its sender had sent before, and what waited for a hole, still counts.
func (c *Conn) believeReset() {
	r := &c.reset
	held, rest := r.held, r.rest
	r.doubtful, r.pending, r.held, r.rest, r.bytes = false, false, nil, nil, 0
	// Its receiver's counts only if it turns out not to have heeded the RST.
	held, rest = c.releaseOf(held, r.dir), c.releaseOf(rest, r.dir)
	for i := range held {
		r.bytes += len(held[i].b)
	}
	for _, d := range c.bothSides() {
		c.half[d].stream.Flush(r.at, &c.half[d])
	}
	r.pending, r.held, r.rest = true, held, rest
	c.portRole()
	c.closes(c.side(r.dir), true, nil, r.at)
}

// believeDoubtful believes the pending RST for want of anything that speaks against it. Its receiver takes none that has not
// just the number that it waits for (RFC 9293 section 3.10.7.4): the capture lacks what lies before, or it is forged.
func (c *Conn) believeDoubtful() {
	c.half[c.reset.dir].contradicts(c.reset.at.Packet, c.reset.at)
	c.believeReset()
}

// doubtFor is how long after a doubtful RST its receiver may still send what it had begun
// to: what comes later was sent by one that has not heeded it.
const doubtFor = time.Second

// goesOn takes back the pending RST if s shows that it has ended nothing.
func (c *Conn) goesOn(s *segment.Segment, own *Half, at segment.Mark) {
	r := &c.reset
	if s.Flags.Has(segment.RST) {
		return
	}
	byReceiver := s.Dir != r.dir
	ack := s.Flags.Has(segment.ACK)
	switch {
	case byReceiver && ack && s.Ack.After(r.beyond):
		c.unreset(at) // it has taken what came after the RST
	case byReceiver && s.Flags.Has(segment.SYN) && !ack && c.shake.SYNACK.Packet == 0:
		c.unreset(at) // the attempt is made again: Windows does so three times
	case !r.doubtful:
	case !byReceiver && own.Nxt == r.seq:
		r.beyond = r.seq // that was lacking, or came out of order
		c.believeReset()
	case byReceiver && c.challenges(s), s.Len > 0 && at.Time.Sub(r.at.Time) > doubtFor:
		c.unreset(at)
	}
}

// outlivesReset reports whether s shows that the RST by which c was concluded has ended nothing: its receiver
// acknowledges what its sender has sent since.
func (c *Conn) outlivesReset(s *segment.Segment) bool {
	r := &c.reset
	return r.exists() && s.Dir != r.dir && s.Flags.Has(segment.ACK) && !s.Flags.Has(segment.RST) && s.Ack.After(r.beyond)
}

// challenges reports whether s is a challenge ACK to the doubtful RST (RFC 5961 section
// 3.2): it acknowledges nothing new.
func (c *Conn) challenges(s *segment.Segment) bool {
	const all = segment.SYN | segment.FIN | segment.RST | segment.ACK
	return s.Len == 0 && s.Flags&all == segment.ACK && !s.Ack.After(c.reset.una)
}

// unreset takes the pending RST back: what was held back counts.
func (c *Conn) unreset(at segment.Mark) {
	r := c.reset
	c.reset = pendingReset{}
	c.half[r.dir].Unreset()
	if c.closing.Reset && c.closing.At == r.at {
		c.closing = Closing{}
		c.emit(&event.Event{Kind: event.ConnResumed, Time: at.Time, Packet: at.Packet})
	}
	for _, list := range [2][]heldBack{r.held, r.rest} {
		for i := range list {
			c.release(&list[i])
		}
	}
	first, second := &c.half[0], &c.half[1]
	if second.fin.Packet < first.fin.Packet {
		first, second = second, first
	}
	for _, h := range [2]*Half{first, second} {
		if h.SawFIN && h.fin.Packet != 0 && h.reaches(h.FinSeq) {
			c.closes(c.side(h.dir), false, nil, h.fin)
		}
	}
}

// releaseOf hands on what direction dir has of list, and returns the others.
func (c *Conn) releaseOf(list []heldBack, dir segment.Dir) []heldBack {
	others := list[:0]
	for i := range list {
		if list[i].dir == dir {
			c.release(&list[i])
		} else {
			others = append(others, list[i])
		}
	}
	return others
}

// release hands on what was held back.
func (c *Conn) release(k *heldBack) {
	if k.b != nil {
		c.app.Bytes(int(k.dir), k.b, k.at)
	} else {
		c.app.Gap(int(k.dir), k.n, k.at)
	}
}

// ConcludeReset concludes c if a RST has ended it, a while ago: nobody has shown otherwise.
func (c *Conn) ConcludeReset() {
	if r := &c.reset; r.exists() && !c.ended {
		if r.doubtful {
			c.believeDoubtful()
		}
		r.pending, r.held, r.rest, r.bytes = false, nil, nil, 0
		c.endAt(r.at)
	}
}
