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
// once, and then it stops. What is in flight then is the window: Observed, until that
// is acknowledged, as long as ACKs have added little. Between such moments it follows
// the sender's rules (RFC 5681, and Linux's for what RFCs leave open): Inferred, with
// bounds. Before anything was seen it is the initial window of RFC 6928: Assumed.
//
// What one ACK brought about is known only when the next comes, so an estimate
// lags by one ACK. All sizes are bytes; the window is a multiple of MSS.
type Sender struct {
	// What each segment and each ACK needs comes first, together: where there are many connections, each piece of 64
	// bytes is a cache miss of its own.
	una, nxt     segment.Seq
	edge         segment.Seq
	mayHaveAcked segment.Seq // may have been acknowledged, too, if after una
	hasEdge      bool        // of the peer's window
	started      bool        // data was sent
	AtReceiver   bool        // what it sends was captured at its peer: its clock does not show
	Message      Message
	recovery     recovery
	basis        Basis
	limit        Limit
	lastFull     bool // the latest segment of new data was full: more may be waiting

	MSS               int // what it sends at most in one segment: less than the peer takes where the peer's window is not twice as large
	widest            int // window that the peer has offered, -1: that cannot be read
	cwnd              int
	lastSend, lastAck segment.Time
	timerAt           segment.Time // when the retransmission timer was restarted (RFC 6298 section 5)
	burst             burst
	out               ring // sent, for their round trips
	pad               padding
	sacked, resent    ranges
	dups              int // duplicate ACKs, where there is no SACK
	hasSACK           bool

	limited       bool // the window was full in the latest window (is_cwnd_limited)
	flat          bool // slow start ended without a loss, and the window has not grown since
	hasClock      bool // it sends by a clock of its own (pacing)
	fills         bool // and had, when the latest ACK came, as much in flight as the window of BBR permits
	buffered      bool // its send buffer has kept it, once
	byModel       bool // the window is BBR's
	rushed        bool // it has sent a burst that no clock lets out
	lost          bool // an idle restart has taken the window since it was last above the initial one
	cwndUsageSeq  segment.Seq
	round         segment.Seq // end of what opened the current round
	maxOut        int         // largest pipe of the latest window (Linux's max_packets_out)
	peak          int         // largest pipe since the latest reduction or idle restart
	seen          int         // in flight when the window was last seen: it is not less
	most          int         // the window, if it never fell, nor ceased to grow, on suspicion alone
	free          int         // or, with a clock of the application, as slow start has it since the latest loss
	ssthresh      int
	credit        credit       // of the episode of recovery
	stamp, echo   stamp        // of the data being sent, and of the ACK that comes
	sentBy        segment.Time // when the data being sent left, by its stamp; 0 if that shows otherwise
	newest        stamp        // of the data with the highest number
	sentPackets   int          // in all
	run           int          // packets in the latest burst
	sends         int32
	unprompted    int32 // of the latest sends, those that no ACK explains
	stops         int32 // and those that nothing but one explains
	pace          pace
	Rounds        int          // since Start
	sentAt        segment.Time // when the newest segment was sent that is acknowledged
	initial       int          // the initial window, in segments of today
	proven        int          // the window since the latest reduction or idle restart, at least
	sink          Watcher
	srtt, minRTT  time.Duration
	mdev, mdevMax time.Duration
	rttvar        time.Duration
	rttEnd        segment.Seq

	largest    int           // segment that the peer takes
	openedAt   segment.Time  // when the peer's window got room again
	silence    time.Duration // at the receiver, for how long none had come before the segment being sent
	lates      int           // at the receiver, of the latest sends: those that left later than an ACK brought them out
	onTimes    int           // and the others
	recoverAt  segment.Seq   // the episode ends when this is acknowledged
	echoed     bool          // it began with an ECN echo
	probe      probe         // the latest
	reducedAt  segment.Time
	prior      int    // window before the episode
	beta       int    // what a reduction leaves, in percent
	least      int    // smallest window of the episode
	undo       undo   // of the episode
	unmarked   ranges // missing, but not deemed lost: see unmark
	supposed   int    // more in flight refutes an idle restart that nothing has confirmed; 0: there is none
	initialMSS int    // how large the segments of the initial window were then
	flatRounds int64
	flatAt     int
	wasLost    int // packets, in this episode

	initFull    bool // the initial window is exact
	exited      bool // slow start has ended once
	noDelayExit bool // its slow start does not end by delay: seen
	guessed     bool // which of its segments an ACK brought out is a guess
	overtaken   bool // something came behind what was sent later, though it was not sent again
	reordered   bool // and so late that it was thought lost, or may have been
	waiting     bool // the latest segment ended no write: more was waiting (RFC 9293 section 3.9.1.2)
	tailLost    bool // likewise ever since a timeout
	ends        bool // the segment being sent ends a write
	restarts    bool // an idle restart was seen
	keeps       bool // idling costs nothing: seen (net.ipv4.tcp_slow_start_after_idle=0, or BBR)

	ending   ending
	train    train
	rushes   int   // of the latest sends, bursts that no clock lets out
	episodes int64 // in which the window was reduced
	swings   int   // how often what was in flight moved as no window does
	vanished int   // of what is sent since the latest ACK, bytes that were not captured
	crest    struct {
		round       int64
		losses      [2]int64 // until the rounds before
		before, now int      // most in flight in the round before, and in this one
	}

	avoidance   avoidance
	priorBefore int  // window before the loss before, if nothing but that has taken from it since, and both have shown: see settlePrior
	halves      bool // a reduction leaves no more than half of it: shown

	bbr      bbr
	idle     idle
	Start    Start // of the latest flight that began with nothing in flight
	Marked   Start // that a transaction began with: see MarkStart
	markedAt int64 // rounds until then
	starts   int
	Sums     WindowSums
}

const (
	never          = 1 << 30 // no slow-start threshold yet
	initialSegs    = 10      // RFC 6928
	largestInitial = 4       // times the part of it that shows: what else is in use
	rtoMin         = LeastRTO
	maxDefer       = 64 << 10               // a sender keeps back no more, to send it at once
	prompt         = 120 * time.Microsecond // within which an ACK brings out what it makes room for
	tick           = 8 * time.Millisecond   // a sender counts in jiffies: two of 4 ms
)

// A Message says what is known of what a side sends, as its application protocol has it.
type Message uint8

// What may be known.
const (
	MessageUnknown Message = iota
	UnderWay               // more of it is to be sent
	Complete               // nothing is left to send
)

// Reset readies s, which may be zero, for a side that sends segments of at most mss
// bytes to one that has offered a window of offered bytes at most: 0 if none yet, -1 if
// its windows cannot be read.
func (s *Sender) Reset(mss, offered int) {
	out, marks, sacked, resent := s.out.buf, s.bbr.marks[:0], s.sacked.list[:0], s.resent.list[:0]
	unmarked := s.unmarked.list[:0]
	growth, phases := s.Sums.Growth[:0], s.Sums.Phases[:0]
	*s = Sender{} // it is large: cleared where it lies, never copied
	s.MSS, s.largest, s.ssthresh, s.beta = max(mss, 1), max(mss, 1), never, 70
	s.out.buf, s.bbr.marks, s.sacked.list, s.resent.list = out, marks, sacked, resent
	s.unmarked.list = unmarked
	s.bbr.on, s.bbr.cwnd = true, initialSegs
	s.Sums.Growth, s.Sums.Phases = growth, phases
	if s.widen(offered); offered < 0 {
		s.widest = offered
	}
}

// Again begins again with what s knows of its peer.
func (s *Sender) Again() { s.Reset(s.largest, s.widest) }

// Blind reports whether the peer's windows cannot be read.
func (s *Sender) Blind() bool { return s.widest < 0 }

// leastSplit is the widest window that is not halved: what offers less takes small
// segments anyway.
const leastSplit = 536

// widen notes that the peer has offered n bytes. A segment is at most half of the
// most it ever did, so that two fit (RFC 9293 section 3.8.6.2.1, as Linux has it):
// that matters where segments are large, on loopback above all. The window is counted
// in segments and follows their size.
func (s *Sender) widen(n int) {
	if n <= s.widest {
		return
	}
	s.widest = n
	s.resize()
}

// resize takes the segment's size from what the peer takes and has offered.
func (s *Sender) resize() {
	mss := s.largest
	if s.widest > leastSplit {
		mss = min(mss, s.widest/2)
	}
	if mss == s.MSS {
		return
	}
	for _, w := range [...]*int{&s.cwnd, &s.ssthresh, &s.initial, &s.most, &s.prior, &s.priorBefore, &s.avoidance.most, &s.avoidance.from} {
		if *w != never {
			*w = *w / s.MSS * mss
		}
	}
	s.MSS = mss
}

// NoDelays says that round-trip times are not the sender's, nor which of its segments
// an ACK brought out: its slow start is not taken to end by delay, and what it does is
// only inferred.
func (s *Sender) NoDelays() { s.noDelayExit, s.guessed = true, true }

// MayHaveAcked says that ack, too, may have arrived by now: what it acknowledges need not be in
// flight.
func (s *Sender) MayHaveAcked(ack segment.Seq) {
	if s.mayHaveAcked = ack; s.Start.open && s.Start.sure == 0 && ack.After(s.una) {
		s.Start.sure = s.pipe()
	}
}

// Watch has w told of how the estimate goes on.
func (s *Sender) Watch(w Watcher) { s.sink = w }

// pipe is what is in flight: sent, not acknowledged, not SACKed, not deemed lost,
// and what was sent again (RFC 6675 section 4).
func (s *Sender) pipe() int {
	if s.recovery == open && s.sacked.total == 0 && s.dups == 0 { // nothing is missing
		return s.nxt.Sub(s.una) + int(s.pad.all-s.pad.sacked)
	}
	return s.pipeInLoss()
}

func (s *Sender) pipeInLoss() int {
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
	return max(0, n+s.pad.inFlight(s.recovery == fast))
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
	before := s.pipe()
	if before == 0 && !(s.burst.on && s.burst.acked > 0 && s.lastFull && at.Sub(s.lastAck) <= 2*prompt) {
		s.startFlight(at)
		before = s.pipe()
	}
	packets := s.packets(n)
	whole := packets * s.MSS
	full, next := whole == n, s.nxt
	switch {
	case end.After(next):
		if s.bbr.on {
			written := before == 0 && s.Rounds == 0 || s.onlyNowWritten(at)
			s.bbr.sends(seq, s.packets(before), written, at)
		}
		s.push(end, whole-n, at)
		s.credit.unused, s.lastFull, s.newest = 0, full, s.stamp
	default:
		s.again(seq, end, at)
	}
	p := before + whole
	if s.recovery != open || s.sacked.total > 0 || s.dups > 0 || next != seq {
		p = s.pipe()
	}
	s.paced(packets, p, at)
	if s.bbr.on && !s.bbr.full {
		s.bbr.room = 3*s.packets(p) < 2*s.bbr.cwnd && !s.peerIsFull() && !s.peerBinds(p)
	}
	s.credit.sent += whole
	if s.burst.on {
		if s.burst.sent == 0 {
			s.burst.first = at
		}
		s.burst.sent += whole
		if s.burst.full = full; !full {
			s.burst.tail, s.burst.tailAt = true, at
		}
	} else {
		s.Start.full, s.Start.ends = full, s.ends
	}
	if s.Start.open {
		if s.Start.flight > 0 {
			s.Start.gap = max(s.Start.gap, at.Sub(s.lastSend))
		}
		s.Start.flight = max(s.Start.flight, p)
		if room := s.edge.Sub(s.nxt); s.hasEdge && s.Message != Complete && (room == 0 || full && 0 < room && room < s.MSS) {
			s.limit = Receiver // no ACK has to come to show it
		}
	}
	s.peak = max(s.peak, p)
	if s.recovery == open && p > s.cwnd { // more than thought
		if s.idle.refuted(p) || s.supposed > 0 && p > s.supposed {
			s.cwnd, s.keeps, s.supposed = max(s.cwnd, s.most), true, 0 // there was no restart
		}
		s.cwnd = max(s.cwnd, s.whole(p))
		s.doubtExit()
	}
	if !s.burst.on && s.sink != nil {
		s.tell(at)
	}
	s.lastSend = at
	s.countRound(end, at)
}

// push notes a segment before end that was not sent before, and is so many bytes short of a full one.
// Linux counts the window in packets: one that is not full takes as much of it as any.
func (s *Sender) push(end segment.Seq, short int, at segment.Time) {
	if s.out.n == maxSent {
		s.forget()
	} else if s.out.isFull() {
		s.out.grow()
	}
	s.nxt = end
	s.out.push(sentSegment{end: end, short: uint16(short), at: max(at, s.sentBy)})
	s.pad.all += int32(short)
}

// forget forgets the oldest of what was sent.
func (s *Sender) forget() {
	s.pad.without(s.out.first())
	s.out.drop(1)
}

// Vanished notes n bytes beyond SND.NXT that were sent but not captured: they were
// lost before. When they were sent shows only by what came after them.
func (s *Sender) Vanished(n int, at segment.Time) {
	s.Sent(s.nxt, n, at)
	s.vanished += n
}

// begin begins with the first data: the initial window is assumed.
func (s *Sender) begin(seq segment.Seq) {
	s.una, s.nxt, s.mayHaveAcked, s.started = seq, seq, seq, true
	s.probe = probe{seq, seq}
	s.cwnd, s.basis, s.limit = initialSegs*s.MSS, Assumed, UnknownLimit
	s.initial, s.most, s.initialMSS = s.cwnd, s.cwnd, s.MSS
	s.cwndUsageSeq = seq
}

// packets is how many segments n bytes take, and whole how many bytes these have when full. One is sent at a time as a
// rule, and two acknowledged: these need no division.
func (s *Sender) packets(n int) int {
	switch {
	case n <= 0 || n > 2*s.MSS:
		return (n + s.MSS - 1) / s.MSS
	case n > s.MSS:
		return 2
	}
	return 1
}

func (s *Sender) whole(n int) int { return s.packets(n) * s.MSS }

// Acked notes an acknowledgement up to ack, with its SACK blocks; edge is the right
// edge of the window that it offers, ece its ECN echo.
func (s *Sender) Acked(ack segment.Seq, blocks []segment.Block, edge segment.Seq, ece, pure bool, at segment.Time) {
	if s.restsStill(ack, len(blocks), ece) {
		s.hears(edge, at)
		return
	}
	if !s.started {
		return
	}
	before := s.pipe()
	if before == 0 && s.restsOn(ack, blocks, ece) {
		s.burst.rests = true
		s.hears(edge, at)
		return
	}
	s.finishBurst(at, before)
	s.fills = s.hasClock && s.fillsModel(before)
	if ack.After(s.nxt) { // data that the capture lacks
		s.nxt = ack
	}
	spuriousTimeout := s.undo.on && s.spuriousTimeout(ack, blocks)
	acked, byDups, held := 0, s.dups*s.MSS, s.sacked.size()+int(s.pad.sacked)
	if ack.After(s.una) {
		acked = s.advance(ack, at)
	}
	was := s.sacked.size()
	s.sackAll(blocks)
	if s.recovery == fast {
		s.lose()
	}
	if s.ending.on && !s.una.Before(s.ending.end) {
		s.confirmExit()
	}
	delivered := acked + max(0, s.sacked.size()-was)
	if !s.hasSACK { // each duplicate has told of a segment (RFC 6582), not of the one that was lost
		if delivered = max(acked-byDups, min(acked, s.MSS)); acked == 0 && pure && edge == s.edge && before > 0 {
			s.dups++
			delivered = s.MSS
		}
	}
	s.offers(edge, at)
	opening := s.Start.open
	if opening && delivered == 0 { // of what came before
		return
	}
	if opening {
		s.validate(before >= s.cwnd, before)
	}
	fresh := s.news(delivered, acked, held)
	s.beginBurst(delivered, before, at)
	s.credit.delivered += fresh // what had been SACKed before is not delivered once more (RFC 6937 section 3, DeliveredData)
	s.credit.unused += fresh
	switch {
	case !s.mayGoByClock():
		s.bbr.on = false
	case fresh > 0 || s.recovery == fast:
		if !s.bbr.on {
			s.bbr.begin(s.packets(s.cwnd), s.exited, at)
		}
		s.follow(fresh, at)
	}
	if s.hasEdge {
		s.widen(edge.Sub(ack))
	}
	if s.undo.on && (s.recovery != open || len(blocks) > 0) && // else neither of the two is so
		(s.takesBack(acked, duplicates(ack, blocks, s.MSS)) || spuriousTimeout) {
		s.takeBack(at)
	}
	s.react(acked, fresh, ece, at)
	s.goesByClock()
	s.lastAck = at
}

// advance moves SND.UNA to ack, which is beyond it, and returns how many bytes of the window that frees: what was
// acknowledged, and what its segments were short of full ones.
func (s *Sender) advance(ack segment.Seq, at segment.Time) (acked int) {
	acked = ack.Sub(s.una)
	s.timerAt = at
	if s.una = ack; s.mayHaveAcked.Before(ack) {
		s.mayHaveAcked = ack
	}
	if s.dups > 0 {
		s.dups = max(0, s.dups-(acked+s.MSS-1)/s.MSS+1)
		if s.recovery == open || !ack.Before(s.recoverAt) {
			s.dups = 0
		}
	}
	if len(s.sacked.list) > 0 {
		s.noteOvertaken(ack.Add(-acked))
		s.sacked.below(ack)
	}
	if len(s.resent.list) > 0 {
		s.resent.below(ack)
	}
	if len(s.unmarked.list) > 0 {
		s.unmarked.below(ack)
	}
	short := s.pad.all
	s.time(ack, at)
	return acked + int(short-s.pad.all)
}

// noteOvertaken notes, where what was missing from una on is acknowledged now, whether it was sent again. If it was not, it was
// only late; and if more than three segments came before it, that is more than a sender takes for granted (Linux's
// tcp_check_sack_reordering).
func (s *Sender) noteOvertaken(una segment.Seq) {
	if s.guessed || s.recovery == timeout || s.resent.covers(una) || s.probe.end.After(una) {
		return
	}
	s.overtaken = true
	s.reordered = s.reordered || s.sacked.last().Sub(una) > 3*s.MSS
}

// sackAll notes the SACK blocks of an ACK whose number has been noted.
func (s *Sender) sackAll(blocks []segment.Block) {
	for i := range blocks {
		b := &blocks[i]
		start, end := b.Start.Sub(s.una), b.End.Sub(s.una)
		if start < 0 || end <= start || end > s.nxt.Sub(s.una) {
			continue // a duplicate's report (RFC 2883), or nonsense
		}
		s.hasSACK = true
		s.sack(b.Start, b.End)
	}
}

// beginBurst begins what an ACK lets out that has delivered so many bytes, when before of them were in flight.
func (s *Sender) beginBurst(delivered, before int, at segment.Time) {
	b := &s.burst
	*b = burst{}
	b.on, b.at, b.quiet, b.window, b.before = true, at, at.Sub(s.lastSend), s.cwnd, before
	b.acked, b.opening, b.wasFull = delivered, s.Start.open, s.Start.full
	s.Start.open = false
}

// restsStill reports whether an ACK with so many SACK blocks changes nothing, and the one before it was found to do so (see
// restsOn): whatever would end that ends the burst.
func (s *Sender) restsStill(ack segment.Seq, blocks int, ece bool) bool {
	return s.burst.rests && ack == s.una && blocks == 0 && !ece
}

// restsOn reports whether an ACK changes nothing, as the one before it: nothing is in flight, and nothing was
// sent since. Each segment of the other side's data carries such a one.
func (s *Sender) restsOn(ack segment.Seq, blocks []segment.Block, ece bool) bool {
	b := &s.burst
	return ack == s.una && s.una == s.nxt && len(blocks) == 0 && !ece && s.recovery == open && !s.Start.open &&
		b.on && b.sent == 0 && b.acked == 0 && !b.opening && s.limit == Application && !s.idle.on
}

// hears notes an ACK that changes nothing but the window that it offers.
func (s *Sender) hears(edge segment.Seq, at segment.Time) {
	s.Sums.By[s.limit]++
	s.burst.at = at                                  // all else of a burst counts only once something is sent
	if s.lastAck = at; edge == s.edge && s.hasEdge { // as a rule
		return
	}
	if s.offers(edge, at); s.hasEdge {
		s.widen(edge.Sub(s.una))
	}
}

// offers notes the right edge of the window that an ACK offers.
func (s *Sender) offers(edge segment.Seq, at segment.Time) {
	wasFull := s.peerIsFull()
	if s.edge, s.hasEdge = edge, !s.Blind(); wasFull && !s.peerIsFull() {
		s.openedAt = at
	}
}

// news returns what of delivered an ACK is the first to tell of: what held was sacked before is
// acknowledged once more.
func (s *Sender) news(delivered, acked, held int) int {
	if !s.hasSACK {
		return delivered
	}
	return max(0, acked+s.sacked.size()+int(s.pad.sacked)-held)
}

// follow has the model of BBR take what an ACK delivered.
func (s *Sender) follow(delivered int, at segment.Time) {
	newest := s.una
	if n := len(s.sacked.list); n > 0 {
		newest = s.sacked.last()
	}
	lost := 0
	if s.recovery == fast {
		deemed := s.packets(s.deemedLost())
		lost, s.wasLost = max(0, deemed-s.wasLost), deemed
	}
	startup := !s.bbr.full
	s.bbr.acked(&delivery{packets: s.packets(delivered), before: newest, sent: s.sentAt, inFlight: s.packets(s.pipe()), lost: lost,
		recovers: s.recovery != open && !(s.episodeEnds() && s.resent.size() == 0), rtt: s.minRTT}, at)
	if startup && s.bbr.full && s.byClock() {
		s.exit(at, s.bbr.cwnd*s.MSS)
	}
}

// react moves the window as an ACK does that acknowledges so much, and delivers fresh of it, or beyond
// it, as nothing has before: by that slow start grows (Linux's acked_sacked). Where reordering was
// seen, SACKs alone let it grow (tcp_may_raise_cwnd).
func (s *Sender) react(acked, fresh int, ece bool, at segment.Time) {
	if s.recovery != open && s.episodeEnds() {
		s.endEpisode(at)
	}
	if ece && s.recovery == open && s.pipe() > 0 {
		s.reduce(fast, "ecn", at)
		s.Sums.Losses--
	}
	grows := s.recovery == open || s.recovery == timeout
	if grows && (acked > 0 || s.reordered) && s.cwnd < s.ssthresh && (s.limited || s.cwnd < 2*s.maxOut) {
		s.burst.grown = min(s.whole(fresh), s.ssthresh-s.cwnd)
		s.cwnd += s.burst.grown
	}
	if s.guessed && s.recovery == open && acked > 0 && s.cwnd >= s.ssthresh && s.limited && s.episodes > 0 {
		s.avoid(acked, at)
	}
	if e := &s.ending; e.path > 0 && acked > 0 {
		if e.acked += acked; s.limited || e.path < 2*s.maxOut {
			e.path += acked
		}
	}
	if grows && acked > 0 && (s.cwnd < s.ssthresh || s.Sums.Losses+s.Sums.Timeouts == 0) &&
		(s.limited && (!s.flat || s.guessed) || s.most < 2*s.maxOut) {
		s.most += s.whole(acked)
	}
	s.most = max(s.most, s.cwnd)
	if grows && acked > 0 && (s.limited && !s.AtReceiver || s.free < 2*s.maxOut) {
		s.free = max(s.free, s.initial) + s.whole(acked)
	}
}

// Close takes into the estimate what the latest ACK let out: no more comes.
func (s *Sender) Close() { s.finishBurst(s.lastSend, s.pipe()) }
