package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/analyze/event"
)

// requested takes a request: it tells the pool of c, begins an occupation or belongs to one
// that is going on.
func (s *clientShard) requested(c *Conn, e *event.Event) {
	s.assignPool(c, e)
	p := c.pool
	if e.Tunnel {
		s.rare(p).tunnels = true
	}
	first := c.requests == 0
	if first {
		s.firstRequest(p, c, e)
	}
	c.n, c.setupRoundTrips, c.mayHideClose, c.inferred = e.N, e.SetupRoundTrips, e.MayHideClose, e.Inferred
	c.asksClose = e.AsksClose
	if !e.Ignored {
		p.countRequest(c, e, first)
	}
	if len(c.active) > 0 && e.StreamLimit == 0 {
		c.active[0].pipeline(e)
		return
	}
	p.resolveClose(c, false)
	s.beginOccupation(c, e, first)
}

// firstRequest counts c, which carries its first request, among the used connections.
func (s *clientShard) firstRequest(p *Pool, c *Conn, e *event.Event) {
	if p.Used == 0 {
		s.findSplit(p, c, e.StreamLimit > 0)
	}
	if p.conns.firstRequest == 0 {
		p.conns.firstRequest = e.Time
	}
	p.Used++
	if c.closedBy == event.Nobody {
		p.conns.open++
	}
	p.detectors.idle.looked(c.neededAt())
	if c.closedBy == event.Server && !e.AsksClose { // before it had a pool, as where a GOAWAY crosses the first request
		p.queueAction(action{at: max(c.closedAt, e.Time.Add(1-c.clockOffset)), packet: c.closePacket, kind: serverCloses, conn: c})
	}
	c.browser = e.Browser
	if c.midstream {
		p.conns.midstream++
	} else if e.Waited <= max(promptly, 2*c.rtt) {
		c.untilRequest = e.Time.Sub(c.opened)
	}
	if c.serverUnseen = e.ServerUnseen; c.serverUnseen {
		p.conns.serverUnseen++
	}
}

// countRequest counts a request that is judged.
func (p *Pool) countRequest(c *Conn, e *event.Event, first bool) {
	c.requests++
	p.MostOnOne = max(p.MostOnOne, int64(c.n))
	p.Transactions++
	if !first {
		p.Reused++
		p.Saved.add(c.setupRTTs())
	}
	if e.Promises {
		c.promised++
		p.Promised++
	}
	if e.SaysKeepAlive {
		p.SaidKeepAlive++
	}
}

// pipeline adds a request to o: it was sent before the response to the one before, and
// HTTP/1 answers in order (RFC 9112 section 9.3.2).
func (o *occupation) pipeline(e *event.Event) {
	o.outstanding++
	o.n, o.asksClose, o.mayHaveAsked, o.ignored = e.N, e.AsksClose, e.MayHideClose, o.ignored && e.Ignored
	if e.Binds {
		o.conn.bind(e)
	}
}

// promptly is how soon a request follows on the handshake of a connection that was opened
// for it, or within two round trips.
const promptly = 50 * time.Millisecond

// beginOccupation begins an occupation of c with a request.
func (s *clientShard) beginOccupation(c *Conn, e *event.Event, first bool) {
	p := c.pool
	at := e.Time.Add(-c.clockOffset)
	c.permit(e)
	idle := c.idle()
	p.detectors.turns.requested(c, idle, e.Packet)
	s.share(p, c)
	if idle {
		at = max(at, c.lastEnd.at) // the client had the response: clockOffset is an estimate
		s.statuses(p).followed(c.lastStatus)
		p.detectors.idle.reused(Idle{at.Sub(c.lastEnd.at), at, c.id, e.Packet})
	}
	o := s.free.occupations.Get()
	s.taken += occupationSize
	*o = occupation{conn: c, first: first, demand: at, packet: e.Packet, outstanding: 1,
		lastUse: lastUse{n: e.N, asksClose: e.AsksClose, mayHaveAsked: e.MayHideClose}, ignored: e.Ignored,
		stale: c.closedBy == event.Server}
	if first && !c.midstream {
		if o.ahead = e.Waited > max(promptly, 2*c.rtt); !o.ahead { // the handshake belongs to the request that it was for
			o.demand, o.packet = c.neededAt(), c.packet
		}
	}
	if o.binds = e.Binds; o.binds {
		c.bind(e)
	}
	o.alone = len(p.outstanding) == int(p.deferredCloses)
	c.active = append(c.active, o)
	s.countIdle(c)
	switch {
	case c.streamLimit == 1:
		s.rare(p).oneStream.requested(c, e.Packet)
	case c.streamLimit > 1 && len(c.active) >= int(c.streamLimit):
		s.rare(p).atLimit.add(c.id, e.Packet)
	}
	c.undecided = append(c.undecided, o)
	p.addOutstanding(o)
	p.clockOffset = max(p.clockOffset, c.clockOffset)
	p.Peak = max(p.Peak, int64(len(p.outstanding)-int(p.deferredCloses)))
	if c.streamLimit == 0 {
		p.detectors.crowding.requested(c, int64(len(p.outstanding)-int(p.deferredCloses)), idle, at.Sub(c.lastEnd.at), e.Packet)
	}
	p.queueAction(action{at: o.demand, packet: o.packet, kind: occupationStarts, conn: c, occ: o})
}

// permit notes how many transactions the server permits at once when a request is sent.
func (c *Conn) permit(e *event.Event) {
	if e.StreamLimit > 0 && c.streamLimit == 0 {
		c.limitKnownAt = e.Time.Add(-c.clockOffset)
	}
	if c.streamLimit = e.StreamLimit; c.streamLimit > 0 && c.closedBy == event.Nobody {
		c.pool.detectors.lastStreams = latest{c, e.Packet}
	}
}

// answered takes the end of a response, or that there will be none.
func (s *clientShard) answered(c *Conn, e *event.Event) {
	o := c.occupationOf(e.N)
	if o == nil {
		return
	}
	p := c.pool
	c.saysClose, c.lastComplete, c.lastStatus = e.SaysClose, e.Outcome == event.Complete, e.Status
	if c.serverUnseen && c.lastComplete { // the server's side was only captured late, or not from the first
		c.serverUnseen = false
		p.conns.serverUnseen--
	}
	p.detectors.idle.announce(e.KeepAlive, e.Packet)
	if e.KeepAlive > 0 {
		c.announced = e.KeepAlive
	}
	o.answer(c, e)
	if o.outstanding > 0 {
		return
	}
	i := slices.Index(c.active, o)
	c.active = slices.Delete(c.active, i, i+1)
	if len(c.active) == 0 {
		p.detectors.lastIdle = latest{c, e.Packet}
	}
	o.endKnown = true
	if o.first {
		p.detectors.idle.looked(o.end)
	}
	if o.saysClose && c.isOpen() {
		p.deferClose(o) // it may yet carry another transaction
		return
	}
	before := c.lastEnd
	p.queueEnd(o, o.saysClose)
	s.countIdle(c)
	if !c.unasked {
		return
	}
	if c.unasked = false; !o.saysClose {
		s.idledBefore(c, o, before)
	}
}

// answer notes how one of o's transactions ended, and when as the client could know it.
func (o *occupation) answer(c *Conn, e *event.Event) {
	at := e.Time.Add(c.clockOffset)
	if e.Acked != 0 { // by then it had the response: clockOffset is an estimate
		at = min(at, e.Acked.Add(-c.clockOffset))
	}
	if c.clientLeft(e.Outcome) || e.Dead {
		at = e.Time.Add(-c.clockOffset)
	}
	o.end, o.endPacket = max(o.end, at), e.Packet
	// A response before that was left unread stays so: this one waits behind it.
	if left := o.outcome == event.Abandoned && e.Outcome == event.Unanswered; !left {
		o.outcome, o.certain = e.Outcome, e.Certain
	}
	o.status, o.saysClose, o.mayHideClose, o.refused = e.Status, e.SaysClose, e.MayHideClose, e.Refused
	o.announced, o.dead, o.unserved = c.announced, e.Dead, e.Unserved
	o.binds = o.binds || e.Status == 401 || e.Status == 407 // RFC 9110 sections 15.5.2 and 15.5.8
	o.outstanding--
}

// clientLeft reports whether a transaction on c ended by what the client did.
func (c *Conn) clientLeft(o event.Outcome) bool {
	return o == event.Abandoned || o == event.Unanswered && c.closedBy == event.Client
}

// idledBefore notes how long c had idled before it was closed unasked, now that the end of
// its latest occupation is known, which the close had come before.
func (s *clientShard) idledBefore(c *Conn, o *occupation, before moment) {
	switch {
	case o.outcome == event.Complete:
		s.closedIdle(c, c.lastEnd.at)
	case before.known() && o.serverLeft() && !o.dead: // the close crossed the request, or drove it out
		s.closedIdle(c, before.at)
	}
}

// closing takes the first FIN, RST or close_notify.
func (s *clientShard) closing(c *Conn, e *event.Event) {
	c.closes()
	c.closedBy, c.byReset, c.goAway, c.finUnseen, c.closePacket = e.By, e.Reset, e.GoAway, e.FINUnseen, e.Packet
	c.closedAt = e.Time.Add(-c.clockOffset)
	if e.By == event.Server {
		c.closedAt = e.Time.Add(c.clockOffset)
	}
	p := c.pool
	if p == nil {
		return
	}
	for _, d := range c.revisable {
		p.reviseClosed(d, c)
	}
	p.conns.open--
	p.unshare(c)
	p.resolveClose(c, true)
	if e.By == event.Server && !c.asksClose {
		p.queueAction(action{at: c.closedAt, packet: e.Packet, kind: serverCloses, conn: c})
	}
	unasked := !c.asksClose && !c.saysClose && !e.Outstanding
	if c.obeyed = unasked && c.idle() && c.obeys(); c.obeyed {
		p.queueAction(action{at: c.closedAt, packet: e.Packet, kind: serverCloses, conn: c})
	}
	if e.By == event.Client && c.idle() && !c.asksClose {
		p.detectors.idle.kept(c.closedAt.Sub(c.lastEnd.at))
	}
	switch {
	case unasked && c.idle() && c.lastComplete: // a tunnel is in use, or another's
		c.closedForLimit(c.lastEnd.at)
		s.closedIdle(c, c.lastEnd.at)
	case unasked && c.streamLimit == 0: // the latest response's end may only not have been told of
		c.unasked = len(c.active) > 0
	}
	s.countIdle(c)
	if e.By == event.Client {
		s.rare(p).churn.closed()
	}
}

// finsCrossed takes a FIN of the server's that crosses the client's: so long the server waits too.
func (s *clientShard) finsCrossed(c *Conn, e *event.Event) {
	since := c.lastEnd.at
	if c.pool == nil || c.closedBy != event.Client || !c.idle() || !c.lastComplete || c.closedAtOnce(since) {
		return
	}
	at := e.Time.Add(c.clockOffset)
	s.addClose(&c.pool.detectors.idle.byServer, Idle{at.Sub(since), at, c.id, e.Packet})
}

// resumed takes it that nobody has closed c after all, as the segment of the given packet shows. If the ideal client has
// lost it by now, that stays so: it opens another when the real client does, and that this was needed is not known.
func (c *Conn) resumed(packet int64) {
	if c.closedBy == event.Nobody {
		return
	}
	if c.ended { // what has been told of its end stays told, but what it rests on may be forged
		c.contradict(packet)
		return
	}
	if c.pool != nil {
		if c.tokenLost {
			c.pool.conns.wentOn++
		}
		c.shard.taken -= closesSize * c.pool.detectors.idle.takeBack(c.id, c.closePacket)
	}
	c.closedBy, c.byReset, c.closedAt, c.closePacket, c.unasked = event.Nobody, false, 0, 0, false
	c.goAway, c.finUnseen, c.obeyed, c.left = nil, false, false, 0
	c.shard.countIdle(c)
	if c.pool != nil && c.requests > 0 {
		c.pool.conns.open++
		c.pool.reshare(c)
	}
}

// countUnread counts a connection without a request by why none was read, if it may have
// carried some.
func (p *Pool) countUnread(end *event.Ending) {
	switch {
	case end.Snapped:
		p.Opaque++
		p.Snapped++
	case end.MaxUnder > 0, end.Gaps:
		p.Opaque++
	case end.NotHTTP:
		if p.NotHTTP++; p.Spoken == "" {
			p.Spoken = end.Spoken
		}
	}
}

// contradict takes it that the segment of the given packet, and others of c, which has ended, contradict each other.
func (c *Conn) contradict(packet int64) {
	if c.contradicted == 0 {
		c.contradicted = packet
		c.pool.Inconsistent++
		c.clientServer.inconsistent = true
	}
}

// ended takes what is known of c in the end.
func (s *clientShard) ended(c *Conn, e *event.Event) {
	end := e.End
	c.closes()
	c.ended, c.unread, c.holes = true, end.Unread, end.Holes
	if end.Dead != 0 {
		c.deadFrom = moment{end.Dead.Add(-c.clockOffset), e.Packet}
	}
	if c.pool == nil {
		s.assignUnused(c, e)
	}
	p := c.pool
	c.endedIn = p.serial
	if p.conns.live--; p.conns.live == 0 {
		s.unopened++
	}
	p.Connections++
	p.OldEnds += end.OldEnds
	p.Agent = cmp.Or(p.Agent, end.Agent)
	if end.Gaps {
		p.Gaps++
	}
	if end.Inconsistent != 0 {
		c.contradict(end.Inconsistent)
		if end.Garbled {
			p.Garbled++
		}
	}
	if c.requests == 0 {
		p.Unused++
		p.detectors.idle.looked(c.neededAt())
		if !end.Refused && (p.conns.firstRequest == 0 || c.opened < p.conns.firstRequest) {
			p.Speculative++
		}
		p.countUnread(end)
		return
	}
	switch c.closedBy {
	case event.Nobody:
		p.conns.open--
		p.unshare(c)
		p.resolveClose(c, true)
	case event.Server:
		p.ServerEnded++
	}
	s.countIdle(c)
	s.detectAtEnd(c, end)
	p.habits().learn(c, end)
	p.endsFIN = p.endsFIN || c.closedBy == event.Client && !c.byReset
	p.Warmths.Add(end.Warmth)
	p.MaxOver += end.MaxOver
	p.MaxUnder += end.MaxUnder
	if c.requests > 1 {
		p.Shared += c.promised
	}
	if end.ServerGaps {
		p.ServerGaps++
	}
	if end.Untimed {
		p.Untimed++
	}
	if end.GaveUp {
		p.GivenUp++
		p.queueAction(action{at: s.now, packet: e.Packet, kind: givesUp, conn: c})
	}
	for _, d := range c.revisable {
		p.reviseAtEnd(d, c)
		d.awaits[d.awaiting(c)] = nil
	}
	c.revisable = nil
}

// detectAtEnd tells the detectors what c, which was used, shows in the end.
func (s *clientShard) detectAtEnd(c *Conn, end *event.Ending) {
	if end.Probes > 0 && c.n == 1 {
		s.rare(c.pool).probed.add(c.id, end.FirstProbe)
	}
	if c.requests == 1 {
		c.pool.detectors.turns.Single++
	}
	if end.Declined {
		s.rare(c.pool).declined.add(c.id, c.packet)
	}
	s.endedAfterUse(c)
}
