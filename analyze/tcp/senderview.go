package tcp

import (
	"time"
	"unsafe"

	"tcpwarm/capture/segment"
)

// A SenderView is one direction's data and its acknowledgements in the order in which
// their sender saw them. Captured at the sender it is the capture's order. Captured at the
// receiver, an ACK took half a round trip to get to the sender, and a segment about as long
// to come: which ACKs had arrived when a segment was sent, its timestamp echo says (RFC
// 7323 section 3); without timestamps, one round trip does.
type SenderView struct {
	acks         ackQueue      // not yet at the sender
	arrivedByAge int32         // of acks, how many may have arrived: a round trip is over
	latest       uint32        // timestamp of the latest ACK to arrive
	rttToSender  time.Duration // round trip from the capture to the sender and back
	now          segment.Time  // the sender's
	dataAt       segment.Time  // when the latest data was captured
	markAt       segment.Time  // likewise what MarkStart was called for
	probe        vantageProbe  // where no handshake tells the vantage
	clock        senderClock
	hole         firstHole
	sizes        sizes
	Stalls       SendStalls
	Sender

	keepSamples bool
	samples     samples
}

// An ackSeen is an acknowledgement on its way to the sender. Each segment of a long response is one for a client that
// says nothing meanwhile: thousands wait, so it has no more than half of a cache line, and its SACK blocks lie beside.
type ackSeen struct {
	at     segment.Time
	seq    segment.Seq // that the segment has
	ack    segment.Seq
	edge   segment.Seq
	stamp  uint32
	echo   uint32
	sacks  uint8 // how many blocks it has
	flags  segment.Flags
	data   bool // it carries some
	stamps bool
}

// An ackQueue holds ACKs in the order they come.
type ackQueue struct {
	ring    []ackSeen // length is a power of two, or zero: there is none (it is as short as it may be: resting connections keep it)
	head, n int32
	bare    int32           // of those that wait, how many come before the first that brings data; all of them if none does
	blocks  []segment.Block // of those that wait. What has gone is moved over only when it is half of the list
	gone    int
}

func (q *ackQueue) at(i int32) *ackSeen { return &q.ring[(q.head+i)&int32(len(q.ring)-1)] }

// push adds an ACK with such SACK blocks. The rest of it is to be filled in: it may hold what another has left.
func (q *ackQueue) push(blocks []segment.Block) *ackSeen {
	if int(q.n) == len(q.ring) {
		q.grow()
	}
	a := q.at(q.n)
	q.n++
	if a.sacks = uint8(len(blocks)); len(blocks) > 0 {
		q.blocks = append(q.blocks, blocks...)
	}
	return a
}

func (q *ackQueue) grow() {
	was := len(q.ring)
	if n := max(1, 2*was); n <= cap(q.ring) {
		q.ring = q.ring[:n]
	} else {
		q.ring = append(make([]ackSeen, 0, n), q.ring...)[:n]
	}
	copy(q.ring[was:], q.ring[:q.head]) // what had gone round goes straight on
}

// first returns the oldest ACK, and blocksOfFirst its SACK blocks.
func (q *ackQueue) first() *ackSeen { return &q.ring[q.head] }

func (q *ackQueue) blocksOfFirst() []segment.Block {
	return q.blocks[q.gone : q.gone+int(q.ring[q.head].sacks)]
}

func (q *ackQueue) pop() {
	if n := int(q.ring[q.head].sacks); n > 0 {
		if q.gone += n; 2*q.gone >= len(q.blocks) {
			q.blocks, q.gone = q.blocks[:copy(q.blocks, q.blocks[q.gone:])], 0
		}
	}
	q.drop()
}

// drop is pop for an ACK that has no SACK blocks.
func (q *ackQueue) drop() {
	q.head = (q.head + 1) & int32(len(q.ring)-1)
	if q.n--; q.n == 0 {
		q.ring, q.head = q.ring[:0], 0
	}
	if q.bare--; q.bare < 0 {
		q.bare = 0
		q.skipBare()
	}
}

// skipBare counts those that bring no data, up to the first that does: each is looked at once.
func (q *ackQueue) skipBare() {
	for q.bare < q.n && !q.at(q.bare).data {
		q.bare++
	}
}

// maxAcks bounds the ACKs on their way; the oldest are taken to have arrived.
const maxAcks = 4096

// Begin readies v, which may have served another connection, for the data that own sends to
// peer. h is the connection's handshake, fromClient says that the client sends. keepSamples
// has v collect how the estimate goes on.
func (v *SenderView) Begin(own, peer *Half, h *Handshake, fromClient, keepSamples bool) {
	stamps := stamped(own, peer)
	v.clear()
	v.keepSamples = keepSamples
	offered := -1
	if scalesKnown(own, peer) {
		offered = max(peer.Window.Most, peer.Window.Offered)
	}
	v.Reset(segmentSize(own, peer), offered)
	v.sizes = sizes{stated: peer.HasMSS && peer.MSS > 0, most: v.largest}
	v.watchItself()
	toSender, toReceiver := h.RTTs()
	if fromClient {
		toSender, toReceiver = toReceiver, toSender
	}
	v.probe.on = toSender == 0 && toReceiver == 0
	v.AtReceiver = toSender > toReceiver && toSender+toReceiver >= sameMachine // else an ACK arrives when it is seen
	if v.AtReceiver && !stamps {
		v.NoDelays()
	}
	v.rttToSender = toSender
	v.Handshake(max(toSender, toReceiver))
}

// clear clears all of v but its Sender, and keeps what its queue has grown. v is large: it is cleared where
// it lies, never copied.
func (v *SenderView) clear() {
	v.Stalls, v.probe, v.sizes, v.samples = SendStalls{}, vantageProbe{}, sizes{}, samples{}
	v.clock, v.hole = senderClock{}, firstHole{}
	v.acks = ackQueue{ring: v.acks.ring[:0], blocks: v.acks.blocks[:0]}
	v.arrivedByAge, v.rttToSender, v.latest, v.now, v.dataAt, v.markAt = 0, 0, 0, 0, 0, 0
	v.keepSamples = false
}

// Rest says that v rests.
func (v *SenderView) Rest() { v.out.rest() }

// scalesKnown reports whether the SYNs say how windows are scaled (RFC 7323 section 2.2):
// both have been seen, or one that does without.
func scalesKnown(a, b *Half) bool {
	return a.SawSYN && b.SawSYN || a.SawSYN && !a.HasWindowScale || b.SawSYN && !b.HasWindowScale
}

func (v *SenderView) watchItself() {
	if v.keepSamples {
		v.Watch(&v.samples)
	}
}

// Samples returns what was collected since it was last taken.
func (v *SenderView) Samples() []Sample { return v.samples.list }

// TakeSamples returns what was collected since it was last taken. It is the caller's now.
func (v *SenderView) TakeSamples() []Sample {
	list := v.samples.list
	v.samples.list = nil
	return list
}

// Data notes payload that own, whose view v is, sends in s to peer, which does not count yet what s acknowledges.
// Part is what s is part of, and way is that of what own sends.
func (v *SenderView) Data(s *segment.Segment, own, peer *Half, part Part, way Way) {
	if v.probe.on {
		v.findVantage(s, &own.RTT)
	}
	if v.sizes.note(s, v.largest) {
		v.largest = v.sizes.full
		v.resize()
	}
	v.Stalls.data(s, own, &peer.Window, &v.Sender, part, way)
	v.stamp = stamp{s.Options.TSVal, s.Options.HasTimestamps}
	v.silence = s.Time.Sub(v.dataAt)
	v.dataAt = s.Time
	if !v.AtReceiver {
		v.Sent(s.Seq, s.Len, s.Time)
		return
	}
	if peer.RTT.Samples > 0 && v.rttToSender > 0 { // none of them is too short, the handshake's may have been a slow one
		v.rttToSender = min(v.rttToSender, max(1, peer.RTT.Min))
	}
	if v.Next().Before(s.Seq) && v.Started() && s.Options.HasTimestamps {
		v.lostBefore(s)
	}
	v.acknowledges(s.Ack)
	if !s.Options.HasTimestamps && v.hole.fills(s) {
		for v.acks.n > 0 && v.acks.first().at <= v.hole.at {
			v.deliver()
		}
	}
	for v.acks.n > 0 && v.arrived(v.acks.first(), s, peer.Una) {
		v.deliver()
	}
	if !s.Options.HasTimestamps {
		for v.arrivedByAge < v.acks.n && s.Time.Sub(v.acks.at(v.arrivedByAge).at) >= v.rttToSender {
			v.arrivedByAge++
		}
		if v.arrivedByAge > 0 {
			v.MayHaveAcked(v.acks.at(v.arrivedByAge - 1).ack)
		}
	}
	// No ACK has brought it out, or none but a timeout; else it came at once, whatever kept it on
	// its way.
	if v.pipe() == 0 || v.silence > rtoMin {
		v.now = max(v.now, s.Time.Add(-v.rttToSender/2))
	}
	v.ends = s.Flags.Has(segment.PSH | segment.FIN)
	v.sentBy = 0
	if s.Options.HasTimestamps {
		v.sentBy = v.clock.sent(s.Options.TSVal, s.Time.Add(-v.rttToSender/2))
		v.late(v.now)
	}
	v.Sent(s.Seq, s.Len, v.now)
	if s.End() == v.nxt {
		v.waiting = v.lastFull && !v.ends
		v.tailLost = v.tailLost && v.waiting
	}
}

// MarkStart notes that a transaction's content has begun with the latest data.
func (v *SenderView) MarkStart() {
	v.Sender.MarkStart()
	v.markAt = v.dataAt
}

// A Mark is where a transaction's content began.
type Mark struct {
	Start
	rounds int64 // until then
	at     segment.Time
}

// Mark returns what is known of the latest start that was marked.
func (v *SenderView) Mark() Mark { return Mark{v.Marked, v.markedAt, v.markAt} }

// RoundsSince returns in how many rounds the content was sent that began at m, so far. Each but the first
// was brought out by an ACK of the one before, and so is captured at least a round trip
// after it; the handshake's may have been a slow one.
func (v *SenderView) RoundsSince(m *Mark) int {
	n := int(v.Sums.Rounds-m.rounds) + 1
	if rtt := v.rttToSender * 3 / 4; v.AtReceiver && rtt > 0 {
		n = min(n, 1+int(v.dataAt.Sub(m.at)/rtt))
	}
	return max(1, n)
}

// lostBefore notes segments before s that were lost on their way here. An ACK lets out
// twice what it acknowledges at most: the rest of them was sent before the ACKs that
// had arrived when s was.
func (v *SenderView) lostBefore(s *segment.Segment) {
	lost := s.Seq.Sub(v.Next())
	acked, latest := 0, v.latest
	for i := range v.acks.n {
		a := v.acks.at(i)
		if later := int32(s.Options.TSEcr - a.stamp); a.stamps && (later > 0 || later == 0 && a.stamp != latest) {
			acked = max(acked, a.ack.Sub(v.Acknowledged()))
		}
		latest = a.stamp
	}
	switch {
	case acked == 0: // they were sent in between
		v.Sent(v.Next(), lost, v.now)
	case lost > 2*acked:
		v.Vanished(lost-2*acked, v.now)
	}
}

// acknowledges notes that data acknowledges what the peer has sent before ack: the segments that brought some of it had
// come, and so had the ACKs in them and those before.
func (v *SenderView) acknowledges(ack segment.Seq) {
	for q := &v.acks; q.bare < q.n && q.at(q.bare).seq.Before(ack); {
		for range q.bare + 1 {
			v.deliver()
		}
	}
}

// arrived reports whether an ACK had come to the sender when it sent s; before that it had acknowledged
// everything before acknowledged. The stamp of an ACK that lies beyond that, behind data that is not acknowledged yet, is
// not echoed, though the ACK has come (RFC 7323 section 4.3: SEG.SEQ <= Last.ACK.sent).
func (v *SenderView) arrived(a *ackSeen, s *segment.Segment, acknowledged segment.Seq) bool {
	age := s.Time.Sub(a.at)
	long := age > 2*v.rttToSender+atEnds
	if a.stamps && s.Options.HasTimestamps {
		switch later := int32(s.Options.TSEcr - a.stamp); {
		case later < 0 && a.seq.After(acknowledged):
			return age >= v.rttToSender && (v.Room() < s.Len || long)
		case later != 0:
			return later > 0
		case a.stamp != v.latest: // one with this stamp had come
			return true
		case v.Room() >= s.Len && !long: // a stamp stands for a millisecond, and many ACKs: no more than were needed
			return false
		}
		if age > 0 && (v.rttToSender == 0 || age < v.rttToSender) {
			v.rttToSender = age
		}
		return true
	}
	if v.recovery == fast && v.hole.filled { // in recovery the window follows what is in flight, and tells nothing
		return age >= v.hole.rtt
	}
	return age >= v.rttToSender && (v.Room() < s.Len || long)
}

// atEnds is how long packets may wait at the ends of their way, beside round trips.
const atEnds = 10 * time.Millisecond

// deliver has the oldest ACK arrive.
func (v *SenderView) deliver() {
	a := v.acks.first()
	v.now = max(v.now, a.at.Add(v.rttToSender/2))
	v.latest = a.stamp
	if v.restsStill(a.ack, int(a.sacks), echoesCE(a.flags)) {
		v.hears(a.edge, v.now)
		v.acks.drop()
	} else {
		v.echo = stamp{a.echo, a.stamps}
		v.Acked(a.ack, v.acks.blocksOfFirst(), a.edge, echoesCE(a.flags), isPure(a.flags, a.data), v.now)
		v.acks.pop()
	}
	if v.arrivedByAge > 0 {
		v.arrivedByAge--
	}
}

// echoesCE reports whether an ACK tells of congestion (RFC 3168 section 6.1.3); in a SYN the flag asks for that.
func echoesCE(f segment.Flags) bool { return f&(segment.ECE|segment.SYN) == segment.ECE }

// isPure reports whether a segment is nothing but an ACK.
func isPure(f segment.Flags, data bool) bool {
	return !data && !f.Has(segment.SYN|segment.FIN|segment.RST)
}

// Ack notes an acknowledgement of the data that data sends; edge is the right edge of the
// window that it offers.
func (v *SenderView) Ack(s *segment.Segment, edge segment.Seq, data *Half, way Way) {
	v.acknowledged(s, edge)
	v.Stalls.acked(s, data, way)
}

func (v *SenderView) acknowledged(s *segment.Segment, edge segment.Seq) {
	v.probe.ack(s)
	if !v.AtReceiver {
		v.echo = stamp{s.Options.TSEcr, s.Options.HasTimestamps}
		v.Acked(s.Ack, s.Options.SACK[:s.Options.SACKBlocks], edge, echoesCE(s.Flags), isPure(s.Flags, s.Len > 0), s.Time)
		return
	}
	if v.acks.n >= maxAcks {
		v.deliver()
	}
	v.hole.told(s)
	a := v.acks.push(s.Options.SACK[:s.Options.SACKBlocks])
	a.seq = s.Seq
	a.ack, a.edge, a.flags, a.data, a.at = s.Ack, edge, s.Flags, s.Len > 0, s.Time
	a.stamp, a.echo, a.stamps = s.Options.TSVal, s.Options.TSEcr, s.Options.HasTimestamps
	if v.acks.bare == v.acks.n-1 {
		v.acks.skipBare()
	}
}

// AssumeAcked takes it that everything before seq has been acknowledged, though no ACK in the
// capture says so.
func (v *SenderView) AssumeAcked(seq segment.Seq) {
	if v.started && v.una.Before(seq) {
		v.assumeAcked(seq)
	}
}

func (v *SenderView) assumeAcked(seq segment.Seq) {
	for v.Acknowledged().Before(seq) && v.acks.n > 0 {
		v.deliver()
	}
	if v.Acknowledged().Before(seq) {
		v.Sender.AssumeAcked(seq)
	}
}

// End has the ACKs arrive that are still on their way: no more segments come.
func (v *SenderView) End() {
	for v.acks.n > 0 {
		v.deliver()
	}
	v.Close()
}

// A vantageProbe finds out where a connection begun midway is captured: a timestamp's echo
// comes back at once at the sender, an ACK at the receiver.
type vantageProbe struct {
	on    bool
	found bool // what remains is to find the shortest echo: the first may have waited for something to send
	n     int  // data segments seen
	stamp uint32
	at    segment.Time  // of the first ACK with stamp
	echo  time.Duration // least time from an ACK to data that echoes it
}

// ack notes the timestamp of an ACK, if none is waited for.
func (p *vantageProbe) ack(s *segment.Segment) {
	if p.on && p.at == 0 && s.Options.HasTimestamps {
		p.stamp, p.at = s.Options.TSVal, s.Time
	}
}

// findVantage notes a data segment, and after some decides where v is captured.
func (v *SenderView) findVantage(s *segment.Segment, rtt *RTT) {
	p := &v.probe
	if p.at != 0 && s.Options.HasTimestamps && int32(s.Options.TSEcr-p.stamp) >= 0 {
		if d := max(1, s.Time.Sub(p.at)); p.echo == 0 || d < p.echo {
			p.echo = d
		}
		p.at = 0
		if p.found && p.echo < v.rttToSender {
			v.rttToSender = p.echo
		}
	}
	if p.found {
		return
	}
	if p.n++; p.n < 16 || p.echo == 0 || rtt.Samples == 0 {
		return
	}
	p.found = true
	if rtt.Min < p.echo && p.echo >= sameMachine {
		v.Again()
		v.AtReceiver, v.rttToSender, v.now = true, p.echo, 0
		v.watchItself()
	}
	p.on = v.AtReceiver
}

// Memory returns how many bytes v takes.
func (v *SenderView) Memory() int {
	return int(unsafe.Sizeof(*v)) + cap(v.acks.ring)*int(unsafe.Sizeof(ackSeen{})) +
		(cap(v.acks.blocks)+cap(v.sacked.list)+cap(v.resent.list)+cap(v.unmarked.list))*int(unsafe.Sizeof(segment.Block{})) +
		cap(v.samples.list)*int(unsafe.Sizeof(Sample{})) + cap(v.bbr.marks)*int(unsafe.Sizeof(bbrMark{}))
}
