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
	conn *Conn
	at   segment.Time // when its latest transaction ended
	last carried
	busy int32 // transactions on it
	gone bool  // the server has ended it

	lies         bool // on the stack
	above, below *token
}

// tokens is the ideal client's stack: of tokens with room for a transaction, the latest
// to become so on top. A connection knows its own, so there may be many.
type tokens struct{ top, bottom *token }

// push puts t, which lies nowhere, on top.
func (s *tokens) push(t *token) { s.insert(t, s.top) }

// insert puts t above another, nil for at the bottom.
func (s *tokens) insert(t, below *token) {
	t.lies, t.below, t.conn.token = true, below, t
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
	if !t.lies {
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
	t.lies, t.above, t.below = false, nil, nil
}

// join puts those of from among those of s, by when they came to lie there.
func (s *tokens) join(from *tokens) {
	for t := from.bottom; t != nil; {
		next, below := t.above, s.top
		from.remove(t)
		for below != nil && below.at > t.at {
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
func (w *ward) find(s *tokens, fits func(*token) bool) *token {
	t := s.top
	for range mostLooked {
		if t == nil || fits(t) {
			return t
		}
		t = t.below
	}
	if t != nil {
		w.early++
	}
	return nil
}

// room reports whether t can take a transaction whose need arose at an instant.
func (t *token) room(at segment.Time) bool {
	c := t.conn
	return t.busy == 0 || t.busy < c.limit && c.known <= at
}

// take puts o on t, which stays on the stack only if it has room for more.
func (p *Pool) take(t *token, o *occupation) *token {
	t.busy++
	o.on = t
	if t.busy >= t.conn.limit {
		p.tokens.remove(t)
	}
	return t
}

// begin has the ideal client open a connection for o, as the real one did.
func (p *Pool) begin(o *occupation) {
	if o.on = &p.room.token; o.on.conn != nil {
		o.on = new(token)
	}
	*o.on = token{conn: o.conn, at: o.demand, busy: 1}
	if o.conn.limit > 1 {
		p.tokens.push(o.on)
	}
}

// drop takes t, which the server has ended, off the stack.
func (p *Pool) drop(t *token) {
	t.gone = true
	p.tokens.remove(t)
}

// carried is what is remembered of the latest occupation of a token's
// connection.
type carried struct {
	n         int32
	outcome   event.Outcome
	sure      bool
	asksClose bool
	unread    bool // of its response
	endPacket int64
}

// A loss is a connection that the ideal client had and lost without its doing,
// or that could not be had. It explains one later opening.
type loss struct {
	cause  Cause
	server segment.Endpoint
	conn   *Conn
	packet int64
	unsure bool // the client may have asked for it
}

// maxLosses bounds the losses that still explain something; the oldest go.
const maxLosses = 4096

func (p *Pool) lose(l loss) {
	if len(p.losses) == maxLosses {
		p.losses = slices.Delete(p.losses, 0, 1)
	}
	p.losses = append(p.losses, l)
}

// answered puts the token of an occupation back, unless its connection is gone.
func (p *Pool) answered(w *ward, i item) {
	c, o := i.conn, i.occ
	cause := Cause("")
	switch {
	case o.outcome == event.Consumed:
		cause = UsedUp
	case o.stale, o.outcome == event.Unanswered && c.by == event.Server:
		cause = Reset
		if !o.first && !o.ignored {
			p.InVain++
		}
	case o.byServer:
		cause = ServerSaidClose
	case c.lost:
		cause = c.brokenBy()
	}
	t := o.on
	last := carried{o.n, o.outcome, o.sure, o.asksClose, o.unread, o.endPacket}
	if o.demanded { // else its demand is still an item
		w.spare.occupations.put(o)
	}
	c.carried--
	if t == nil {
		t = &token{conn: c, busy: 1}
	}
	t.busy--
	switch {
	case t.gone:
		return
	case cause != "" && (c.limit == 0 || t.conn == c):
		c.lost = true
		p.drop(t)
		p.lose(loss{cause, c.server, c, i.packet, cause == ServerClosed && c.mayHaveAsked(i.at)})
		return
	}
	t.at, t.last = i.at, last
	if t.conn.limit == 0 || t.busy == 0 {
		p.tokens.remove(t)
		t.conn = c
	}
	if !t.lies {
		p.tokens.push(t)
	}
	if c.carried == 0 {
		p.simulate(func(s *stack, keep int) { s.push(c, i.at, keep) })
	}
}

// serverClosed takes the token of a connection that the server closed. If a
// transaction is still on it, the token will not come back.
func (p *Pool) serverClosed(i item) {
	c := i.conn
	if c.lost {
		return
	}
	c.lost = true
	p.simulate(func(s *stack, _ int) { s.drop(c) })
	if t := c.token; t != nil {
		p.lose(loss{c.brokenBy(), c.server, c, i.packet, c.mayHaveAsked(t.at)})
		p.drop(t)
	}
}

// brokenBy returns what the server did to c, which idled.
func (c *Conn) brokenBy() Cause {
	if c.reset {
		return Reset
	}
	return ServerClosed
}

// mayHaveAsked reports whether c, idle since an instant, may have been closed by the
// server because a request that could not be read asked for it: then at once.
func (c *Conn) mayHaveAsked(idleSince segment.Time) bool {
	return c.hidden && c.closedAt.Sub(idleSince) < max(atOnce, 2*c.rtt)
}

// demanded gives an occupation a connection.
func (p *Pool) demanded(w *ward, i item) {
	c, o := i.conn, i.occ
	o.demanded = true
	if len(c.queue) > 0 {
		c.queue = c.queue[:copy(c.queue, c.queue[1:])]
	}
	if p.sim == nil && o.first && p.judged > 0 {
		w.startCurve(p)
	}
	if t := c.token; p.sim == nil && t != nil && t.busy == 0 {
		p.idled = max(p.idled, i.at.Sub(t.at))
	}
	if c.carried++; c.carried == 1 {
		p.occupied++
		p.simulate(func(s *stack, _ int) { s.take(c, i.at) })
	}
	switch {
	case !o.first:
		p.again(w, i)
	case c.midway, c.blind:
		p.opens(w, i, Unknown, 0)
	case p.judged == 0:
		p.opens(w, i, First, 0)
	default:
		p.anew(w, i)
	}
}

// again serves a transaction on a connection already used.
func (p *Pool) again(w *ward, i item) {
	c, o := i.conn, i.occ
	if o.stale { // its own token, lost already or about to be, is what it takes
		if c.token != nil {
			p.take(c.token, o)
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
		t = w.top(p, c.server, i.at)
	}
	if t == nil {
		t = p.tokens.top // another address's, for want of a better
	}
	if t != nil {
		p.take(t, o)
		return
	}
	p.begin(o)
	// The ideal client opens one here. The real client has it already: so it
	// opened one a moment before the ideal client would have. Where nothing was
	// blamed on it, nothing is taken back, and used = needed + avoidable stays.
	if n := len(p.held); n > 0 {
		p.recause(p.held[n-1], Early)
		w.ready = append(w.ready, p.held[n-1])
		p.held = p.held[:n-1]
	}
}

// anew judges a connection opened for a transaction.
func (p *Pool) anew(w *ward, i item) {
	c, o := i.conn, i.occ
	t := w.free(p, c, o)
	if t == nil {
		t = w.top(p, c.server, i.at)
	}
	if t != nil {
		p.blame(w, i, p.take(t, o))
		return
	}
	if k := p.latestLoss(c.server); k >= 0 {
		l := p.losses[k]
		p.losses = slices.Delete(p.losses, k, k+1)
		p.opens(w, i, l.cause, l.packet)
		if l.unsure {
			p.Unsure++
			d := w.ready[len(w.ready)-1]
			d.Confidence, d.unsure = Likely, true
		}
		return
	}
	if w.find(&p.tokens, func(t *token) bool { return t.room(i.at) }) != nil {
		p.opens(w, i, OtherAddress, 0)
		return
	}
	p.opens(w, i, Concurrent, 0)
}

// free returns the most recently idle token to the same address whose
// connection takes no other transaction before the new one's first response has
// ended.
func (w *ward) free(p *Pool, c *Conn, o *occupation) *token {
	return w.find(&p.tokens, func(t *token) bool {
		r := t.conn
		switch {
		case r.server != c.server:
			return false
		case r.limit > 0:
			return t.room(o.demand)
		}
		return len(r.queue) == 0 || o.settled && r.queue[0].demand >= o.end
	})
}

// top returns the token to an endpoint that has most recently become idle, or has
// room.
func (w *ward) top(p *Pool, server segment.Endpoint, at segment.Time) *token {
	return w.find(&p.tokens, func(t *token) bool { return t.conn.server == server && t.room(at) })
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
func (p *Pool) opens(w *ward, i item, cause Cause, because int64) {
	p.begin(i.occ)
	p.judged++
	p.Needed++
	p.Causes.Add(cause, 1)
	d := w.spare.decisions.get()
	*d = Decision{Conn: i.conn.id, From: i.conn.client, To: i.conn.server, At: i.conn.opened, Pool: p.serial, Cause: cause, Confidence: Certain, ward: w, opened: i.packet, because: because, blind: i.conn.blind, final: true}
	w.ready = append(w.ready, d)
}

// atOnce is how long an idle connection may have lived that was closed right
// after use.
const atOnce = 100 * time.Millisecond

// blame notes a connection that the ideal client did without, and says what had
// become of the one it would have taken.
func (p *Pool) blame(w *ward, i item, t *token) {
	p.judged++
	p.Avoidable++
	p.ColdTrips += int64(i.conn.trips)
	p.ColdCost += i.conn.handshakes()
	r, o := t.conn, t.last
	d := &Decision{Conn: i.conn.id, From: i.conn.client, To: i.conn.server, At: i.conn.opened, Pool: p.serial, InsteadOf: r.id, Confidence: Certain, opened: i.packet, HasIdle: t.busy == 1,
		Idle: max(0, i.at.Sub(t.at)), busy: t.busy - 1, n: o.n, answered: o.endPacket, closed: r.closedIn, trips: i.conn.trips, cost: i.conn.handshakes()}
	gone := r.by == event.Client && r.closedAt <= i.at
	switch {
	case o.outcome == event.Abandoned, o.outcome == event.Unanswered && r.by == event.Client:
		d.Cause = Undrained
		if d.unanswered = o.outcome == event.Unanswered; !o.sure {
			d.Confidence = Likely
		}
	case o.asksClose:
		d.Cause = ClientSaidClose
	case gone && r.closedAt.Sub(t.at) < max(atOnce, 2*r.rtt):
		d.Cause = ClientClosed
		if o.unread {
			d.Confidence, d.unsure = Likely, true
			if r.inferred { // of a head that was cut off what was read counts
				d.excused = true
				p.Excused++
			}
		}
	case gone:
		d.Cause = ClientIdleTimeout
	default:
		d.Cause = Missed
		if r.shift > time.Millisecond { // what the client had been told is an estimate
			d.Confidence = Likely
		}
	}
	if i.conn.inferred || r.inferred {
		d.Confidence = Likely
	}
	if gone {
		d.closedAfter, d.gone = max(0, r.closedAt.Sub(t.at)), true
	}
	p.Causes.Add(d.Cause, 1)
	if d.Cause == ClientClosed {
		p.detectors.churn.avoidable(i.conn.id, i.conn.packet)
	}
	switch {
	case d.Cause != Missed && d.Cause != ClientClosed && d.Cause != ClientIdleTimeout:
	case !r.ended:
		r.blamed = append(r.blamed, d)
	default:
		p.revise(d, r)
	}
	p.held = append(p.held, d)
	if len(p.held) > maxTakeBack {
		w.ready = append(w.ready, p.held[0])
		p.held = p.held[:copy(p.held, p.held[1:])]
	}
}

// revise says that a connection blamed for idling, or for being closed, was
// never read.
func (p *Pool) revise(d *Decision, r *Conn) {
	if r.unread != 0 && r.unread == d.n && d.Cause.Avoidable() {
		p.recause(d, Undrained)
		d.Confidence = Likely
	}
}

// recause changes a decision's cause and the sums with it.
func (p *Pool) recause(d *Decision, to Cause) {
	p.Causes.Add(d.Cause, -1)
	p.Causes.Add(to, 1)
	if d.unsure = false; d.excused {
		d.excused = false
		p.Excused--
	}
	if d.Cause.Avoidable() && !to.Avoidable() {
		p.Avoidable--
		p.ColdTrips -= int64(d.trips)
		p.ColdCost -= d.cost
		p.Needed++
	}
	d.Cause = to
}
