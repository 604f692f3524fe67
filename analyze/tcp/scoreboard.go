package tcp

import "tcpwarm/capture/segment"

// Linux counts what is in flight in packets, and a packet that is not full is one like any other
// (tcp_packets_in_flight: packets_out - sacked_out - lost_out + retrans_out). A Sender counts bytes,
// and beside them what the packets lack that are not full: here, of those that are SACKed, deemed
// lost or sent again. Each is looked at once for each of the three.

// marks say in which of the sums a segment's last packet is counted.
type marks uint8

const (
	isSacked marks = 1 << iota
	isLost
	isAgain
)

// A padding is how many bytes would fill packets.
type padding struct {
	all, sacked, lost, again int32       // no more than 2^13 segments lack 2^16 each
	lostTo                   segment.Seq // before it, what is not SACKed is counted in lost
}

// mark counts x in what says. What is SACKed is neither lost nor in flight again.
func (p *padding) mark(x *sentSegment, what marks) {
	if x.short == 0 || x.is&(what|isSacked) != 0 {
		return
	}
	switch what {
	case isSacked:
		p.unmark(x)
		p.sacked += int32(x.short)
	case isLost:
		p.lost += int32(x.short)
	case isAgain:
		p.again += int32(x.short)
	}
	x.is |= what
}

// unmark takes x out of all sums but that of all.
func (p *padding) unmark(x *sentSegment) {
	if x.is&isSacked != 0 {
		p.sacked -= int32(x.short)
	}
	if x.is&isLost != 0 {
		p.lost -= int32(x.short)
	}
	if x.is&isAgain != 0 {
		p.again -= int32(x.short)
	}
	x.is = 0
}

// without takes x, which is kept no longer, out of all sums.
func (p *padding) without(x *sentSegment) {
	if x.is != 0 {
		p.unmark(x)
	}
	p.all -= int32(x.short)
}

// inFlight is how much of the padding is in flight, when some of it is deemed lost.
func (p *padding) inFlight(fast bool) int {
	if fast {
		return int(p.all - p.sacked - p.lost + p.again)
	}
	return int(p.all - p.sacked)
}

// fill counts the packets that end in [start, end) in what says.
func (s *Sender) fill(start, end segment.Seq, what marks) {
	if s.pad.all == 0 {
		return
	}
	for i := s.out.after(start); i < s.out.n; i++ {
		x := s.out.at(i)
		if x.end.After(end) {
			return
		}
		s.pad.mark(x, what)
	}
}

// sack notes that [start, end) is SACKed.
func (s *Sender) sack(start, end segment.Seq) {
	from := start // of what was not
	if i := s.sacked.from(start); i < len(s.sacked.list) {
		switch b := s.sacked.list[i]; {
		case b.Start.After(start):
		case !b.End.Before(end):
			return
		default:
			from = b.End
		}
	}
	s.fill(from, end, isSacked)
	s.sacked.add(start, end)
	s.resent.cut(start, end)
	if len(s.unmarked.list) > 0 {
		s.unmarked.cut(start, end)
	}
}

// lose counts what is deemed lost, by now, up to the end of what is.
func (s *Sender) lose() {
	if s.pad.all == 0 || len(s.sacked.list) == 0 {
		return
	}
	end, from := s.lostBefore(), s.una
	if s.pad.lostTo.After(from) {
		from = s.pad.lostTo
	}
	if end.After(from) {
		s.fill(from, end, isLost)
		s.pad.lostTo = end
	}
}

// recovered forgets what was sent again, and deemed lost.
func (s *Sender) recovered() {
	s.resent.clear()
	s.pad.lostTo = s.una
	if s.pad.lost == 0 && s.pad.again == 0 {
		return
	}
	for i := range s.out.n {
		if x := s.out.at(i); x.is&isSacked == 0 {
			s.pad.unmark(x)
		}
	}
}

// lostBefore is the number before which holes are deemed lost in recovery, where something is
// SACKed. What was sent before something that has arrived is lost: a sender that goes by time
// allows for no reordering in recovery, unless it has seen any (RFC 8985 section 6.2 step 4;
// Linux's tcp_rack_reo_wnd). One that has waits for a quarter of the least round trip: what was
// sent so much before that, or earlier, is lost.
func (s *Sender) lostBefore() segment.Seq {
	last := s.sacked.last()
	if !s.overtaken && !s.reordered {
		return last
	}
	i := s.out.after(last.Add(-1))
	if i >= s.out.n { // not kept
		return last.Add(-2 * s.MSS)
	}
	n := s.out.sentBefore(i, s.out.at(i).at.Add(-min(s.minRTT/4, s.SRTT())))
	if n == 0 {
		return s.una
	}
	return s.out.at(n - 1).end
}

// deemedLost is how many bytes are deemed lost: holes, and whatever was sent again.
func (s *Sender) deemedLost() int {
	if !s.hasSACK {
		return min(s.MSS, s.nxt.Sub(s.una))
	}
	if len(s.sacked.list) == 0 {
		return s.resent.size()
	}
	end := s.lostBefore()
	if end.Before(s.una) {
		end = s.una
	}
	n := s.sacked.holes(s.una, end)
	for i := len(s.resent.list) - 1; i >= 0 && s.resent.list[i].End.After(end); i-- {
		from := s.resent.list[i].Start
		if from.Before(end) {
			from = end
		}
		n += s.resent.list[i].End.Sub(from)
	}
	return max(0, n-s.unmarked.size())
}
