package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// An Origin is what the IP headers of one half's packets show of the machine that sends them: a
// RST that does not fit was hardly sent by the same one (Weaver, Sommer and Paxson, "Detecting
// Forged TCP Reset Packets", NDSS 2009).
type Origin struct {
	N                 int64 // packets, without RST
	LeastTTL, MostTTL uint8
	NoID              bool // IPv4's identification is 0 in all; it is not looked at in SYNs, where Linux has none
	InSteps           bool // it has gone up from one to the next by little
	ids               bool // one was looked at
	lastID            uint16
	lastAt            segment.Time

	RST    segment.Mark // the first; Packet is 0: none came
	RSTTTL uint8
	RSTID  uint16
}

// idStands is how long a counter that the machine's other packets count too stays near: a
// machine with little to do sends some hundred packets a second.
const idStands = time.Second

// idStep is how much a counter of packets may go up from one packet of a connection to the
// next: others of the same machine may count too.
const idStep = 64

// sent notes a packet.
func (o *Origin) sent(s *segment.Segment) {
	if s.Flags.Has(segment.RST) {
		if o.RST.Packet == 0 {
			o.RST, o.RSTTTL, o.RSTID = s.Mark(), s.TTL, s.IPID
			o.InSteps = o.InSteps && s.Time.Sub(o.lastAt) <= idStands
		}
		return
	}
	if o.N == 0 {
		o.LeastTTL, o.NoID, o.InSteps = s.TTL, true, true
	}
	o.N++
	o.LeastTTL, o.MostTTL = min(o.LeastTTL, s.TTL), max(o.MostTTL, s.TTL)
	if s.Flags.Has(segment.SYN) {
		return
	}
	o.NoID = o.NoID && s.IPID == 0
	if o.ids {
		step := s.IPID - o.lastID
		o.InSteps = o.InSteps && step != 0 && step <= idStep
	}
	o.ids, o.lastID, o.lastAt = true, s.IPID, s.Time
}

// leastAlike is how many packets must be alike before one that is not stands out.
const leastAlike = 3

// OtherTTL reports whether the RST has come another way, or from another machine: all other
// packets had one hop limit, and it had another.
func (o *Origin) OtherTTL() bool {
	return o.RST.Packet != 0 && o.N >= leastAlike && o.LeastTTL == o.MostTTL && o.RSTTTL != o.LeastTTL
}

// farID is how far a RST's identification must lie from the one before to be another counter's.
const farID = 1024

// OtherID reports whether the RST has an identification though no other packet had, or one far
// from where a counter stood. One without any may be anybody's: Linux sends such a RST for a
// connection that is gone.
func (o *Origin) OtherID() bool {
	if o.RST.Packet == 0 || o.N <= leastAlike || o.RSTID == 0 {
		return false
	}
	ahead := o.RSTID - o.lastID
	return o.NoID || o.InSteps && ahead > farID && -ahead > farID
}
