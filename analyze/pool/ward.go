package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Wards is into how many the clients are sorted. What one does is nothing to another, so
// each ward has a time of its own: to handle much of one before the next keeps what is
// looked at in the cache.
const Wards = 128

// A ward is some of the clients, and all that is known of them.
type ward struct {
	judge   *Judge
	clients map[segment.Addr]*client
	roll    roll
	serial  int64        // of the latest pool; those of no two wards are the same
	dirty   []*Pool      // that the next Advance looks at
	now     segment.Time // of its latest event
	ready   []*Decision
	turns   []Turn
	early   int64
	folded  folded
	spare   spares

	begun, surplus, looks int  // pools begun since the last Share; to be summed up; and to be looked at for that
	full                  bool // those with avoidable connections are summed up too
}

// maxSitePools bounds the pools remembered for one endpoint; more of one client share its
// first.
const maxSitePools = 1024

// touch has p decide what it can, and the next Advance look at it.
func (w *ward) touch(p *Pool) {
	limit := w.judge.limit
	// Where there is little to look at it decides at once: now it is in the cache.
	if len(p.items) > limit || len(p.outstanding) <= few && len(p.sites) <= few {
		p.decide(w, w.now)
	}
	if len(p.items) > limit {
		w.early++
		p.run(w, p.items[0].at.Add(1), w.now, limit/2)
	}
	if !p.dirty && (len(p.items) > 0 || w.judge.Turns) {
		p.dirty = true
		w.dirty = append(w.dirty, p)
	}
}

func (w *ward) requested(c *Conn, e *event.Event) {
	w.place(c, e)
	p := c.pool
	p.detectors.tunnels = p.detectors.tunnels || e.Tunnel
	first := c.requests == 0
	if first {
		if p.Used == 0 {
			p.findSplit(c, e.Streams > 0)
		}
		p.Used++
		if c.by == event.Nobody {
			p.open++
		}
		if c.midway {
			p.midway++
		}
		if c.blind = e.Blind; c.blind {
			p.blind++
		}
	}
	c.n, c.trips, c.hidden, c.inferred = e.N, e.Trips, e.Hidden, e.Inferred
	if !e.Ignored {
		c.requests++
		p.Carried = max(p.Carried, int64(c.n))
		p.Transactions++
		if !first {
			p.Reused++
			p.SavedTrips += int64(c.trips)
			p.SavedCost += c.handshakes()
		}
		if e.Promises {
			c.promised++
			p.Promised++
		}
	}
	c.asksClose = e.AsksClose
	at := e.Time.Add(-c.shift)
	if len(c.active) > 0 && e.Streams == 0 { // pipelined: one occupation
		o := c.active[0]
		o.waiting++
		o.n, o.asksClose, o.ignored = e.N, e.AsksClose, o.ignored && e.Ignored
		return
	}
	if e.Streams > 0 && c.limit == 0 {
		c.known = at
	}
	if c.limit = e.Streams; c.limit > 0 && c.by == event.Nobody {
		p.detectors.lastStreams = latest{c, e.Packet}
	}
	p.unhold(c, false)
	idle := len(c.active) == 0 && !c.lastEnd.IsZero()
	if idle {
		at = max(at, c.lastEnd.at) // the client knew: shift is an estimate
	}
	o := w.spare.occupations.get()
	*o = occupation{conn: c, start: at, demand: at, packet: e.Packet, n: e.N, waiting: 1, asksClose: e.AsksClose, ignored: e.Ignored}
	if first {
		o.first = true
		if !c.midway {
			o.demand, o.packet = c.opened.Add(-c.shift), c.packet
		}
	}
	o.stale = c.by == event.Server
	if c.active = append(c.active, o); c.limit > 1 && len(c.active) >= int(c.limit) {
		p.detectors.atLimit.add(c.id, e.Packet)
	}
	c.queue = append(c.queue, o)
	p.await(o)
	p.shift = max(p.shift, c.shift)
	p.Peak = max(p.Peak, int64(len(p.outstanding)-p.holding))
	p.push(item{at: o.demand, packet: o.packet, kind: demanded, conn: c, occ: o})
	if idle {
		p.detectors.idle.reused(Idle{For: at.Sub(c.lastEnd.at), Conn: c.id, Packet: e.Packet})
	}
}

func (w *ward) answered(c *Conn, e *event.Event) {
	o := c.carrying(e.N)
	if o == nil {
		return
	}
	at := e.Time.Add(c.shift)
	if e.Acked != 0 { // before that it had it: shift is an estimate
		at = min(at, e.Acked.Add(-c.shift))
	}
	if e.Outcome == event.Abandoned || e.Outcome == event.Unanswered && c.by == event.Client {
		at = e.Time.Add(-c.shift)
	}
	o.end, o.endPacket = max(o.end, at), e.Packet
	o.outcome, o.sure, o.saysClose, o.unread = e.Outcome, e.Sure, e.SaysClose, e.Unread
	c.saysClose, c.complete = e.SaysClose, e.Outcome == event.Complete
	if c.blind && c.complete { // the server's side was only captured late, or not from the first
		c.blind = false
		c.pool.blind--
	}
	c.pool.detectors.idle.announce(e.Hint, e.Packet)
	if o.waiting--; o.waiting > 0 {
		return
	}
	i := slices.Index(c.active, o)
	c.active = slices.Delete(c.active, i, i+1)
	if len(c.active) == 0 {
		c.pool.detectors.lastIdle = latest{c, e.Packet}
	}
	o.settled = true
	if o.saysClose && c.by == event.Nobody && !c.ended {
		c.pool.hold(o) // it may yet carry another transaction
		return
	}
	before := c.lastEnd
	c.pool.release(o, o.saysClose)
	if c.idles && !o.saysClose {
		switch {
		case o.outcome == event.Complete:
			w.idledOut(c.pool, c, c.lastEnd.at)
		case o.outcome == event.Unanswered && c.by == event.Server && !before.IsZero(): // the close crossed the request, or drove it out
			w.idledOut(c.pool, c, before.at)
		}
	}
	c.idles = false
}

func (w *ward) closing(c *Conn, e *event.Event) {
	c.by, c.reset, c.closedIn = e.By, e.Reset, e.Packet
	c.closedAt = e.Time.Add(-c.shift)
	if e.By == event.Server {
		c.closedAt = e.Time.Add(c.shift)
	}
	p := c.pool
	if p == nil {
		return
	}
	for _, d := range c.blamed {
		d.closed = e.Packet // after all
	}
	p.open--
	p.unhold(c, true)
	if e.By == event.Server && !c.asksClose {
		p.push(item{at: c.closedAt, packet: e.Packet, kind: lostToServer, conn: c})
	}
	switch unasked := !c.asksClose && !c.saysClose && !e.Waiting; {
	case unasked && len(c.active) == 0 && !c.lastEnd.IsZero():
		w.idledOut(p, c, c.lastEnd.at)
	case unasked && c.limit == 0: // the latest response's end may only not have been told of
		c.idles = len(c.active) > 0
	}
	if e.By == event.Client {
		p.detectors.churn.closed()
	}
}

func (w *ward) ended(c *Conn, e *event.Event) {
	end := e.End
	c.ended, c.unread = true, end.Unread
	if c.pool == nil {
		w.unused(c, e)
	}
	p := c.pool
	p.alive--
	p.Connections++
	if end.Gaps {
		p.Gaps++
	}
	if c.requests == 0 {
		p.Unused++
		if end.More > 0 {
			p.Opaque++
		}
		return
	}
	if c.by == event.Nobody {
		p.open--
		p.unhold(c, true)
	}
	if c.by == event.Server {
		p.ServerEnded++
	}
	if end.Probes > 0 && c.n == 1 {
		p.detectors.probed.add(c.id, end.Probe)
	}
	if end.Declined {
		p.detectors.declined.add(c.id, c.packet)
	}
	w.endedAfterUse(p, c)
	p.Warmths.Add(end.Warmth)
	if c.requests > 1 {
		p.Shared += c.promised
	}
	p.Fewer += end.Fewer
	p.More += end.More
	for _, d := range c.blamed {
		p.revise(d, c)
	}
	c.blamed = nil
}

// unused puts a connection that never carried a request into the pool of its
// client and server, if there is one.
func (w *ward) unused(c *Conn, e *event.Event) {
	c.site.silent.remove(c)
	if c.pool = c.site.latest(c.syn); c.pool != nil {
		c.pool.alive++
	} else {
		c.pool = w.newPool(c, nameKey{port: c.server.Port, who: c.site.client.who(&event.Who{SYN: c.syn})})
	}
	if e.End.Refused {
		c.pool.push(item{at: e.Time.Add(c.shift), packet: e.Packet, kind: attemptFailed, conn: c})
	}
}

// place finds the pool of c by what its request names.
func (w *ward) place(c *Conn, e *event.Event) {
	key := nameKey{name: e.Name, port: c.server.Port, tls: e.TLS}
	if e.Proxied || e.Name == "" {
		key.name = ""
	}
	if c.pool != nil {
		if key.name != "" && key.name != c.pool.Name && !c.pool.proxied && !e.Tunnel {
			key.who = c.pool.who
			w.another(c, key)
		}
		return
	}
	who := event.Who{SYN: c.syn}
	if e.Who != nil {
		learn(&who, e.Who)
	}
	key.who = c.site.client.who(&who)
	c.site.silent.remove(c)
	p := w.known(c, key, e.Proxied)
	if p == nil {
		p = w.newPool(c, key)
	} else {
		w.join(c, p, key)
	}
	p.proxied = p.proxied || e.Proxied
}

// known returns the pool that key names, or the one without a name at c's site,
// whose name is known from now on; for what is sent to a proxy, the proxy's own.
func (w *ward) known(c *Conn, key nameKey, proxied bool) *Pool {
	pools := c.site.pools
	if proxied {
		if i := slices.IndexFunc(pools, func(p *Pool) bool { return p.who == key.who && (p.proxied || p.Name == "") }); i >= 0 {
			return pools[i]
		}
		return nil
	}
	if key.name == "" {
		for i := len(pools) - 1; i >= 0; i-- {
			if pools[i].who == key.who {
				return pools[i]
			}
		}
		return nil
	}
	if p := c.site.client.named.get(key); p != nil {
		return p.Final()
	}
	for _, p := range pools {
		if p.who == key.who && (p.Name == "" && !p.proxied || len(pools) >= maxSitePools) {
			return p
		}
	}
	return nil
}

func (w *ward) newPool(c *Conn, key nameKey) *Pool {
	w.begun++
	w.serial += Wards
	p := w.spare.pools.get()
	p.clear()
	p.serial, p.client, p.who, p.TLS, p.FirstPacket, p.sole = w.serial, c.site.client, key.who, key.tls, c.packet, c
	p.Client = p.client.addr
	w.roll.add(p)
	w.join(c, p, key)
	w.makeRoom(looks) // now, so that what is summed up serves again soon; not before, or c's client and site might go with it
	return p
}

// join makes c one of p's, and p known by key and at c's site.
func (w *ward) join(c *Conn, p *Pool, key nameKey) {
	c.pool = p
	p.alive++
	if p.sole != c {
		p.sole = nil
	}
	p.FirstPacket = min(p.FirstPacket, c.packet)
	if p.Name == "" && key.name != "" && !p.proxied {
		p.Name, p.TLS = key.name, key.tls
		w.call(p, key)
	}
	if !slices.Contains(c.site.pools, p) {
		c.site.pools = append(c.site.pools, p)
		p.sites = append(p.sites, c.site)
		p.Servers = append(p.Servers, c.server)
	}
}

// call makes p known by key.
func (w *ward) call(p *Pool, key nameKey) {
	p.client.named.put(key, p)
	p.names = append(p.names, key)
}

// another joins two pools: one connection carries both names, so a client that
// has one connection has it for both.
func (w *ward) another(c *Conn, key nameKey) {
	q := c.site.client.named.get(key)
	if q == nil {
		w.call(c.pool, key)
		return
	}
	if q = q.Final(); q != c.pool {
		w.merge(c.pool, q)
		c.pool = c.pool.Final()
	}
}

// turn notes p's verdict if it has changed.
func (w *ward) turn(p *Pool) {
	if !w.judge.Turns || p.judged == 0 {
		return
	}
	if is, _ := p.verdict(); is != p.told {
		w.turns = append(w.turns, Turn{p, w.now, p.told, is})
		p.told = is
	}
}

// decideAll decides what p still waits with.
func (w *ward) decideAll(p *Pool) { p.run(w, 1<<63-1, 1<<63-1, 0) }

// close concludes p.
func (w *ward) close(p *Pool) {
	w.decideAll(p)
	w.ready = append(w.ready, p.held...)
	p.held = nil
	p.Verdict, p.WithheldBecause = p.verdict()
	if lacking := w.judge.Lacking; lacking != "" && p.Avoidable == 0 {
		p.Verdict, p.WithheldBecause = NotKnown, lacking
	}
}
