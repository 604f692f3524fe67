package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// paced counts sends that no ACK explains, though more was waiting: a sender with a clock of its own
// (BBR) does not show its window by stopping. What follows a part segment has only then been written.
func (s *Sender) paced(packets, pipe int, at segment.Time) {
	if s.recovery == open || !s.hasClock { // in recovery what was delivered lets out as much, of BBR too
		s.sends++
	}
	quiet, since := at.Sub(s.lastSend), at.Sub(s.lastAck)
	s.rush(packets, quiet)
	switch {
	case s.lastAck == 0 || !s.lastFull || pipe <= 2*s.MSS:
	case since > prompt:
		if quiet > prompt/2 {
			s.unprompted++
			s.pace.tick(quiet)
		}
	case s.hasClock && s.pace.due(quiet):
		s.unprompted++ // and an ACK came: who sends at the bottleneck's rate may meet one each time
	case quiet > since && s.recovery == open && s.bbr.full && s.pace.over(quiet-since): // else an ACK came before the latest send
		s.stops++
	}
	s.pace.sends(packets, quiet)
	switch {
	case s.sends >= 8 && s.unprompted*4 > s.sends:
		s.hasClock = true
	case s.hasClock && s.sends >= 32 && s.unprompted*16 < s.sends && !s.fills && s.recovery == open:
		s.hasClock = false
	}
	if s.sends >= 64 {
		s.sends /= 2
		s.unprompted /= 2
		s.stops /= 2
		s.rushes /= 2
	}
}

// late notes that data being sent at the receiver's best guess at an instant left later, by its stamp, or not: by more than
// two of the stamps' milliseconds. The first of a flight tells nothing.
func (s *Sender) late(at segment.Time) {
	if s.pipe() == 0 {
		return
	}
	if s.sentBy.Sub(at) > 2*time.Millisecond {
		s.lates++
	} else {
		s.onTimes++
	}
	if s.lates+s.onTimes >= 64 {
		s.lates, s.onTimes = s.lates/2, s.onTimes/2
	}
}

// spreads reports whether s paces what its window permits, or goes by a clock altogether: as much of what it sends as tells
// of a clock (see paced) is not brought out by ACKs.
func (s *Sender) spreads() bool {
	return s.hasClock || s.AtReceiver && s.lates+s.onTimes >= 8 && s.lates*4 > s.lates+s.onTimes
}

// fillsModel reports whether the window of BBR's model is what keeps s, with so much in flight: who has a clock
// and fills that window sends at ACKs, too. BBR's startup does so once the pipe is full. The model is right to
// within a tenth, as a rule.
func (s *Sender) fillsModel(pipe int) bool {
	n := s.packets(pipe)
	return s.bbr.on && s.recovery == open && 9*s.bbr.cwnd <= 10*n && 10*n <= 11*s.bbr.cwnd
}

// mayGoByClock reports whether what was seen leaves it open that s goes by a clock of its own, as BBR
// does: who has sent what no clock lets out at once, and hardly ever without an ACK, does not. Its model
// needs a few round trips before it counts: that begins when a quarter of the sends that tell of a clock
// have been seen (see paced), or the first of the swings that do at the receiver.
func (s *Sender) mayGoByClock() bool {
	if s.AtReceiver && s.swings > 0 || !s.AtReceiver && (s.hasClock || s.unprompted*16 >= s.sends) {
		return true
	}
	return s.mayBeBBR()
}

func (s *Sender) isPaced() bool {
	if s.AtReceiver {
		return s.swings >= 2
	}
	return s.hasClock && s.rushes < leastRushes && !s.restarts && !s.stopped()
}

// A pace is that of a sender's clock, as sends show that nothing else brought out.
type pace struct {
	gap time.Duration // for each packet, of late
	run int           // packets sent at once, the latest time
}

// sends notes packets that are sent after a silence.
func (p *pace) sends(packets int, quiet time.Duration) {
	if quiet > rushGap {
		p.run = 0
	}
	p.run += packets
}

// tick notes that the clock let the next packets out after a silence.
func (p *pace) tick(quiet time.Duration) {
	gap := quiet / time.Duration(max(p.run, 1))
	p.gap = max(gap, p.gap-(p.gap-gap)/2) // a rate that falls shows at once, and never looks like a stop
}

// clockLimits are the thresholds that tell a sender which its clock keeps from one that its window does. They
// stand for what no source states: how late timers are, and how often a sender may seem to stop by accident.
// TestClockLimits varies each: nothing changes with 8 to 12 eighths, 1 to 8 stops, and a share of 2 to 6.
type clockLimits struct {
	late  time.Duration // so many eighths of a clock's time, a silence is not the clock's
	stops int32         // so many stops of late are no accident
	share int32         // one in so many of what the clock alone lets out are too many for one
}

var clocks = clockLimits{late: 9, stops: 4, share: 3}

// over reports whether a silence is longer than the clock's, and a timer's delay: it is
// not what keeps the sender. A CUBIC sender that paces at 6/5 of its window in a round trip stops for
// a sixth of the time.
func (p *pace) over(quiet time.Duration) bool {
	return p.gap > 0 && quiet > p.gap*time.Duration(p.run)*clocks.late/8
}

// due reports whether after such a silence the clock lets out more, a timer's delay more or less.
func (p *pace) due(quiet time.Duration) bool {
	return !p.over(quiet) && quiet > rushGap && quiet*8 > p.gap*time.Duration(p.run)*(16-clocks.late)
}

// onlyNowWritten reports whether, in BBR's startup, what an ACK has let out at an instant was written only then:
// the sender had been silent for longer than its clock takes, though its window had room, and an ACK before has
// let out nothing. A full send buffer is such a writer: it takes more once a third of it is free (Linux's
// sk_stream_write_space). Who is kept by a window sends at each ACK.
func (s *Sender) onlyNowWritten(at segment.Time) bool {
	b := &s.burst
	return !s.bbr.full && s.bbr.room && b.on && at.Sub(s.lastAck) <= 2*prompt &&
		s.credit.unused > b.acked && s.pace.over(at.Sub(s.lastSend))
}

// stopped reports whether a sender with a clock is kept by its window all the same: it is silent for
// longer than its clock takes, until an ACK comes, at least a third as often as the clock alone brings
// something out. CUBIC and Reno senders are paced so, by fq or by TCP itself, at more than the window
// in a round trip (Linux's tcp_pacing_ca_ratio). BBR's startup may stop so, too: these are counted once
// its model says that it is over, and BBR has twice as much window as it sends in a round trip.
func (s *Sender) stopped() bool {
	return s.stops >= clocks.stops && s.stops*clocks.share >= s.unprompted
}

// isSpaced reports whether a clock spreads what the window permits.
func (s *Sender) isSpaced() bool {
	return !s.AtReceiver && (s.stopped() || s.restarts && s.hasClock) && s.unprompted*16 >= s.sends
}

const (
	leastRushes = 3                      // tell that there is no clock
	rushGap     = 100 * time.Microsecond // within which the next packet is of the same burst
	unpaced     = 10                     // packets at the beginning that no clock holds back, as Linux has it
)

// rush counts bursts of more than twice what a clock of BBR's lets out at once: who sends so has
// none.
func (s *Sender) rush(packets int, quiet time.Duration) {
	if quiet > rushGap {
		s.run = 0
	}
	s.run += packets
	if s.sentPackets += packets; s.run > 2*bbrLeastBurst+2 && s.sentPackets > unpaced+s.run && s.run > 2*s.bbr.burst()+2 {
		s.rushes++
		s.rushed = true
		s.run = -1 << 20 // once a burst
	}
}

// sureSwings is how many show at the peer that it is no window that moves so: losses that were none,
// and segments that are missing, make two.
const sureSwings = 6

// byClock reports whether the model of BBR tells the window.
func (s *Sender) byClock() bool { return s.isPaced() && (!s.AtReceiver || s.swings >= sureSwings) }

// goesByClock takes the window from the model of BBR, where the sender goes by a clock of its own.
func (s *Sender) goesByClock() {
	if s.byClock() {
		s.cwnd = s.bbr.cwnd * s.MSS
		s.most, s.ssthresh, s.flat, s.byModel = s.cwnd, never, false, true
	}
}

// moves watches, at the peer, for what a clock does to what is in flight: it goes down
// without a loss, and leaps up in congestion avoidance (BBR probes by 5/4 and drains by
// 3/4). A window does neither.
func (s *Sender) moves(seen int) {
	c := &s.crest
	if c.round != s.Sums.Rounds {
		losses := s.episodes + s.Sums.Restarts
		if c.losses[0] == losses && c.before > 0 && c.now < c.before*7/8 {
			if s.swings++; c.now < c.before*5/8 { // no window does: BBR has drained what its startup sent
				s.swings++
			}
		}
		if s.recovery == open && losses > 0 && c.before >= s.ssthresh && c.now > c.before*9/8+2*s.MSS {
			s.swings++
		}
		c.losses = [2]int64{c.losses[1], losses} // what one takes may show only in the next round
		c.round, c.before, c.now = s.Sums.Rounds, c.now, 0
	}
	c.now = max(c.now, seen)
}
