package tcp

import (
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// A bbr follows the window that a sender has if it goes by BBR: the bottleneck's rate, as
// acknowledgements show it, times the shortest round trip, times a gain (Cardwell and others,
// "BBR: Congestion-Based Congestion Control", 2016; Linux's tcp_bbr.c and tcp_rate.c). It is
// followed for each sender that may go by such a clock, and counts for those that are known to.
// Rates are packets a second.
type bbr struct {
	on        bool // it is followed
	cwnd      int  // packets
	delivered int64
	at        segment.Time // when the latest of them was
	from      segment.Time // and when that had been sent
	rates     [bbrRounds]float64
	top       float64 // of them
	rated     int64   // round of the latest of them
	round     int64   // round trips since the beginning
	roundEnd  int64   // one ends once so many were delivered at the sending of what is acknowledged
	best      float64
	flat      int // rounds without a growth of best
	full      bool
	drained   bool
	marks     []bbrMark // of what is in flight, in order
	gone      int

	together together
	bbrWriter
	bbrRecovery
}

// A bbrWriter is what is known of the application that writes.
type bbrWriter struct {
	limited int64 // until so many packets are delivered it has set the rate; 0: it does not
	room    bool  // the latest send has left a third of the window: who has data sends more (tcp_tso_should_defer)
}

// A bbrRecovery is what a loss has done to the window.
type bbrRecovery struct {
	prior    int  // before it
	conserve bool // its first round
	recovers bool
	timeout  bool // from a timeout
}

// A together is what ACKs that come at once bring beyond what the rate accounts for.
type together struct {
	since segment.Time // ACKs are counted
	sum   int          // packets that they delivered
	most  [2]int       // of late
	at    int64        // round in which the second of them became the first
}

// A bbrMark is what was known when the segments from one on were sent.
type bbrMark struct {
	first     segment.Seq
	from      segment.Time // when the latest segment was sent that was known to be delivered then
	at        segment.Time
	delivered int64
	limited   bool // by the application
}

const (
	bbrRounds      = 10                     // whose greatest rate counts
	bbrHigh        = 2.885                  // gain of startup: 2/ln(2)
	bbrGain        = 2                      // of the window, afterwards
	bbrLeast       = 4                      // packets
	bbrGrowth      = 1.25                   // a pipe that is not full lets the rate grow by so much in a round
	bbrFlat        = 3                      // rounds without it tell that it is full
	mostMarks      = 64                     // what is sent beyond shares the latest
	bbrExtraRounds = 5                      // twice as long counts what ACKs that came together brought
	bbrMostExtra   = 100 * time.Millisecond // but for no more than what this time delivers
	bbrQuantum     = 1024                   // a burst is a 1024th of what is sent in a second
	bbrLeastBurst  = 2                      // but so many packets at least
)

// phase names what b does.
func (b *bbr) phase() string {
	switch {
	case !b.full:
		return "startup"
	case !b.drained:
		return "drain"
	}
	return "probe-bandwidth"
}

// rate is the greatest of late: every send and every ACK asks.
func (b *bbr) rate() float64 { return b.top }

// target is the window for a gain.
func (b *bbr) target(gain float64, rtt time.Duration) int {
	rate := b.rate()
	if rate == 0 || rtt == 0 {
		return 0
	}
	n := (int(rate*rtt.Seconds()*gain+0.999) + 3*b.burst() + 1) &^ 1
	if b.full {
		n += min(max(b.together.most[0], b.together.most[1]), int(rate*bbrMostExtra.Seconds()))
	}
	return n
}

// burst is how many packets are sent at once.
func (b *bbr) burst() int {
	pacing := bbrHigh
	if b.full {
		pacing = 1
	}
	return min(max(bbrLeastBurst, int(b.rate()*pacing/bbrQuantum)), 127)
}

// gathers notes packets whose ACKs come together: so many more have to be in flight for the time
// until the next do (Linux's bbr_update_ack_aggregation).
func (b *bbr) gathers(packets int, at segment.Time) {
	x := &b.together
	if b.round-x.at >= bbrExtraRounds {
		x.at, x.most = b.round, [2]int{0, x.most[0]}
	}
	expected := int(b.rate() * at.Sub(x.since).Seconds())
	if x.since == 0 || x.sum <= expected {
		x.since, x.sum, expected = at, 0, 0
	}
	x.sum += packets
	x.most[0] = max(x.most[0], min(x.sum-expected, b.cwnd))
}

// begin follows a sender that has a window of so many packets, midway: of the rates before nothing is known.
// full says that its startup is over.
func (b *bbr) begin(window int, full bool, at segment.Time) {
	*b = bbr{on: true, cwnd: window, full: full, drained: full, at: at, from: at, delivered: b.delivered, round: b.round, rated: b.round,
		roundEnd: b.delivered, marks: b.marks[:0]}
}

// sends notes that segments from seq on are sent while so many are in flight. written says that there had been
// no more to send: while the window has room the rate is the application's, until what is in flight has been
// delivered (Linux's tcp_rate_check_app_limited).
func (b *bbr) sends(seq segment.Seq, inFlight int, written bool, at segment.Time) {
	if inFlight == 0 {
		b.at, b.from, b.marks, b.gone = at, at, b.marks[:0], 0
	}
	if written && inFlight < b.cwnd {
		b.limited = max(b.delivered+int64(inFlight), 1)
	}
	limited := b.limited > 0
	if n := len(b.marks); n > b.gone {
		last := &b.marks[n-1]
		if last.delivered == b.delivered && last.limited == limited || n-b.gone >= mostMarks {
			return
		}
	}
	if b.gone > 0 && 2*b.gone >= len(b.marks) {
		b.marks, b.gone = b.marks[:copy(b.marks, b.marks[b.gone:])], 0
	}
	b.marks = append(b.marks, bbrMark{first: seq, from: b.from, at: b.at, delivered: b.delivered, limited: limited})
}

// A delivery is what an ACK tells of, in packets.
type delivery struct {
	packets        int
	before         segment.Seq  // of the newest of them: its end
	sent           segment.Time // and when it was sent
	inFlight, lost int          // what remains, and what was found lost
	recovers       bool
	rtt            time.Duration // the shortest
}

// acked notes that packets were delivered.
func (b *bbr) acked(d *delivery, at segment.Time) {
	if d.packets <= 0 {
		return
	}
	if b.delivered += int64(d.packets); b.delivered > b.limited {
		b.limited = 0
	}
	b.at, b.from = at, max(b.from, d.sent)
	roundStart := b.sample(d.before, d.rtt, at)
	b.gathers(d.packets, at)
	b.window(d, roundStart)
}

// loses notes that a loss was found, with so much in flight and just delivered: for a round trip no
// more is sent than is delivered, then the window grows again, and at the end it is what it was. A recovery
// that follows another at once is the same one to it (Linux's prev_ca_state).
func (b *bbr) loses(inFlight, delivered int, timeout bool) {
	if !b.recovers {
		b.prior = 0
	}
	b.prior = max(b.prior, b.cwnd)
	if b.recovers && !b.timeout && !timeout {
		return
	}
	b.recovers, b.timeout, b.conserve = true, timeout, !timeout
	b.cwnd, b.roundEnd = max(inFlight+delivered, 1), b.delivered
	if timeout {
		b.best, b.flat = 0, 0
	}
}

// sample takes the rate at which packets were delivered since what is acknowledged was sent. It
// reports whether a round trip begins.
func (b *bbr) sample(seq segment.Seq, rtt time.Duration, at segment.Time) (roundStart bool) {
	for b.gone+1 < len(b.marks) && b.marks[b.gone+1].first.Before(seq) {
		b.gone++
	}
	if b.gone >= len(b.marks) {
		return false
	}
	m := &b.marks[b.gone]
	if roundStart = m.delivered >= b.roundEnd; roundStart {
		b.round++
		b.roundEnd = b.delivered
	}
	took := max(at.Sub(m.at), b.from.Sub(m.from)) // ACKs may come closer together than what they acknowledge was sent
	if took < rtt || took <= 0 {                  // so soon nothing can have been delivered: ACKs were held up
		return roundStart
	}
	rate := float64(b.delivered-m.delivered) / took.Seconds()
	if !m.limited || rate >= b.rate() {
		b.rated = max(b.rated, b.round-bbrRounds)
		older := b.rated < b.round
		for b.rated < b.round { // what is older goes only as something newer comes
			b.rated++
			b.rates[b.rated%bbrRounds] = 0
		}
		slot := &b.rates[b.round%bbrRounds]
		*slot = max(*slot, rate)
		if b.top = max(b.top, rate); older {
			b.top = slices.Max(b.rates[:])
		}
	}
	if roundStart && !b.full && !m.limited {
		if now := b.rate(); now >= b.best*bbrGrowth {
			b.best, b.flat = now, 0
		} else if b.flat++; b.flat >= bbrFlat {
			b.full = true
		}
	}
	return roundStart
}

// window moves the window, as Linux's bbr_set_cwnd does.
func (b *bbr) window(d *delivery, roundStart bool) {
	if b.full && !b.drained {
		b.drained = d.inFlight <= b.target(1, d.rtt)
	}
	if b.recovers && !d.recovers {
		b.cwnd, b.recovers, b.conserve = max(b.cwnd, b.prior), false, false
	}
	if b.conserve = b.conserve && !roundStart; d.lost > 0 {
		b.cwnd = max(b.cwnd-d.lost, 1)
	}
	if b.conserve {
		b.cwnd = max(b.cwnd, d.inFlight+d.packets)
		return
	}
	gain := bbrHigh
	if b.drained {
		gain = bbrGain
	}
	switch target := b.target(gain, d.rtt); {
	case b.full:
		b.cwnd = min(b.cwnd+d.packets, target)
	case b.cwnd < target || b.delivered < initialSegs:
		b.cwnd += d.packets
	}
	b.cwnd = max(b.cwnd, bbrLeast)
}
