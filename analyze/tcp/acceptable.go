package tcp

import "tcpwarm/capture/segment"

// MaxWindow is the largest window there is: that without a scale, scaled by 14 (RFC 7323 section
// 2.3).
const MaxWindow = maxUnscaled << 14

// Acceptable reports whether s can belong to the connection of h, which sends it, and
// peer. Numbers compare only within 2^31 (RFC 9293 section 3.4), so this is the one place
// that refuses what lies further off; the rest of the analysis relies on it. The limit is
// tighter, and has a reason of its own: no receiver takes what lies more than a window from
// what it waits for (RFC 9293 section 3.10.7.4), nor an acknowledgement that does (RFC 5961
// section 5.2), and a window reaches no further than MaxWindow.
//
// Two such distances add up to less than 2^31. Whatever stays within MaxWindow behind
// SND.NXT, as AssumeAcked has it, can therefore be compared with all that is acceptable.
func (h *Half) Acceptable(s *segment.Segment, peer *Half) bool {
	if s.Len > MaxWindow || !s.Flags.Has(segment.ACK) && s.Flags&(segment.SYN|segment.RST) == 0 {
		return false // without ACK only a SYN or a RST is taken, in any state (RFC 9293 section 3.10.7)
	}
	// A receiver drops what is signed where nothing has been agreed to be (Linux,
	// tcp_inbound_hash): whoever sends it means observers, not the receiver.
	if s.Options.Signed && h.Packets > 0 && !h.signs {
		return false
	}
	if !h.reaches(s.Seq, s.Len+2) { // SYN and FIN take a number each
		h.jump.note(s, !h.jumped)
		h.jumped = true
		return false
	}
	if !s.Flags.Has(segment.ACK) || s.Flags.Has(segment.RST) {
		h.jumped = false
		return true
	}
	if !peer.Reaches(s.Ack) {
		h.jumped = false
		return false
	}
	if h.acksTooOld(s, peer) {
		h.jumped = false
		return false
	}
	if peer.Started && s.Ack.After(peer.Nxt) && h.outsideWindow(s, peer) {
		h.jump.note(s, !h.jumped)
		h.jumped = true
		return false
	}
	h.jumped = false
	return true
}

// acksTooOld reports whether s acknowledges what lies further back than the largest window that h has offered: nobody who
// knows what h has got sends that, and peer does not take it (RFC 5961 section 5.2).
func (h *Half) acksTooOld(s *segment.Segment, peer *Half) bool {
	if peer.SawSYN && peer.onlySYN() && h.Started && !s.Ack.After(peer.ISN) {
		return true // in SYN-RECEIVED it takes nothing but an acknowledgement of its SYN (RFC 9293 section 3.10.7.4)
	}
	if !peer.acked || !peer.SawSYN || !h.SawSYN { // the scale may be any
		return false
	}
	return s.Ack.Before(peer.seenNext().Add(-peer.Flight() - max(h.Window.Most, h.Window.Offered, maxUnscaled)))
}

// outsideWindow reports whether s, which acknowledges what the capture has not, lies further from what h has sent than
// any window that peer has offered: it may be anybody's who knows no number, until peer acknowledges it.
func (h *Half) outsideWindow(s *segment.Segment, peer *Half) bool {
	most := max(peer.Window.Most, peer.Window.Offered)
	if !h.Started || !peer.Window.Known || !h.SawSYN || !peer.SawSYN { // the scale may be any
		return false
	}
	d := s.Seq.Sub(h.Nxt)
	return d > most || d < -max(most, maxUnscaled)-s.Len
}

// maxUnscaled is the largest window without a scale.
const maxUnscaled = 65535

// Damaged reports whether no receiver takes s, which h sends, for its checksum (RFC 9293 section 3.1). Captured at its
// sender, one may be wrong as hardware is to write it; so others of h must have been right.
func (h *Half) Damaged(s *segment.Segment) bool { return s.Sum == segment.SumWrong && h.sumsRight }

// Reaches reports whether ack may acknowledge something of h. A reset's need not: its
// receiver takes it by its sequence number alone (RFC 9293 section 3.10.7.4).
func (h *Half) Reaches(ack segment.Seq) bool { return h.reaches(ack, 0) }

func (h *Half) reaches(seq segment.Seq, n int) bool {
	d := seq.Sub(h.Nxt)
	return !h.Started || d >= -MaxWindow && d+n <= MaxWindow
}

// A jump is where segments that were not acceptable lie. A capture may lack more than a
// window, where many packets were dropped or files left out: then it is the connection that
// has gone there, and the other side will acknowledge it. What outsideWindow from the
// connection nobody acknowledges.
type jump struct{ from, to segment.Seq }

// mostJumped is how far a jump reaches: what a fast path has on its way. Were it a whole window, two segments with
// any numbers could span a quarter of all there are, and the next one, with any, would acknowledge them.
const mostJumped = 16 << 20 // bytes

func (a *jump) note(s *segment.Segment, first bool) {
	if d := s.Seq.Sub(a.to); first || d < -mostJumped || d > mostJumped {
		*a = jump{s.Seq, s.Seq}
	}
	if s.Seq.Before(a.from) {
		a.from = s.Seq
	}
	if s.End().After(a.to) {
		a.to = s.End()
	}
	if a.to.Sub(a.from) > mostJumped {
		a.from = a.to.Add(-mostJumped)
	}
}

func (a *jump) has(seq segment.Seq) bool { return !seq.Before(a.from) && !seq.After(a.to) }

// AcksJump reports whether s, of peer, acknowledges what was not acceptable: h has gone there. It must
// be peer's by its own number.
func (h *Half) AcksJump(s *segment.Segment, peer *Half) bool {
	if !h.jumped || !s.Flags.Has(segment.ACK) || s.Flags.Has(segment.RST|segment.SYN) || !h.jump.has(s.Ack) {
		return false
	}
	return peer.reaches(s.Seq, s.Len+2) || peer.jumped && peer.jump.has(s.Seq)
}

// FollowJump has h go on towards seq, which it has reached, by as much as can be compared.
func (h *Half) FollowJump(seq segment.Seq, at segment.Time) {
	h.jumped = false
	h.Acked(h.Nxt.Add(int(min(uint32(seq-h.Nxt), MaxWindow))), at)
}

// Floor is the least number that may still be unacknowledged: no more than a window is.
func (h *Half) Floor() segment.Seq { return h.Nxt.Add(-MaxWindow) }

// AssumeAcked takes it that everything before seq has been acknowledged, though the capture
// lacks the ACK.
func (h *Half) AssumeAcked(seq segment.Seq) {
	h.Una = seq
	for h.sent.n > 0 && !h.sent.first().end.After(seq) {
		h.sent.drop(1)
	}
	if h.SawFIN && h.FinSeq.Before(seq) { // it went on all the same
		h.FinSeq = seq.Add(-1)
	}
}

// AssumeAcked takes it that everything before seq was sent and has been acknowledged, though
// the capture lacks it. Nothing that s knows stays behind.
func (s *Sender) AssumeAcked(seq segment.Seq) {
	s.finishBurst(s.lastSend, s.pipe())
	s.una = seq
	if s.nxt.Before(seq) {
		s.nxt = seq
	}
	s.sacked.below(seq)
	s.resent.below(seq)
	s.unmarked.below(seq)
	for s.out.n > 0 && !s.out.first().end.After(seq) {
		s.forget()
	}
	s.hasEdge = s.hasEdge && !s.edge.Before(seq)
	for _, mark := range [...]*segment.Seq{
		&s.edge, &s.mayHaveAcked, &s.recoverAt, &s.cwndUsageSeq, &s.rttEnd, &s.round, &s.train.end, &s.ending.end,
	} {
		if mark.Before(seq) {
			*mark = seq
		}
	}
	if s.recovery != open && s.recoverAt == seq {
		s.recovery = open
		s.resent.clear()
	}
}
