package conn

import (
	"cmp"
	"math"
	"time"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Closing is how a connection's end began: by the side of the first FIN, RST or
// close_notify. By is Nobody while it has not.
type Closing struct {
	By    event.Side
	Reset bool
	At    segment.Mark
}

// close follows FIN and RST. A direction ends for the application once its
// stream has reached the FIN, or by a reset once that is concluded.
func (c *Conn) close(s *segment.Segment, own *Half, at segment.Mark) {
	switch peer := &c.half[1-s.Dir]; {
	case c.ended:
		return
	case s.Flags.Has(segment.RST):
		c.resets(s, own, own.BelievesReset(s, &peer.Half), at)
		return
	case c.reset.pending:
		own.noteFIN(s, at)
		return
	case !own.SawFIN && !peer.SawFIN:
		return
	}
	if s.Flags.Has(segment.FIN) {
		c.portRole()
		if c.finUnseen {
			c.refuteFIN(own, s.Seq.Add(s.Len), at)
		}
		c.finUnseen = c.finUnseen && c.closing.By != c.side(s.Dir) // it was, a moment after its acknowledgement
		c.crosses(s, own, at)
		own.noteFIN(s, at)
		// Behind its FIN a side sends nothing: where bytes were read from there on, one of the two is not its own.
		if own.stream.Started() && own.stream.Next().After(s.Seq.Add(s.Len)) && !own.Leapt() {
			own.contradicts(cmp.Or(own.lastBytes, at.Packet), at)
		}
	}
	for _, d := range c.bothSides() {
		h := &c.half[d]
		if !h.SawFIN || h.ended {
			continue
		}
		// Before the bytes that it follows, its receiver takes no FIN (RFC 9293 section 3.10.7.4).
		reached := h.reaches(h.FinSeq) && (h.FinAcked() || !h.passes(h.FinSeq))
		if reached || h.FinAcked() {
			c.closes(c.side(h.dir), false, nil, h.fin)
		}
		if reached {
			h.ended = true
			c.app.Close(int(d), at)
		}
	}
	// A response that is still to be acknowledged may be read yet, by a client that had closed one half.
	if c.half[0].ended && c.half[1].ended && len(c.http.pending) == 0 && c.firstFINHeeded() {
		c.endAt(at)
	}
}

// noteFIN notes where the FIN of h came, if s, which h sends, is that.
func (h *Half) noteFIN(s *segment.Segment, at segment.Mark) {
	if fin := s.Seq.Add(s.Len); s.Flags.Has(segment.FIN) && fin == h.FinSeq && (h.fin.Packet == 0 || h.finSeq != fin) {
		h.fin, h.finSeq, h.finUna, h.early, h.byteAtFIN = at, fin, h.Una, !h.reaches(fin), false
	} else if s.Flags.Has(segment.FIN) && fin == h.FinSeq && h.early && h.Una == fin {
		// Sent again, after its receiver had acknowledged the bytes before it alone: it lacked the first, or that was
		// another's who knew where it would be. While bytes are lacking, their sender sends them again and the FIN, too.
		h.contradicts(h.fin.Packet, at)
	}
}

// firstFINHeeded reports whether the FIN that came first was acknowledged. While it is not, the other one may have
// crossed it, or may not know of it, for it is forged.
func (c *Conn) firstFINHeeded() bool {
	a, b := &c.half[0], &c.half[1]
	if b.fin.Packet < a.fin.Packet {
		a = b
	}
	return a.FinAcked()
}

// missesFIN reports whether s, the latest that the other side has sent, shows that it has not got the FIN of h, though
// that came behind all that h had sent: whatever it sends acknowledges all that it has (RFC 9293 section 3.10.7.4).
// What was on its way when the FIN was captured is there before long, as long as the round trip allows.
func (c *Conn) missesFIN(s *segment.Segment, h *Half) bool {
	if h.fin.Packet == 0 || s.Ack.After(h.FinSeq) || !h.reaches(h.FinSeq) {
		return false
	}
	toServer, toClient := c.shake.RTTs()
	return s.Time.Sub(h.fin.Time) > doubtFor+toServer+toClient
}

// heedsDoubtedFIN takes it that h has sent the FIN that was taken back: the other side acknowledges it after all, and
// h has sent nothing in its place. A queue on the path may take longer than the handshake has shown.
func (h *Half) heedsDoubtedFIN(ack segment.Seq) {
	if h.doubted.Packet != 0 && !h.SawFIN && ack == h.finSeq.Add(1) && h.Nxt == ack && !h.stream.Next().After(h.finSeq) {
		h.RestoreFIN()
		h.fin, h.doubted = h.doubted, segment.Mark{}
	}
}

// lastFIN believes a FIN that bytes are lacking before, where its sender has shown no more than it, and its receiver
// has not shown that it lacks them, too. Where a byte of its sender's has its number, and no more was acknowledged, one of
// the two is another's.
func (c *Conn) lastFIN() {
	toServer, toClient := c.shake.RTTs()
	for _, d := range c.bothSides() {
		h := &c.half[d]
		lacking := c.half[1-d].Latest.Sub(h.fin.Time) > doubtFor+toServer+toClient
		if h.SawFIN && !h.ended && !h.reaches(h.FinSeq) && h.Una == h.finUna && !lacking {
			h.contradicts(h.fin.Packet, h.fin) // or it is another's
			c.closes(c.side(h.dir), false, nil, h.fin)
		}
		if h.byteAtFIN && h.FinAcked() {
			h.contradicts(h.fin.Packet, h.fin)
		}
	}
}

// heedsFIN looks by an acknowledgement whether its sender has got the FIN of the other side.
func (c *Conn) heedsFIN(s *segment.Segment, own, peer *Half) {
	switch {
	case c.ended:
		c.outlivesEnd(s, peer)
	case !peer.SawFIN:
		peer.heedsDoubtedFIN(s.Ack)
	case peer.OutlivesFIN(s.Ack):
		c.outlivesFIN(peer, s.Mark())
	case s.End() == own.edge() && c.missesFIN(s, peer):
		doubted := peer.fin
		c.outlivesFIN(peer, s.Mark())
		peer.doubted = doubted
	}
}

// outlivesFIN takes the FIN of h back, which the other side has not heeded: it acknowledges by s what came
// behind.
func (c *Conn) outlivesFIN(h *Half, at segment.Mark) {
	ended := h.fin
	h.TakeBackFIN()
	h.fin, h.ended = segment.Mark{}, false
	if c.closing.By == c.side(h.dir) && !c.closing.Reset && c.closing.At == ended {
		c.goesOnAfter(at)
	}
}

// outlivesEnd looks whether s shows that the FINs by which c was concluded have ended nothing: it acknowledges what h
// has sent behind its own, which somebody had acknowledged. What was told of the end stays told, and is in doubt.
func (c *Conn) outlivesEnd(s *segment.Segment, h *Half) {
	if h.bytesBehindFIN && h.OutlivesFIN(s.Ack) {
		h.bytesBehindFIN = false // once is enough
		h.contradicts(s.Packet, s.Mark())
		c.emit(&event.Event{Kind: event.ConnResumed, Time: s.Time, Packet: s.Packet})
	}
}

// sharesFIN notes that s, which h sends, has a byte where the FIN of h is, before anybody has acknowledged either; or
// there or behind, after that.
func (h *Half) sharesFIN(s *segment.Segment) {
	if s.Len == 0 || !s.Seq.Add(s.Len).After(h.FinSeq) {
		return
	}
	h.byteAtFIN = h.byteAtFIN || !h.FinAcked() && !s.Seq.After(h.FinSeq)
	h.bytesBehindFIN = h.bytesBehindFIN || h.FinAcked()
}

// movesFIN takes back the FIN of h, which is to be another with a number of its own.
func (c *Conn) movesFIN(h *Half, at segment.Mark) {
	if h.fin.Packet != 0 && h.finSeq != h.FinSeq && !c.ended {
		c.outlivesFIN(h, at)
		h.RestoreFIN()
	}
}

// crosses tells the sink of a FIN of the server's that crosses the client's: it acknowledges nothing of that, so
// the server closed of its own accord. Where the client had said before its FIN that it ends (close_notify,
// GOAWAY), the server may have answered that.
func (c *Conn) crosses(s *segment.Segment, own *Half, at segment.Mark) {
	client := &c.half[c.client]
	if s.Dir == c.client && c.clientFIN == 0 {
		c.clientFIN = at.Packet
	}
	if !c.finsCrossed && c.closing.At.Packet == c.clientFIN && c.closing.By == event.Client && s.Dir != c.client && client.SawFIN &&
		!s.Ack.After(client.FinSeq) && s.Seq.Add(s.Len) == own.FinSeq && own.reaches(own.FinSeq) {
		c.finsCrossed = true
		c.emit(&event.Event{Kind: event.ConnCrossed, Time: at.Time, Packet: at.Packet})
	}
}

// closes notes who ends the connection: the side of the first FIN, RST or
// close_notify; or of HTTP/2's GOAWAY, which said is.
func (c *Conn) closes(by event.Side, reset bool, said *event.GoAway, at segment.Mark) {
	if c.closing.By != event.Nobody {
		return
	}
	if client, bye := c.app.Goodbye(); bye.Packet != 0 {
		by, reset, at = sideOf(client), false, bye
	}
	c.closing = Closing{by, reset, at}
	if c.clientHad = c.half[1-c.client].Una; reset {
		c.clientHad = c.reset.acked
	}
	if by == event.Server && !reset {
		c.http.serverClosed()
	}
	c.http.flushConnect()
	c.emit(&event.Event{Kind: event.ConnClosing, By: by, Reset: reset, GoAway: said, Time: at.Time, Packet: at.Packet,
		FINUnseen: c.finUnseen, Outstanding: by == event.Client && c.http.open > 0})
}

// closesUnseen takes it that h has closed, whose FIN was acknowledged and not captured. A FIN takes one
// number, and where nothing is going on no single byte is told of.
func (c *Conn) closesUnseen(h *Half, at segment.Mark) {
	if c.closing.By == event.Nobody && !c.ended && !c.reset.exists() && c.http.open == 0 && c.http.facts.Count > 0 {
		c.finUnseen = true
		c.closes(c.side(h.dir), false, nil, at)
	}
}

// capturedBehind is how much later than its acknowledgement a segment may be captured.
const capturedBehind = 50 * time.Millisecond

// refuteFIN notes that the number which own's FIN seemed to have is that of what it sends only now, from seq on: it was
// acknowledged before it was sent, and no endpoint does that.
func (c *Conn) refuteFIN(own *Half, seq segment.Seq, at segment.Mark) {
	if c.closing.By == c.side(own.dir) && seq == own.Una.Add(-1) && at.Time.Sub(c.closing.At.Time) > capturedBehind {
		own.contradicts(c.closing.At.Packet, at)
	}
}

// goesOnAfter takes that back: one side goes on, so it was no FIN, or nobody has heeded it.
func (c *Conn) goesOnAfter(at segment.Mark) {
	c.finUnseen, c.closing = false, Closing{}
	c.emit(&event.Event{Kind: event.ConnResumed, Time: at.Time, Packet: at.Packet})
}

// CloseNotify is told of TLS's close_notify.
func (c *Conn) CloseNotify(fromClient bool, at segment.Mark) {
	c.closes(sideOf(fromClient), false, nil, at)
}

func sideOf(client bool) event.Side {
	if client {
		return event.Client
	}
	return event.Server
}

// GiveUp says that c is not followed to its end, and concludes it.
func (c *Conn) GiveUp() {
	c.gaveUp = !c.ended
	c.End()
}

// End concludes c, unless it has ended: no segments come any more.
func (c *Conn) End() {
	c.ConcludeReset()
	c.endAt(c.last)
	c.flushSteps() // the last acknowledgement comes after both have closed
}

// endAt concludes the application's part: no bytes come any more.
func (c *Conn) endAt(at segment.Mark) {
	if c.ended {
		return
	}
	c.lastFIN()
	for _, d := range c.bothSides() {
		h := &c.half[d]
		c.doubtUnacked(h)
		h.stream.Flush(at, h)
		if h.Unconfirmed() {
			h.contradicts(at.Packet, at)
		}
		if packet := h.UndecidedSYNACK(); packet != 0 {
			c.sink.Unacceptable(packet)
		}
	}
	c.portRole()
	// The client first: an answer may need its request's end to be complete.
	for _, d := range [2]segment.Dir{c.client, 1 - c.client} {
		if h := &c.half[d]; !h.ended {
			h.ended = true
			c.app.Close(int(d), at)
		}
	}
	for d := range c.half {
		if v := c.half[d].View; v != nil {
			v.End()
			c.flushSamples(segment.Dir(d))
		}
	}
	c.ended, c.endedAt = true, at
	c.http.conclude(at)
	c.app.Release()
	end := c.sink.Ending()
	*end = c.ending()
	c.concluded = true
	c.emit(&event.Event{Kind: event.ConnEnded, Time: at.Time, Packet: at.Packet, End: end})
}

// doubtUnacked doubts what of h nobody has acknowledged, though it was not sent again, as its sender would have done (RFC
// 6298 section 5): it may be forged. What waits for bytes that never came, its receiver has not read.
func (c *Conn) doubtUnacked(h *Half) {
	peer := &c.half[1-h.dir]
	if peer.Packets == 0 {
		return
	}
	toServer, toClient := c.shake.RTTs()
	while := doubtFor + toServer + toClient
	if waits := h.stream.Waiting(); waits.Packet != 0 && !h.Una.After(h.stream.Next()) {
		if peer.Latest.Sub(waits.Time) > while {
			h.stream.Forget()
		} else {
			h.contradicts(waits.Packet, waits)
		}
	}
	if h.stream.Started() && h.stream.Next().After(h.Una) && h.EndsWithin() && peer.Latest.Sub(h.Newest()) > while {
		h.contradicts(h.lastBytes, c.last)
	}
	u := &h.Unacked
	if u.Len > 0 && u.HeardOnce(toServer+toClient) && !(peer.Window.Known && peer.Window.Offered == 0) {
		h.contradicts(u.First.Packet, u.First)
	}
	if c.isClient(h.dir) && c.http.open > 0 && c.closing.By == event.Nobody && u.Len > 1 && !u.Probe && u.Resends == 0 &&
		c.env.Now.Time.Sub(u.First.Time) > while {
		h.contradicts(u.First.Packet, u.First)
	}
}

// ending returns what is known of c in the end.
func (c *Conn) ending() event.Ending {
	judged, x := c.http.judgedApp(), &c.http
	x.reads()
	fewest, most := judged.Bounds()
	if x.judgesTunnel { // what was asked before is sure
		fewest, most = fewest+int64(x.tunnel.before), most+int64(x.tunnel.before)
	}
	c.settleClientSYN()
	// Where the capture began midway a response may have been that to a request of HEAD, which has no body, unlike
	// what it says: then no message begins where one should.
	if garbled := judged.FinalLayer().Sums().Garbled; garbled != 0 && x.facts.Count > 0 && !c.Midstream() {
		if server := &c.half[1-c.client]; c.Contradicted() == 0 {
			server.inconsistent, c.garbled = garbled, true
		}
	}
	deadAt, _ := c.dead()
	e := event.Ending{
		Dead:       deadAt.Time,
		Refused:    c.Refused(),
		ServerGaps: judged.FinalLayer().Sums().ResponsesHidden && c.half[1-c.client].MissingBytes() > 0,
		Unread:     x.unread(),
		Reads:      event.Reads{Reopened: x.reopened, Stopped: x.stopped},
		MaxOver:    x.facts.Count - fewest,
		MaxUnder:   most - x.facts.Count,
		Declined:   judged.DeclinedHTTP2(),
		Warmth:     c.warmths(),
		Probing:    event.Probing{Probes: x.facts.Probes, FirstProbe: x.facts.FirstProbe.Packet},
		Agent:      judged.FinalLayer().Sums().Agent,
		OldEnds:    x.facts.OldEnds,
		Gaps:       c.half[c.client].MissingBytes() > 0 || c.Unseen(c.client),
		Untimed:    c.untimed,
		Versions:   event.Versions{Inconsistent: c.Contradicted(), Garbled: c.garbled, SYN: c.who.SYN},
		GaveUp:     c.gaveUp,
	}
	e.Holes = c.holes(&e)
	if x.facts.Count == 0 && most == 0 {
		final := judged.FinalLayer()
		e.Spoken, e.NotHTTP = final.Foreign()
		if e.Spoken == "" && final.Protocol() != app.TLS && c.half[c.client].stream.Snapped > 0 {
			e.Snapped, e.NotHTTP = true, false
		}
	}
	return e
}

// Contradicted returns the packet of c's first segment that another contradicts, 0 if there is none.
func (c *Conn) Contradicted() int64 {
	a, b := c.half[0].inconsistent, c.half[1].inconsistent
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// holes returns where the bytes may be that e says are missing.
func (c *Conn) holes(e *event.Ending) (holes event.Holes) {
	client, server := &c.half[c.client], &c.half[1-c.client]
	if e.Gaps {
		holes = client.holes
		if holes.Before == 0 { // nothing came behind it
			holes = event.Holes{After: client.lastBytes, Before: math.MaxInt64}
		}
	}
	if e.ServerGaps {
		holes.Add(server.holes)
	}
	return holes
}

// Abandon emits an end of c that says only that what it carried is not known. It is for a
// connection that has gone wrong.
func (c *Conn) Abandon() {
	if !c.concluded {
		end := c.sink.Ending()
		*end = event.Ending{Gaps: true, GaveUp: true}
		*c.sink.Event() = event.Event{Kind: event.ConnEnded, Time: c.last.Time, Packet: c.last.Packet, End: end}
	}
}
