package conn

import (
	"tcpwarm/analyze/app"
	"tcpwarm/analyze/compact"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Conn is large, and many connections never get further than their SYN: a scan's, a flood's. All that is
// known of them follows from their few segments, so these are kept instead, and make a Conn what it was
// once another segment comes.

// mostSYNs is how many a half-open connection may have sent for its SYNs to be kept instead of it: Linux sends
// one again six times (tcp_syn_retries).
const mostSYNs = 7

// A syn is what a Conn takes from a segment that carries no payload and no SACK blocks, but for its key
// and its mark.
type syn struct {
	seq, ack          segment.Seq
	tsVal, tsEcr      uint32
	mss, window, ipID uint16
	windowScale, ttl  uint8
	flags             segment.Flags
	dir               segment.Dir
	bools             uint8 // see bits
	sum               segment.Sum
}

// cutOptions is set in a syn's windowScale where the capture has its options in part only.
const cutOptions = 1 << 7

// bits says where each bool of s lies.
func bits(s *segment.Segment) [8]*bool {
	o := &s.Options
	return [8]*bool{&o.HasTimestamps, &o.HasMSS, &o.HasWindowScale, &o.SACKPermitted, &o.Signed, &o.Bad, &s.CE, &s.Untimed}
}

// synOf returns what a Conn takes from s, if there is no more to it.
func synOf(s *segment.Segment) (x syn, all bool) {
	o := &s.Options
	x = syn{seq: s.Seq, ack: s.Ack, tsVal: o.TSVal, tsEcr: o.TSEcr, mss: o.MSS, window: s.Window, ipID: s.IPID,
		windowScale: o.WindowScale, ttl: s.TTL, flags: s.Flags, dir: s.Dir, sum: s.Sum}
	for i, is := range bits(s) {
		if *is {
			x.bools |= 1 << i
		}
	}
	if o.Cut { // there is no ninth bit in bools, and a shift count is 14 at most
		x.windowScale |= cutOptions
	}
	return x, s.Len == 0 && len(s.Payload) == 0 && o.SACKBlocks == 0
}

// segment returns the segment that x was.
func (x *syn) segment(key segment.Key, at segment.Mark) segment.Segment {
	s := segment.Segment{Packet: at.Packet, Time: at.Time, Key: key, Dir: x.dir, Flags: x.flags, TTL: x.ttl, Sum: x.sum,
		Window: x.window, IPID: x.ipID, Seq: x.seq, Ack: x.ack,
		Options: segment.Options{TSVal: x.tsVal, TSEcr: x.tsEcr, MSS: x.mss, WindowScale: x.windowScale &^ cutOptions,
			Cut: x.windowScale&cutOptions != 0}}
	for i, is := range bits(&s) {
		*is = x.bools&(1<<i) != 0
	}
	return s
}

// A markedSYN is one with its place in the capture.
type markedSYN struct {
	at segment.Mark
	syn
}

// noteSYN notes s, a SYN which c has just taken, if c is half-open and has taken nothing but SYNs that are
// noted. It reports whether that is so.
func (c *Conn) noteSYN(s *segment.Segment) bool {
	x, all := synOf(s)
	own := &c.half[s.Dir]
	const others = segment.ACK | segment.FIN | segment.RST
	if !all || s.Flags.Has(others) || !c.HalfOpen() || int64(len(c.syns)) != own.Packets-1 || len(c.syns) == mostSYNs {
		return false
	}
	c.syns = append(c.syns, markedSYN{s.Mark(), x})
	return true
}

// CanRest reports whether c is half-open and may Rest, once it has taken s.
func (c *Conn) CanRest(s *segment.Segment) bool { return s.Flags.Has(segment.SYN) && c.noteSYN(s) }

// Rest returns what is to be kept instead of c, of which CanRest has reported true.
func (c *Conn) Rest(st *Store) Resting {
	r := Resting{first: c.syns[0].syn, keepTargets: c.app.KeepsTargets()}
	if len(c.syns) > 1 {
		st.syns.list = append(st.syns.list[:0], c.syns[1:]...)
		r.packed = st.pack(&st.syns.shapeModel, append(st.parts[:0], compact.PartOf(&st.syns.list, synsLayout)), c.last)
	}
	return r
}

// resumeHalfOpen readies c, which may have served before, to go on with the connection that r was kept of, one that is
// half-open. What it has told its sink is not told again, nor is its Identity written: others may read that.
func (c *Conn) resumeHalfOpen(r *Resting, st *Store, env *Env, readers *app.Readers, id *Identity, sink Sink, budget *Budget) {
	now, keep := env.Now, env.KeepTargets
	env.KeepTargets = r.keepTargets
	x := &env.resumed
	x.segment = r.first.segment(id.Key, id.First)
	c.Reset(&x.segment, env, readers, &x.id, discard{}, budget)
	c.resume(&x.segment)
	if r.packed != nil {
		st.unpack(r.packed, append(st.parts[:0], compact.PartOf(&st.syns.list, synsLayout)))
		for i := range st.syns.list {
			again := &st.syns.list[i]
			x.segment = again.segment(id.Key, again.at)
			c.resume(&x.segment)
		}
	}
	env.Now, env.KeepTargets = now, keep
	c.id, c.sink = id, sink
}

// resume takes s once more.
func (c *Conn) resume(s *segment.Segment) {
	c.env.Now = s.Mark()
	c.Segment(s)
	c.noteSYN(s)
}

// A resumed is room for what Resume needs for a moment.
type resumed struct {
	segment segment.Segment
	id      Identity
}

// A discard is a Sink that takes nothing.
type discard struct{}

// Opened does nothing.
func (discard) Opened() {}

// Event returns room that nobody looks at.
func (discard) Event() *event.Event { return new(event.Event) }

// Who returns room that nobody looks at.
func (discard) Who() *event.Who { return new(event.Who) }

// Ending returns room that nobody looks at.
func (discard) Ending() *event.Ending { return new(event.Ending) }

// Unacceptable does nothing.
func (discard) Unacceptable(int64) {}

// Steps does nothing.
func (discard) Steps([]tcp.Step) {}

// Inconsistent does nothing.
func (discard) Inconsistent(int64) {}

// Samples does nothing.
func (discard) Samples(segment.Dir, []tcp.Sample) {}
