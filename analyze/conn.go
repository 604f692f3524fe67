package analyze

import (
	"sync"
	"time"

	"tcpwarm/analyze/app/proxy"
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

// closing is how a connection's end began.
type closing struct {
	by    pool.Side
	reset bool
	at    segment.Mark
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
	c.last = at
	kind := own.Sent(s, own.HasWindowScale && peer.HasWindowScale, peer.MSS)
	if kind == tcp.Duplicate {
		return
	}
	c.handshake(s, at)
	c.window(s, own, peer, kind)
	if s.Flags.Has(segment.ACK) && !s.Flags.Has(segment.RST) {
		if own.Window.MovedAt == at.Packet && c.isClient(s.Dir) {
			c.http.widened(at.Time, peer, s.Ack.After(peer.Una))
		}
		peer.Acked(s.Ack, s.Time)
		peer.stream.Acked(peer.data(s.Ack), at, peer)
	}
	if s.Flags.Has(segment.ACK) { // a reset's too: what it acknowledges had arrived
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
	if h.SawFIN && ack.After(h.FinSeq) {
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

// handshake notes the three segments that open a connection, and by them who
// the client is: SYN, then SYN-ACK.
func (c *conn) handshake(s *segment.Segment, at segment.Mark) {
	syn, ack := s.Flags.Has(segment.SYN), s.Flags.Has(segment.ACK)
	switch {
	case syn && !ack:
		if c.roleBasis == "" || c.roleBasis == "syn-ack" && c.client == s.Dir {
			c.client, c.roleBasis = s.Dir, "syn"
			if !c.opened { // then the collector reads it
				c.ticket.syn1 = synPrint{s.Seq, s.Options.TSVal}
				if !c.out.together {
					c.ticket.who.SYN = machine(s)
				}
			}
		}
		if c.client == s.Dir && (c.synAck.Packet == 0 || c.syn.Packet == 0) {
			c.synAgain = c.syn.Packet != 0
			c.syn = at // a resent one starts the clock anew: the answer is its
		}
	case syn:
		if c.roleBasis == "" {
			c.client, c.roleBasis = 1-s.Dir, "syn-ack"
		}
		if c.synAck.Packet == 0 && c.client != s.Dir {
			c.synAck = at
		}
	case ack && c.synAck.Packet != 0 && c.ack.Packet == 0 && c.isClient(s.Dir) && !s.Flags.Has(segment.RST):
		c.ack = at
	}
	if !c.opened && c.roleBasis != "" && !(syn && ack) { // the SYN may yet come: captured later, though sent before
		c.open()
	}
}

// machine returns what syn shows of the machine that sent it.
func machine(syn *segment.Segment) pool.SYN {
	o := &syn.Options
	return pool.SYN{Known: true, TTL: syn.TTL, SACK: o.SACKPermitted, Timestamps: o.HasTimestamps}
}

// payloadRole is told by the application who the client is. A handshake, where
// seen, knows better.
func (c *conn) payloadRole(clientIsB bool) {
	if c.roleBasis == "" {
		c.client, c.roleBasis = segment.AtoB, "payload"
		if clientIsB {
			c.client = segment.BtoA
		}
	}
	if !c.opened {
		c.open()
	}
}

// proxied is told of a header of the PROXY protocol in direction dir: whom the proxy
// speaks for, which is the client here. A server sends none.
func (c *conn) proxied(dir int, h proxy.Header) bool {
	c.payloadRole(dir == int(segment.BtoA))
	if dir != int(c.client) {
		return false
	}
	c.speaksFor = c.key.Sender(c.client).Addr
	if h.Known {
		c.speaksFor = c.out.spares.redactor().Addr(h.Source)
	}
	if !c.out.together {
		c.ticket.who.For = c.speaksFor
	}
	return true
}

// clientIsB tells who the client is.
func (c *conn) clientIsB() bool {
	c.portRole()
	return c.client == segment.BtoA
}

// portRole guesses the client when nothing else tells: the lower port serves. Then nothing
// is waited for.
func (c *conn) portRole() {
	if c.roleBasis == "" {
		c.client, c.roleBasis = segment.AtoB, "port"
		if c.key.A.Port < c.key.B.Port {
			c.client = segment.BtoA
		}
	}
	if !c.opened {
		c.open()
	}
}

func (c *conn) open() {
	c.opened = true
	c.ticket.client, c.ticket.midway = c.client, !c.half[c.client].SawSYN
	c.ward = c.out.ward(c.key.Sender(c.client).Addr)
	c.out.birth(c)
	c.out.event(c).open = true
}

func (c *conn) isClient(d segment.Dir) bool { return c.roleBasis != "" && d == c.client }

func (c *conn) side(d segment.Dir) pool.Side {
	if d == c.client {
		return pool.Client
	}
	return pool.Server
}

// close follows FIN and RST. A direction ends for the application once its
// stream has reached the FIN, or at once by a reset.
func (c *conn) close(s *segment.Segment, own *half, at segment.Mark) {
	if c.over || !s.Flags.Has(segment.FIN|segment.RST) && !own.SawFIN && !c.half[1-s.Dir].SawFIN {
		return
	}
	if s.Flags.Has(segment.FIN | segment.RST) {
		c.portRole()
		c.closes(c.side(s.Dir), s.Flags.Has(segment.RST), at)
	}
	if s.Flags.Has(segment.RST) {
		c.end(at)
		return
	}
	for d := range c.half {
		if h := &c.half[d]; h.SawFIN && !h.ended && (!h.stream.Started() || !h.stream.Next().Before(h.FinSeq)) {
			h.ended = true
			c.app.close(d, at)
		}
	}
	if c.half[0].ended && c.half[1].ended {
		c.end(at)
	}
}

// closes notes who ends the connection: the side of the first FIN, RST or
// close_notify.
func (c *conn) closes(by pool.Side, reset bool, at segment.Mark) {
	if c.closing.by != pool.Nobody {
		return
	}
	if s := c.app.secure; s != nil {
		if client, bye := s.goodbye(); bye.Packet != 0 {
			by, reset, at = speaker(client), false, bye
		}
	}
	c.closing = closing{by, reset, at}
	if by == pool.Server && !reset {
		c.http.crossed()
	}
	c.http.alone()
	c.emit(&pool.Event{Kind: pool.ConnClosing, By: by, Reset: reset, Waiting: by == pool.Client && c.http.open > 0, Time: at.Time, Packet: at.Packet})
}

// closeNotify is told of TLS's close_notify.
func (c *conn) closeNotify(fromClient bool, at segment.Mark) {
	c.closes(speaker(fromClient), false, at)
}

func speaker(client bool) pool.Side {
	if client {
		return pool.Client
	}
	return pool.Server
}

// end concludes the application's part: no bytes come any more.
func (c *conn) end(at segment.Mark) {
	if c.over {
		return
	}
	for d := range c.half {
		h := &c.half[d]
		h.stream.Flush(at, h)
	}
	c.portRole()
	// The client first: an answer may need its request's end to be complete.
	for _, d := range [2]segment.Dir{c.client, 1 - c.client} {
		if h := &c.half[d]; !h.ended {
			h.ended = true
			c.app.close(int(d), at)
		}
	}
	for d := range c.half {
		if v := c.half[d].view; v != nil {
			v.end()
			c.out.hand(c, segment.Dir(d))
		}
	}
	c.over, c.overAt = true, at
	c.http.conclude(at)
	c.app.release()
	carrier := c.http.carrier()
	fewest, most := carrier.bounds()
	if c.http.inside { // what was asked before is sure
		fewest, most = fewest+int64(c.http.tunnel.before), most+int64(c.http.tunnel.before)
	}
	c.ticket.ending = pool.Ending{Refused: c.refused(), Unread: c.http.unread(), Fewer: c.http.facts.count - fewest, More: most - c.http.facts.count,
		Declined: carrier.declined(), Warmth: c.warmths(), Probes: c.http.facts.probes, Probe: c.http.facts.firstProbe.Packet, Gaps: c.half[c.client].missing() > 0 || c.unseen(c.client)}
	c.emit(&pool.Event{Kind: pool.ConnEnded, Time: at.Time, Packet: at.Packet, End: &c.ticket.ending})
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
	if !s.Flags.Has(segment.SYN) {
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
