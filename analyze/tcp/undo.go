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

// takeBack restores the window that there was before the latest episode.
func (s *Sender) takeBack(at segment.Time) {
	u := s.undo
	s.undo, s.reordered = undo{}, true
	s.cwnd, s.ssthresh, s.most = max(s.cwnd, u.cwnd), max(s.ssthresh, u.ssthresh), max(s.most, u.most)
	s.recovery = open
	s.recovered()
	s.least, s.peak = 0, 0
	s.weaken()
	s.enter(at)
}
