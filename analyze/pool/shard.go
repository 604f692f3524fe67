package pool

import (
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Wards is into how many the clients are sorted. What one does is nothing to another, so
// each ward has a time of its own: to handle much of one before the next keeps what is
// looked at in the cache.
const ClientShards = 128

// A ward is some of the clients, and all that is known of them.
type clientShard struct {
	judge        *Judge
	clients      map[segment.Addr]*client
	pools        poolList
	lastSerial   int64        // of the latest pool; those of no two wards are the same
	dirty        []*Pool      // that the next Advance looks at
	now          segment.Time // of its latest event
	ready        []*Decision
	changes      []VerdictChange
	decidedEarly int64
	evicted      evictedTotals
	free         freeLists

	newPools, toEvict, toInspect int  // pools begun since the last Share; to be summed up; and to be looked at for that
	evictAvoidable               bool // those with avoidable connections are summed up too
}

// maxSitePools bounds the pools remembered for one endpoint; more of one client share its
// first.
const maxServerPools = 1024

// touch has p decide what it can, and the next Advance look at it.
func (w *clientShard) markDirty(p *Pool) {
	limit := w.judge.maxQueued
	// Where there is little to look at it decides at once: now it is in the cache.
	if len(p.queue) > limit || len(p.outstanding) <= few && len(p.clientServers) <= few {
		p.decide(w, w.now)
	}
	if len(p.queue) > limit {
		w.decidedEarly++
		p.replay(w, p.queue[0].at.Add(1), w.now, limit/2)
	}
	if !p.dirty && (len(p.queue) > 0 || w.judge.TrackVerdicts) {
		p.dirty = true
		w.dirty = append(w.dirty, p)
	}
}

func (w *clientShard) requested(c *Conn, e *event.Event) {
	w.assignPool(c, e)
	p := c.pool
	p.detectors.tunnels = p.detectors.tunnels || e.Tunnel
	first := c.requests == 0
	if first {
		if p.Used == 0 {
			p.findSplit(c, e.StreamLimit > 0)
		}
		p.Used++
		if c.closedBy == event.Nobody {
			p.openConns++
		}
		if c.midstream {
			p.midstream++
		}
		if c.serverUnseen = e.ServerUnseen; c.serverUnseen {
			p.serverUnseen++
		}
	}
	c.n, c.setupRoundTrips, c.mayHideClose, c.inferred = e.N, e.SetupRoundTrips, e.MayHideClose, e.Inferred
	if !e.Ignored {
		c.requests++
		p.MostOnOne = max(p.MostOnOne, int64(c.n))
		p.Transactions++
		if !first {
			p.Reused++
			p.SavedRoundTrips += int64(c.setupRoundTrips)
			p.SavedCost += c.setupTime()
		}
		if e.Promises {
			c.promised++
			p.Promised++
		}
	}
	c.asksClose = e.AsksClose
	at := e.Time.Add(-c.clockOffset)
	if len(c.active) > 0 && e.StreamLimit == 0 { // pipelined: one occupation
		o := c.active[0]
		o.outstanding++
		o.last, o.asksClose, o.ignored = e.N, e.AsksClose, o.ignored && e.Ignored
		return
	}
	if e.StreamLimit > 0 && c.streamLimit == 0 {
		c.limitKnownAt = at
	}
	if c.streamLimit = e.StreamLimit; c.streamLimit > 0 && c.closedBy == event.Nobody {
		p.detectors.lastStreams = latest{c, e.Packet}
	}
	p.resolveClose(c, false)
	idle := len(c.active) == 0 && !c.lastEnd.IsZero()
	if idle {
		at = max(at, c.lastEnd.at) // the client knew: shift is an estimate
	}
	o := w.free.occupations.get()
	*o = occupation{conn: c, start: at, demand: at, packet: e.Packet, last: e.N, outstanding: 1, asksClose: e.AsksClose, ignored: e.Ignored}
	if first {
		o.first = true
		if !c.midstream {
			o.demand, o.packet = c.opened.Add(-c.clockOffset), c.packet
		}
	}
	o.stale = c.closedBy == event.Server
	if c.active = append(c.active, o); c.streamLimit > 1 && len(c.active) >= int(c.streamLimit) {
		p.detectors.atLimit.add(c.id, e.Packet)
	}
	c.undecided = append(c.undecided, o)
	p.addOutstanding(o)
	p.clockOffset = max(p.clockOffset, c.clockOffset)
	p.Peak = max(p.Peak, int64(len(p.outstanding)-p.deferred))
	p.push(action{at: o.demand, packet: o.packet, kind: starts, conn: c, occ: o})
	if idle {
		w.statuses(p).followed(c.lastStatus)
		p.detectors.idle.reused(Idle{For: at.Sub(c.lastEnd.at), Conn: c.id, Packet: e.Packet})
	}
}

func (w *clientShard) answered(c *Conn, e *event.Event) {
	o := c.occupationOf(e.N)
	if o == nil {
		return
	}
	at := e.Time.Add(c.clockOffset)
	if e.Acked != 0 { // before that it had it: shift is an estimate
		at = min(at, e.Acked.Add(-c.clockOffset))
	}
	if e.Outcome == event.Abandoned || e.Outcome == event.Unanswered && c.closedBy == event.Client {
		at = e.Time.Add(-c.clockOffset)
	}
	o.end, o.endPacket = max(o.end, at), e.Packet
	o.outcome, o.status, o.certain, o.saysClose, o.mayHideClose = e.Outcome, e.Status, e.Certain, e.SaysClose, e.Unread
	c.saysClose, c.lastComplete, c.lastStatus = e.SaysClose, e.Outcome == event.Complete, e.Status
	if c.serverUnseen && c.lastComplete { // the server's side was only captured late, or not from the first
		c.serverUnseen = false
		c.pool.serverUnseen--
	}
	c.pool.detectors.idle.announce(e.KeepAlive, e.Packet)
	if o.outstanding--; o.outstanding > 0 {
		return
	}
	i := slices.Index(c.active, o)
	c.active = slices.Delete(c.active, i, i+1)
	if len(c.active) == 0 {
		c.pool.detectors.lastIdle = latest{c, e.Packet}
	}
	o.endKnown = true
	if o.saysClose && c.closedBy == event.Nobody && !c.ended {
		c.pool.deferClose(o) // it may yet carry another transaction
		return
	}
	before := c.lastEnd
	c.pool.queueEnd(o, o.saysClose)
	if c.unaskedClose && !o.saysClose {
		switch {
		case o.outcome == event.Complete:
			w.closedIdle(c.pool, c, c.lastEnd.at)
		case o.outcome == event.Unanswered && c.closedBy == event.Server && !before.IsZero(): // the close crossed the request, or drove it out
			w.closedIdle(c.pool, c, before.at)
		}
	}
	c.unaskedClose = false
}

func (w *clientShard) closing(c *Conn, e *event.Event) {
	c.closedBy, c.byReset, c.goAway, c.closePacket = e.By, e.Reset, e.GoAway, e.Packet
	c.closedAt = e.Time.Add(-c.clockOffset)
	if e.By == event.Server {
		c.closedAt = e.Time.Add(c.clockOffset)
	}
	p := c.pool
	if p == nil {
		return
	}
	for _, d := range c.revisable {
		d.closePacket = e.Packet // after all
	}
	p.openConns--
	p.resolveClose(c, true)
	if e.By == event.Server && !c.asksClose {
		p.push(action{at: c.closedAt, packet: e.Packet, kind: serverCloses, conn: c})
	}
	switch unasked := !c.asksClose && !c.saysClose && !e.Outstanding; {
	case unasked && len(c.active) == 0 && !c.lastEnd.IsZero():
		w.closedIdle(p, c, c.lastEnd.at)
	case unasked && c.streamLimit == 0: // the latest response's end may only not have been told of
		c.unaskedClose = len(c.active) > 0
	}
	if e.By == event.Client {
		p.detectors.churn.closed()
	}
}

func (w *clientShard) ended(c *Conn, e *event.Event) {
	end := e.End
	c.ended, c.unreadN = true, end.Unread
	if c.pool == nil {
		w.neverUsed(c, e)
	}
	p := c.pool
	p.liveConns--
	p.Connections++
	if end.Gaps {
		p.Gaps++
	}
	if c.requests == 0 {
		p.Unused++
		if end.MaxUnder > 0 {
			p.Opaque++
		}
		return
	}
	if c.closedBy == event.Nobody {
		p.openConns--
		p.resolveClose(c, true)
	}
	if c.closedBy == event.Server {
		p.ServerEnded++
	}
	if end.Probes > 0 && c.n == 1 {
		p.detectors.probed.add(c.id, end.FirstProbe)
	}
	if end.Declined {
		p.detectors.declined.add(c.id, c.packet)
	}
	w.endedAfterUse(p, c)
	p.Warmths.Add(end.Warmth)
	if c.requests > 1 {
		p.Shared += c.promised
	}
	p.MaxOver += end.MaxOver
	p.MaxUnder += end.MaxUnder
	for _, d := range c.revisable {
		p.reviseUnread(d, c)
	}
	c.revisable = nil
}

// unused puts a connection that never carried a request into the pool of its
// client and server, if there is one.
func (w *clientShard) neverUsed(c *Conn, e *event.Event) {
	c.clientServer.unused.remove(c)
	if c.pool = c.clientServer.latestPool(c.syn); c.pool != nil {
		c.pool.liveConns++
	} else {
		c.pool = w.newPool(c, poolKey{port: c.server.Port, identity: c.clientServer.client.identify(&event.Who{SYN: c.syn})})
	}
	if e.End.Refused {
		c.pool.push(action{at: e.Time.Add(c.clockOffset), packet: e.Packet, kind: attemptFails, conn: c})
	}
}

// place finds the pool of c by what its request names.
func (w *clientShard) assignPool(c *Conn, e *event.Event) {
	key := poolKey{name: e.Name, port: c.server.Port, tls: e.TLS}
	if e.Proxied || e.Name == "" {
		key.name = ""
	}
	if c.pool != nil {
		if key.name != "" && key.name != c.pool.Name && !c.pool.proxied && !e.Tunnel {
			key.identity = c.pool.identity
			w.carriesToo(c, key)
		}
		return
	}
	who := event.Who{SYN: c.syn}
	if e.Who != nil {
		learn(&who, e.Who)
	}
	key.identity = c.clientServer.client.identify(&who)
	c.clientServer.unused.remove(c)
	p := w.findPool(c, key, e.Proxied)
	if p == nil {
		p = w.newPool(c, key)
	} else {
		w.joinPool(c, p, key)
	}
	p.proxied = p.proxied || e.Proxied
}

// known returns the pool that key names, or the one without a name at c's site,
// whose name is known from now on; for what is sent to a proxy, the proxy's own.
func (w *clientShard) findPool(c *Conn, key poolKey, proxied bool) *Pool {
	pools := c.clientServer.pools
	if proxied {
		if i := slices.IndexFunc(pools, func(p *Pool) bool { return p.identity == key.identity && (p.proxied || p.Name == "") }); i >= 0 {
			return pools[i]
		}
		return nil
	}
	if key.name == "" {
		for i := len(pools) - 1; i >= 0; i-- {
			if pools[i].identity == key.identity {
				return pools[i]
			}
		}
		return nil
	}
	if p := c.clientServer.client.byKey.get(key); p != nil {
		return p.Final()
	}
	for _, p := range pools {
		if p.identity == key.identity && (p.Name == "" && !p.proxied || len(pools) >= maxServerPools) {
			return p
		}
	}
	return nil
}

func (w *clientShard) newPool(c *Conn, key poolKey) *Pool {
	w.newPools++
	w.lastSerial += ClientShards
	p := w.free.pools.get()
	p.clear()
	p.serial, p.client, p.identity, p.TLS, p.FirstPacket, p.onlyConn = w.lastSerial, c.clientServer.client, key.identity, key.tls, c.packet, c
	p.Client = p.client.addr
	w.pools.add(p)
	w.joinPool(c, p, key)
	w.evictSettled(inspectPerNew) // now, so that what is summed up serves again soon; not before, or c's client and site might go with it
	return p
}

// join makes c one of p's, and p known by key and at c's site.
func (w *clientShard) joinPool(c *Conn, p *Pool, key poolKey) {
	c.pool = p
	p.liveConns++
	if p.onlyConn != c {
		p.onlyConn = nil
	}
	p.FirstPacket = min(p.FirstPacket, c.packet)
	if p.Name == "" && key.name != "" && !p.proxied {
		p.Name, p.TLS = key.name, key.tls
		w.addKey(p, key)
	}
	if !slices.Contains(c.clientServer.pools, p) {
		c.clientServer.pools = append(c.clientServer.pools, p)
		p.clientServers = append(p.clientServers, c.clientServer)
		p.Servers = append(p.Servers, c.server)
	}
}

// call makes p known by key.
func (w *clientShard) addKey(p *Pool, key poolKey) {
	p.client.byKey.put(key, p)
	p.keys = append(p.keys, key)
}

// another joins two pools: one connection carries both names, so a client that
// has one connection has it for both.
func (w *clientShard) carriesToo(c *Conn, key poolKey) {
	q := c.clientServer.client.byKey.get(key)
	if q == nil {
		w.addKey(c.pool, key)
		return
	}
	if q = q.Final(); q != c.pool {
		w.merge(c.pool, q)
		c.pool = c.pool.Final()
	}
}

// turn notes p's verdict if it has changed.
func (w *clientShard) noteVerdict(p *Pool) {
	if !w.judge.TrackVerdicts || p.decided == 0 {
		return
	}
	if is, _ := p.verdict(); is != p.lastReported {
		w.changes = append(w.changes, VerdictChange{p, w.now, p.lastReported, is})
		p.lastReported = is
	}
}

// decideAll decides what p still waits with.
func (w *clientShard) decideRest(p *Pool) { p.replay(w, 1<<63-1, 1<<63-1, 0) }

// close concludes p.
func (w *clientShard) conclude(p *Pool) {
	w.decideRest(p)
	w.ready = append(w.ready, p.provisional...)
	p.provisional = nil
	p.Verdict, p.WithheldBecause = p.verdict()
	if lacking := w.judge.WithheldBecause; lacking != "" && p.Avoidable == 0 {
		p.Verdict, p.WithheldBecause = NotKnown, lacking
	}
}
