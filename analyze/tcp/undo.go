package tcp

import "tcpwarm/capture/segment"

// An undo is what a sender needs to take a reduction back that was for nothing: what it thought
// lost had only been late (Linux's tcp_may_undo; RFC 3522 by timestamps, RFC 3708 by D-SACK).
type undo struct {
	on             bool
	cwnd, ssthresh int
	most           int
	again          int    // packets sent again, of which no duplicate was reported
	stamp          uint32 // of the first of them
	stamped        bool
	lostTo         segment.Seq // before it, what is missing was deemed lost when the timeout came, valid if after SND.UNA
	maybeSpurious  bool        // the latest reduction is by a timeout that may have been spurious (RFC 5682)
}

// A stamp is a timestamp that a segment carries or echoes (RFC 7323 section 3).
type stamp struct {
	value uint32
	valid bool
}

// mayUndo notes, as an episode begins, what there was before: of the threshold not less than 3/4 of
// the window (Linux's tcp_current_ssthresh).
func (s *Sender) mayUndo() {
	s.undo = undo{on: true, cwnd: s.cwnd, ssthresh: max(s.ssthresh, s.cwnd/4*3/s.MSS*s.MSS), most: s.most}
}

// sentAgain notes n bytes sent again in an episode.
func (u *undo) sentAgain(packets int, at stamp) {
	if u.again == 0 && !u.stamped && at.valid {
		u.stamp, u.stamped = at.value, true
	}
	u.again += packets
}

// duplicates returns how many packets an ACK reports to have come twice: its first block lies below
// what it acknowledges, or within the second (RFC 2883 section 4).
func duplicates(ack segment.Seq, blocks []segment.Block, mss int) int {
	if len(blocks) == 0 {
		return 0
	}
	b := blocks[0]
	if n := b.End.Sub(b.Start); n <= 0 || n > 1<<20 ||
		b.End.After(ack) && !(len(blocks) > 1 && !b.Start.Before(blocks[1].Start) && !b.End.After(blocks[1].End)) {
		return 0
	}
	return (b.End.Sub(b.Start) + mss - 1) / mss
}

// takesBack reports whether an ACK, which echoes a timestamp and reports duplicates, shows that the
// latest reduction was for nothing: it acknowledges what was sent before the first resend, or all
// that was sent again has come twice.
func (s *Sender) takesBack(acked, duplicates int) bool {
	u := &s.undo
	if !u.on {
		return false
	}
	late := acked > 0 && s.recovery != open && u.stamped && s.echo.valid && int32(s.echo.value-u.stamp) < 0
	if duplicates > 0 && u.again > 0 {
		u.again = max(0, u.again-duplicates)
		if u.again == 0 {
			return true
		}
	}
	// Before all is acknowledged, what was sent again must be (tcp_try_undo_partial).
	return late && (!s.una.Before(s.recoverAt) || s.resent.size() == 0)
}

// spuriousTimeout reports whether an ACK shows that the latest timeout was spurious: it tells for the first time of something that
// was sent before and not again, so not all was lost (RFC 5682 section 3.1 step 3.b; Linux's FLAG_ORIG_SACK_ACKED).
// A sender looks for that after a timeout in the open, and from the second one on (tcp_enter_loss). At the
// receiver it does not show what was sent again.
func (s *Sender) spuriousTimeout(ack segment.Seq, blocks []segment.Block) bool {
	if s.recovery != timeout || !s.undo.maybeSpurious {
		return false
	}
	if s.original(s.una, ack) {
		return true
	}
	for _, b := range blocks {
		if b.Start.After(ack) && b.End.After(b.Start) && s.original(b.Start, b.End) {
			return true
		}
	}
	return false
}

// original reports whether one of the segments that end in (start, end] was sent once, before the latest
// reduction, and is not known to have arrived.
func (s *Sender) original(start, end segment.Seq) bool {
	if end.After(s.recoverAt) {
		end = s.recoverAt
	}
	for i := s.out.after(start); i < s.out.n; i++ {
		x := s.out.at(i)
		if x.end.After(end) {
			return false
		}
		if !x.resent && !s.sacked.covers(x.end.Add(-1)) {
			return true
		}
	}
	return false
}

// takeBack restores the window that there was before the latest episode.
func (s *Sender) takeBack(at segment.Time) {
	u := s.undo
	s.undo = undo{}
	s.reordered = s.reordered || s.recovery != timeout // a timer that went off too early is no reordering
	s.cwnd, s.ssthresh, s.most = max(s.cwnd, u.cwnd), max(s.ssthresh, u.ssthresh), max(s.most, u.most)
	if s.recovery == timeout {
		s.unmark(u.lostTo)
	}
	s.recovery = open
	s.recovered()
	s.least, s.peak = 0, 0
	s.weaken()
	s.enter(at)
}

// lostTo returns before which number what is missing is deemed lost, SND.UNA if nothing is.
func (s *Sender) lostTo() segment.Seq {
	switch {
	case s.recovery == timeout && s.undo.lostTo.After(s.una):
		return s.undo.lostTo
	case s.recovery == fast && len(s.sacked.list) > 0:
		return s.lostBefore()
	}
	return s.una
}

// unmark takes what is missing before end to be in flight, and not lost. Linux does: a timeout undone takes all marks of loss back
// (tcp_undo_cwnd_reduction), and the detection of RFC 8985, which had made them, looks at no segment a second time that has
// not been sent again since (tcp_rack_detect_loss takes it off tsorted_sent_queue). What has been was sent after what is
// acknowledged now.
func (s *Sender) unmark(end segment.Seq) {
	start := s.una
	for i := range s.out.n {
		x := s.out.at(i)
		if x.end.After(end) {
			return
		}
		if !s.sacked.covers(start) {
			s.unmarked.add(start, x.end)
		}
		start = x.end
	}
}
