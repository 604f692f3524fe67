package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// What acknowledges bytes that the capture has not may be a stranger's if it lies further from what was sent than
// any window: beyond the largest offered, or further before than a window without a scale.
func TestFurtherThanAnyWindow(t *testing.T) {
	const nxt, len = 1 << 20, 100
	for _, x := range []struct {
		offered int
		seq     segment.Seq
		want    bool
	}{
		{1000, nxt + 1000, false},
		{1000, nxt + 1001, true},
		{1000, nxt - maxUnscaled - len, false},
		{1000, nxt - maxUnscaled - len - 1, true},
		{100_000, nxt - 100_000 - len, false},
		{100_000, nxt - 100_000 - len - 1, true},
	} {
		h := Half{Started: true, SawSYN: true, Nxt: nxt}
		peer := Half{Started: true, SawSYN: true, Window: Window{Known: true, Offered: x.offered, Most: x.offered}}
		if got := h.outsideWindow(&segment.Segment{Seq: x.seq, Len: len}, &peer); got != x.want {
			t.Errorf("%d from SND.NXT, a window of %d: outside %v", x.seq.Sub(nxt), x.offered, got)
		}
	}
}

// A FIN is taken up to the end of the window (RFC 9293 section 3.10.7.4), and of one more, as the capture may lack the
// ACK that offers it.
func TestFINWithinAWindowMore(t *testing.T) {
	for seq, want := range map[segment.Seq]bool{700: true, 701: false} {
		h := Half{Started: true, SawSYN: true, ISN: 100, Una: 101, Nxt: 101}
		peer := Half{Started: true, SawSYN: true, Window: Window{Known: true, Edge: 400, Offered: 300, Most: 300}}
		if got := h.TakesFIN(&segment.Segment{Seq: seq, Flags: segment.FIN | segment.ACK}, &peer); got != want {
			t.Errorf("a FIN at %d, the window ends at 400 and was 300: taken %v", seq, got)
		}
	}
}

// An ACK with a timestamp from before the first resend takes a reduction back once all of the flight is acknowledged,
// or at least what was sent again (tcp_try_undo_partial in Linux).
func TestPartialUndo(t *testing.T) {
	for _, x := range []struct {
		name   string
		una    segment.Seq
		resent bool // something of what was sent again is not acknowledged
		want   bool
	}{
		{"part of the flight, and all that was sent again", 500, false, true},
		{"part of the flight, not all that was sent again", 500, true, false},
		{"all of the flight", 1000, false, true},
	} {
		var s Sender
		s.Reset(100, 60_000)
		s.una, s.recoverAt, s.recovery = x.una, 1000, fast
		s.undo.on, s.undo.stamped, s.undo.stamp = true, true, 20
		s.echo.valid, s.echo.value = true, 19
		if x.resent {
			s.resent.add(600, 700)
		}
		if got := s.takesBack(100, 0); got != x.want {
			t.Errorf("%s: taken back %v", x.name, got)
		}
	}
}

// A window that was seen is, while nothing that could move it by more than a tenth has come since.
func TestStillSeen(t *testing.T) {
	for _, x := range []struct {
		what string
		do   func(s *Sender)
		want bool
	}{
		{"100 were in flight, and 109 may be the window", func(s *Sender) {}, true},
		{"one more", func(s *Sender) { s.cwnd = 110_000 }, false},
		{"one more, had its slow start gone on", func(s *Sender) { s.most = 110_000 }, false},
		{"it was not what kept the sender", func(s *Sender) { s.limited = false }, false},
		{"the send buffer does", func(s *Sender) { s.limit = SendBuffer }, false},
		{"the receiver does", func(s *Sender) { s.limit = Receiver }, true},
		{"what was in flight is acknowledged", func(s *Sender) { s.una = s.cwndUsageSeq }, false},
		{"a recovery", func(s *Sender) { s.recovery = fast }, false},
		{"at the receiver", func(s *Sender) { s.AtReceiver = true }, false},
	} {
		s := Sender{MSS: 1000, cwnd: 109_000, most: 109_000, seen: 100_000, limited: true, limit: Application, cwndUsageSeq: 1000, basis: Observed}
		x.do(&s)
		if s.stillSeen() != x.want {
			t.Errorf("%s: still seen %v", x.what, !x.want)
		}
		if low, high := s.bounds(); x.want && (low > 100_000 || high < 109_000+109_000/12) {
			t.Errorf("%s: between %d and %d", x.what, low, high)
		}
	}
}
