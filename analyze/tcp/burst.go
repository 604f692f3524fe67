package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A burst is what an ACK let out, or the retransmission timer.
type burst struct {
	on      bool
	rests   bool // nothing is in flight, and ACKs let out nothing: see restsOn
	full    bool // the last segment sent is full
	opening bool // the first ACK of a flight that began from nothing
	wasFull bool // that flight ended with a full segment
	tail    bool // a part segment was sent
	byTimer bool // it was no ACK
	at      segment.Time
	quiet   time.Duration // since something was sent
	window  int           // before the ACK
	before  int           // pipe before it
	acked   int
	grown   int // window the ACK has made of slow start
	sent    int
	first   segment.Time // of what was sent
	tailAt  segment.Time
}

// clocked reports whether just what slow start makes room for followed the ACK at once,
// after a time in which nothing was sent: data had been waiting for it.
func (b *burst) clocked() bool {
	return b.quiet > 2*prompt && b.sent >= b.acked && b.sent <= 2*b.acked && b.first.Sub(b.at) <= prompt
}

// finishBurst reads off what the latest ACK let out until now, when something else comes and p is in flight.
func (s *Sender) finishBurst(now segment.Time, p int) {
	b := &s.burst
	if !b.on {
		return
	}
	b.on, b.rests = false, false
	room, peer, deferred := s.cwnd-p, s.peerIsFull() || s.peerBinds(p), s.deferred()
	if b.sent > 0 {
		// At the receiver not all that was in flight shows.
		used := s.AtReceiver && !s.spreads() || room <= deferred
		s.validate(b.full && !b.tail && !peer && used, p)
	}
	if b.sent > 0 && s.showsLossWindow(b, b.first) {
		s.timedOutBefore(b)
	}
	switch {
	case s.recovery == fast:
		s.slowed(p)
	case peer && (p > 0 || s.limit == Receiver && s.peerIsFull()):
		s.limit = Receiver
		s.weaken()
	case (b.sent > b.acked+b.grown+deferred || s.hadRoom(b)) && !b.opening &&
		s.recovery == open && !s.isPaced() && !s.isSpaced():
		// More than the ACK made room for: there was room before, and something has
		// only now been written. If an ACK brought that about, it made room in the send
		// buffer.
		if s.limit = Application; b.first.Sub(b.at) <= 2*prompt && s.Message != Complete {
			s.limit, s.buffered = SendBuffer, !s.AtReceiver
		}
		s.weaken()
	case b.sent > 0 && b.full && !b.tail:
		s.limit = Congestion
		if b.opening && b.before > 0 && (b.wasFull || !s.AtReceiver && b.clocked()) {
			s.settleStart(b)
			room = s.cwnd - p
		}
		s.observe(p, room, b, now.Sub(s.lastSend))
	case b.sent > 0, p == 0, !s.lastFull && room >= s.MSS,
		room > max(3*s.MSS, s.cwnd/3) && !s.isPaced() && !s.isSpaced(): // it had room, and nothing to send
		if s.limit != SendBuffer && !(s.buffered && s.Message == UnderWay) || p == 0 || s.Message == Complete {
			s.limit = Application
		} else {
			s.limit = SendBuffer
		}
		s.weaken()
		if b.opening {
			s.startAtLeast(b)
		}
	default: // no room, nothing sent: a window that is full stays so
	}
	s.vanished = 0
	if s.idle.on {
		s.concludeIdle()
	}
	if b.opening && s.Marked.N == s.Start.N {
		s.Marked = s.Start
	}
	s.Sums.Max = max(s.Sums.Max, s.cwnd)
	if !b.byTimer {
		s.Sums.By[s.limit]++
	}
	if s.sink != nil {
		s.tell(b.at)
	}
	if b.tail && s.sink != nil && s.limit == Application {
		s.sink.Window(b.tailAt, s.Estimate(), s)
	}
	if s.cwnd > s.initial {
		s.lost = false
	}
}

// deferred is how much room a sender may leave in its window, to send more at once (Linux's tcp_tso_should_defer).
func (s *Sender) deferred() int { return max(3*s.MSS, min(s.cwnd/3, maxDefer)) }

// hadRoom reports whether what an ACK let out was not kept by the window: there was more room than a sender leaves,
// more of the message was to come, and nothing was sent until an ACK brought out more than a window makes room for.
// A full send buffer does so, once a third of it is free (Linux's sk_stream_write_space).
func (s *Sender) hadRoom(b *burst) bool {
	return !s.AtReceiver && s.Message == UnderWay && b.quiet > 2*prompt && b.sent > 2*b.acked+3*s.MSS &&
		b.window-b.before > s.deferred() && b.first.Sub(b.at) <= 2*prompt
}

// peerIsFull reports whether the window that the peer offers has no room for a full segment.
func (s *Sender) peerIsFull() bool { return s.hasEdge && s.edge.Sub(s.nxt) < s.MSS }

// peerBinds reports whether, with p in flight, the window that the peer offers is what keeps the
// sender: it has less room than its own, and so little that a sender may wait for more (a third of
// the window; Linux's tcp_tso_should_defer).
func (s *Sender) peerBinds(p int) bool {
	if !s.hasEdge {
		return false
	}
	room := s.edge.Sub(s.nxt)
	return room < s.cwnd-p && room < min(s.edge.Sub(s.una), s.cwnd)/3
}

// validate notes, after something was sent, whether the window was what stopped it.
// That holds for a whole window, also while nothing more is sent (Linux's
// tcp_cwnd_validate).
func (s *Sender) validate(full bool, out int) {
	if !s.una.Before(s.cwndUsageSeq) || full || !s.limited && out > s.maxOut {
		s.limited, s.maxOut, s.cwndUsageSeq = full, out, s.nxt
	}
}

// observe takes p, in flight after a burst with data waiting and a silence since, for the window.
func (s *Sender) observe(p, room int, b *burst, silent time.Duration) {
	seen := s.whole(p)
	if s.AtReceiver {
		s.moves(seen)
	}
	if s.isPaced() {
		s.goesByClock()
		s.basis = min(s.basis, Inferred)
		return
	}
	if s.byModel { // of BBR, which it is not
		s.byModel = false
		if s.cwnd = max(seen, s.MSS); s.episodes > 0 {
			s.ssthresh = s.cwnd
		}
		s.basis = min(s.basis, Inferred)
		return
	}
	if s.isSpaced() && !s.pace.over(silent) { // its clock would have sent more
		s.basis = min(s.basis, Inferred)
		return
	}
	if !s.AtReceiver && (room >= s.cwnd/2 || s.buffered && seen < s.proven-max(3*s.MSS, s.proven/10)) {
		// No window shrinks so without a loss: there was no more to send, or no room for it in the send buffer.
		if s.limit = Application; s.buffered && s.Message == UnderWay {
			s.limit = SendBuffer
		}
		s.weaken()
		return
	}
	// A sender waits for more to send at once (Linux's tcp_tso_should_defer): a
	// little room means nothing. More says that slow start is over: the window has
	// not grown with every ACK.
	if s.cwnd < s.ssthresh && room <= max(3*s.MSS, s.cwnd/10) {
		s.shown(seen)
		return
	}
	if s.cwnd < s.ssthresh && s.recovery == open {
		if s.AtReceiver && s.spreads() { // nor has its clock let out all of it
			s.basis = min(s.basis, Inferred)
			return
		}
		s.suspect(b.at, seen, false)
	}
	if s.flat && seen > s.flatAt+s.MSS {
		s.flat = false
	}
	if s.cwnd = max(seen, s.MSS); s.flat && s.Sums.Rounds-s.flatRounds > 16 {
		s.basis, s.limit = Inferred, SendBuffer
	} else {
		s.shown(seen)
	}
}

// shown says that the window was seen, with so much in flight.
func (s *Sender) shown(flight int) {
	if s.guessed {
		s.basis = Inferred
		return
	}
	s.basis, s.seen = Observed, min(flight, s.cwnd)
	s.proven = max(s.proven, s.seen)
	if !s.flat {
		s.most, s.supposed = s.cwnd, 0
	}
}

// settleStart learns from the first flight of a start, after which the sender had
// more to send: it was the window.
func (s *Sender) settleStart(b *burst) {
	if !s.AtReceiver && b.sent > 2*b.acked { // no window makes so much room: the send buffer had ended the flight
		s.startAtLeast(b)
		return
	}
	if b.quiet <= 2*s.Start.gap { // its clock had not sent the next yet (nothing changes from one to four times)
		s.startAtLeast(b)
		return
	}
	if s.vanished > 0 {
		seen := *b
		seen.before -= min(seen.before, s.vanished)
		s.startAtLeast(&seen)
		return
	}
	w, was := s.whole(b.before), b.window
	if s.Start.doubt && w <= was*5/8 { // an idle restart it was
		s.idle = idle{on: true, at: s.Start.at, was: was, after: w, most: w}
		s.Start.Restarted = true
	}
	if left := s.Start.left; left > 0 && w < was && w <= left+left/8 { // BBR loses nothing: it only is paced, too
		s.idle = idle{on: true, at: s.Start.at, was: was, after: w, most: w}
		s.Start.Restarted = true
		s.ssthresh = max(s.ssthresh, was/4*3/s.MSS*s.MSS)
	}
	if s.recovery == open && !s.idle.on && s.Start.Basis != Assumed && was > w && was-w <= max(3*s.MSS, w/10) {
		w = was // a little of it was kept back, to send more at once; not of what a timeout leaves
	}
	if s.Start.N == 1 && s.Start.Basis == Assumed {
		s.initial, s.initFull = w, true
		if s.sink != nil {
			s.sink.Event(b.at, "initial-window", w, 0, s)
		}
	}
	s.Start.Low, s.Start.Best, s.Start.High, s.Start.Basis = w, w, w, Observed
	if s.guessed && s.Start.N > 1 { // where the flight ended, too
		s.Start.High, s.Start.Basis = max(w, s.most), Inferred
		if s.Start.sure > 0 {
			s.Start.Low = min(w, s.whole(s.Start.sure))
		}
	}
	if b.sent > 2*b.acked { // or the ACK brought them out with others, which does not show at the receiver
		s.Start.High, s.Start.Basis = max(s.Start.High, s.pipe()-b.grown), Inferred
	}
	s.Start.Grown = w > s.initial
	s.most, s.supposed, s.seen = w+b.grown, 0, w+b.grown
	switch {
	case !s.idle.on:
	case s.idle.refuted(w): // it did not restart
		s.Start.Restarted, s.keeps = false, true
	default:
		s.restarts = true
	}
	s.cwnd = w + b.grown
}

// startAtLeast learns from a first flight that ended for want of data.
func (s *Sender) startAtLeast(b *burst) {
	w := s.whole(b.before)
	if s.Start.N == 1 && s.Start.Basis == Assumed {
		s.initial = max(s.initial, w)
		if s.sink != nil {
			s.sink.Event(b.at, "initial-window", 0, w, s)
		}
	}
	switch {
	case s.idle.refuted(w):
		s.Start.Low, s.Start.Best = w, max(w, s.Start.High)
		s.Start.High = s.Start.Best
		s.Start.Restarted = false
	case w > s.Start.Best: // more than thought
		s.Start.Low, s.Start.Best, s.Start.High = w, max(w, s.cwnd-b.grown), max(w, s.most)
		if s.Start.Basis == Assumed {
			s.Start.High = largestInitial * w
		}
	}
	s.Start.Low, s.Start.High = max(s.Start.Low, min(w, s.Start.Best)), max(s.Start.High, s.Start.Best)
	s.Start.Grown = s.Start.Best > s.initial
}
