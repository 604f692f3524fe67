package tcp

import (
	"time"

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

// again notes data sent again, or overtaken by what was sent after it: its timestamp is older (RFC 7323 section 5.3).
func (s *Sender) again(seq, end segment.Seq, at segment.Time) {
	if s.stamp.valid && s.newest.valid && int32(s.stamp.value-s.newest.value) < 0 {
		return
	}
	s.out.markResent(seq, end)
	quiet := at.Sub(max(s.lastAck, s.lastSend))
	timer := quiet
	if !s.hasSACK { // duplicates and new data do not restart the timer, though they come and go (RFC 6298 section 5.3)
		timer = at.Sub(s.timerAt)
	}
	if !seq.After(s.una) {
		s.timerAt = at
	}
	switch {
	case s.recovery != timeout && timer > s.rto()*9/10 && !seq.After(s.una),
		s.recovery == open && quiet > 2*prompt && !seq.After(s.una) && s.probeFailed(at),
		s.recovery == timeout && timer > s.rto() && !seq.After(s.una) && s.resent.covers(seq):
		s.timerFires(at, timer)
	case s.recovery == open && (len(s.sacked.list) > 0 || s.dups >= 3):
		s.reduce(fast, "loss", at)
	case s.recovery == open && end == s.nxt: // a tail loss probe (RFC 8985 section 7.3)
		s.probe, s.timerAt = probe{s.una, end}, at
		return
	case s.recovery == open && !seq.After(s.una):
		s.reduce(fast, "loss", at)
	}
	if s.recovery == timeout && s.lastAck > s.reducedAt {
		s.undo.maybeSpurious = false // who may still hold it for that sends something new first (RFC 5682 section 3.1 step 2)
	}
	if s.recovery != open {
		s.undo.sentAgain(s.packets(end.Sub(seq)), s.stamp)
	}
	s.resent.add(seq, end)
	if len(s.unmarked.list) > 0 {
		s.unmarked.cut(seq, end)
	}
	s.fill(seq, end, isAgain)
}

// timerFires notes that the retransmission timer has gone off. What the latest ACK let out was over long before, and what the timer
// lets out shows the window from now on; at the receiver it is a guess which ACK had come.
func (s *Sender) timerFires(at segment.Time, after time.Duration) {
	goesOn := s.burst.on && !s.AtReceiver
	if goesOn {
		s.finishBurst(at, s.pipe())
	}
	was := s.lostTo()
	s.recovered()
	first := s.firstTimeout(at, after)
	s.reduce(timeout, "timeout", first)
	if s.AtReceiver { // what was sent again at the first may not have come
		s.undo.maybeSpurious = first < at
	}
	if s.undo.lostTo = was; goesOn {
		s.burst = burst{on: true, byTimer: true, at: at, quiet: at.Sub(s.lastSend), window: s.cwnd}
	}
}

// firstTimeout returns when the timer went off first, of which this is the first segment to come at an instant, so long after it was
// started. At the receiver those may be missing that it let out before: each took twice as long as the one before (RFC 6298 section 5.5).
func (s *Sender) firstTimeout(at segment.Time, after time.Duration) segment.Time {
	if rto := s.rto(); s.AtReceiver && after >= 3*rto {
		return at.Add(rto - after)
	}
	return at
}

// A probe is a tail loss probe (RFC 8985 section 7.3): what was out when it was sent.
type probe struct{ una, end segment.Seq }

// probeFailed reports whether the oldest segment has been out for longer than the timeout, a loss probe went, and
// an ACK since has covered a part only. No second probe goes, and when its time is over the timeout counts from
// when that segment was sent, not from the ACK (Linux's tcp_send_loss_probe, tcp_rto_delta_us).
func (s *Sender) probeFailed(at segment.Time) bool {
	p := &s.probe
	return p.end.After(s.una) && s.una.After(p.una) && s.out.n > 0 && at.Sub(s.out.first().at) > s.rto()*9/10
}

// reduce begins an episode (RFC 5681 section 3.2, RFC 9438 section 4.6).
func (s *Sender) reduce(to recovery, name string, at segment.Time) {
	if s.recovery == open || to == timeout && s.recovery == fast {
		s.prior = max(s.cwnd, s.MSS)
		if s.guessed && to == fast && (s.limit == Congestion || s.Message == UnderWay && s.lastFull) {
			s.settlePrior()
		} else {
			s.priorBefore = 0
		}
	}
	if s.recovery == open && name != "ecn" {
		s.mayUndo()
	} else if name == "ecn" {
		s.undo = undo{} // that was no mistake
	}
	if s.recovery != timeout {
		s.ssthresh = max(2*s.MSS, s.prior*s.beta/100/s.MSS*s.MSS)
	}
	s.echoed = name == "ecn"
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
	s.undo.maybeSpurious = to == timeout && s.recovery != fast
	s.flat, s.least, s.proven, s.credit, s.free = false, 0, 0, credit{}, 0
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

// settlePrior takes what was in flight when a recovery began for the window before, where it is a guess which ACKs had come.
// Of the ACK that tells of the loss it is known (see firstHole). A sender that its window keeps has as much in flight (RFC 5681
// section 3.2, equation 4), but for what it may send beyond when segments have left the path (RFC 3042).
//
// If that is nearer to a half (RFC 5681) than to 7/10 (RFC 9438) of what a loss took from before, and the sender has never
// ceased to send since, its reductions leave a half (see learn). 6/10 is the middle of both;
// from 55 to 65 hundredths nothing differs.
func (s *Sender) settlePrior() {
	s.prior = min(s.prior, max(s.whole(s.nxt.Sub(s.una)-s.sacked.size()), s.MSS))
	if s.prior < s.priorBefore*6/10 {
		s.beta, s.halves = 50, true
	}
	s.priorBefore = s.prior
}

// episodeEnds reports whether the latest episode is over: all that was out when it began is acknowledged; after
// an ECN echo something beyond that, so that the peer has been told (Linux's tcp_fastretrans_alert).
func (s *Sender) episodeEnds() bool {
	if s.echoed {
		return s.una.After(s.recoverAt)
	}
	return !s.una.Before(s.recoverAt)
}

// endEpisode notes that an episode is over. Where something is missing that was sent in it and was sent
// again, the next begins at once (Linux's tcp_time_to_recover: lost_out).
func (s *Sender) endEpisode(at segment.Time) {
	if s.recovery == fast {
		s.learn()
		s.cwnd = s.ssthresh
		s.avoidance.begin(at, s.prior, s.cwnd)
	} else { // a timeout forgets (Linux's cubictcp_state)
		s.avoidance = avoidance{}
	}
	s.most = s.cwnd
	s.recovery = open
	// Where it is a guess what was sent before what, it is one, too, what was sent in the episode.
	if again := s.resent.size(); again > 0 && !s.guessed {
		s.reduce(fast, "loss", at)
		s.undo.again = s.packets(again)
		return
	}
	s.recovered()
	s.peak = 0
	s.enter(at)
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

// showsLossWindow reports whether the first ACK of a flight, which begins b, and what is sent next show that the flight was
// what a timeout leaves: one segment, and more was waiting, for it was full and ended no write (RFC 9293 section
// 3.9.1.2). No idle restart leaves so little of a window (RFC 5681 section 4.1), but a timeout does (section 3.1). At the
// receiver what is sent again then looks like new data: what was sent before is not seen.
func (s *Sender) showsLossWindow(b *burst, next segment.Time) bool {
	f := &s.Start
	return s.AtReceiver && s.recovery == open && b.opening && f.full && !f.ends && f.at > f.late && f.silence > s.rto() &&
		0 < b.before && b.before <= s.MSS && s.MSS < min(b.window, s.initial) && s.vanished == 0 && next.Sub(b.at) <= s.minRTT/4
}

// timedOutBefore notes that the latest flight began with a timeout, now that b shows it. What was sent since is in flight.
func (s *Sender) timedOutBefore(b *burst) {
	if s.idle.on {
		s.cwnd = s.idle.was
		s.idle.on, s.Start.Restarted = false, false
	} else {
		s.cwnd = b.window
	}
	s.reduce(timeout, "timeout", s.Start.late)
	s.recoverAt = s.una
	s.cwnd += min(s.whole(b.acked), s.ssthresh-s.cwnd)
	s.basis = Inferred
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
	if s.beta = 70; s.halves || s.least < (half+most)/2 {
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
	// How its ACKs and segments crossed is a guess, or what it holds for lost.
	if s.isPaced() || s.AtReceiver || len(s.unmarked.list) > 0 {
		s.basis = Inferred
	}
}
