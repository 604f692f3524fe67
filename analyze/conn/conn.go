package conn

import (
	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/stream"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A Conn is one TCP connection as an observer sees it. It is fed by one goroutine with its
// segments in capture order, ready with Reset, and concluded with End.
type Conn struct {
	half [2]Half // by Dir

	// What every segment needs lies together (see tcp.Half).
	client    segment.Dir // valid if roleBasis is not ""
	opened    bool        // the sink has been told
	ended     bool        // both directions have ended, or one was reset
	concluded bool        // the sink has been told of the end
	roleBasis string      // syn, syn-ack, payload, port
	env       *Env
	sink      Sink
	last      segment.Mark
	shake     tcp.Handshake
	history   history
	app       app.Layer
	http      httpTracker // its transactions

	id      *Identity
	budget  *Budget
	endedAt segment.Mark
	closing Closing

	proxiedClient segment.Addr       // whom its client says it speaks for, which is a proxy; zero: said nothing
	views         [2]*tcp.SenderView // by Dir: for its halves, or those of a connection before
}

// An Identity is what a connection is known by. It is written by the goroutine that feeds
// the connection, and outlives that: what is emitted may point here, and nowhere else. Client,
// Midstream, SYN and Who.SYN are final once Sink.Opened was called, the rest of Who with the
// first request, Ending with the last event.
type Identity struct {
	Key       segment.Key
	First     segment.Mark
	Client    segment.Dir
	Midstream bool           // of the client no SYN was seen when it was told apart
	SYN       SYNFingerprint // of the first SYN
	Who       event.Who
	Ending    event.Ending
}

// A SYNFingerprint is what of a SYN stays the same behind an address translator: its
// initial sequence number (RFC 9293 section 3.4.1) and its timestamp (RFC 7323 section
// 5.4). TSVal is 0 where it had none.
type SYNFingerprint struct {
	ISN   segment.Seq
	TSVal uint32
}

// A Sink takes what happens on one connection.
type Sink interface {
	// Opened comes when it is known who the client is, and with it the connection's
	// Identity but for Who.Hello, Who.For and Ending.
	Opened()
	// Event returns room for an event, all of which the caller fills: it is large, and
	// written in place.
	Event() *event.Event
	// Unacceptable comes with the packet of a segment that cannot be the connection's.
	Unacceptable(packet int64)
	// Samples takes how the window of the side that sends in direction d has grown. The
	// list is the sink's.
	Samples(d segment.Dir, list []tcp.Sample)
}

// An Env is what the connections of one goroutine have in common.
type Env struct {
	Now         segment.Mark // of the segment that is taken, or of the capture's end
	Readers     app.Readers
	KeepTargets bool // transactions are kept, and with them targets
	KeepSamples bool // Sink.Samples is wanted
	OneClient   bool // whatever the wire shows, an address is one client's
}

// A Budget bounds the transactions kept by connections that have not ended.
type Budget struct{ Kept, Most int }

// A Half is one direction of a Conn. It is the sink of its own stream.
type Half struct {
	stream stream.Stream
	View   *tcp.SenderView // of the data it sends, nil before there is any
	tcp.Half
	ResentAt int64 // packet of the first resend

	conn  *Conn
	dir   segment.Dir
	ended bool // the application knows that no more bytes come
}

// A State says how far a connection has got.
type State uint8

// The states.
const (
	Open      State = iota
	Closed          // both directions have ended, and acknowledgements may still come
	FinsAcked       // both FINs are acknowledged: nothing more is expected
	Reset           // by a RST, which may be forged
)

// Reset readies c, which may have served before, for the connection that s begins. What it
// learns of itself goes to id and to sink; it keeps transactions as budget allows.
func (c *Conn) Reset(s *segment.Segment, env *Env, id *Identity, sink Sink, budget *Budget) {
	// Keep what has grown. A Conn is large: it is cleared, never copied.
	a, b, views := c.half[0].Space(), c.half[1].Space(), c.views
	letters, waiting, records := c.history.letters[:0], c.http.pending[:0], c.http.records[:0]
	*c = Conn{}
	c.half[0].Reuse(a)
	c.half[1].Reuse(b)
	c.views = views
	if waiting == nil {
		waiting = c.http.room[:0]
	}
	c.history.letters, c.http.pending, c.http.records = letters, waiting, records
	*id = Identity{Key: s.Key, First: s.Mark()}
	c.env, c.id, c.sink, c.budget, c.last = env, id, sink, budget, s.Mark()
	for d := range c.half {
		c.half[d].conn, c.half[d].dir = c, segment.Dir(d)
	}
	c.http.conn = c
	c.app.Begin(&c.http, c, &env.Readers, env.KeepTargets)
}

// Segment takes the next segment of c. The order is fixed: sequence, state,
// acknowledgement, data, close. The close comes last because a FIN's segment may
// carry data (Zeek has learned the same).
func (c *Conn) Segment(s *segment.Segment) {
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
			c.http.windowUpdate(at.Time, peer, s.Ack.After(peer.Una))
		}
		peer.Acked(s.Ack, s.Time)
		c.keepUp(peer, own, at)
		peer.stream.Acked(peer.streamEnd(s.Ack), at, peer)
	}
	if s.Flags.Has(segment.ACK) && peer.Reaches(s.Ack) { // a reset's too: what it acknowledges had arrived
		c.http.acknowledged(s.Dir, s.Ack)
	}
	fresh := s.Len
	c.http.spoke(s, kind)
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
func (c *Conn) acceptable(s *segment.Segment, own, peer *Half) bool {
	contested, lost := own.Contested(s)
	if counts, other := peer.SettleSYN(s); counts != nil {
		c.shake.SYNACK = counts.Mark()
	} else if other != 0 {
		lost = other
	}
	if lost != 0 {
		c.sink.Unacceptable(lost)
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
		c.sink.Unacceptable(s.Packet)
		return false
	}
	return true
}

// keepUp takes it that what lies more than the largest window behind SND.NXT has arrived
// and has been acknowledged, though the capture lacks it: else more would be on its way
// than a window permits. So all numbers kept of a half stay comparable.
func (c *Conn) keepUp(h, peer *Half, at segment.Mark) {
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
	if h.View != nil {
		h.View.Passed(floor)
	}
}

// data puts the payload of s in order and returns how much of it was new.
func (c *Conn) data(s *segment.Segment, own *Half, at segment.Mark) int {
	seq := s.Seq
	if s.Flags.Has(segment.SYN) {
		seq = seq.Add(1)
		c.shake.SYNData = true
	}
	if !own.stream.Started() {
		own.start(seq)
	}
	fresh := own.stream.Add(seq, s.Len, s.Payload, at, own)
	own.Fresh(s.Len, fresh, s.Time, &c.half[1-s.Dir].Half)
	if own.ResentAt == 0 && own.ResentSegments > 0 {
		own.ResentAt = at.Packet
	}
	return fresh
}

// start tells the stream where it begins: after the SYN if that was seen, else
// with the first bytes captured, and then the application must find its way.
func (h *Half) start(seq segment.Seq) {
	if h.SawSYN {
		h.stream.Start(h.ISN.Add(1))
		return
	}
	h.stream.Start(seq)
	h.conn.app.Midstream(int(h.dir))
}

// MissingBytes returns how many bytes of h the capture lacks, as far as that shows.
func (h *Half) MissingBytes() int64 {
	if h.Packets == 0 {
		return h.Unseen
	}
	return h.stream.Missing
}

// streamEnd returns ack as a number of the stream: a FIN takes one but is no byte.
func (h *Half) streamEnd(ack segment.Seq) segment.Seq {
	if h.SawFIN && ack == h.FinSeq.Add(1) {
		return h.FinSeq
	}
	return ack
}

// Bytes hands on what the stream gives.
func (h *Half) Bytes(b []byte, at segment.Mark) {
	if !h.conn.ended {
		h.conn.app.Bytes(int(h.dir), b, at)
	}
}

// Gap says that n bytes are missing here.
func (h *Half) Gap(n int64, at segment.Mark) {
	if !h.conn.ended {
		h.conn.app.Gap(int(h.dir), n, at)
	}
}

// Unseen reports whether the capture has nothing of what was sent in direction d,
// although there was something: the other side has acknowledged it, or could not have
// sent data without its answer to a SYN.
func (c *Conn) Unseen(d segment.Dir) bool {
	h, peer := &c.half[d], &c.half[1-d]
	return h.Packets == 0 && (h.Unseen > 0 || peer.SawSYN && peer.PayloadBytes > 0 && !c.shake.SYNData)
}

// setupRoundTrips returns how many round trips it took from the SYN until the client could
// send its first request.
func (c *Conn) setupRoundTrips() int32 {
	n := 1
	if c.shake.SYNData { // fast open (RFC 7413)
		n = 0
	}
	if c.http.judgesTunnel { // CONNECT's
		n++
	}
	if s := c.http.judgedApp().TLSInfo(); s != nil {
		n += s.RoundTrips()
	}
	return int32(n)
}

// emit tells the sink of e.
func (c *Conn) emit(e *event.Event) {
	to := c.sink.Event()
	*to = *e
	to.ClockOffset = c.shake.ClientClockOffset()
	a, b := c.shake.RTTs()
	to.RTT = a + b
}

// What follows is what c has come to. It is asked for once c has ended, and before it
// serves again.

// Identity returns what c is known by.
func (c *Conn) Identity() *Identity { return c.id }

// Client returns the direction in which the client sends.
func (c *Conn) Client() segment.Dir { return c.client }

// RoleBasis says how the client was told: syn, syn-ack, payload or port.
func (c *Conn) RoleBasis() string { return c.roleBasis }

// Half returns direction d.
func (c *Conn) Half(d segment.Dir) *Half { return &c.half[d] }

// Handshake returns the segments that opened c.
func (c *Conn) Handshake() *tcp.Handshake { return &c.shake }

// Last returns when and where the latest segment of c was.
func (c *Conn) Last() segment.Mark { return c.last }

// EndedAt returns when and where c has ended.
func (c *Conn) EndedAt() segment.Mark { return c.endedAt }

// ClientKnown reports whether the sink was told who the client is.
func (c *Conn) ClientKnown() bool { return c.opened }

// History returns c's life in letters; see history.
func (c *Conn) History() string { return string(c.history.letters) }

// Closing returns how c's end began.
func (c *Conn) Closing() *Closing { return &c.closing }

// App returns what was spoken on c.
func (c *Conn) App() *app.Layer { return &c.app }

// ProxiedClient returns whom the client, a proxy, has said that it speaks for; zero if it
// has said nothing.
func (c *Conn) ProxiedClient() segment.Addr { return c.proxiedClient }

// Overflows returns how many holes were given up because too much waited behind them.
func (c *Conn) Overflows() int64 {
	return c.half[0].stream.Overflows() + c.half[1].stream.Overflows()
}

// State returns how far c has got.
func (c *Conn) State() State {
	switch {
	case !c.ended:
		return Open
	case c.half[0].SawRST || c.half[1].SawRST:
		return Reset
	case c.half[0].FinAcked() && c.half[1].FinAcked():
		return FinsAcked
	}
	return Closed
}

// Warmths counts the transactions that are judged by what they found the window like, as
// far as they are kept.
func (c *Conn) warmths() (w event.Warmths) {
	midstream := !c.half[c.client].SawSYN
	for i := range *c.http.judgedRecords() {
		r := &(*c.http.judgedRecords())[i]
		if r.Ignored {
			continue
		}
		switch r.Warmth(midstream) {
		case transaction.Cold:
			w.Cold++
		case transaction.Warm:
			w.Warm++
		case transaction.Cooled:
			w.Cooled++
		}
	}
	return w
}
