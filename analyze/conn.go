package analyze

import (
	"sync"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/stream"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A conn is one TCP connection as an observer sees it. Its worker owns it.
type conn struct {
	half [2]half // by Dir

	// What every segment needs lies together (see tcp.Half).
	client           segment.Dir // valid if roleBasis is not ""
	synAgain         bool        // the client has sent its SYN again
	synData          bool        // fast open: the SYN carried data (RFC 7413)
	opened           bool        // the pool has been told
	ward             int         // of its client, valid if opened
	over             bool        // both directions have ended, or one was reset
	roleBasis        string      // syn, syn-ack, payload, port
	out              *outbox     // where its events go
	last             segment.Mark
	syn, synAck, ack segment.Mark // the handshake's, where Packet is not 0
	place                         // where it waits once it has ended
	history          history
	app              app
	http             exchange // its transactions

	key     segment.Key
	hash    uint64
	first   segment.Mark
	ticket  *ticket
	overAt  segment.Mark
	closing closing

	speaksFor segment.Addr // whom its client says it speaks for, which is a proxy; zero: said nothing
	spare     [2]*view     // by Dir: for its halves' views, or those of a connection before
}

// A half is one direction of a conn. It is the sink of its own stream.
type half struct {
	stream stream.Stream
	view   *view // of the data it sends, nil before there is any
	tcp.Half
	conn     *conn
	dir      segment.Dir
	resentAt int64 // packet of the first resend
	ended    bool  // the application knows that no more bytes come
}

// spareConns are connections that their workers are done with.
var spareConns sync.Pool

func newConn(s *segment.Segment, hash uint64, out *outbox) *conn {
	c, _ := spareConns.Get().(*conn)
	if c == nil {
		c = new(conn)
	}
	// Keep what has grown. A conn is large: it is cleared, never copied.
	a, b, views := c.half[0].Space(), c.half[1].Space(), c.spare
	letters, waiting, records := c.history.letters[:0], c.http.pending[:0], c.http.records[:0]
	*c = conn{}
	c.half[0].Reuse(a)
	c.half[1].Reuse(b)
	c.spare = views
	if waiting == nil {
		waiting = c.http.room[:0]
	}
	c.history.letters, c.http.pending, c.http.records = letters, waiting, records
	c.out, c.key, c.hash = out, s.Key, hash
	c.first, c.last, c.ticket = s.Mark(), s.Mark(), newTicket(s)
	for d := range c.half {
		c.half[d].conn, c.half[d].dir = c, segment.Dir(d)
	}
	c.http.conn = c
	c.app.to, c.app.owner, c.app.texts, c.app.spares = &c.http, c, !out.full, &out.spares
	return c
}

// segment takes the next segment of c. The order is fixed: sequence, state,
// acknowledgement, data, close. The close comes last because a FIN's segment may
// carry data (Zeek has learned the same).
func (c *conn) segment(s *segment.Segment) {
	own, peer := &c.half[s.Dir], &c.half[1-s.Dir]
	at := s.Mark()
	if !c.acceptable(s, own, peer) {
		return
	}
	c.last = at
	kind := own.Sent(s, own.HasWindowScale && peer.HasWindowScale, peer.MSS)
	if kind == tcp.Duplicate {
		return
	}
	c.handshake(s, at)
	c.keepUp(own, peer, at)
	c.window(s, own, peer, kind)
	if s.Flags.Has(segment.ACK) && !s.Flags.Has(segment.RST) {
		if own.Window.MovedAt == at.Packet && c.isClient(s.Dir) {
			c.http.widened(at.Time, peer, s.Ack.After(peer.Una))
		}
		peer.Acked(s.Ack, s.Time)
		c.keepUp(peer, own, at)
		peer.stream.Acked(peer.data(s.Ack), at, peer)
	}
	if s.Flags.Has(segment.ACK) && peer.Reaches(s.Ack) { // a reset's too: what it acknowledges had arrived
		c.http.acknowledged(s.Dir, s.Ack)
	}
	fresh := s.Len
	if s.Len > 0 && kind != tcp.KeepAlive && !s.Flags.Has(segment.RST) {
		fresh = c.data(s, own, at)
	}
	// Against a closed window the same segment asks for room (RFC 9293 section
	// 3.8.6.1): somebody waits, nobody is idle.
	if kind == tcp.KeepAlive && !(peer.Window.Known && peer.Window.Offered == 0) {
		c.http.probed()
	}
	own.stream.Tick(at, own)
	c.history.add(s, own, c.isClient(s.Dir), fresh)
	c.close(s, own, at)
}

// acceptable reports whether s belongs to c; what does not is counted. A SYN-ACK with
// another number than the first waits until the client acknowledges it.
func (c *conn) acceptable(s *segment.Segment, own, peer *half) bool {
	contested, lost := own.Contested(s)
	if counts, other := peer.SettleSYN(s); counts != nil {
		c.synAck = counts.Mark()
	} else if other != 0 {
		lost = other
	}
	if lost != 0 {
		c.out.unacceptable.note(lost)
	}
	if contested {
		return false
	}
	if peer.Away(s) {
		for peer.Nxt != s.Ack {
			peer.Skip(s.Ack, s.Time)
			c.keepUp(peer, own, s.Mark())
		}
	}
	if !own.Acceptable(s, &peer.Half) {
		c.out.unacceptable.note(s.Packet)
		return false
	}
	return true
}

// keepUp takes it that what lies more than the largest window behind SND.NXT has arrived
// and has been acknowledged, though the capture lacks it: else more would be on its way
// than a window permits. So all numbers kept of a half stay comparable.
func (c *conn) keepUp(h, peer *half, at segment.Mark) {
	if !h.Started {
		return
	}
	floor := h.Floor()
	if h.Una.Before(floor) {
		h.Passed(floor)
		c.http.acknowledged(peer.dir, floor)
	}
	peer.Window.Passed(floor)
	if !h.stream.Started() && h.SawSYN && h.ISN.Before(floor) {
		h.start(floor)
	}
	h.stream.Passed(floor, at, h)
	if h.view != nil {
		h.view.passed(floor)
	}
}

// data puts the payload of s in order and returns how much of it was new.
func (c *conn) data(s *segment.Segment, own *half, at segment.Mark) int {
	seq := s.Seq
	if s.Flags.Has(segment.SYN) {
		seq = seq.Add(1)
		c.synData = true
	}
	if !own.stream.Started() {
		own.start(seq)
	}
	fresh := own.stream.Add(seq, s.Len, s.Payload, at, own)
	own.Fresh(s.Len, fresh, s.Time, &c.half[1-s.Dir].Half)
	if own.resentAt == 0 && own.ResentSegments > 0 {
		own.resentAt = at.Packet
	}
	return fresh
}

// start tells the stream where it begins: after the SYN if that was seen, else
// with the first bytes captured, and then the application must find its way.
func (h *half) start(seq segment.Seq) {
	if h.SawSYN {
		h.stream.Start(h.ISN.Add(1))
		return
	}
	h.stream.Start(seq)
	h.conn.app.midway(int(h.dir))
}

// missing returns how many bytes of h the capture lacks, as far as that shows.
func (h *half) missing() int64 {
	if h.Packets == 0 {
		return h.Unseen
	}
	return h.stream.Missing
}

// data returns ack as a number of the stream: a FIN takes one but is no byte.
func (h *half) data(ack segment.Seq) segment.Seq {
	if h.SawFIN && ack == h.FinSeq.Add(1) {
		return h.FinSeq
	}
	return ack
}

// Bytes and Gap hand on what the stream gives.
func (h *half) Bytes(b []byte, at segment.Mark) {
	if !h.conn.over {
		h.conn.app.bytes(int(h.dir), b, at)
	}
}

// Gap says that n bytes are missing here.
func (h *half) Gap(n int64, at segment.Mark) {
	if !h.conn.over {
		h.conn.app.gap(int(h.dir), n, at)
	}
}

// refused reports an attempt that the server never took: answered by RST, or
// not at all.
func (c *conn) refused() bool {
	server := &c.half[1-c.client]
	return c.syn.Packet != 0 && c.synAck.Packet == 0 && server.PayloadBytes == 0
}

// unseen reports whether the capture has nothing of what was sent in direction d,
// although there was something: the other side has acknowledged it, or could not have
// sent data without its answer to a SYN.
func (c *conn) unseen(d segment.Dir) bool {
	h, peer := &c.half[d], &c.half[1-d]
	return h.Packets == 0 && (h.Unseen > 0 || peer.SawSYN && peer.PayloadBytes > 0 && !c.synData)
}

// superseded reports whether s begins another connection with the same four
// numbers. A SYN sent again is not one.
func (c *conn) superseded(s *segment.Segment) bool {
	h := &c.half[s.Dir]
	if !s.Flags.Has(segment.SYN) || s.Flags.Has(segment.RST) {
		return false
	}
	if h.Copy(s) {
		return false
	}
	again := h.SawSYN && h.ISN == s.Seq
	if s.Flags.Has(segment.ACK) {
		return c.over && !again && h.SawSYN
	}
	switch {
	case again && c.synAck.Packet != 0:
		return false // come late: no other connection would begin with the same number
	case h.SawSYN && !again:
		return true
	case !h.SawSYN && c.roleBasis == "syn-ack" && c.client == s.Dir && h.Una == s.Seq.Add(1):
		return false // the SYN-ACK was captured first
	case !h.SawSYN && c.roleBasis == "syn":
		return c.over // split handshake or simultaneous open (RFC 9293 section 3.5)
	case !h.SawSYN:
		return true
	}
	return c.over
}

// shift is how far the client's clock is from the capture: half the time from
// SYN-ACK to ACK. Within one machine it is nothing.
func (c *conn) shift() time.Duration {
	toServer, toClient := c.gaps()
	if toServer+toClient < sameMachine || toClient < toServer/8 {
		return 0
	}
	return toClient / 2
}

// sameMachine: a handshake faster than this never left the machine.
const sameMachine = 200 * time.Microsecond

// gaps returns the handshake's two gaps: from capture to server and back, and
// from capture to client and back. 0 where not seen.
func (c *conn) gaps() (toServer, toClient time.Duration) {
	if c.syn.Packet != 0 && c.synAck.Packet != 0 {
		toServer = max(0, c.synAck.Time.Sub(c.syn.Time))
	}
	if c.synAck.Packet != 0 && c.ack.Packet != 0 {
		toClient = max(0, c.ack.Time.Sub(c.synAck.Time))
	}
	return toServer, toClient
}

// trips returns how many round trips it took from the SYN until the client could
// send its first request.
func (c *conn) trips() int32 {
	n := 1
	if c.synData { // fast open (RFC 7413)
		n = 0
	}
	if c.http.inside { // CONNECT's
		n++
	}
	if s := c.http.carrier().secure; s != nil {
		n += s.Info().RoundTrips()
	}
	return int32(n)
}

// emit tells the pools of e.
func (c *conn) emit(e *pool.Event) {
	to := &c.out.event(c).pool
	*to = *e
	to.Shift = c.shift()
	a, b := c.gaps()
	to.RTT = a + b
}
