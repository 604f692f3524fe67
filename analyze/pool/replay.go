package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A replay has an ideal client carry a pool's transactions, each at its own time, over
// connections that end only where the server ended them of its own accord, or where they
// are used up. What the real client opened beyond these was avoidable.
//
// It acts on the ends and starts of occupations in the order of time on the client's
// clock, and on each only once all that bears on it is known.
type replay struct {
	queue          actionQueue
	deferredCloses int32         // how many of outstanding wait for what their response's close came to
	forced         bool          // it has acted though not all was known ...
	forcedUntil    segment.Time  // ... up to then
	outstanding    []*occupation // that have begun, and whose ends are not queued
	clockOffset    time.Duration // the largest of the connections'

	tokens      tokens
	losses      []loss
	decided     int64       // used connections
	provisional []*Decision // avoidable ones that may still become early, oldest first
	handed      int64       // avoidable ones that no longer can

	curve curveReplay
}

// maxProvisional is how many avoidable connections can still become early.
const maxProvisional = 1024

// decide acts on what can be acted on: all events before now are known.
func (p *Pool) decide(s *clientShard, now segment.Time) {
	if len(p.queue) > 0 {
		p.replayUntil(s, p.knownUntil(now), now.Add(-p.clockOffset))
	}
}

// knownUntil returns the instant up to which everything is known; where that is not past
// the first action, of which there must be one, perhaps a later one that is not either.
func (p *Pool) knownUntil(now segment.Time) segment.Time {
	until := now.Add(-2 * p.clockOffset)
	for _, o := range p.outstanding {
		if o.closeDeferred {
			until = min(until, o.end)
		} else {
			until = min(until, o.demand)
		}
	}
	if until <= p.queue[0].at { // mostly so: what lies elsewhere in memory can only take from it
		return until
	}
	for _, cs := range p.clientServers {
		if c := cs.unused.first; c != nil {
			until = min(until, c.opened.Add(-max(p.clockOffset, c.toClient())))
		}
	}
	return until
}

// waitsForTime reports whether only what may still come from before now, of the side that is further
// away, keeps p from deciding. An event that comes later has p decide by itself.
func (p *Pool) waitsForTime(now segment.Time) bool {
	if len(p.queue) == 0 {
		return false
	}
	first := &p.queue[0]
	return first.at >= now.Add(-2*p.clockOffset) || first.startsFirst() && first.occ.end > now.Add(-p.clockOffset)
}

// replayUntil acts on what lies before an instant. All requests sent before known have been
// seen: an opening waits until that is past its response.
func (p *Pool) replayUntil(s *clientShard, until, known segment.Time) {
	for len(p.queue) > 0 && p.queue[0].at < until {
		if a := &p.queue[0]; a.startsFirst() && a.occ.end > known {
			return
		}
		p.act(s, p.queue.pop())
	}
}

// queueAction has the ideal client act on a.
func (p *Pool) queueAction(a action) {
	if p.forced && a.at < p.forcedUntil {
		p.OutOfOrder++
	}
	p.queue.push(a)
}

// force acts on n actions at least, though not all that bears on them is known.
func (p *Pool) force(s *clientShard, n int) {
	for range min(n, len(p.queue)) {
		if at := p.queue[0].at; !p.forced || at > p.forcedUntil {
			p.forced, p.forcedUntil = true, at
		}
		p.act(s, p.queue.pop())
	}
}

// startsFirst reports whether a is the start of its connection's first occupation.
func (a *action) startsFirst() bool { return a.kind == occupationStarts && a.occ.first }

func (p *Pool) act(s *clientShard, a action) {
	waiting := p.waiting()
	switch a.kind {
	case occupationEnds:
		p.endOccupation(s, a)
	case serverCloses:
		p.closeByServer(a)
	case givesUp:
		p.loseGivenUp(a)
	case attemptFails:
		p.addLoss(loss{cause: Failed, server: a.conn.server(), conn: a.conn, packet: a.packet})
	case occupationStarts:
		p.startOccupation(s, a)
	}
	s.taken += p.waiting() - waiting
}

// endOccupation puts the token of an occupation back, unless its connection is lost.
func (p *Pool) endOccupation(s *clientShard, a action) {
	c, o, t := a.conn, a.occ, a.occ.token
	cause := lossAfter(c, o)
	if o.refusedByServer() && !o.first && !o.ignored {
		p.ReusedUnanswered++
	}
	last, manner := o.lastUse, c.manner(a.at)
	manner.left = o.unserved
	s.taken -= occupationSize
	if o.started { // else its start is still queued
		s.free.occupations.Put(o)
	}
	c.inFlight--
	if t == nil {
		t = &token{conn: c, inUse: 1}
	}
	t.inUse--
	switch {
	case t.lost:
		return
	case cause != "" && (c.streamLimit == 0 || t.conn == c):
		c.tokenLost = true
		p.loseToken(t)
		p.addLoss(loss{cause: cause, server: c.server(), conn: c, packet: a.packet, inferred: c.inferred,
			mayHaveAsked: cause == ServerClosed && !manner.left && c.mayHaveAsked(a.at), manner: manner})
		return
	}
	p.freeToken(t, c, a.at, last)
	if c.inFlight == 0 {
		p.curve.freed(c, a.at)
	}
}

// closeByServer takes the token of a connection that the server closed, or had the client
// close. If a transaction is still on it, the token will not come back.
func (p *Pool) closeByServer(a action) {
	c := a.conn
	if c.tokenLost || c.closedBy == event.Nobody { // or it was taken back
		return
	}
	c.tokenLost = true
	p.curve.closed(c)
	if t := c.token; t != nil {
		p.addLoss(loss{cause: c.serverCause(), server: c.server(), conn: c, packet: a.packet, idle: a.at.Sub(t.freedAt),
			mayHaveAsked: c.mayHaveAsked(t.freedAt), manner: c.manner(t.freedAt)})
		p.loseToken(t)
	}
}

// loseGivenUp takes the token of a connection that was given up: what the client did with it
// is not known.
func (p *Pool) loseGivenUp(a action) {
	c := a.conn
	if c.tokenLost {
		return
	}
	c.tokenLost = true
	p.curve.closed(c)
	if t := c.token; t != nil {
		p.loseToken(t)
	}
	p.addLoss(loss{cause: Unknown, server: c.server(), conn: c, packet: a.packet})
}

// startOccupation gives an occupation a connection of the ideal client's.
func (p *Pool) startOccupation(s *clientShard, a action) {
	c, o := a.conn, a.occ
	o.started = true
	if len(c.undecided) > 0 {
		c.undecided = c.undecided[:copy(c.undecided, c.undecided[1:])]
	}
	if o.first && p.decided > 0 {
		s.startCurve(p)
	}
	p.curve.demanded(c, a.at)
	if c.inFlight++; c.inFlight == 1 {
		p.curve.taken(c, a.at)
	}
	switch {
	case !o.first:
		p.judgeReuse(s, a)
	case c.midstream, c.serverUnseen:
		p.needed(s, a, loss{cause: Unknown})
	case p.decided == 0:
		p.needed(s, a, loss{cause: First})
	default:
		p.judgeNew(s, a)
	}
}

// judgeReuse serves a transaction on a connection already used.
func (p *Pool) judgeReuse(s *clientShard, a action) {
	c, o := a.conn, a.occ
	if o.stale { // its own token, lost already or about to be, is what it takes
		if c.token != nil {
			p.useToken(c.token, o)
		} else {
			p.forgetLoss(c)
		}
		return
	}
	t := c.token
	if t == nil {
		t = s.topToken(p, c.clientServer, o, a.at)
	}
	if t == nil { // another address's, for want of a better
		t = s.findToken(p, func(t *token) bool { return t.serves(o, a.at) })
	}
	if t != nil {
		p.useToken(t, o)
		return
	}
	p.openToken(o)
	p.takeBack(s)
}

// takeBack finds the ideal client opening a connection that the real client has already:
// the real one had opened one a moment before the ideal client would have. So the latest
// avoidable connection was merely early. Where there is none, nothing changes: used stays
// needed + avoidable.
func (p *Pool) takeBack(s *clientShard) {
	n := len(p.provisional) - 1
	if n < 0 {
		return
	}
	p.changeCause(p.provisional[n], Early)
	s.ready = append(s.ready, p.provisional[n])
	p.provisional = p.provisional[:n]
}

// judgeNew judges a connection opened for a transaction, neither the pool's first nor of
// unknown origin.
func (p *Pool) judgeNew(s *clientShard, a action) {
	c, o := a.conn, a.occ
	t := s.reservableToken(p, c, o)
	if t == nil {
		t = s.topToken(p, c.clientServer, o, a.at)
	}
	if t != nil {
		p.avoidable(s, a, p.useToken(t, o))
		return
	}
	if l, ok := p.takeLoss(c.server()); ok {
		p.needed(s, a, l)
		return
	}
	if o.binds && s.tokenAt(p, c.clientServer, a.at) != nil {
		p.needed(s, a, loss{cause: Bound, inferred: true})
		return
	}
	if s.findToken(p, func(t *token) bool { return t.hasRoom(a.at) }) != nil {
		p.needed(s, a, loss{cause: OtherAddress})
		return
	}
	if o.alone && c.firstThere { // nothing was in use when it was: a name's addresses are used in turn
		p.needed(s, a, loss{cause: OtherAddress})
		return
	}
	if x := p.detectors.rare; x != nil {
		x.oneStream.allInUse(a.at)
	}
	p.needed(s, a, loss{cause: Concurrent})
}

// needed notes a connection that the ideal client opened too, because of a loss or without
// one.
func (p *Pool) needed(s *clientShard, a action, why loss) {
	p.openToken(a.occ)
	p.decided++
	p.Needed++
	p.Causes.Add(why.cause, 1)
	d := s.free.decisions.Get()
	*d = p.newDecision(a)
	d.Cause, d.lossPacket, d.lossManner = why.cause, why.packet, why.manner
	if l := why.conn; l != nil && l.obeyed && why.cause == ServerClosed {
		d.obeyed, d.announced, d.closedAfter = true, l.announced, why.idle
	}
	d.shard, d.final = s, true
	if why.inferred && (why.cause == RequestAbandoned || why.cause == Bound) {
		d.Confidence = Likely // what was sent last may have been no request, and the user the same
	}
	if why.manner.unseen && why.cause == ServerClosed {
		d.Confidence = Likely
	}
	if why.cause == Concurrent && p.ServerGaps > 0 {
		d.Confidence, d.mayBeFree = Likely, true
	}
	if p.Inconsistent > 0 {
		d.Confidence = Likely
	}
	if why.manner.blamed {
		p.Provoked++
	}
	if why.mayHaveAsked {
		p.PerhapsAvoidable++
		d.Confidence, d.mayHideClose = Likely, true
	}
	s.ready = append(s.ready, d)
}

// avoidable notes a connection that the ideal client did without, and says what had become
// of the one it would have taken.
func (p *Pool) avoidable(s *clientShard, a action, t *token) {
	c := a.conn
	p.decided++
	p.Avoidable++
	p.Cold.add(c.setupCost())

	d := s.free.decisions.Get()
	*d = p.newDecision(a)
	d.insteadOf(t, a.at, c.neededAt())
	if a.occ.ahead && d.Cause == Missed {
		d.Cause = OpenedAhead
	}
	d.browser = c.browser && (d.Cause == Missed || d.Cause == OpenedAhead)
	if c.inferred || d.browser || c.synUnseen && a.at.Sub(t.roomSince()) < firstRTO {
		d.Confidence = Likely
	}
	if t.conn.boundBy(a.at) {
		d.Confidence, d.perhapsNeeded, d.otherUser = Likely, true, true
		p.conns.otherUser++
	}
	if d.refused {
		d.perhapsNeeded = true
		p.conns.refused++
	}
	if d.perhapsNeeded {
		p.PerhapsNeeded.Add(d.Cause, 1)
	}
	p.Causes.Add(d.Cause, 1)
	p.awaitEnd(d, t.conn)
	p.awaitEnd(d, c)
	p.provisional = append(p.provisional, d)
	s.boundProvisional(p)
}

// boundProvisional makes the oldest of p's avoidable connections final where too many could
// still become early.
func (s *clientShard) boundProvisional(p *Pool) {
	if over := len(p.provisional) - maxProvisional; over > 0 {
		for _, d := range p.provisional[:over] {
			d.shard, d.final = s, true
			for i, r := range d.awaits {
				if d.awaits[i] = nil; r != nil {
					r.forget(d)
				}
			}
			s.handOver(p, d)
		}
		p.provisional = p.provisional[:copy(p.provisional, p.provisional[over:])]
	}
}

// handOver makes d, which is provisional, final.
func (s *clientShard) handOver(p *Pool, d *Decision) {
	p.reviseByPool(d)
	if d.Cause.Avoidable() {
		p.handed++
		d.Nth = p.handed
		if d.Cause != ClientSaidClose {
			s.statuses(p).left(d.status, d.Conn, d.openPacket)
		}
		if d.Cause == ClientClosed {
			s.rare(p).churn.avoidable(d.Conn, d.openPacket)
		}
	}
	s.ready = append(s.ready, d)
}

// awaitEnd has d, which rests on r, told what r's end shows: whether its bytes came in two versions; and of one that
// idled signs that it was never read, and whether bytes of it are missing from the capture.
func (p *Pool) awaitEnd(d *Decision, r *Conn) {
	if r.ended {
		p.reviseAtEnd(d, r)
	} else {
		r.closes()
		r.revisable = append(r.revisable, d)
		d.awaits[d.awaiting(r)] = r
	}
}

// awaiting returns where in d.awaits the one is that d rests on.
func (d *Decision) awaiting(r *Conn) int {
	if r.id == d.Conn {
		return 1
	}
	return 0
}

// reviseAtEnd tells d, which rests on r, that bytes of r came in two versions; and if it says that r idled, what
// suggests that the transaction before was never read, and that r may have been in use where the capture lacks bytes
// of it.
func (p *Pool) reviseAtEnd(d *Decision, r *Conn) {
	if r.contradicted != 0 && d.Cause.Avoidable() {
		d.inconsistent = true
		p.doubt(d)
	}
	if r.id != d.InsteadOf || !d.Cause.afterIdle() {
		return
	}
	if r.unread.N != 0 && r.unread.N == d.last {
		d.unread = r.unread
	}
	d.dead = r.deadFrom.known() && r.deadFrom.at <= d.at
	diesNext := r.deadFrom.known() && !d.dead && r.n <= d.last+1 && d.Cause.afterIdle() // nobody saw it alive since
	gaps := r.holes.Between(d.endPacket, max(d.openPacket, d.needPacket))
	if !d.Cause.Avoidable() || !gaps && !diesNext {
		return
	}
	d.gaps, d.diesNext = gaps, diesNext
	if diesNext {
		p.conns.diedNext++
	}
	p.doubt(d)
}

// doubt says that d, by which a connection was avoidable, is not certain: it may have been needed.
func (p *Pool) doubt(d *Decision) {
	d.Confidence = Likely
	if !d.perhapsNeeded {
		d.perhapsNeeded = true
		p.PerhapsNeeded.Add(d.Cause, 1)
	}
}

// reviseClosed changes d, which says that r was missed, if the client turns out to have
// closed r only when it opened the other.
func (p *Pool) reviseClosed(d *Decision, r *Conn) {
	if r.id != d.InsteadOf || !d.Cause.afterIdle() && d.Cause != Early {
		return
	}
	d.closePacket = r.closePacket // after all
	if d.Cause == Missed && d.HasIdle && r.closedFor(d.opened, d.freedAt) {
		p.changeCause(d, ClientIdleTimeout)
		d.closedAtNeed(r)
	}
}

// changeCause changes a decision's cause and the sums with it.
func (p *Pool) changeCause(d *Decision, to Cause) {
	p.Causes.Add(d.Cause, -1)
	p.Causes.Add(to, 1)
	d.mayHideClose = false
	if d.perhapsNeeded {
		p.PerhapsNeeded.Add(d.Cause, -1)
		if d.perhapsNeeded = (d.gaps || d.inconsistent || d.diesNext || d.otherUser || d.refused) && to.Avoidable(); d.perhapsNeeded {
			p.PerhapsNeeded.Add(to, 1)
		}
	}
	if d.Cause.Avoidable() && !to.Avoidable() {
		p.Avoidable--
		p.Needed++
		p.Cold.add(SetupCost{-int64(d.setupRoundTrips), -d.setupTime})
	}
	d.Cause = to
}
