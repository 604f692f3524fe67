package conn

import (
	"time"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/stream"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Conn is one TCP connection as an observer sees it. It is fed by one goroutine with its
// segments in capture order, ready with Reset, and concluded with End.
type Conn struct {
	half [2]Half // by Dir

	// What every segment needs lies together (see tcp.Half).
	client segment.Dir // valid if roleBasis is not ""
	first  segment.Dir // of its first segment
	progress
	roleBasis string // syn, syn-ack, payload, port
	env       *Env
	sink      Sink
	last      segment.Mark
	shake     tcp.Handshake
	history   history
	app       app.Layer
	http      httpTracker // its transactions

	id        *Identity
	budget    *Budget
	endedAt   segment.Mark
	closing   Closing
	clientHad segment.Seq // what of the server's the client had acknowledged when it closed
	reset     pendingReset

	clientShown
	room
}

// What a Conn has shown of its client.
type clientShown struct {
	proxiedClient segment.Addr // whom that says it speaks for, as it is a proxy; zero: it said nothing
	who           event.Who
	synCopies     synCopies
}

// The room of a Conn is what it has grown for itself, or for a connection before.
type room struct {
	views [2]*tcp.SenderView // by Dir: for its halves
	syns  []markedSYN        // its first segments, as far as they are half-open's: see HalfOpen
	steps *tcp.Steps         // of its time-sequence graphs; nil: nobody wants to see them
}

// The progress of a Conn.
type progress struct {
	opened      bool  // the sink has been told
	ended       bool  // both directions have ended, or one was reset
	untimed     bool  // the times of some of its segments are others'
	gaveUp      bool  // it was given up while it was open
	concluded   bool  // the sink has been told of the end
	finsCrossed bool  // the server has closed, before it knew that the client had
	clientFIN   int64 // packet of the client's first FIN, 0: there was none
	finUnseen   bool  // the one that closed did so by a FIN that was not captured
	garbled     bool  // nothing else contradicts what was read than that it is no HTTP message where one should begin
}

// Reset readies c, which may have served before, for the connection that s begins. Its content is
// read by readers. What it learns of itself goes to id and to sink; it keeps transactions as budget
// allows.
func (c *Conn) Reset(s *segment.Segment, env *Env, readers *app.Readers, id *Identity, sink Sink, budget *Budget) {
	// Keep what has grown. A Conn is large: it is cleared, never copied.
	a, b, views, held, syns, steps := c.half[0].Space(), c.half[1].Space(), c.views, c.reset.held[:0], c.syns[:0], c.steps
	letters, waiting, records := c.history.letters[:0], c.http.pending[:0], c.http.records[:0]
	*c = Conn{}
	c.half[0].Reuse(a)
	c.half[1].Reuse(b)
	c.views, c.reset.held, c.syns = views, held, syns
	c.steps = readySteps(steps, env.KeepSteps)
	if waiting == nil {
		waiting = c.http.room[:0]
	}
	c.history.letters, c.http.pending, c.http.records = letters, waiting, records
	*id = Identity{Key: s.Key, First: s.Mark()}
	c.first = s.Dir
	c.env, c.id, c.sink, c.budget, c.last = env, id, sink, budget, s.Mark()
	for d := range c.half {
		c.half[d].conn, c.half[d].dir = c, segment.Dir(d)
	}
	c.http.conn = c
	c.app.Begin(&c.http, c, readers, env.KeepTargets)
}

// mostQuiet is for how long a connection may be quiet: after more than a year a clock was set, or captures were
// joined, and how long it idled is not known. The reader of the capture counts such steps by the same measure.
const mostQuiet = 366 * 24 * time.Hour

// Segment takes the next segment of c. The order is fixed: sequence, state,
// acknowledgement, data, close. The close comes last because a FIN's segment may
// carry data (Zeek has learned the same).
func (c *Conn) Segment(s *segment.Segment) {
	own, peer := &c.half[s.Dir], &c.half[1-s.Dir]
	at := s.Mark()
	if !c.acceptable(s, own, peer) {
		own.Packets++ // it was captured all the same
		return
	}
	c.untimed = c.untimed || s.Untimed || s.Time.Sub(c.last.Time) > mostQuiet
	c.last = at
	if c.denies(s, own, peer) {
		own.contradicts(s.Packet, at)
	}
	kind := own.Sent(s, own.HasWindowScale && peer.HasWindowScale, peer.MSS)
	own.Probed(s, &peer.Half)
	if own.SawFIN {
		c.movesFIN(own, at)
		own.sharesFIN(s)
	}
	if s.Flags.Has(segment.SYN) || c.synCopies.other.Packet != 0 && kind != tcp.Duplicate {
		c.noteClientSYN(s)
	}
	if kind == tcp.Duplicate {
		if s.Len > 1 { // a forged one may look the same but for what it carries
			own.stream.Compare(s.FirstByte(), s.Payload, at, own)
		}
		return
	}
	c.handshake(s, at)
	if own.stream.HoldsSYN() && !s.Flags.Has(segment.SYN|segment.RST) {
		c.goesOnFromSYN(s, own)
	}
	c.keepUp(own, peer, at)
	c.window(s, own, peer, kind)
	if s.Flags.Has(segment.ACK) && !s.Flags.Has(segment.RST) {
		c.acked(s, own, peer, at)
	}
	c.afterReset(s, own, at)
	if s.Flags.Has(segment.ACK) && peer.Reaches(s.Ack) { // a reset's too: what it acknowledges had arrived
		c.http.acknowledged(s.Dir, s.Ack)
	}
	fresh := s.Len
	c.http.spoke(s, kind)
	if s.Len > 0 && kind != tcp.KeepAlive && !s.Flags.Has(segment.RST) {
		fresh = c.data(s, own, at)
		if own.View != nil {
			own.View.Message = c.http.message(s.Dir)
		}
	}
	// Against a closed window the same segment asks for room (RFC 9293 section
	// 3.8.6.1): somebody waits, nobody is idle.
	if kind == tcp.KeepAlive && !(peer.Window.Known && peer.Window.Offered == 0) {
		c.http.probed()
	}
	own.stream.Tick(at, own)
	if c.isClient(s.Dir) && (!own.stream.Lacks() || s.Len == 0 && !own.stream.Expects(s.Seq)) {
		peer.stream.Resume(peer)
	}
	c.history.add(s, own, c.isClient(s.Dir), fresh)
	if c.steps != nil {
		c.noteStep(s, own, peer, kind)
	}
	if s.Flags&(segment.FIN|segment.RST) != 0 || own.SawFIN || peer.SawFIN {
		c.close(s, own, at)
	}
}

// denies reports whether s, which own sends, shows that what was captured of own before is not all its own, or that s is
// not.
func (c *Conn) denies(s *segment.Segment, own, peer *Half) bool {
	read := own.stream.Started() && s.Seq.Before(own.stream.Next())
	return own.Unsays(s, stream.Grace) && !c.finUnseen || // else refuteFIN tells
		own.Outdated(s) || read && own.Denies(s, &peer.Half, capturedBehind)
}

// window tells c's estimators of a segment. The order matters: an ACK opens the
// window that the data behind it uses.
func (c *Conn) window(s *segment.Segment, own, peer *Half, kind tcp.Kind) {
	if s.Flags.Has(segment.RST) {
		return
	}
	if v := peer.View; v != nil && s.Flags.Has(segment.ACK) && own.Window.Known {
		v.Ack(s, s.Ack.Add(own.Window.Offered), &peer.Half, c.way(1-s.Dir))
	}
	if s.Len == 0 || kind != tcp.Ordinary || s.Flags.Has(segment.SYN) {
		return // what a SYN carries has no window to fill
	}
	if own.View == nil {
		if !c.app.KeepsTargets() && !c.env.KeepSamples {
			return // nobody will see it
		}
		own.View = c.watch(s.Dir)
	}
	own.View.Data(s, &own.Half, &peer.Half, c.http.part(s.Dir, own.View.Stalls.Rested(s.Time)), c.way(s.Dir))
	if len(own.View.Samples()) >= MaxSamples {
		c.flushSamples(s.Dir)
	}
}

// acked notes what s, which own has sent, acknowledges of peer's data, and how far own's window reaches now.
func (c *Conn) acked(s *segment.Segment, own, peer *Half, at segment.Mark) {
	if own.Window.MovedAt == at.Packet && c.isClient(s.Dir) {
		c.http.windowUpdate(at.Time, peer, s.Ack.After(peer.Una))
	}
	peer.Acked(s.Ack, s.Time)
	peer.Confirms(s)
	peer.Echoed(s)
	if peer.SawFIN || peer.doubted.Packet != 0 {
		c.heedsFIN(s, own, peer)
	}
	c.keepUp(peer, own, at)
	switch {
	case !peer.stream.Started():
		peer.startUnseen()
	case peer.stream.HoldsSYN():
		c.confirmSYN(peer, s.Ack)
	}
	if peer.FINUnseen() {
		c.closesUnseen(peer, at)
	} else if peer.mayLackFIN(s.Ack) {
		peer.contradicts(at.Packet, at)
	}
	peer.stream.Acked(peer.streamEnd(s.Ack), at, peer)
}

// afterReset looks whether s shows that a reset before it has ended nothing.
func (c *Conn) afterReset(s *segment.Segment, own *Half, at segment.Mark) {
	switch {
	case !c.ended && c.reset.pending:
		c.goesOn(s, own, at)
	case c.ended && !c.reset.pending && c.outlivesReset(s):
		c.reset = pendingReset{} // once is enough
		c.emit(&event.Event{Kind: event.ConnResumed, Time: at.Time, Packet: at.Packet})
	}
}

// acceptable reports whether s belongs to c; what does not is counted. A SYN-ACK with
// another number than the first waits until the client acknowledges it.
func (c *Conn) acceptable(s *segment.Segment, own, peer *Half) bool {
	second, lost := own.IsSecondSYNACK(s)
	if counts, other := peer.ChooseSYNACK(s); counts != nil {
		c.shake.SYNACK = counts.Mark()
		peer.restart()
	} else if other != 0 {
		lost = other
	}
	if lost != 0 {
		c.sink.Unacceptable(lost)
	}
	if second {
		return false
	}
	if peer.AcksJump(s, &own.Half) {
		for peer.Nxt != s.Ack {
			peer.FollowJump(s.Ack, s.Time)
			c.keepUp(peer, own, s.Mark())
		}
	}
	if !own.Acceptable(s, &peer.Half) || c.lateSYN(s, own) || own.Challenges(s, &peer.Half) || !c.ended && c.endsNothing(s, own, peer) {
		c.sink.Unacceptable(s.Packet)
		if own.HasOneByteAt(s) && !own.Copy(s) {
			own.contradicts(s.Packet, s.Mark())
		}
		return false
	}
	return true
}

// endsNothing reports whether s is a RST or a FIN that its receiver does not take.
func (c *Conn) endsNothing(s *segment.Segment, own, peer *Half) bool {
	switch {
	case s.Flags.Has(segment.RST):
		return own.BelievesReset(s, &peer.Half) == tcp.Ignored
	case s.Flags.Has(segment.FIN):
		return !own.TakesFIN(s, &peer.Half)
	}
	return false
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
		h.AssumeAcked(floor)
		c.http.acknowledged(peer.dir, floor)
	}
	peer.Window.AssumeAcked(floor)
	if !h.stream.Started() && h.SawSYN && h.ISN.Before(floor) {
		h.start(floor)
	}
	h.stream.AssumeAcked(floor, at, h)
	if h.View != nil {
		h.View.AssumeAcked(floor)
	}
}

// data puts the payload of s in order and returns how much of it was new.
func (c *Conn) data(s *segment.Segment, own *Half, at segment.Mark) int {
	seq := s.FirstByte()
	if s.Flags.Has(segment.SYN) {
		if !c.holdSYN(s, own) {
			return 0
		}
	}
	if !own.stream.Started() {
		own.start(seq)
	}
	if c.finUnseen {
		c.refuteFIN(own, seq, at)
		c.goesOnAfter(at)
	}
	payload := s.Payload
	if s.Len == 1 && seq == own.Una.Add(-1) && seq.Before(own.stream.Next()) {
		payload = nil // a probe's, which may be any (RFC 9293 section 3.8.4)
	}
	c.inOrder(s.Dir, seq, own)
	fresh := own.stream.Add(seq, s.Len, payload, at, own)
	own.Fresh(s.Len, fresh, s.Time, &c.half[1-s.Dir].Half)
	if own.stream.HoldsSYN() && c.half[1-s.Dir].Packets > 0 && c.shake.SYNACK.Packet != 0 && c.isClient(s.Dir) {
		c.confirmSYN(own, own.Una) // the answer was captured first
	}
	if own.ResentAt == 0 && own.ResentSegments > 0 {
		own.ResentAt = at.Packet
	}
	return fresh
}

// inOrder is called before a side's bytes from seq on are read. It has what the server sends wait for what it answers,
// where that is captured behind it: bytes of the client's that it acknowledges and that have not come. It waits no
// longer than those may still come, which the client's next segment tells if that is behind them.
func (c *Conn) inOrder(dir segment.Dir, seq segment.Seq, own *Half) {
	peer := &c.half[1-dir]
	switch {
	case c.isClient(dir):
		if peer.stream.Paused() && !own.stream.Expects(seq) {
			peer.stream.Resume(peer)
		}
	case peer.stream.Lacks():
		own.stream.Pause()
	default:
		own.stream.Resume(own)
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
	n := 1 + c.http.targetRoundTrips
	if c.shake.SYNDataTaken { // fast open (RFC 7413)
		n--
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

// A Half is one direction of a Conn. It is the sink of its own stream.
type Half struct {
	stream stream.Stream
	View   *tcp.SenderView // of the data it sends, nil before there is any
	tcp.Half
	ResentAt int64 // packet of the first resend

	holes     event.Holes // in the bytes that the capture has of it
	lastBytes int64       // packet of the latest bytes handed on

	latest       uint64 // the latest piece of what was read of it that is kept: see recent
	inconsistent int64  // packet of the first segment that others contradict, 0: none

	fin       segment.Mark // its FIN, packet 0: none
	finSeq    segment.Seq
	finUna    segment.Seq // what had been acknowledged then
	early     bool        // it came before the bytes that it follows
	byteAtFIN bool        // a byte came with its number
	// Bytes came with its number or behind, though it was acknowledged.
	bytesBehindFIN bool
	doubted        segment.Mark // a FIN of finSeq that was taken back because it seemed not to have come, packet 0: none

	conn  *Conn
	dir   segment.Dir
	ended bool // the application knows that no more bytes come
}

// start tells the stream where it begins: after the SYN if that was seen, else
// with the first bytes captured, and then the application must find its way.
func (h *Half) start(seq segment.Seq) {
	if h.SawSYN {
		h.stream.Start(h.ISN.Add(1))
		return
	}
	if first, ok := h.firstUnseen(seq); ok {
		seq = first
	}
	h.stream.Start(seq)
	h.conn.app.Midstream(int(h.dir))
}

// restart has the stream begin anew: the SYN of h that counts has another number than the first.
func (h *Half) restart() {
	if h.stream.HoldsSYN() {
		h.stream.Confirm(h.stream.Next(), h)
		h.stream.Start(h.ISN.Add(1))
	}
}

// startUnseen tells the stream where it begins if the peer has acknowledged bytes, of which the capture
// has none: they are missing. One byte is nobody's message: that is a FIN which was not captured.
func (h *Half) startUnseen() {
	if h.SawSYN && h.streamEnd(h.Una).Sub(h.ISN) > 2 {
		h.stream.Start(h.ISN.Add(1))
	}
}

// firstUnseen returns the first number of what the peer had acknowledged before seq, where h's first captured
// bytes begin, and ok if the capture lacks it: the connection was opened in it, but the SYN of h lacks as well.
func (h *Half) firstUnseen(seq segment.Seq) (first segment.Seq, ok bool) {
	if !h.conn.half[1-h.dir].SawSYN || h.Unseen <= 1 || h.Unseen > tcp.MaxWindow {
		return seq, false
	}
	first = h.Una.Add(-int(h.Unseen))
	return first, first.Before(seq)
}

// reaches reports whether nothing lacks of h before seq: where no bytes of it have come, those would begin behind its SYN.
func (h *Half) reaches(seq segment.Seq) bool {
	if h.stream.Started() {
		return !h.stream.Next().Before(seq)
	}
	return !h.SawSYN || !seq.After(h.ISN.Add(1)) || !seq.After(h.Una)
}

// passes reports whether bytes of h have come from seq on: a FIN there is none that its receiver takes.
func (h *Half) passes(seq segment.Seq) bool { return h.stream.Started() && h.stream.Next().After(seq) }

// mayLackFIN reports whether ack acknowledges one number more than all that has come of h without a hole, though h seems to
// have sent more: what lies behind the hole may be forged, and the one may be that of a FIN which was not captured.
func (h *Half) mayLackFIN(ack segment.Seq) bool {
	return h.stream.Started() && h.Nxt.After(ack) && ack == h.stream.Next().Add(1) && h.Una == ack && !(h.SawFIN && h.FinAcked())
}

// edge returns what lies behind all that has come of h without a hole. What lies behind one may be forged, and moves
// SND.NXT all the same.
func (h *Half) edge() segment.Seq {
	seq := h.Nxt
	switch {
	case h.stream.Started():
		seq = h.stream.Next()
	case h.SawSYN:
		seq = h.ISN.Add(1)
		if h.Una.After(seq) {
			seq = h.Una
		}
	}
	if h.SawFIN && h.FinSeq == seq {
		return seq.Add(1)
	}
	return seq
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
	h.lastBytes = at.Packet
	h.keep(b, at)
	switch c := h.conn; {
	case c.ended:
	case c.reset.pending:
		c.reset.keep(h.dir, b, at)
	default:
		c.app.Bytes(int(h.dir), b, at)
	}
}

// keep keeps what of b, the next bytes, is more than content, for the case that it comes again.
func (h *Half) keep(b []byte, at segment.Mark) {
	c := h.conn
	if c.ended {
		return
	}
	skip := c.app.Content(int(h.dir))
	if c.reset.pending {
		skip = 0 // what is held back before it has not been read
	}
	if n := int64(len(b)); skip < n {
		h.latest = c.budget.recent.keep(h.latest, h.stream.Offset()-n+skip, b[skip:], at.Packet)
	}
}

// Again takes bytes that have come before.
func (h *Half) Again(b []byte, back int, at segment.Mark) {
	if h.latest == 0 {
		return
	}
	if first := h.conn.budget.recent.differs(h.latest, h.stream.Offset()-int64(back), b); first != 0 {
		h.contradicts(first, at)
	}
}

// Differs says that bytes which wait for others differ from what the segment at has.
func (h *Half) Differs(first, at segment.Mark) { h.contradicts(first.Packet, at) }

// contradicts notes a segment with other bytes than the one of packet first has at the same sequence numbers. Which
// of the two the receiver has taken is not known, nor whatever was read behind them.
func (h *Half) contradicts(first int64, at segment.Mark) {
	h.conn.sink.Inconsistent(at.Packet)
	if h.inconsistent == 0 || first < h.inconsistent {
		h.inconsistent = first
	}
}

// Gap says that n bytes are missing here.
func (h *Half) Gap(n int64, at segment.Mark) {
	h.holes.Add(event.Holes{After: h.lastBytes, Before: at.Packet})
	switch c := h.conn; {
	case c.ended:
	case c.reset.pending:
		c.reset.keepGap(h.dir, n, at)
	default:
		c.app.Gap(int(h.dir), n, at)
	}
}
