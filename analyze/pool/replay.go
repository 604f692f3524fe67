package pool

import (
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A token is a connection of the ideal client, tied to the real one that carried
// the latest transaction on it. HTTP/2's carries several at once, and stays tied.
type token struct {
	conn    *Conn
	freedAt segment.Time // when its latest transaction ended
	last    lastUse
	inUse   int32 // transactions on it
	lost    bool  // the server has ended it

	onStack      bool // on the stack
	above, below *token
}

// tokens is the ideal client's stack: of tokens with room for a transaction, the latest
// to become so on top. A connection knows its own, so there may be many.
type tokens struct{ top, bottom *token }

// push puts t, which lies nowhere, on top.
func (s *tokens) push(t *token) { s.insert(t, s.top) }

// insert puts t above another, nil for at the bottom.
func (s *tokens) insert(t, below *token) {
	t.onStack, t.below, t.conn.token = true, below, t
	if below == nil {
		t.above, s.bottom = s.bottom, t
	} else {
		t.above, below.above = below.above, t
	}
	if t.above == nil {
		s.top = t
	} else {
		t.above.below = t
	}
}

// remove takes t off, if it lies there.
func (s *tokens) remove(t *token) {
	if !t.onStack {
		return
	}
	if t.above == nil {
		s.top = t.below
	} else {
		t.above.below = t.below
	}
	if t.below == nil {
		s.bottom = t.above
	} else {
		t.below.above = t.above
	}
	if t.conn.token == t {
		t.conn.token = nil
	}
	t.onStack, t.above, t.below = false, nil, nil
}

// join puts those of from among those of s, by when they came to lie there.
func (s *tokens) merge(from *tokens) {
	for t := from.bottom; t != nil; {
		next, below := t.above, s.top
		from.remove(t)
		for below != nil && below.freedAt > t.freedAt {
			below = below.below
		}
		s.insert(t, below)
		t = next
	}
}

// mostLooked is how many tokens are looked at for one that fits: where a name has
// thousands of addresses, one further down is taken for none.
const mostLooked = 4096

// find returns the topmost token that fits, nil if none does, or none of those looked
// at: that is counted.
func (w *clientShard) findToken(s *tokens, fits func(*token) bool) *token {
	t := s.top
	for range mostLooked {
		if t == nil || fits(t) {
			return t
		}
		t = t.below
	}
	if t != nil {
		w.decidedEarly++
	}
	return nil
}

// room reports whether t can take a transaction whose need arose at an instant.
func (t *token) hasRoom(at segment.Time) bool {
	c := t.conn
	return t.inUse == 0 || t.inUse < c.streamLimit && c.limitKnownAt <= at
}

// take puts o on t, which stays on the stack only if it has room for more.
func (p *Pool) occupy(t *token, o *occupation) *token {
	t.inUse++
	o.token = t
	if t.inUse >= t.conn.streamLimit {
		p.tokens.remove(t)
	}
	return t
}

// begin has the ideal client open a connection for o, as the real one did.
func (p *Pool) openToken(o *occupation) {
	if o.token = &p.inline.token; o.token.conn != nil {
		o.token = new(token)
	}
	*o.token = token{conn: o.conn, freedAt: o.demand, inUse: 1}
	if o.conn.streamLimit > 1 {
		p.tokens.push(o.token)
	}
}

// drop takes t, which the server has ended, off the stack.
func (p *Pool) loseToken(t *token) {
	t.lost = true
	p.tokens.remove(t)
}

// carried is what is remembered of the latest occupation of a token's
// connection.
type lastUse struct {
	n            int32
	outcome      event.Outcome
	status       uint16
	certain      bool
	asksClose    bool
	mayHideClose bool // of its response
	endPacket    int64
}

// A loss is a connection that the ideal client had and lost without its doing,
// or that could not be had. It explains one later opening.
type loss struct {
	cause        Cause
	server       segment.Endpoint
	conn         *Conn
	packet       int64
	mayHaveAsked bool // the client may have asked for it
	manner       closeManner
}

// A closeManner says how the server closed a connection.
type closeManner struct {
	atOnce bool // right after a response, or while it carried requests: it was not idle
	goAway bool // by HTTP/2's GOAWAY
}

// manner returns how the server closed c, which has idled since an instant.
func (c *Conn) manner(idleSince segment.Time) closeManner {
	return closeManner{c.closedAt.Sub(idleSince) < max(atOnce, 2*c.rtt), c.goAway != nil}
}

// maxLosses bounds the losses that still explain something; the oldest go.
const maxLosses = 4096

func (p *Pool) addLoss(l loss) {
	if len(p.losses) == maxLosses {
		p.losses = slices.Delete(p.losses, 0, 1)
	}
	p.losses = append(p.losses, l)
}

// answered puts the token of an occupation back, unless its connection is gone.
func (p *Pool) occupationEnds(w *clientShard, i action) {
	c, o := i.conn, i.occ
	cause := Cause("")
	switch {
	case o.outcome == event.Consumed:
		cause = UsedUp
	case o.stale, o.outcome == event.Unanswered && c.closedBy == event.Server:
		cause = Reset
		if !o.first && !o.ignored {
			p.ReusedUnanswered++
		}
	case o.endsConn:
		cause = ServerSaidClose
	case c.tokenLost:
		cause = c.closeCause()
	}
	t := o.token
	last := lastUse{o.last, o.outcome, o.status, o.certain, o.asksClose, o.mayHideClose, o.endPacket}
	if o.started { // else its demand is still an item
		w.free.occupations.put(o)
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
		p.addLoss(loss{cause, c.server, c, i.packet, cause == ServerClosed && c.mayHaveAsked(i.at), c.manner(i.at)})
		return
	}
	t.freedAt, t.last = i.at, last
	if t.conn.streamLimit == 0 || t.inUse == 0 {
		p.tokens.remove(t)
		t.conn = c
	}
	if !t.onStack {
		p.tokens.push(t)
	}
	if c.inFlight == 0 {
		p.simulate(func(s *keepingClient, keep int) { s.push(c, i.at, keep) })
	}
}

// serverClosed takes the token of a connection that the server closed. If a
// transaction is still on it, the token will not come back.
func (p *Pool) serverCloses(i action) {
	c := i.conn
	if c.tokenLost {
		return
	}
	c.tokenLost = true
	p.simulate(func(s *keepingClient, _ int) { s.drop(c) })
	if t := c.token; t != nil {
		p.addLoss(loss{c.closeCause(), c.server, c, i.packet, c.mayHaveAsked(t.freedAt), c.manner(t.freedAt)})
		p.loseToken(t)
	}
}

// brokenBy returns what the server did to c, which idled.
func (c *Conn) closeCause() Cause {
	if c.byReset {
		return Reset
	}
	return ServerClosed
}

// mayHaveAsked reports whether c, idle since an instant, may have been closed by the
// server because a request that could not be read asked for it: then at once.
func (c *Conn) mayHaveAsked(idleSince segment.Time) bool {
	return c.mayHideClose && c.closedAt.Sub(idleSince) < max(atOnce, 2*c.rtt)
}

// demanded gives an occupation a connection.
func (p *Pool) occupationStarts(w *clientShard, i action) {
	c, o := i.conn, i.occ
	o.started = true
	if len(c.undecided) > 0 {
		c.undecided = c.undecided[:copy(c.undecided, c.undecided[1:])]
	}
	if p.simulated == nil && o.first && p.decided > 0 {
		w.startCurve(p)
	}
	if t := c.token; p.simulated == nil && t != nil && t.inUse == 0 {
		p.longestIdle = max(p.longestIdle, i.at.Sub(t.freedAt))
	}
	if c.inFlight++; c.inFlight == 1 {
		p.occupations++
		p.simulate(func(s *keepingClient, _ int) { s.take(c, i.at) })
	}
	switch {
	case !o.first:
		p.judgeReuse(w, i)
	case c.midstream, c.serverUnseen:
		p.needed(w, i, Unknown, 0)
	case p.decided == 0:
		p.needed(w, i, First, 0)
	default:
		p.judgeNew(w, i)
	}
}

// again serves a transaction on a connection already used.
func (p *Pool) judgeReuse(w *clientShard, i action) {
	c, o := i.conn, i.occ
	if o.stale { // its own token, lost already or about to be, is what it takes
		if c.token != nil {
			p.occupy(c.token, o)
			return
		}
		for k := len(p.losses) - 1; k >= 0; k-- {
			if p.losses[k].conn == c {
				p.losses = slices.Delete(p.losses, k, k+1)
				break
			}
		}
		return
	}
	t := c.token
	if t == nil {
		t = w.topToken(p, c.server, i.at)
	}
	if t == nil {
		t = p.tokens.top // another address's, for want of a better
	}
	if t != nil {
		p.occupy(t, o)
		return
	}
	p.openToken(o)
	// The ideal client opens one here. The real client has it already: so it
	// opened one a moment before the ideal client would have. Where nothing was
	// blamed on it, nothing is taken back, and used = needed + avoidable stays.
	if n := len(p.provisional); n > 0 {
		p.changeCause(p.provisional[n-1], Early)
		w.ready = append(w.ready, p.provisional[n-1])
		p.provisional = p.provisional[:n-1]
	}
}

// anew judges a connection opened for a transaction.
func (p *Pool) judgeNew(w *clientShard, i action) {
	c, o := i.conn, i.occ
	t := w.idleToken(p, c, o)
	if t == nil {
		t = w.topToken(p, c.server, i.at)
	}
	if t != nil {
		p.avoidable(w, i, p.occupy(t, o))
		return
	}
	if k := p.latestLoss(c.server); k >= 0 {
		l := p.losses[k]
		p.losses = slices.Delete(p.losses, k, k+1)
		p.needed(w, i, l.cause, l.packet)
		w.ready[len(w.ready)-1].lossManner = l.manner
		if l.mayHaveAsked {
			p.PerhapsAvoidable++
			d := w.ready[len(w.ready)-1]
			d.Confidence, d.mayHideClose = Likely, true
		}
		return
	}
	if w.findToken(&p.tokens, func(t *token) bool { return t.hasRoom(i.at) }) != nil {
		p.needed(w, i, OtherAddress, 0)
		return
	}
	p.needed(w, i, Concurrent, 0)
}

// free returns the most recently idle token to the same address whose
// connection takes no other transaction before the new one's first response has
// ended.
func (w *clientShard) idleToken(p *Pool, c *Conn, o *occupation) *token {
	return w.findToken(&p.tokens, func(t *token) bool {
		r := t.conn
		switch {
		case r.server != c.server:
			return false
		case r.streamLimit > 0:
			return t.hasRoom(o.demand)
		}
		return len(r.undecided) == 0 || o.endKnown && r.undecided[0].demand >= o.end
	})
}

// top returns the token to an endpoint that has most recently become idle, or has
// room.
func (w *clientShard) topToken(p *Pool, server segment.Endpoint, at segment.Time) *token {
	return w.findToken(&p.tokens, func(t *token) bool { return t.conn.server == server && t.hasRoom(at) })
}

// latestLoss returns the loss that explains an opening: the latest, of the same
// endpoint if there is one.
func (p *Pool) latestLoss(server segment.Endpoint) int {
	for k := len(p.losses) - 1; k >= 0; k-- {
		if p.losses[k].server == server {
			return k
		}
	}
	return len(p.losses) - 1
}

// opens notes a connection that the ideal client opened too.
func (p *Pool) needed(w *clientShard, i action, cause Cause, because int64) {
	p.openToken(i.occ)
	p.decided++
	p.Needed++
	p.Causes.Add(cause, 1)
	d := w.free.decisions.get()
	*d = Decision{Conn: i.conn.id, From: i.conn.client, To: i.conn.server, At: i.conn.opened, Pool: p.serial, Cause: cause, Confidence: Certain, shard: w, openPacket: i.packet, lossPacket: because, serverUnseen: i.conn.serverUnseen, final: true}
	w.ready = append(w.ready, d)
}

// atOnce is how long an idle connection may have lived that was closed right
// after use.
const atOnce = 100 * time.Millisecond

// blame notes a connection that the ideal client did without, and says what had
// become of the one it would have taken.
func (p *Pool) avoidable(w *clientShard, i action, t *token) {
	p.decided++
	p.Avoidable++
	p.ColdRoundTrips += int64(i.conn.setupRoundTrips)
	p.ColdCost += i.conn.setupTime()
	r, o := t.conn, t.last
	d := &Decision{Conn: i.conn.id, From: i.conn.client, To: i.conn.server, At: i.conn.opened, Pool: p.serial, InsteadOf: r.id, Confidence: Certain, openPacket: i.packet, HasIdle: t.inUse == 1,
		Idle: max(0, i.at.Sub(t.freedAt)), inUse: t.inUse - 1, last: o.n, endPacket: o.endPacket, closePacket: r.closePacket, setupRoundTrips: i.conn.setupRoundTrips, cost: i.conn.setupTime()}
	gone := r.closedBy == event.Client && r.closedAt <= i.at
	switch {
	case o.outcome == event.Abandoned, o.outcome == event.Unanswered && r.closedBy == event.Client:
		d.Cause = Undrained
		if d.unanswered = o.outcome == event.Unanswered; !o.certain {
			d.Confidence = Likely
		}
	case o.asksClose:
		d.Cause = ClientSaidClose
	case gone && r.closedAt.Sub(t.freedAt) < max(atOnce, 2*r.rtt):
		d.Cause = ClientClosed
		if o.mayHideClose {
			d.Confidence, d.mayHideClose = Likely, true
			if r.inferred { // of a head that was cut off what was read counts
				d.perhapsNeeded = true
				p.PerhapsNeeded++
			}
		}
	case gone:
		d.Cause = ClientIdleTimeout
	default:
		d.Cause = Missed
		if r.clockOffset > time.Millisecond { // what the client had been told is an estimate
			d.Confidence = Likely
		}
	}
	if i.conn.inferred || r.inferred {
		d.Confidence = Likely
	}
	if gone {
		d.closedAfter, d.closedByThen = max(0, r.closedAt.Sub(t.freedAt)), true
		d.onDemand = i.at.Sub(r.closedAt) <= onDemand
	}
	p.Causes.Add(d.Cause, 1)
	if d.Cause != ClientSaidClose {
		w.statuses(p).left(o.status, i.conn.id, i.conn.packet)
	}
	if d.Cause == ClientClosed {
		p.detectors.churn.avoidable(i.conn.id, i.conn.packet)
	}
	switch {
	case d.Cause != Missed && d.Cause != ClientClosed && d.Cause != ClientIdleTimeout:
	case !r.ended:
		r.revisable = append(r.revisable, d)
	default:
		p.reviseUnread(d, r)
	}
	p.provisional = append(p.provisional, d)
	if len(p.provisional) > maxTakeBack {
		w.ready = append(w.ready, p.provisional[0])
		p.provisional = p.provisional[:copy(p.provisional, p.provisional[1:])]
	}
}

// revise says that a connection blamed for idling, or for being closed, was
// never read.
func (p *Pool) reviseUnread(d *Decision, r *Conn) {
	if r.unreadN != 0 && r.unreadN == d.last && d.Cause.Avoidable() {
		p.changeCause(d, Undrained)
		d.Confidence = Likely
	}
}

// recause changes a decision's cause and the sums with it.
func (p *Pool) changeCause(d *Decision, to Cause) {
	p.Causes.Add(d.Cause, -1)
	p.Causes.Add(to, 1)
	if d.mayHideClose = false; d.perhapsNeeded {
		d.perhapsNeeded = false
		p.PerhapsNeeded--
	}
	if d.Cause.Avoidable() && !to.Avoidable() {
		p.Avoidable--
		p.ColdRoundTrips -= int64(d.setupRoundTrips)
		p.ColdCost -= d.cost
		p.Needed++
	}
	d.Cause = to
}
