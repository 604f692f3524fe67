package conn

import (
	"unsafe"

	"tcpwarm/analyze/app"
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
	return x, s.Len == 0 && len(s.Payload) == 0 && o.SACKBlocks == 0
}

// segment returns the segment that x was.
func (x *syn) segment(key segment.Key, at segment.Mark) segment.Segment {
	s := segment.Segment{Packet: at.Packet, Time: at.Time, Key: key, Dir: x.dir, Flags: x.flags, TTL: x.ttl, Sum: x.sum,
		Window: x.window, IPID: x.ipID, Seq: x.seq, Ack: x.ack,
		Options: segment.Options{TSVal: x.tsVal, TSEcr: x.tsEcr, MSS: x.mss, WindowScale: x.windowScale}}
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

// A HalfOpen is what is kept instead of a Conn that is half-open.
type HalfOpen struct {
	first       syn          // its mark is its connection's
	keepTargets bool         // as Env said when that began
	again       *[]markedSYN // those after it, nil: none
}

// CanRest reports whether c is half-open and may Rest, once it has taken s.
func (c *Conn) CanRest(s *segment.Segment) bool { return s.Flags.Has(segment.SYN) && c.noteSYN(s) }

// Rest returns what is to be kept instead of c, which CanRest.
func (c *Conn) Rest() HalfOpen {
	h := HalfOpen{first: c.syns[0].syn, keepTargets: c.app.KeepsTargets()}
	if len(c.syns) > 1 {
		again := append([]markedSYN(nil), c.syns[1:]...)
		h.again = &again
	}
	return h
}

// Memory returns how many bytes h holds beside itself.
func (h *HalfOpen) Memory() int {
	if h.again == nil {
		return 0
	}
	return int(unsafe.Sizeof(*h.again)) + cap(*h.again)*int(unsafe.Sizeof(markedSYN{}))
}

// LastPacket returns the latest packet of the connection that h stands for, which began with first.
func (h *HalfOpen) LastPacket(first int64) int64 {
	if h.again == nil {
		return first
	}
	return (*h.again)[len(*h.again)-1].at.Packet
}

// Resume readies c, which may have served before, to go on with the connection that h was kept of. What
// it has told its sink is not told again, nor is its Identity written: others may read that.
func (c *Conn) Resume(h *HalfOpen, env *Env, readers *app.Readers, id *Identity, sink Sink, budget *Budget) {
	now, keep := env.Now, env.KeepTargets
	env.KeepTargets = h.keepTargets
	r := &env.resumed
	r.segment = h.first.segment(id.Key, id.First)
	c.Reset(&r.segment, env, readers, &r.id, deaf{}, budget)
	c.resume(&r.segment)
	if h.again != nil {
		for i := range *h.again {
			x := &(*h.again)[i]
			r.segment = x.segment(id.Key, x.at)
			c.resume(&r.segment)
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

// A deaf sink takes nothing.
type deaf struct{}

// Opened does nothing.
func (deaf) Opened() {}

// Event returns room that nobody looks at.
func (deaf) Event() *event.Event { return new(event.Event) }

// Who returns room that nobody looks at.
func (deaf) Who() *event.Who { return new(event.Who) }

// Ending returns room that nobody looks at.
func (deaf) Ending() *event.Ending { return new(event.Ending) }

// Unacceptable does nothing.
func (deaf) Unacceptable(int64) {}

// Steps does nothing.
func (deaf) Steps([]tcp.Step) {}

// Inconsistent does nothing.
func (deaf) Inconsistent(int64) {}

// Samples does nothing.
func (deaf) Samples(segment.Dir, []tcp.Sample) {}
