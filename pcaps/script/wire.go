package script

import "tcpwarm/capture/segment"

// headers returns the bytes of a frame of s before its payload.
func (s *Script) headers(o *segment.Options) int {
	if s.IP6 {
		return headers(o) - ipHeader + ip6Header
	}
	return headers(o)
}

// headers returns the same of IPv4's.
func headers(o *segment.Options) int { return etherHeader + ipHeader + tcpHeader + optionBytes(o) }

const (
	etherHeader = 14
	ipHeader    = 20
	ip6Header   = 40
	tcpHeader   = 20 // without options

	maxOptions = 40
	maxPacket  = 65535 // bytes of an IPv4 packet (RFC 791 section 3.1)
)

// A wire is what one sender has put on the wire so far.
type wire struct {
	stated []span // payload that scripts state, in order
	lastID uint16
}

// A span is payload from start on.
type span struct {
	start int64
	b     []byte
}

// packets returns the packets that st is on the wire: one, unless the MTU splits it.
func (s *Script) packets(st *Step, c *Conn, w *wire) []segment.Segment {
	p := st.Pack
	if p.HasID {
		w.lastID = p.ID - 1
	}
	g := segment.Segment{
		Time: Base.Add(s.shift + p.At), Flags: p.Flags, TTL: p.TTL, CE: p.CE, Window: p.Window,
		Seq: c.ISN[st.Dir] + segment.Seq(p.Start), Len: p.Len, Payload: w.payload(p), Options: p.Options,
	}
	g.Key, g.Dir = c.key(st.Dir)
	peer := c.ISN[1-st.Dir]
	if p.Flags.Has(segment.ACK) {
		g.Ack = peer + segment.Seq(p.Ack)
	}
	for i := range g.Options.SACK[:g.Options.SACKBlocks] {
		b := &g.Options.SACK[i]
		b.Start, b.End = b.Start+peer, b.End+peer
	}
	room := g.Len
	if s.MTU > 0 {
		room = max(1, s.MTU-s.headers(&g.Options)+etherHeader)
	}
	var all []segment.Segment
	for g.Len > room {
		first := g
		first.Flags &^= segment.FIN | segment.PSH
		first.Len, first.Payload = room, g.Payload[:room:room]
		g.Flags &^= segment.SYN | segment.CWR
		g.Seq, g.Len, g.Payload = first.End(), g.Len-room, g.Payload[room:]
		all = append(all, first)
	}
	all = append(all, g)
	for i := range all {
		all[i].Sum = sumOf(&all[i], p.BadSum)
		if !s.IP6 { // which numbers its fragments alone (RFC 8200 section 4.5)
			w.lastID++
			all[i].IPID = w.lastID
		}
	}
	return all
}

// sumOf returns what a capture shows of g's checksum.
func sumOf(g *segment.Segment, bad bool) segment.Sum {
	switch {
	case g.Len > 0 || !g.Flags.Has(segment.SYN|segment.FIN|segment.RST):
		return segment.SumNotKnown
	case bad:
		return segment.SumWrong
	}
	return segment.SumRight
}

// payload returns all bytes of p: those stated, else those of an earlier packet
// there, else letters.
func (w *wire) payload(p *Packet) []byte {
	if p.Len == 0 {
		return nil
	}
	start := p.Start
	if p.Flags.Has(segment.SYN) {
		start++ // data comes after the SYN (RFC 9293 section 3.4)
	}
	b := make([]byte, p.Len)
	for i := range b {
		b[i] = letter(start + int64(i))
	}
	for _, s := range w.stated {
		switch off := s.start - start; {
		case off >= 0 && off < int64(len(b)):
			copy(b[off:], s.b)
		case off < 0 && -off < int64(len(s.b)):
			copy(b, s.b[-off:])
		}
	}
	copy(b, p.Payload)
	if len(p.Payload) > 0 {
		w.stated = append(w.stated, span{start, p.Payload})
	}
	return b
}

// letter is what stands at sequence number n where the script states nothing.
func letter(n int64) byte { return 'a' + byte((n%26+26)%26) }
