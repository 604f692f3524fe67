package conn

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"tcpwarm/analyze/compact"
	"tcpwarm/capture/segment"
)

// anySYN returns a SYN from A with any numbers and options.
func anySYN(r *rand.Rand, at segment.Mark) *segment.Segment {
	s := &segment.Segment{Packet: at.Packet, Time: at.Time, Flags: segment.SYN | segment.Flags(r.Uint32())&(segment.PSH|segment.ECE|segment.CWR|segment.URG), TTL: uint8(r.Uint32()), Window: uint16(r.Uint32()),
		IPID: uint16(r.Uint32()), Seq: segment.Seq(r.Uint32()), Ack: segment.Seq(r.Uint32())}
	s.Key.A.Port, s.Key.B.Port = 50000, 80
	s.Options = segment.Options{TSVal: r.Uint32(), TSEcr: r.Uint32(), MSS: uint16(r.Uint32()), WindowScale: uint8(r.IntN(15))}
	for _, is := range bits(s) {
		*is = r.IntN(2) == 0
	}
	return s
}

// A connection that resumes is what it would be if it had not rested, whatever its SYNs were, and tells nothing
// again; and it may rest anew.
func TestResumedIsAsBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	store := Store{Packer: new(compact.Packer)}
	for range 2000 {
		at := segment.Mark{Time: 1e18, Packet: 7}
		first := anySYN(r, at)
		f := newFed()
		f.segment(first)
		rests := f.CanRest(first)
		for n := r.IntN(mostSYNs); n > 0; n-- {
			at.Time, at.Packet = at.Time.Add(time.Duration(r.Int64N(2e9))), at.Packet+1
			again := *first // as a copy; or with what a SYN that is sent again has anew
			again.Time, again.Packet = at.Time, at.Packet
			if r.IntN(3) > 0 {
				again.IPID, again.Options.TSVal = uint16(r.Uint32()), r.Uint32()
			}
			f.segment(&again)
			rests = f.CanRest(&again)
		}
		if !rests {
			t.Fatalf("%+v: half-open, it cannot rest", first)
		}
		f.id.Midstream = true // if it were written again, that would be gone
		h, id := f.Rest(&store), f.id
		var c Conn
		unacceptable := f.unacceptable
		f.env.Now.Packet++ // later
		now := f.env.Now
		last := h.LastPacket(7)
		c.Resume(&h, &store, &f.env, &f.env.Readers, &f.id, f, f.budget)
		if f.env.Now != now || !f.env.KeepTargets || f.id != id || len(f.events) > 0 || f.opened != 1 || f.unacceptable != unacceptable {
			t.Fatalf("%+v: resumed, it tells of itself once more", first)
		}
		if last != c.Last().Packet {
			t.Fatalf("%+v: the latest packet is %d, and %d at rest", first, c.Last().Packet, last)
		}
		if !reflect.DeepEqual(&c, &f.Conn) {
			t.Fatalf("%+v: resumed, it is not as before", first)
		}
		if h = c.Rest(&store); h.first != f.syns[0].syn || h.LastPacket(7) != last {
			t.Fatalf("%+v: it rests in another way", first)
		}
	}
}

// What has sent anything but SYNs, or is answered, or has sent too many, does not rest.
func TestCannotRest(t *testing.T) {
	at := segment.Mark{Time: 1e18, Packet: 1}
	r := rand.New(rand.NewPCG(3, 4))
	for name, test := range map[string]struct {
		n      int // SYNs, with different numbers of IP
		change func(s *segment.Segment)
		rests  bool
	}{
		"a SYN":          {1, func(*segment.Segment) {}, true},
		"seven":          {mostSYNs, func(*segment.Segment) {}, true},
		"eight":          {mostSYNs + 1, func(*segment.Segment) {}, false},
		"data":           {2, func(s *segment.Segment) { s.Len = 1 }, false},
		"an ACK":         {2, func(s *segment.Segment) { s.Flags = segment.ACK; s.Ack = 1; s.Seq = s.Seq.Add(1) }, false},
		"SYN and FIN":    {1, func(s *segment.Segment) { s.Flags |= segment.FIN }, false},
		"SYN-ACK only":   {1, func(s *segment.Segment) { s.Flags |= segment.ACK }, false},
		"SACK blocks":    {1, func(s *segment.Segment) { s.Options.SACKBlocks = 1 }, false},
		"a SYN-ACK":      {2, func(s *segment.Segment) { s.Dir, s.Flags, s.Ack = 1, segment.SYN|segment.ACK, s.Seq.Add(1) }, false},
		"from the other": {2, func(s *segment.Segment) { s.Dir = 1 }, false},
	} {
		f, first, rests := newFed(), anySYN(r, at), false
		first.Options.Bad, first.Untimed = false, false
		for i := range test.n {
			s := *first
			s.Packet, s.Time, s.IPID = int64(i+1), first.Time.Add(time.Duration(i)*time.Second), uint16(i+1)
			if i == test.n-1 {
				test.change(&s)
			}
			f.segment(&s)
			rests = f.CanRest(&s)
		}
		if rests != test.rests {
			t.Errorf("%s: rests: %v", name, rests)
		}
	}
}
