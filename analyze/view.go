package analyze

import (
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A view is one direction's data and its acknowledgements in the order in which
// their sender saw them. Captured there it is the capture's order. Captured at the
// receiver, an ACK took half a round trip to get to the sender, and a segment about
// as long to come: which ACKs had arrived when a segment was sent, its timestamp
// echo says (RFC 7323 section 3); without timestamps, one round trip does.
type view struct {
	tcp.Sender
	pace   pace
	remote bool          // captured at the receiver
	acks   ackQueue      // not yet at the sender
	trip   time.Duration // round trip from the capture point to the sender and back
	latest uint32        // stamp of the latest to arrive
	ripe   int           // of acks, how many may have arrived: a round trip is over
	now    segment.Time  // the sender's
	vague  vague         // where no handshake tells the vantage
	series *series       // nil: nobody wants it
	lines  []seriesLine
}

// An ackSeen is an acknowledgement on its way to the sender.
type ackSeen struct {
	ack    segment.Seq
	edge   segment.Seq
	blocks [4]segment.Block
	n      uint8
	ece    bool
	pure   bool
	stamp  uint32
	stamps bool
	at     segment.Time
}

// An ackQueue holds ACKs in the order they come. What has gone is moved over only when
// it is half of the list.
type ackQueue struct {
	list []ackSeen
	gone int
}

func (q *ackQueue) waiting() []ackSeen { return q.list[q.gone:] }

func (q *ackQueue) pop() {
	if q.gone++; 2*q.gone >= len(q.list) {
		q.list, q.gone = q.list[:copy(q.list, q.list[q.gone:])], 0
	}
}

// maxAcks bounds the ACKs on their way; the oldest are taken to have arrived.
const maxAcks = 4096

// watch begins the view of direction d with its first data.
func (c *conn) watch(d segment.Dir) *view {
	own, peer := &c.half[d], &c.half[1-d]
	mss := 1460
	if peer.HasMSS && peer.MSS > 0 {
		mss = peer.MSS
		if own.HasMSS && own.MSS > 0 {
			mss = min(mss, own.MSS)
		}
	}
	if own.Timestamps && peer.Timestamps {
		mss -= 12 // RFC 7323 appendix A
	}
	v := c.spare[d]
	if v == nil {
		v = new(view)
		c.spare[d] = v
	}
	*v = view{Sender: v.Sender, acks: ackQueue{list: v.acks.list[:0]}, series: c.out.series}
	offered := -1
	if c.scalesKnown() {
		offered = max(peer.Window.Most, peer.Window.Offered)
	}
	v.Reset(mss, offered)
	if v.series != nil {
		v.Sender.Watch(v)
	}
	toServer, toClient := c.gaps()
	near, far := toServer, toClient
	if d == c.client {
		near, far = toClient, toServer
	}
	v.vague.on = near == 0 && far == 0
	v.remote = near > far && near+far >= sameMachine // else an ACK arrives when it is seen
	v.Remote = v.remote
	if v.remote && !(own.Timestamps && peer.Timestamps) {
		v.NoDelays()
	}
	v.trip = near
	v.Handshake(max(near, far))
	return v
}

// scalesKnown reports whether the SYNs say how windows are scaled (RFC 7323 section 2.2):
// both have been seen, or one that does without.
func (c *conn) scalesKnown() bool {
	a, b := &c.half[0], &c.half[1]
	return a.SawSYN && b.SawSYN || a.SawSYN && !a.HasWindowScale || b.SawSYN && !b.HasWindowScale
}

// data notes payload sent in this direction.
func (v *view) data(s *segment.Segment) {
	if !v.remote {
		v.Sent(s.Seq, s.Len, s.Time)
		return
	}
	v.vanished(s)
	for len(v.acks.waiting()) > 0 && v.arrived(&v.acks.waiting()[0], s) {
		v.deliver()
	}
	if acks := v.acks.waiting(); !s.Options.HasTimestamps {
		for v.ripe < len(acks) && s.Time.Sub(acks[v.ripe].at) >= v.trip {
			v.ripe++
		}
		if v.ripe > 0 {
			v.Perhaps(acks[v.ripe-1].ack)
		}
	}
	if v.Estimate().Flight == 0 { // no ACK has brought it out; else it came at once, whatever kept it on its way
		v.now = max(v.now, s.Time.Add(-v.trip/2))
	}
	v.Sent(s.Seq, s.Len, v.now)
}

// vanished notes segments before s that were lost on their way here. An ACK lets out
// twice what it acknowledges at most: the rest of them was sent before the ACKs that
// had arrived when s was.
func (v *view) vanished(s *segment.Segment) {
	lost := s.Seq.Sub(v.Next())
	if !v.Started() || lost <= 0 || !s.Options.HasTimestamps {
		return
	}
	acked, latest := 0, v.latest
	acks := v.acks.waiting()
	for i := range acks {
		a := &acks[i]
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

// arrived reports whether an ACK had come to the sender when it sent s.
func (v *view) arrived(a *ackSeen, s *segment.Segment) bool {
	age := s.Time.Sub(a.at)
	long := age > 2*v.trip+atEnds
	if a.stamps && s.Options.HasTimestamps {
		switch later := int32(s.Options.TSEcr - a.stamp); {
		case later != 0:
			return later > 0
		case a.stamp != v.latest: // one with this stamp had come
			return true
		case v.Room() >= s.Len && !long: // a stamp stands for a millisecond, and many ACKs: no more than were needed
			return false
		}
		if age > 0 && (v.trip == 0 || age < v.trip) {
			v.trip = age
		}
		return true
	}
	return age >= v.trip && (v.Room() < s.Len || long)
}

// atEnds is how long packets may wait at the ends of their way, beside round trips.
const atEnds = 10 * time.Millisecond

// vague finds out where a connection begun midway is captured: an echo comes back at
// once at the sender, an ACK at the receiver.
type vague struct {
	on    bool
	n     int // data segments seen
	stamp uint32
	at    segment.Time  // of the first ACK with stamp
	echo  time.Duration // least time from an ACK to data that echoes it
}

// look notes a data segment, and after some decides.
func (v *view) look(s *segment.Segment, rtt *tcp.RTT) {
	g := &v.vague
	if g.at != 0 && s.Options.HasTimestamps && int32(s.Options.TSEcr-g.stamp) >= 0 {
		if d := max(1, s.Time.Sub(g.at)); g.echo == 0 || d < g.echo {
			g.echo = d
		}
		g.at = 0
	}
	if g.n++; g.n < 16 || g.echo == 0 || rtt.Samples == 0 {
		return
	}
	g.on = false
	if rtt.Min < g.echo && g.echo >= sameMachine {
		v.Again()
		v.Remote, v.remote, v.trip, v.now = true, true, g.echo, 0
		if v.series != nil {
			v.Sender.Watch(v)
		}
	}
}

// deliver has the oldest ACK arrive.
func (v *view) deliver() {
	a := &v.acks.waiting()[0]
	v.now = max(v.now, a.at.Add(v.trip/2))
	v.Acked(a.ack, a.blocks[:a.n], a.edge, a.ece, a.pure, v.now)
	v.latest = a.stamp
	v.acks.pop()
	v.ripe = max(0, v.ripe-1)
}

// ack notes an acknowledgement of this direction's data; edge is the right edge of
// the window it offers.
func (v *view) ack(s *segment.Segment, edge segment.Seq) {
	if g := &v.vague; g.on && g.at == 0 && s.Options.HasTimestamps {
		g.stamp, g.at = s.Options.TSVal, s.Time
	}
	ece := s.Flags.Has(segment.ECE) && !s.Flags.Has(segment.SYN)
	pure := s.Len == 0 && !s.Flags.Has(segment.SYN|segment.FIN|segment.RST)
	if !v.remote {
		v.Acked(s.Ack, s.Options.SACK[:s.Options.SACKBlocks], edge, ece, pure, s.Time)
		return
	}
	if len(v.acks.waiting()) >= maxAcks {
		v.deliver()
	}
	v.acks.list = append(v.acks.list, ackSeen{ack: s.Ack, edge: edge, blocks: s.Options.SACK, n: s.Options.SACKBlocks, ece: ece, pure: pure,
		stamp: s.Options.TSVal, stamps: s.Options.HasTimestamps, at: s.Time})
}

// passed takes it that everything before seq has been acknowledged: see keepUp of conn.
func (v *view) passed(seq segment.Seq) {
	if !v.Started() {
		return
	}
	for v.Acknowledged().Before(seq) && len(v.acks.waiting()) > 0 {
		v.deliver()
	}
	if v.Acknowledged().Before(seq) {
		v.Passed(seq)
	}
}

// end has the last ACKs arrive.
func (v *view) end() {
	for len(v.acks.waiting()) > 0 {
		v.deliver()
	}
	v.Close()
}

// window tells c's estimators of a segment. The order matters: an ACK opens the
// window that the data behind it uses.
func (c *conn) window(s *segment.Segment, own, peer *half, kind tcp.Kind) {
	if s.Flags.Has(segment.RST) {
		return
	}
	if v := peer.view; v != nil && s.Flags.Has(segment.ACK) && own.Window.Known {
		v.ack(s, s.Ack.Add(own.Window.Offered))
		away, _ := c.away(1 - s.Dir)
		v.pace.acked(s, peer, away)
	}
	if s.Len == 0 || kind != tcp.Ordinary {
		return
	}
	if own.view == nil {
		if !c.app.texts && c.out.series == nil {
			return // nobody will see it
		}
		own.view = c.watch(s.Dir)
	}
	if own.view.vague.on {
		own.view.look(s, &own.RTT)
	}
	away, rtt := c.away(s.Dir)
	own.view.pace.data(s, own, &peer.Window, c.http.going(s.Dir), away, rtt)
	own.view.data(s)
	if len(own.view.lines) >= maxLines {
		c.out.hand(c, s.Dir)
	}
}
