package tcp

import (
	"tcpwarm/capture/segment"
)

// recovery is what a sender is doing about a loss.
type recovery uint8

const (
	open recovery = iota
	fast          // fast recovery (RFC 6675), or after an ECN echo (RFC 3168)
	timeout
)

// A credit is what proportional rate reduction goes by (RFC 6937 section 3): bytes
// delivered and sent in an episode, and delivered since something was sent.
type credit struct{ delivered, sent, unused int }

// again notes data sent again.
func (s *Sender) again(seq, end segment.Seq, at segment.Time) {
	s.out.markResent(seq, end)
	quiet := at.Sub(max(s.lastAck, s.lastSend))
	switch {
	case s.recovery != timeout && quiet > s.rto()*9/10 && !seq.After(s.una),
		s.recovery == timeout && quiet > s.rto() && !seq.After(s.una) && s.resent.covers(seq):
		s.recovered()
		s.reduce(timeout, "timeout", at)
	case s.recovery == open && (len(s.sacked.list) > 0 || s.dups >= 3):
		s.reduce(fast, "loss", at)
	case s.recovery == open && end == s.nxt: // a tail loss probe (RFC 8985 section 7.3)
		return
	case s.recovery == open && !seq.After(s.una):
		s.reduce(fast, "loss", at)
	}
	if s.recovery != open {
		s.undo.sentAgain(s.packets(end.Sub(seq)), s.stamp)
	}
	s.resent.add(seq, end)
	s.fill(seq, end, isAgain)
}

// reduce begins an episode (RFC 5681 section 3.2, RFC 9438 section 4.6).
func (s *Sender) reduce(to recovery, name string, at segment.Time) {
	if s.recovery == open || to == timeout && s.recovery == fast {
		s.prior = max(s.cwnd, s.MSS)
	}
	if s.recovery != timeout {
		s.ssthresh = max(2*s.MSS, s.prior*s.beta/100/s.MSS*s.MSS)
	}
	if s.recovery == open && name != "ecn" {
		s.mayUndo()
	} else if name == "ecn" {
		s.undo = undo{} // that was no mistake
	}
	s.episodes++
	if !s.byClock() { // BBR's startup goes on
		s.confirmExit()
		s.exit(at, s.cwnd)
	}
	s.ending = ending{}
	if to == timeout {
		s.Sums.Timeouts++
		s.cwnd = s.MSS
	} else {
		s.Sums.Losses++
	}
	again := to == timeout && s.recovery == timeout // the same episode goes on
	s.flat, s.least, s.credit = false, 0, credit{}
	s.recovery, s.recoverAt, s.reducedAt = to, s.nxt, at
	s.lose()
	s.peak = 0
	s.wasLost = s.packets(s.deemedLost())
	s.bbr.loses(s.packets(s.pipe()), s.packets(s.burst.acked), to == timeout)
	s.enter(at)
	if s.sink != nil && !again {
		s.sink.Event(at, name, 0, 0, s)
	}
}

// timedOut notes a timeout whose lost segments have not arrived: one that does not end a write
// comes after a silence. If the flight before was one such segment, too, after a silence, that is
// when the episode began: no idle restart leaves so little.
func (s *Sender) timedOut(at segment.Time) {
	f := &s.Start
	switch alone := f.flight <= s.MSS && f.at == s.lastSend; {
	case s.tailLost:
		s.recovery = timeout
	case alone && f.N > 1 && f.at > f.late:
		at = f.late
	}
	s.reduce(timeout, "timeout", at)
	s.tailLost, s.basis = true, Inferred
	s.tell(at)
}

// learn tells by how little was in flight towards the end of recovery whether the
// sender keeps 7/10 of its window (CUBIC, RFC 9438 section 4.6) or half of it (Reno,
// RFC 5681 section 3.2).
func (s *Sender) learn() {
	if s.least == 0 || s.prior < 8*s.MSS || !s.lastFull {
		return
	}
	if s.AtReceiver && s.least > s.prior*9/10 { // a loss is nothing to it: neither of the two
		s.swings++
		return
	}
	half, most := s.prior/2, s.prior*7/10
	if s.beta = 70; s.least < (half+most)/2 {
		s.beta = 50
	}
	s.ssthresh = max(2*s.MSS, s.prior*s.beta/100/s.MSS*s.MSS)
}

// slowed reads off the window in fast recovery. Proportional rate reduction keeps it
// at what is in flight, and what it lets out: half, or 7/10, of what is delivered (RFC
// 6937 section 3). Who sends nothing for long has no more to send, or waits until
// enough has left (RFC 6675 section 5); and who may not send more, as the peer's window has
// no room, need not have its own full: that does not show the window.
func (s *Sender) slowed(p int) {
	c := &s.credit
	waits := s.lastFull
	if s.deemedLost() > s.resent.size() { // what it sends again waits for the window, too
		c.unused, waits = 0, true
	}
	if full := s.peerIsFull(); full || !waits || c.unused > 4*s.MSS {
		w := p + max(0, c.delivered*s.beta/100-c.sent)
		if p < s.ssthresh {
			w = min(s.ssthresh, p+max(0, c.delivered-c.sent))
		}
		s.cwnd, s.basis, s.limit = max(s.whole(w), s.MSS), Inferred, Application
		if full {
			s.limit = Receiver
		}
		return
	}
	s.cwnd, s.basis, s.limit = max(s.whole(p), s.MSS), Observed, Congestion
	s.seen = s.cwnd
	if s.least == 0 || s.cwnd < s.least {
		s.least = s.cwnd
	}
	if s.beta == 70 && p < s.ssthresh && s.deemedLost() < s.prior/10 {
		s.learn()
	}
	if s.isPaced() || s.AtReceiver { // how its ACKs and segments crossed is a guess
		s.basis = Inferred
	}
}
