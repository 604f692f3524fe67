package capture

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// Limits of what waits for its fragments. Linux takes 4 MiB, too.
const (
	mostFragmented    = 4096    // packets
	mostFragmentBytes = 4 << 20 // bytes of all of them
	mostHoles         = 64      // in one of them: no network mixes up more
	maxIP             = 65535   // bytes of what an IP packet carries
)

// How long a packet waits for its fragments: RFC 8200 section 4.5 says a minute. RFC 791
// section 3.2 says 15 seconds and more, systems take 30.
const (
	waitIPv4 = 30 * time.Second
	waitIPv6 = 60 * time.Second
)

// justCompleted is for how long fragments of the number of a packet that is whole, and that say
// the same, are taken for second copies, as where a switch mirrors both its ports: those that
// make no packet are none that is missed. Not all senders count, so that what says something
// else is of another packet.
const justCompleted = time.Second

// A fragmentKey tells which packet a fragment is of (RFC 791 section 2.3; RFC 8200 section
// 4.5, where the protocol is not part of it).
type fragmentKey struct {
	src, dst segment.Addr
	id       uint32
	proto    uint8
}

// A fragmented is a packet of which fragments were seen.
type fragmented struct {
	key   fragmentKey
	began segment.Time
	wait  time.Duration
	first int64 // packet with the fragment that came first
	count int64 // fragments

	data       []byte // what it carries, from its start, as far as it came
	have       []hole // what of it came, in order, neither overlapping nor touching
	cut        int    // from here on, bytes were not captured
	total      int    // bytes of what it carries, once its end is known, else -1
	head       found  // of the first fragment, whose header counts (RFC 8200 section 4.5)
	proto      uint8  // of what it carries, as its first fragment says
	begins, ce bool   // the first fragment has come; one of them is marked (RFC 3168 section 5.3)
	state      fragmentState

	prior  *fragmented // the packet of the same number just before, which is whole
	copies bool        // all fragments so far say what prior has said
}

// A hole is a range of bytes, end excluded.
type hole struct{ start, end int }

// A fragmentState says what is done with a packet's fragments.
type fragmentState uint8

const (
	incomplete  fragmentState = iota
	whole                     // put together
	overlapping               // refused
	noTunnel                  // UDP that is no tunnel's
)

// fragments are the packets of which fragments were seen, and what became of them.
type fragments struct {
	of    map[fragmentKey]*fragmented
	queue []*fragmented // in order of their first fragments
	bytes int           // of data of all

	lost, refused fragmentCount
}

// A fragmentCount counts fragments.
type fragmentCount struct{ count, first int64 }

func (c *fragmentCount) add(n, first int64) {
	if c.count == 0 || first < c.first {
		c.first = first
	}
	c.count += n
}

// carriesTCP reports whether what IP carries by proto may be TCP, or a tunnel.
func carriesTCP(proto uint8) bool {
	switch proto {
	case assigned.ProtoTCP, assigned.ProtoUDP, assigned.ProtoIPv4, assigned.ProtoIPv6, assigned.ProtoIPIP,
		assigned.ProtoGRE, assigned.ProtoEtherIP, assigned.ProtoEthernet, assigned.ProtoMPLS, assigned.ProtoL2TP,
		assigned.ProtoHopByHop, assigned.ProtoRouting, assigned.ProtoDestOpts, assigned.ProtoFragment,
		assigned.ProtoAH, assigned.ProtoHIP, assigned.ProtoShim6:
		return true
	}
	return false
}

// A fragment is a part of a packet.
type fragment struct {
	key   fragmentKey
	wait  time.Duration
	proto uint8
	start int
	more  bool   // it is not the last
	b     []byte // as captured
	n     int    // bytes
}

// fragment4 reads a fragment of IPv4; b is its whole packet.
func (d *decoder) fragment4(b []byte, head, total int, f *found) (verdict, problem) {
	const more = 0x2000
	field := binary.BigEndian.Uint16(b[6:])
	g := fragment{wait: waitIPv4, proto: b[9], start: int(field&0x1fff) * 8, more: field&more != 0,
		b: b[head:min(len(b), total)], n: total - head}
	g.key = fragmentKey{f.src, f.dst, uint32(f.id), b[9]}
	return d.fragment(&g, f)
}

// fragment6 reads a fragment of IPv6: b begins with the fragment header.
func (d *decoder) fragment6(b []byte, n int, f *found) (verdict, problem) {
	field := binary.BigEndian.Uint16(b[2:])
	g := fragment{wait: waitIPv6, proto: b[0], start: int(field &^ 7), more: field&1 != 0, b: b[8:], n: n - 8}
	g.key = fragmentKey{f.src, f.dst, binary.BigEndian.Uint32(b[4:]), assigned.ProtoFragment}
	return d.fragment(&g, f)
}

// fragment adds g to its packet, and reads that once it is whole.
func (d *decoder) fragment(g *fragment, f *found) (verdict, problem) {
	if !carriesTCP(g.proto) {
		return d.unreadProtocol(inIP, uint64(g.proto))
	}
	if g.n < 0 || g.start+g.n > maxIP || g.more && (g.n%8 != 0 || g.n == 0) { // only the last may have any length
		return notTCP, badIP
	}
	p := d.packetOf(g)
	p.count++
	p.ce = p.ce || f.ce
	was := p.copies
	p.copies = was && p.prior.isCopy(p.prior.have[0], g)
	switch p.state {
	case overlapping:
		d.fragments.refused.add(1, d.totals.Packets)
		return notTCP, noProblem
	case noTunnel:
		return d.unreadProtocol(inIP, assigned.ProtoUDP)
	}
	if g.start == 0 && !p.begins {
		p.head, p.proto, p.begins = *f, g.proto, true
		if g.proto == assigned.ProtoUDP && !isTunnel(g.b) {
			d.fragments.settle(p, noTunnel)
			return d.unreadProtocol(inIP, assigned.ProtoUDP)
		}
	}
	if !d.fragments.add(p, g) {
		d.fragments.refused.add(p.count, p.first)
		d.fragments.settle(p, overlapping)
		return notTCP, noProblem
	}
	if len(p.have) != 1 || p.have[0] != (hole{0, p.total}) {
		d.fragments.evict(p)
		if was && !p.copies && p.prior != nil && p.prior.isVersion(g) {
			return d.version(p.prior, g, f)
		}
		return notTCP, noProblem
	}
	data, total := p.data[:min(p.cut, p.total)], p.total
	layers := f.layers
	*f = p.head
	f.ce, f.layers = p.ce, max(layers, f.layers)
	d.fragments.forgetPrior(p)
	p.began, p.state = d.last, whole
	d.fragments.evict(p)
	return d.upper(p.proto, data, total, f)
}

// isVersion reports whether g, which says something else than p, a packet of TCP of the same number that is whole, is
// no other packet's: so far all have said what p has, and its header is p's where g has one.
func (p *fragmented) isVersion(g *fragment) bool {
	const number = 8 // where ports and the sequence number end
	if p.proto != assigned.ProtoTCP || g.start+len(g.b) > len(p.data) {
		return false
	}
	return g.start >= number || g.start == 0 && len(g.b) >= number && bytes.Equal(g.b[:number], p.data[:number])
}

// version reads p once more, with what g has instead. Which of the two its receiver has put together is not known,
// and one of them may be forged: whoever reads the stream is to see both. A receiver takes only what has the right
// checksum (RFC 9293 section 3.1), as forged bytes can be made to have; those of another packet that has the same number,
// as all have of a sender that does not count, hardly ever do.
func (d *decoder) version(p *fragmented, g *fragment, f *found) (verdict, problem) {
	whole := p.data[:min(p.cut, p.total)]
	data := bytes.Clone(whole)
	if g.start < len(data) {
		copy(data[g.start:], g.b)
	}
	if len(data) < p.total || onesComplement(sumOfWords(data)) != onesComplement(sumOfWords(whole)) {
		return notTCP, noProblem
	}
	layers := f.layers
	*f = p.head
	f.ce, f.layers = p.ce, max(layers, f.layers)
	return d.upper(p.proto, data, p.total, f)
}

// isTunnel reports whether b begins with a UDP header with a tunnel's port.
func isTunnel(b []byte) bool {
	return len(b) >= 4 && tunnelPort(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])) != 0
}

// packetOf returns the packet that g is of, a new one if none waits for it.
func (d *decoder) packetOf(g *fragment) *fragmented {
	s := &d.fragments
	s.expire(d.last)
	p := s.of[g.key]
	if p != nil && p.over(d.last) {
		s.drop(p)
		p = nil
	}
	if p == nil || p.state == whole {
		if len(s.queue) >= 2*mostFragmented { // of those that others have replaced
			s.queue = slices.DeleteFunc(s.queue, func(p *fragmented) bool { return s.of[p.key] != p })
		}
		prior := p
		if s.of == nil {
			s.of = map[fragmentKey]*fragmented{}
		}
		p = &fragmented{key: g.key, began: d.last, wait: g.wait, first: d.totals.Packets, cut: maxIP + 1, total: -1,
			prior: prior, copies: prior != nil}
		s.of[g.key] = p
		s.queue = append(s.queue, p)
	}
	return p
}

// over reports whether p waits no more at now.
func (p *fragmented) over(now segment.Time) bool {
	if p.state == whole || p.copies {
		return now.Sub(p.began) > justCompleted
	}
	return now.Sub(p.began) > p.wait
}

// expire drops the packets that have waited for long enough, and the oldest ones beyond the
// limit.
func (s *fragments) expire(now segment.Time) {
	n := 0
	for n < len(s.queue) && (s.of[s.queue[n].key] != s.queue[n] || s.queue[n].over(now) || len(s.of) >= mostFragmented) {
		s.drop(s.queue[n])
		n++
	}
	s.forget(n)
}

// evict drops the oldest packets but p until all take no more memory than they may.
func (s *fragments) evict(p *fragmented) {
	n := 0
	for n < len(s.queue) && s.bytes > mostFragmentBytes && s.queue[n] != p {
		s.drop(s.queue[n])
		n++
	}
	s.forget(n)
}

// forget takes the first n packets, which were dropped, off the queue. In place, so that it
// does not grow for ever.
func (s *fragments) forget(n int) {
	if n > 0 {
		s.queue = slices.Delete(s.queue, 0, n)
	}
}

// drop ends p: if it was waiting, it never became whole.
func (s *fragments) drop(p *fragmented) {
	if s.of[p.key] != p {
		return
	}
	if p.lacks() {
		s.lost.add(p.count, p.first)
	}
	s.settle(p, p.state)
	delete(s.of, p.key)
}

// lacks reports whether p waits, is no second copy, and may hold TCP: of UDP that is not known until its first
// fragment has come.
func (p *fragmented) lacks() bool {
	return p.state == incomplete && !p.copies && (p.begins || p.key.proto != assigned.ProtoUDP)
}

// settle lets go of what p holds.
func (s *fragments) settle(p *fragmented, as fragmentState) {
	s.forgetPrior(p)
	s.bytes -= cap(p.data)
	p.data, p.have, p.state = nil, nil, as
}

// forgetPrior lets go of the packet before p.
func (s *fragments) forgetPrior(p *fragmented) {
	if p.prior != nil {
		s.bytes -= cap(p.prior.data)
		p.prior, p.copies = nil, false
	}
}

// add adds g's bytes to p. It reports false where they overlap others: then nothing of p is
// to be believed (RFC 5722 section 4, and systems do the same with IPv4), but that a second
// copy is none. A second end, and too many holes, count as overlaps.
func (s *fragments) add(p *fragmented, g *fragment) bool {
	end := g.start + g.n
	if !g.more {
		if p.total >= 0 && p.total != end {
			return false
		}
		p.total = end
	}
	last := 0
	if len(p.have) > 0 {
		last = p.have[len(p.have)-1].end
	}
	if p.total >= 0 && max(end, last) > p.total {
		return false
	}
	i, _ := slices.BinarySearchFunc(p.have, g.start, func(h hole, start int) int { return h.end - 1 - start })
	if i < len(p.have) && p.have[i].start < end {
		return p.isCopy(p.have[i], g)
	}
	s.store(p, g, end)
	switch before, after := i > 0 && p.have[i-1].end == g.start, i < len(p.have) && p.have[i].start == end; {
	case g.n == 0:
	case before && after:
		p.have[i-1].end = p.have[i].end
		p.have = slices.Delete(p.have, i, i+1)
	case before:
		p.have[i-1].end = end
	case after:
		p.have[i].start = g.start
	default:
		p.have = slices.Insert(p.have, i, hole{g.start, end})
	}
	return len(p.have) <= mostHoles
}

// isCopy reports whether g lies within h, which came before, and says the same.
func (p *fragmented) isCopy(h hole, g *fragment) bool {
	if h.start > g.start || h.end < g.start+g.n {
		return false
	}
	known := max(0, min(len(g.b), len(p.data)-g.start, p.cut-g.start))
	return known == 0 || bytes.Equal(g.b[:known], p.data[g.start:][:known])
}

// store copies g's bytes.
func (s *fragments) store(p *fragmented, g *fragment, end int) {
	if len(g.b) < g.n {
		p.cut = min(p.cut, g.start+len(g.b))
	}
	if end > len(p.data) {
		s.bytes -= cap(p.data)
		p.data = slices.Grow(p.data, end-len(p.data))[:end]
		s.bytes += cap(p.data)
	}
	copy(p.data[g.start:end], g.b)
}

// sums adds to t what is known of fragments as of now: those still waiting at the end of a
// capture never came to be whole.
func (s *fragments) sums(t *segment.Totals) {
	lost := s.lost
	for _, p := range s.queue {
		if s.of[p.key] == p && p.lacks() {
			lost.add(p.count, p.first)
		}
	}
	for _, x := range []struct {
		fragmentCount
		of problem
	}{{lost, ipFragment}, {s.refused, overlapped}} {
		if x.count > 0 {
			t.Unread += x.count
			t.Problems = append(t.Problems, segment.Problem{Kind: problemTexts[x.of].kind, Count: x.count, FirstPacket: x.first,
				Text: problemTexts[x.of].text})
		}
	}
}
