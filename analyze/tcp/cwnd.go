package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A Sender estimates the congestion window of a side that sends data, from what it
// sends and what is acknowledged, in the order in which that side sees both.
//
// The window is the sender's private number. It shows itself when the sender fills
// it: data is waiting, the peer's window has room, an ACK comes, segments follow at
// once, and then it stops. What is in flight then is the window: Observed. Between
// such moments it follows the sender's rules (RFC 5681, and Linux's for what RFCs
// leave open): Inferred, with bounds. Before anything was seen it is the initial
// window of RFC 6928: Assumed.
//
// What one ACK brought about is known only when the next comes, so an estimate
// lags by one ACK. All sizes are bytes; the window is a multiple of MSS.
type Sender struct {
	MSS    int
	Remote bool // what it sends was captured at its peer: its clock does not show
	sink   Watcher

	una, nxt segment.Seq
	perhaps  segment.Seq // may have been acknowledged, too, if after una
	started  bool        // data was sent
	edge     segment.Seq
	hasEdge  bool // of the peer's window

	sacked, resent ranges
	dups           int // duplicate ACKs, where there is no SACK
	hasSACK        bool

	cwnd, ssthresh int
	basis          Basis
	limit          Limit
	recovery       recovery
	recoverAt      segment.Seq // the episode ends when this is acknowledged
	prior          int         // window before the episode
	beta           int         // what a reduction leaves, in percent
	least          int         // smallest window of the episode
	credit         credit      // of the episode

	most        int // the window, if it never fell, nor ceased to grow, on suspicion alone
	supposed    int // what an idle restart has left of it that nothing has confirmed; 0: there is none
	seen        int // in flight when the window was last seen: it is not less
	peak        int // largest pipe since the latest reduction or idle restart
	maxOut      int // largest pipe of the latest window (Linux's max_packets_out)
	usage       segment.Seq
	limited     bool // the window was full in the latest window (is_cwnd_limited)
	initial     int  // the initial window
	initFull    bool // it is exact
	exited      bool // slow start has ended once
	ending      ending
	train       train
	noDelayExit bool // its slow start does not end by delay: seen
	guessed     bool // which of its segments an ACK brought out is a guess
	flat        bool // it ended without a loss, and the window has not grown since
	flatAt      int
	flatRounds  int64

	srtt, mdev, mdevMax, rttvar, minRTT time.Duration
	rttEnd                              segment.Seq
	out                                 ring // sent, for their round trips

	lastSend, lastAck segment.Time
	lastFull          bool // the latest segment was full: more may be waiting
	hasClock          bool // it sends by a clock of its own (pacing)
	unprompted        int  // of the latest sends, those that no ACK explains
	sends             int

	swings   int // how often what was in flight moved as no window does
	vanished int // of what is sent since the latest ACK, bytes that were not captured
	crest    struct {
		round       int64
		losses      [2]int64 // until the rounds before
		before, now int      // most in flight in the round before, and in this one
	}

	burst    burst
	idle     idle
	Start    Start // of the latest flight that began with nothing in flight
	Kept     Start // that a transaction began with: see Keep
	keptAt   int64 // rounds until then
	starts   int
	restarts bool // an idle restart was seen
	keeps    bool // idling costs nothing: seen (net.ipv4.tcp_slow_start_after_idle=0, or BBR)
	grew     bool // the window was above the initial one at some time
	lost     bool // an idle restart has taken it since

	round  segment.Seq // end of what opened the current round
	Rounds int         // since Start
	Sums   WindowSums
}

// A Basis says what an estimate rests on.
type Basis uint8

// The bases.
const (
	Assumed Basis = iota
	Inferred
	Observed
)

func (b Basis) String() string { return [...]string{"assumed", "inferred", "observed"}[b] }

// A Limit says what keeps a sender from sending more.
type Limit uint8

// The limits.
const (
	UnknownLimit Limit = iota
	Congestion
	Receiver
	SendBuffer
	Application
)

func (l Limit) String() string {
	return [...]string{"unknown", "congestion", "receiver", "sender", "application"}[l]
}

// recovery is what a sender is doing about a loss.
type recovery uint8

const (
	open recovery = iota
	fast          // fast recovery (RFC 6675), or after an ECN echo (RFC 3168)
	timeout
)

// An Estimate is what is known of the window. Zero bounds are not known.
type Estimate struct {
	Low, Best, High int
	Basis           Basis
	Phase           string // slow-start, congestion-avoidance, recovery, timeout, not-limited, startup
	Limit           Limit
	Flight          int // pipe (RFC 6675)
}

// A Watcher is told how the estimate goes on, in order of time.
type Watcher interface {
	Window(at segment.Time, e Estimate, s *Sender)
	// Event is initial-window, slow-start-exit, loss, timeout, ecn or idle-restart;
	// low is set alone where the value is only known to be at least that.
	Event(at segment.Time, name string, value, low int, s *Sender)
}

// A Start is a flight that began with nothing in flight: a response, as a rule.
type Start struct {
	N               int // from 1
	Low, Best, High int // the window then
	Basis           Basis
	Restarted       bool // an idle restart took from it just before
	Grown           bool // it was above the initial window
	Lost            bool // an idle restart has taken it since it was last above that
	doubt           bool // an idle restart may have taken from it
	open            bool // the first ACK has not come: more may show
	flight          int
	sure            int  // of it, what was sent before an ACK can have come
	full            bool // the flight ended with a full segment
}

// maxGrowth bounds WindowSums.Growth: when full, every second value goes, and from
// then on only every second round adds one.
const maxGrowth = 32

// trace keeps the window at the begin of a round.
func (s *Sender) trace() {
	g := &s.Sums
	if g.stride == 0 {
		g.stride = 1
	}
	if g.Rounds%g.stride != 0 {
		return
	}
	if len(g.Growth) == maxGrowth {
		for i := range maxGrowth / 2 {
			g.Growth[i] = g.Growth[2*i]
		}
		g.Growth, g.stride = g.Growth[:maxGrowth/2], 2*g.stride
	}
	g.Growth = append(g.Growth, s.cwnd)
}

// WindowSums are what a sender's life comes to.
type WindowSums struct {
	Losses, Timeouts, Restarts, Rounds int64
	Max, Last                          int
	By                                 [5]int64 // ACKs by Limit
	ExitAt                             segment.Time
	Growth                             []int // the window at the begin of rounds, spread over all
	Phases                             []Phase
	stride                             int64
}

// A Phase is a run of rounds in which the window did the same, or an episode of
// recovery.
type Phase struct {
	Name       string // as Estimate.Phase; "several" for all that did not fit
	Start, End segment.Time
	From, To   int // the window
}

// maxPhases bounds WindowSums.Phases.
const maxPhases = 64

// enter notes the phase at the begin of a round, or of an episode.
func (s *Sender) enter(at segment.Time) {
	g, name := &s.Sums, s.phase()
	if n := len(g.Phases); n > 0 {
		last := &g.Phases[n-1]
		if last.End, last.To = at, s.cwnd; last.Name == name {
			return
		}
		if n == maxPhases {
			last.Name = "several"
			return
		}
	}
	g.Phases = append(g.Phases, Phase{name, at, at, s.cwnd, s.cwnd})
}

// A burst is what an ACK let out.
type burst struct {
	on      bool
	at      segment.Time
	quiet   time.Duration // since something was sent
	before  int           // pipe before the ACK
	after   int           // and after
	acked   int
	grown   int // window the ACK has made of slow start
	sent    int
	first   segment.Time // of what was sent
	full    bool         // the last segment sent is full
	tailAt  segment.Time
	opening bool // the first ACK of a flight that began from nothing
	wasFull bool // that flight ended with a full segment
	tail    bool // a part segment was sent
}

// clocked reports whether just what slow start makes room for followed the ACK at once,
// after a time in which nothing was sent: data had been waiting for it.
func (b *burst) clocked() bool {
	return b.quiet > 2*prompt && b.sent >= b.acked && b.sent <= 2*b.acked && b.first.Sub(b.at) <= prompt
}

// A credit is what proportional rate reduction goes by (RFC 6937 section 3): bytes
// delivered and sent in an episode, and delivered since something was sent.
type credit struct{ delivered, sent, unused int }

// An idle is a restart that the burst after it may refute.
type idle struct {
	on    bool
	at    segment.Time
	was   int // the window before
	after int
	least int // the least it may be after
}

// refuted reports whether so much in flight shows that there was no restart. The
// window before is an estimate, and so is what is left of it.
func (i *idle) refuted(flight int) bool { return i.on && flight > 2*i.after }

const (
	never          = 1 << 30 // no slow-start threshold yet
	initialSegs    = 10      // RFC 6928
	largestInitial = 4       // times the part of it that shows: what else is in use
	rtoMin         = 200 * time.Millisecond
	maxDefer       = 64 << 10               // a sender keeps back no more, to send it at once
	prompt         = 120 * time.Microsecond // within which an ACK brings out what it makes room for
	tick           = 8 * time.Millisecond   // a sender counts in jiffies: two of 4 ms
)

// Reset readies s, which may be zero, for a side that sends segments of at most mss
// bytes.
func (s *Sender) Reset(mss int) {
	*s = Sender{MSS: max(mss, 1), ssthresh: never, beta: 70, out: ring{buf: s.out.buf}, Sums: WindowSums{Growth: s.Sums.Growth[:0], Phases: s.Sums.Phases[:0]}, sacked: ranges{list: s.sacked.list[:0]}, resent: ranges{list: s.resent.list[:0]}}
}

// NoDelays says that round-trip times are not the sender's, nor which of its segments
// an ACK brought out: its slow start is not taken to end by delay, and what it does is
// only inferred.
func (s *Sender) NoDelays() { s.noDelayExit, s.guessed = true, true }

// Perhaps says that ack, too, may have arrived by now: what it acknowledges need not be in
// flight.
func (s *Sender) Perhaps(ack segment.Seq) {
	if s.perhaps = ack; s.Start.open && s.Start.sure == 0 && ack.After(s.una) {
		s.Start.sure = s.pipe()
	}
}

// Watch has w told of how the estimate goes on.
func (s *Sender) Watch(w Watcher) { s.sink = w }

// pipe is what is in flight: sent, not acknowledged, not SACKed, not deemed lost,
// and what was sent again (RFC 6675 section 4).
func (s *Sender) pipe() int {
	if !s.started {
		return 0
	}
	n := s.nxt.Sub(s.una)
	if n <= 0 {
		return 0
	}
	if s.recovery == timeout { // all that was out is deemed lost
		return s.resent.size() + max(0, s.nxt.Sub(s.recoverAt))
	}
	n -= s.sacked.size()
	if s.recovery == fast {
		n -= s.deemedLost()
		n += s.resent.size()
	}
	if !s.hasSACK {
		n -= s.dups * s.MSS
	}
	return max(0, n)
}

// deemedLost is the bytes of holes with so much SACKed above that they are lost
// (RFC 6675 section 4, IsLost); whatever was sent again was lost, too.
func (s *Sender) deemedLost() int {
	if !s.hasSACK {
		return min(s.MSS, s.nxt.Sub(s.una))
	}
	if len(s.sacked.list) == 0 {
		return s.resent.size()
	}
	return s.sacked.holes(s.una, s.sacked.last().Add(-2*s.MSS))
}

// Sent notes n bytes of data sent from seq on.
func (s *Sender) Sent(seq segment.Seq, n int, at segment.Time) {
	if n <= 0 {
		return
	}
	end := seq.Add(n)
	if !s.started {
		s.begin(seq)
	}
	if s.pipe() == 0 && !(s.burst.on && s.burst.acked > 0 && s.lastFull && at.Sub(s.lastAck) <= 2*prompt) {
		s.flightBegins(at)
	}
	switch {
	case end.After(s.nxt):
		s.nxt = end
		s.out.push(sentSegment{end: end, at: at})
	default:
		s.again(seq, end, at)
	}
	s.paced(at)
	s.credit.sent += n
	s.credit.unused = 0
	p := s.pipe()
	if s.burst.on {
		if s.burst.sent == 0 {
			s.burst.first = at
		}
		s.burst.sent += n
		if s.burst.full = n%s.MSS == 0; !s.burst.full {
			s.burst.tail, s.burst.tailAt = true, at
		}
	} else {
		s.Start.full = n%s.MSS == 0
	}
	if s.Start.open {
		s.Start.flight = max(s.Start.flight, p)
	}
	s.peak = max(s.peak, p)
	if s.recovery == open && p > s.cwnd { // more than thought
		if s.idle.refuted(p) || s.supposed > 0 && p > 2*s.supposed {
			s.cwnd, s.keeps, s.supposed = max(s.cwnd, s.most), true, 0 // there was no restart
		}
		s.cwnd = max(s.cwnd, s.whole(p))
		s.doubtExit()
	}
	if !s.burst.on {
		s.tell(at)
	}
	s.lastSend, s.lastFull = at, n%s.MSS == 0
	s.opens(end, at)
}

// Vanished notes n bytes beyond SND.NXT that were sent but not captured: they were
// lost before. When they were sent shows only by what came after them.
func (s *Sender) Vanished(n int, at segment.Time) {
	s.Sent(s.nxt, n, at)
	s.vanished += n
}

// begin begins with the first data: the initial window is assumed.
func (s *Sender) begin(seq segment.Seq) {
	s.una, s.nxt, s.perhaps, s.started = seq, seq, seq, true
	s.cwnd, s.basis, s.limit = initialSegs*s.MSS, Assumed, UnknownLimit
	s.initial, s.most = s.cwnd, s.cwnd
	s.usage = seq
}

// whole rounds to whole segments, upwards.
func (s *Sender) whole(n int) int { return (n + s.MSS - 1) / s.MSS * s.MSS }

// flightBegins notes a flight that begins from nothing, and takes from the window
// what idling has cost: Linux halves it for each RTO since the latest data, down to
// the initial window (RFC 2861 section 3.1, tcp_cwnd_restart).
func (s *Sender) flightBegins(at segment.Time) {
	s.starts++
	s.finishBurst()
	s.idle = idle{}
	s.Start.doubt = false
	was, restarted := s.cwnd, false
	gap, rto := at.Sub(s.lastSend), s.rto()
	if s.lastSend != 0 && gap > rto-tick && gap <= rto+tick { // which side of it nobody can say
		s.Start.doubt = s.cwnd > s.initial
	} else if s.lastSend != 0 && gap > rto && !s.keeps {
		least, _ := s.bounds()
		least = s.idled(least, gap-rto)
		if s.restarts { // it is known to do this
			s.most = s.idled(s.most, gap-rto)
		}
		if s.cwnd = s.idled(s.cwnd, gap-rto); s.cwnd < was {
			s.ssthresh = max(s.ssthresh, was/4*3/s.MSS*s.MSS)
			if s.ssthresh > never {
				s.ssthresh = never
			}
			s.idle = idle{true, at, was, s.cwnd, min(least, s.cwnd)}
			restarted = true
			s.peak, s.maxOut = 0, 0
			s.basis = Inferred
			s.recovery = open
		}
	}
	doubt := s.Start.doubt
	s.Start = Start{N: s.starts, Best: s.cwnd, Basis: s.basis, Restarted: restarted, open: true}
	if restarted {
		s.Start.Low, s.Start.High = s.idle.least, max(s.cwnd, s.most)
	} else {
		s.Start.Low, s.Start.High = s.bounds()
		if doubt {
			s.Start.Low = max(s.initial, s.cwnd/2/s.MSS*s.MSS)
		}
	}
	s.Start.Grown, s.Start.Lost = s.cwnd > s.initial, s.lost
	s.Rounds = 0
	s.round = s.una
	s.burst = burst{}
}

// idled is what is left of a window n after so much time beyond an RTO: half of it for
// each, but not less than the initial window.
func (s *Sender) idled(n int, beyond time.Duration) int {
	floor := min(s.initial, n)
	for ; beyond > 0 && n > floor; beyond -= s.rto() {
		n = n / 2 / s.MSS * s.MSS
	}
	return max(n, floor)
}

// Keep notes that a transaction's content has just begun: Kept is its start, and
// says more as the first ACKs come.
func (s *Sender) Keep() {
	s.keptAt = s.Sums.Rounds
	if s.Start.open {
		s.Kept = s.Start
		return
	}
	e := s.Estimate() // it began while something was in flight
	s.Kept = Start{N: -1, Low: e.Low, Best: e.Best, High: e.High, Basis: e.Basis, Grown: e.Best > s.initial, Lost: s.lost}
}

// KeptRounds returns in how many rounds the content was sent so far.
func (s *Sender) KeptRounds() int { return int(s.Sums.Rounds-s.keptAt) + 1 }

// opens counts rounds: one opens with the first segment sent after what opened the
// one before was acknowledged.
func (s *Sender) opens(end segment.Seq, at segment.Time) {
	if s.Rounds == 0 || !s.round.After(s.una) {
		s.Rounds++
		s.Sums.Rounds++
		s.round = end
		s.trace()
		s.enter(at)
	}
}

// rto is the retransmission timeout.
func (s *Sender) rto() time.Duration {
	if s.srtt == 0 {
		return time.Second
	}
	return s.srtt/8 + s.rttvar
}

// sample takes a round-trip time, and keeps the timeout as Linux does
// (tcp_rtt_estimator; RFC 6298 with a variance that falls slowly and has a floor of
// 200 ms). srtt is eight times the smoothed time, mdev and rttvar four times the
// deviation.
func (s *Sender) sample(m time.Duration) {
	if m <= 0 {
		return
	}
	if s.minRTT == 0 || m < s.minRTT {
		s.minRTT = m
	}
	if s.srtt == 0 {
		s.srtt, s.mdev = 8*m, 2*m
		s.rttvar = max(s.mdev, rtoMin)
		s.mdevMax, s.rttEnd = s.rttvar, s.nxt
		return
	}
	m -= s.srtt / 8
	s.srtt += m
	if m < 0 {
		if m = -m - s.mdev/4; m > 0 {
			m /= 8
		}
	} else {
		m -= s.mdev / 4
	}
	s.mdev += m
	if s.mdev > s.mdevMax {
		s.mdevMax = s.mdev
		s.rttvar = max(s.rttvar, s.mdevMax)
	}
	if s.una.After(s.rttEnd) {
		if s.mdevMax < s.rttvar {
			s.rttvar -= (s.rttvar - s.mdevMax) / 4
		}
		s.rttEnd, s.mdevMax = s.nxt, rtoMin
	}
}

// Handshake takes the round trip of the handshake as the sender saw it.
func (s *Sender) Handshake(d time.Duration) { s.sample(d) }

// paced counts sends that no ACK explains: a sender with a clock of its own (BBR)
// does not show its window by stopping.
func (s *Sender) paced(at segment.Time) {
	s.sends++
	if s.lastAck != 0 && s.pipe() > 2*s.MSS && at.Sub(s.lastAck) > prompt && at.Sub(s.lastSend) > prompt/2 {
		s.unprompted++
	}
	switch {
	case s.sends >= 8 && s.unprompted*4 > s.sends:
		s.hasClock = true
	case s.sends >= 32 && s.unprompted*16 < s.sends:
		s.hasClock = false
	}
	if s.sends >= 64 {
		s.sends /= 2
		s.unprompted /= 2
	}
}

func (s *Sender) isPaced() bool {
	if s.Remote {
		return s.swings >= 2
	}
	return s.hasClock
}

// moves watches, at the peer, for what a clock does to what is in flight: it goes down
// without a loss, and leaps up in congestion avoidance (BBR probes by 5/4 and drains by
// 3/4). A window does neither.
func (s *Sender) moves(seen int) {
	c := &s.crest
	if c.round != s.Sums.Rounds {
		losses := s.Sums.Losses + s.Sums.Timeouts + s.Sums.Restarts
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

// again notes data sent again.
func (s *Sender) again(seq, end segment.Seq, at segment.Time) {
	s.out.markResent(seq, end)
	quiet := at.Sub(max(s.lastAck, s.lastSend))
	switch {
	case s.recovery == open && (len(s.sacked.list) > 0 || s.dups >= 3):
		s.reduce(fast, "loss", at)
	case s.recovery != timeout && quiet > s.rto()*9/10 && !seq.After(s.una),
		s.recovery == timeout && quiet > s.rto() && !seq.After(s.una) && s.resent.covers(seq):
		s.resent.clear()
		s.reduce(timeout, "timeout", at)
	case s.recovery == open && end == s.nxt: // a tail loss probe (RFC 8985 section 7.3)
		return
	case s.recovery == open && !seq.After(s.una):
		s.reduce(fast, "loss", at)
	}
	s.resent.add(seq, end)
}

// reduce begins an episode (RFC 5681 section 3.2, RFC 9438 section 4.6).
func (s *Sender) reduce(to recovery, name string, at segment.Time) {
	if s.recovery == open || to == timeout && s.recovery == fast {
		s.prior = max(s.cwnd, s.MSS)
	}
	if s.recovery != timeout {
		s.ssthresh = max(2*s.MSS, s.prior*s.beta/100/s.MSS*s.MSS)
	}
	s.confirmExit()
	if s.exited = s.exited || s.exit(at, s.cwnd); to == timeout {
		s.Sums.Timeouts++
		s.cwnd = s.MSS
	} else {
		s.Sums.Losses++
	}
	again := to == timeout && s.recovery == timeout // the same episode goes on
	s.flat, s.least, s.credit = false, 0, credit{}
	s.recovery, s.recoverAt = to, s.nxt
	s.peak, s.limited = 0, false
	s.enter(at)
	if s.sink != nil && !again {
		s.sink.Event(at, name, 0, 0, s)
	}
}

// An ending of slow start without a loss is only suspected for a round trip: it may
// be the application, or a clock, that keeps the sender from sending more.
type ending struct {
	on     bool
	at     segment.Time
	window int
	end    segment.Seq // decided when this is acknowledged
}

// suspect takes slow start to have ended with a window.
func (s *Sender) suspect(at segment.Time, window int) {
	s.ssthresh = window
	// Something else may hold it back, a full send buffer: only if it grows on is it
	// the window that we see.
	s.flat, s.flatAt, s.flatRounds = true, window, s.Sums.Rounds
	if !s.exited && !s.ending.on {
		s.ending = ending{true, at, window, s.nxt}
	}
}

// doubtExit takes a suspicion back if the window has grown as only slow start does.
func (s *Sender) doubtExit() {
	if e := &s.ending; e.on && s.cwnd > e.window+e.window/2 {
		e.on = false
		s.ssthresh, s.flat, s.noDelayExit = never, false, true
	}
}

// confirmExit tells of an ending that was suspected.
func (s *Sender) confirmExit() {
	if e := s.ending; e.on {
		s.ending.on = false
		s.exit(e.at, e.window)
	}
}

// exit notes that slow start is over, the first time.
func (s *Sender) exit(at segment.Time, window int) bool {
	if s.exited {
		return true
	}
	s.exited, s.Sums.ExitAt = true, at
	if s.sink != nil {
		s.sink.Event(at, "slow-start-exit", window, 0, s)
	}
	return true
}

// Acked notes an acknowledgement up to ack, with its SACK blocks; edge is the right
// edge of the window that it offers, ece its ECN echo.
func (s *Sender) Acked(ack segment.Seq, blocks []segment.Block, edge segment.Seq, ece, pure bool, at segment.Time) {
	if !s.started || ack.After(s.nxt.Add(1)) && ack.Sub(s.nxt) > 1<<30 {
		return
	}
	s.finishBurst()
	before := s.pipe()
	if ack.After(s.nxt) { // data that the capture lacks
		s.nxt = ack
	}
	acked, told := 0, s.dups*s.MSS
	if ack.After(s.una) {
		acked = ack.Sub(s.una)
		s.una = ack
		s.dups = max(0, s.dups-(acked+s.MSS-1)/s.MSS+1)
		if s.recovery == open || !ack.Before(s.recoverAt) {
			s.dups = 0
		}
		s.sacked.below(ack)
		s.resent.below(ack)
		s.time(ack, at)
	}
	was := s.sacked.size()
	for _, b := range blocks {
		if b.Start.Before(s.una) || !b.End.After(b.Start) || b.End.After(s.nxt) {
			continue // a duplicate's report (RFC 2883), or nonsense
		}
		s.hasSACK = true
		s.sacked.add(b.Start, b.End)
		s.resent.cut(b.Start, b.End)
	}
	if s.ending.on && !s.una.Before(s.ending.end) {
		s.confirmExit()
	}
	delivered := acked + max(0, s.sacked.size()-was)
	if !s.hasSACK { // each duplicate has told of a segment (RFC 6582)
		if delivered = max(0, acked-told); acked == 0 && pure && edge == s.edge && before > 0 {
			s.dups++
			delivered = s.MSS
		}
	}
	s.edge, s.hasEdge = edge, true
	opening := s.Start.open
	if opening && delivered == 0 { // of what came before
		return
	}
	if opening {
		s.validate(before >= s.cwnd, before)
	}
	s.burst = burst{on: true, at: at, quiet: at.Sub(s.lastSend), before: before, acked: delivered, opening: opening, wasFull: s.Start.full}
	s.Start.open = false
	s.credit.delivered += delivered
	s.credit.unused += delivered
	s.react(acked, ece, at)
	s.burst.after = s.pipe()
	s.lastAck = at
}

// time takes a sample of the oldest segment that ack covers, unless one of them was
// sent again (Karn; RFC 6298 section 3).
func (s *Sender) time(ack segment.Seq, at segment.Time) {
	first, last, clean := segment.Time(0), segment.Time(0), true
	for s.out.n > 0 && !s.out.first().end.After(ack) {
		x := s.out.pop()
		if first == 0 {
			first = x.at
		}
		last, clean = x.at, clean && !x.resent
	}
	if first != 0 && clean {
		s.sample(at.Sub(first))
		s.delays(at.Sub(last), at)
	}
}

// A train watches a round of ACKs as CUBIC's HyStart does (Ha and Rhee, "Taming the
// elephants", 2011; Linux's tcp_cubic.c; RFC 9406 is a later form): slow start ends
// where the round-trip time has grown, or where ACKs have come close behind each
// other for half of it.
type train struct {
	end   segment.Seq // of the round
	start segment.Time
	last  segment.Time
	least time.Duration // round trip of this round
	n     int
}

const (
	trainLeast = 16 // segments of window below which slow start goes on
	trainCount = 8  // round trips looked at
	trainGap   = 2 * time.Millisecond
)

// delays takes the round-trip time of the newest segment that an ACK covers.
func (s *Sender) delays(d time.Duration, at segment.Time) {
	t := &s.train
	if s.una.After(t.end) || t.start == 0 {
		*t = train{end: s.nxt, start: at, last: at, least: time.Hour}
	}
	if s.cwnd >= s.ssthresh || s.cwnd < trainLeast*s.MSS || s.recovery != open || s.noDelayExit || s.isPaced() {
		return
	}
	found := false
	if at.Sub(t.last) <= trainGap {
		t.last = at
		found = at.Sub(t.start) > (s.minRTT+time.Millisecond)/2
	}
	t.least = min(t.least, d)
	if t.n < trainCount {
		t.n++
	} else if t.least > s.minRTT+min(max(s.minRTT/8, 4*time.Millisecond), 16*time.Millisecond) {
		found = true
	}
	if found {
		s.suspect(at, s.cwnd)
	}
}

// react moves the window as an ACK does.
func (s *Sender) react(acked int, ece bool, at segment.Time) {
	if s.recovery != open && !s.una.Before(s.recoverAt) {
		if s.recovery == fast {
			s.learn()
			s.cwnd = s.ssthresh
		}
		s.most = s.cwnd
		s.recovery = open
		s.resent.clear()
		s.peak = 0
		s.enter(at)
	}
	if ece && s.recovery == open && s.pipe() > 0 {
		s.reduce(fast, "ecn", at)
		s.Sums.Losses--
	}
	grows := s.recovery == open || s.recovery == timeout
	if grows && acked > 0 && s.cwnd < s.ssthresh && (s.limited || s.cwnd < 2*s.maxOut) {
		s.burst.grown = min(s.whole(acked), s.ssthresh-s.cwnd)
		if s.ssthresh >= never {
			s.burst.grown = s.whole(acked)
		}
		s.cwnd += s.burst.grown
	}
	if grows && acked > 0 && (s.cwnd < s.ssthresh || s.Sums.Losses+s.Sums.Timeouts == 0) && (s.limited && (!s.flat || s.guessed) || s.most < 2*s.maxOut) {
		s.most += s.whole(acked)
	}
	s.most = max(s.most, s.cwnd)
}

// learn tells by how little was in flight towards the end of recovery whether the
// sender keeps 7/10 of its window (CUBIC, RFC 9438 section 4.6) or half of it (Reno,
// RFC 5681 section 3.2).
func (s *Sender) learn() {
	if s.least == 0 || s.prior < 8*s.MSS || !s.lastFull {
		return
	}
	if s.Remote && s.least > s.prior*9/10 { // a loss is nothing to it: neither of the two
		s.swings++
		return
	}
	half, most := s.prior/2, s.prior*7/10
	if s.beta = 70; s.least < (half+most)/2 {
		s.beta = 50
	}
	s.ssthresh = max(2*s.MSS, s.prior*s.beta/100/s.MSS*s.MSS)
}

// finishBurst reads off what the latest ACK let out.
func (s *Sender) finishBurst() {
	b := &s.burst
	if !b.on {
		return
	}
	b.on = false
	p := s.pipe()
	room := s.cwnd - p
	if b.sent > 0 {
		s.validate(b.full && !b.tail && (!s.hasEdge || s.edge.Sub(s.nxt) >= s.MSS), p)
	}
	switch {
	case s.recovery == fast:
		s.slowed(p)
	case s.hasEdge && s.edge.Sub(s.nxt) < s.MSS && p > 0:
		s.limit = Receiver
		s.weaken()
	case b.sent > b.acked+b.grown+max(3*s.MSS, min(s.cwnd/3, maxDefer)) && !b.opening && s.recovery == open:
		// More than the ACK made room for: there was room before, and something has
		// only now been written. If an ACK brought that about, it made room in the send
		// buffer.
		if s.limit = Application; b.first.Sub(b.at) <= 2*prompt {
			s.limit = SendBuffer
		}
		s.weaken()
	case b.sent > 0 && b.full && !b.tail:
		s.limit = Congestion
		if b.opening && b.before > 0 && (b.wasFull || !s.Remote && b.clocked()) {
			s.settleStart(b)
			room = s.cwnd - p
		}
		s.observe(p, room, b)
	case b.sent > 0, p == 0, !s.lastFull && room >= s.MSS, room > max(3*s.MSS, s.cwnd/3): // it had room, and nothing to send
		if s.limit != SendBuffer || p == 0 {
			s.limit = Application
		}
		s.weaken()
		if b.opening {
			s.startAtLeast(b)
		}
	default: // no room, nothing sent: a window that is full stays so
	}
	s.vanished = 0
	s.concludeIdle(p)
	if s.Kept.N == s.Start.N {
		s.Kept = s.Start
	}
	s.Sums.Max, s.Sums.Last = max(s.Sums.Max, s.cwnd), s.cwnd
	s.Sums.By[s.limit]++
	s.tell(b.at)
	if b.tail && s.sink != nil && s.limit == Application {
		s.sink.Window(b.tailAt, s.Estimate(), s)
	}
	if s.cwnd > s.initial {
		s.grew, s.lost = true, false
	}
}

// slowed reads off the window in fast recovery. Proportional rate reduction keeps it
// at what is in flight, and what it lets out: half, or 7/10, of what is delivered (RFC
// 6937 section 3). Who sends nothing for long has no more to send, or waits until
// enough has left (RFC 6675 section 5): that does not show the window.
func (s *Sender) slowed(p int) {
	c := &s.credit
	if c.unused > 4*s.MSS {
		w := p + max(0, c.delivered*s.beta/100-c.sent)
		if p < s.ssthresh {
			w = min(s.ssthresh, p+max(0, c.delivered-c.sent))
		}
		s.cwnd, s.basis, s.limit = max(s.whole(w), s.MSS), Inferred, Application
		return
	}
	s.cwnd, s.basis, s.limit = max(s.whole(p), s.MSS), Observed, Congestion
	s.seen = s.cwnd
	if s.least == 0 || s.cwnd < s.least {
		s.least = s.cwnd
	}
	if s.isPaced() || s.Remote { // how its ACKs and segments crossed is a guess
		s.basis = Inferred
	}
}

// validate notes, after something was sent, whether the window was what stopped it.
// That holds for a whole window, also while nothing more is sent (Linux's
// tcp_cwnd_validate).
func (s *Sender) validate(full bool, out int) {
	if !s.una.Before(s.usage) || full || !s.limited && out > s.maxOut {
		s.limited, s.maxOut, s.usage = full, out, s.nxt
	}
}

// observe takes p, in flight after a burst with data waiting, for the window.
func (s *Sender) observe(p, room int, b *burst) {
	seen := s.whole(p)
	if s.Remote {
		s.moves(seen)
	}
	if s.isPaced() {
		s.weaken()
		return
	}
	if !s.Remote && room > s.cwnd/2 { // no window shrinks so without a loss: there was no more to send
		s.limit = Application
		s.weaken()
		return
	}
	// A sender waits for more to send at once (Linux's tcp_tso_should_defer): a
	// little room means nothing. More says that slow start is over: the window has
	// not grown with every ACK.
	if slack := max(3*s.MSS, s.cwnd/10); s.cwnd < s.ssthresh && room <= slack {
		s.shown(seen)
		return
	}
	if s.cwnd < s.ssthresh && s.recovery == open {
		s.suspect(b.at, seen)
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
	if !s.flat {
		s.most, s.supposed = s.cwnd, 0
	}
}

// settleStart learns from the first flight of a start, after which the sender had
// more to send: it was the window.
func (s *Sender) settleStart(b *burst) {
	if s.vanished > 0 {
		seen := *b
		seen.before -= min(seen.before, s.vanished)
		s.startAtLeast(&seen)
		return
	}
	w := s.whole(b.before)
	if was := s.cwnd - b.grown; !s.idle.on && s.Start.Basis != Assumed && was > w && was-w <= max(3*s.MSS, w/10) {
		w = was // a little of it was kept back, to send more at once
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
	s.Start.Low = max(s.Start.Low, min(w, s.Start.Best))
	s.Start.Grown = s.Start.Best > s.initial
}

// concludeIdle tells of an idle restart, unless what was sent since refutes it.
func (s *Sender) concludeIdle(p int) {
	if !s.idle.on {
		return
	}
	i := s.idle
	defer func() { s.idle.on = false }()
	if i.refuted(s.Start.flight) {
		return
	}
	s.Sums.Restarts++
	if s.lost = true; !s.restarts {
		s.supposed = i.after
	}
	if s.sink != nil {
		s.sink.Event(i.at, "idle-restart", i.after, 0, s)
	}
}

// weaken says that the estimate is not seen any more, but inferred.
func (s *Sender) weaken() {
	s.crest.before, s.crest.now = 0, 0
	if s.basis == Observed {
		s.basis = Inferred
	}
}

// bounds returns how low and how high the window may be. Not limited by it, the
// sender shows no more than the least: what it had in flight.
func (s *Sender) bounds() (low, high int) {
	if s.basis == Observed {
		if s.Remote { // at which segment an ACK met it is known to some of them
			return min(s.seen, s.cwnd-s.cwnd/10), s.cwnd + s.cwnd/10
		}
		return min(s.seen, s.cwnd), s.cwnd
	}
	if s.recovery == fast && !s.isPaced() {
		return min(s.cwnd, s.whole(s.pipe()), s.prior/2), max(s.cwnd, s.prior)
	}
	peak := s.whole(s.peak)
	low = max(min(s.cwnd, peak), min(s.cwnd, s.initial))
	switch {
	case s.isPaced(): // it may hold twice what is on its way (BBR), and less
		return min(low, max(s.cwnd, peak)/2), max(s.cwnd, 3*peak)
	case s.cwnd < s.ssthresh || s.flat || s.Sums.Losses+s.Sums.Timeouts == 0: // slow start, or nothing but suspicion that it has ended
		high = max(s.cwnd, 2*peak)
	default: // congestion avoidance goes on while what is in flight is acknowledged
		high = s.cwnd + s.whole(s.cwnd/12)
	}
	if s.Remote { // whether it has a clock of its own does not show, nor what it kept back
		high = max(high, s.cwnd*9/4)
	}
	if s.guessed && s.perhaps.After(s.una) {
		low = min(low, max(s.whole(s.nxt.Sub(s.perhaps)), s.MSS))
	}
	if s.most > s.cwnd { // it was seen to within a few segments, then they were counted
		high = max(high, s.most+s.whole(s.most/24))
	}
	return low, high
}

// Estimate returns what is known now.
func (s *Sender) Estimate() Estimate {
	e := Estimate{Best: s.cwnd, Basis: s.basis, Limit: s.limit, Flight: s.pipe(), Phase: s.phase()}
	e.Low, e.High = s.bounds()
	if s.idle.on {
		e.High = max(e.High, s.idle.was)
	}
	return e
}

func (s *Sender) phase() string {
	switch {
	case s.recovery == fast:
		return "recovery"
	case s.recovery == timeout:
		return "timeout"
	case s.limit == Application || s.limit == Receiver || s.limit == SendBuffer:
		return "not-limited"
	case s.cwnd < s.ssthresh:
		return "slow-start"
	}
	return "congestion-avoidance"
}

// Acknowledged and Next return SND.UNA and SND.NXT.
func (s *Sender) Acknowledged() segment.Seq { return s.una }

// Next returns SND.NXT.
func (s *Sender) Next() segment.Seq { return s.nxt }

// Started reports whether data was sent.
func (s *Sender) Started() bool { return s.started }

// Room returns how many bytes more the window is thought to permit.
func (s *Sender) Room() int { return s.cwnd - s.pipe() }

// SRTT returns the smoothed round-trip time, 0 if none is known.
func (s *Sender) SRTT() time.Duration { return s.srtt / 8 }

// Offered returns how many bytes beyond SND.UNA the peer permits, -1 if not known.
func (s *Sender) Offered() int {
	if !s.hasEdge {
		return -1
	}
	return s.edge.Sub(s.una)
}

// Initial returns the initial window, and whether it was seen to be full.
func (s *Sender) Initial() (bytes int, exact bool) { return s.initial, s.initFull }

func (s *Sender) tell(at segment.Time) {
	if s.sink != nil {
		s.sink.Window(at, s.Estimate(), s)
	}
}

// Close reads off what is left.
func (s *Sender) Close() { s.finishBurst() }
