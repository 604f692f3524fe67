package pool

import (
	"cmp"
	"slices"
	"time"

	"tcpwarm/capture/segment"
)

// A Judge sorts connections into pools and judges each pool beside the ideal
// client. Feed it with Open and Handle, the events of each ward in packet order,
// Advance now and then, and Finish at the end. Wards are nothing to each other: Open,
// Handle and Advance may be called for several at once, nothing else beside them.
//
// A pool decides as of an instant only once all that bears on it is known: no
// occupation begun before it is still outstanding, no connection opened before it
// has yet to show what it is for, and nobody who said close may still prove
// otherwise. Where that keeps too much waiting, it decides with what it knows,
// and counts that.
type Judge struct {
	Turns     bool   // whether Turned will be asked
	Lacking   string // why no verdict can rest on what was seen, "" if nothing is against it; set before Finish
	KeepPools int    // pools kept in full; beyond it settled ones are summed up, those with avoidable connections beyond twice as many

	limit   int // items a pool may hold undecided
	wards   [Wards]ward
	numbers map[int64]int64 // from pools' serials to IDs, once Pools was called
	ready   []*Decision     // scratch
}

// maxSitePools bounds the pools remembered for one endpoint; more share the
// first.
const maxSitePools = 1024

// A Conn is a connection as far as pools care.
type Conn struct {
	id             int64
	client, server segment.Endpoint
	site           *site
	pool           *Pool
	ward           *ward        // its site's client's, within reach
	opened         segment.Time // on the client's clock
	packet         int64        // its first
	midway         bool
	shift, rtt     time.Duration

	requests int64 // that are judged
	n        int32 // of the latest transaction
	promised int64
	hidden   bool          // its latest request may have asked to close it
	trips    int32         // round trips that its handshakes took
	limit    int32         // transactions it may carry at once, as last said; 0: one, and more only pipelined
	known    segment.Time  // when the client knew limit
	active   []*occupation // outstanding; with limit 0 at most one
	carried  int           // occupations whose demand, but not whose end, has been decided
	queue    []*occupation // whose demand has not been decided, in order
	held     *occupation   // nil: none
	token    *token        // of those on the ideal client's stack, the latest tied to it

	by        Side // who ended it first
	closedAt  segment.Time
	closedIn  int64  // packet
	lastEnd   moment // of the latest occupation
	asksClose bool   // of the latest request
	saysClose bool   // of the latest response
	complete  bool   // the latest response is
	lost      bool   // the server has ended it: its token is gone
	ended     bool
	unread    int32
	blamed    []*Decision // openings blamed on its idling, while it may still turn out unread

	before, after *Conn // in its site's silence

	room struct { // for what most have one of
		active, queue [1]*occupation
	}
}

// New returns a Judge whose pools hold at most limit undecided items; 0 stands
// for 4096.
func New(limit int) *Judge {
	if limit <= 0 {
		limit = 4096
	}
	j := &Judge{KeepPools: 10_000, limit: limit}
	for i := range j.wards {
		j.wards[i].judge, j.wards[i].serial = j, int64(i)
	}
	return j
}

// Touch reads here and there what Handle will want of c and its pool, and returns nothing
// of use. A processor waits for many such reads as long as for one, where they follow each
// other: to touch some connections before they are handled saves a part of the time.
func (c *Conn) Touch() int {
	sum := int(c.n) + len(c.active) + int(c.closedIn)
	if p := c.pool; p != nil {
		sum += p.alive + len(p.items) + int(p.Transactions) + int(p.SavedTrips) + len(p.losses)
	}
	return sum
}

// Handle takes the next event of c.
func (j *Judge) Handle(c *Conn, e *Event) {
	w := c.ward
	w.now = max(w.now, e.Time)
	c.shift, c.rtt = e.Shift, max(c.rtt, e.RTT)
	if c.pool != nil {
		c.pool = c.pool.Final()
	}
	switch e.Kind {
	case Requested:
		w.requested(c, e)
	case Answered:
		w.answered(c, e)
	case ConnClosing:
		w.closing(c, e)
	case ConnEnded:
		w.ended(c, e)
	}
	if c.pool != nil {
		w.touch(c.pool)
	}
}

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

// Open takes a new connection of a client in ward n, which is always in the same.
func (j *Judge) Open(n int, o *Opening) *Conn {
	w := &j.wards[n]
	w.now = max(w.now, o.Time)
	s := w.site(o.Client.Addr, o.Server)
	c := w.spare.conns.get()
	active, queue := c.active[:0], c.queue[:0]
	if active == nil {
		active, queue = c.room.active[:0], c.room.queue[:0]
	}
	*c = Conn{id: o.ID, ward: w, client: o.Client, server: o.Server, site: s, opened: o.Time, packet: o.Packet, midway: o.Midway, active: active, queue: queue}
	s.silent.add(c)
	if n := len(s.pools); n > 0 {
		s.pools[n-1].wave.opened(s.pools[n-1].open)
	}
	return c
}

func (w *ward) requested(c *Conn, e *Event) {
	w.place(c, e)
	p := c.pool
	p.tunnels = p.tunnels || e.Tunnel
	first := c.requests == 0
	if first {
		if p.Used == 0 {
			p.split(c, e.Streams > 0)
		}
		p.Used++
		if c.by == Nobody {
			p.open++
		}
		if c.midway {
			p.midway++
		}
	}
	c.n, c.trips, c.hidden = e.N, e.Trips, e.Hidden
	if !e.Ignored {
		c.requests++
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
	if c.limit = e.Streams; c.limit > 0 && c.by == Nobody {
		p.multiplexed = c
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
	o.stale = c.by == Server
	if c.active = append(c.active, o); c.limit > 1 && len(c.active) >= int(c.limit) {
		p.atLimit.add(c.id, e.Packet)
	}
	c.queue = append(c.queue, o)
	p.await(o)
	p.shift = max(p.shift, c.shift)
	p.Peak = max(p.Peak, int64(len(p.outstanding)-p.holding))
	p.push(item{at: o.demand, packet: o.packet, kind: demanded, conn: c, occ: o})
	if idle {
		p.gaps.reuse(at.Sub(c.lastEnd.at), c.id, e.Packet)
	}
}

// handshakes returns how long those of c took, as far as the first round trip tells.
func (c *Conn) handshakes() time.Duration { return time.Duration(c.trips) * c.rtt }

func (w *ward) answered(c *Conn, e *Event) {
	o := c.carrying(e.N)
	if o == nil {
		return
	}
	at := e.Time.Add(c.shift)
	if e.Outcome == Abandoned || e.Outcome == Unanswered && c.by == Client {
		at = e.Time.Add(-c.shift)
	}
	o.end, o.endPacket = max(o.end, at), e.Packet
	o.outcome, o.sure, o.saysClose = e.Outcome, e.Sure, e.SaysClose
	c.saysClose, c.complete = e.SaysClose, e.Outcome == Complete
	if e.Hint > 0 {
		c.pool.gaps.hint = e.Hint
	}
	if o.waiting--; o.waiting > 0 {
		return
	}
	i := slices.Index(c.active, o)
	c.active = slices.Delete(c.active, i, i+1)
	if len(c.active) == 0 {
		c.pool.idleLast = c
	}
	o.settled = true
	if o.saysClose && c.by == Nobody && !c.ended {
		c.pool.hold(o) // it may yet carry another transaction
		return
	}
	c.pool.release(o, o.saysClose)
}

// carrying returns the outstanding occupation that transaction n is of.
func (c *Conn) carrying(n int32) *occupation {
	for _, o := range c.active {
		if c.limit == 0 || o.n == n {
			return o
		}
	}
	return nil
}

func (w *ward) closing(c *Conn, e *Event) {
	c.by, c.closedIn = e.By, e.Packet
	c.closedAt = e.Time.Add(-c.shift)
	if e.By == Server {
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
	if e.By == Server && !c.asksClose {
		p.push(item{at: c.closedAt, packet: e.Packet, kind: lostToServer, conn: c})
	}
	if !c.asksClose && !e.Waiting && (c.limit == 0 || len(c.active) == 0) && !c.lastEnd.IsZero() {
		w.idledOut(p, c, e.By, e.Packet)
	}
	if e.By == Client {
		p.wave.closed()
	}
}

func (w *ward) ended(c *Conn, e *Event) {
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
	if c.by == Nobody {
		p.open--
		p.unhold(c, true)
	}
	if c.by == Server {
		p.ServerEnded++
	}
	if end.Declined {
		p.declined.add(c.id, c.packet)
	}
	w.spanned(p, c)
	p.Warmths.add(end.Warmth)
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
func (w *ward) unused(c *Conn, e *Event) {
	c.site.silent.remove(c)
	if n := len(c.site.pools); n > 0 {
		c.pool = c.site.pools[n-1]
		c.pool.alive++
	} else {
		c.pool = w.newPool(c, nameKey{port: c.server.Port})
	}
	if e.End.Refused {
		c.pool.push(item{at: e.Time.Add(c.shift), packet: e.Packet, kind: attemptFailed, conn: c})
	}
}

// place finds the pool of c by what its request names.
func (w *ward) place(c *Conn, e *Event) {
	key := nameKey{name: e.Name, port: c.server.Port, tls: e.TLS}
	if e.Proxied || e.Name == "" {
		key.name = ""
	}
	if c.pool != nil {
		if key.name != "" && key.name != c.pool.Name && !c.pool.proxied && !e.Tunnel {
			w.another(c, key)
		}
		return
	}
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
		if i := slices.IndexFunc(pools, func(p *Pool) bool { return p.proxied || p.Name == "" }); i >= 0 {
			return pools[i]
		}
		return nil
	}
	if key.name == "" {
		if n := len(pools); n > 0 {
			return pools[n-1]
		}
		return nil
	}
	if p := c.site.client.named.get(key); p != nil {
		return p.Final()
	}
	for _, p := range pools {
		if p.Name == "" && !p.proxied || len(pools) >= maxSitePools {
			return p
		}
	}
	return nil
}

func (w *ward) newPool(c *Conn, key nameKey) *Pool {
	w.makeRoom()
	w.begun++
	w.serial += Wards
	p := w.spare.pools.get()
	p.clear()
	p.serial, p.client, p.TLS, p.FirstPacket, p.sole = w.serial, c.site.client, key.tls, c.packet, c
	p.Client = p.client.addr
	w.roll.add(p)
	w.join(c, p, key)
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

// Advance decides what can be decided in a ward; all its events before now are known.
func (j *Judge) Advance(n int, now segment.Time) {
	w := &j.wards[n]
	w.now = max(w.now, now)
	for _, p := range w.dirty {
		p.dirty = false
		switch {
		case !p.merged:
			p.decide(w, w.now)
			w.turn(p)
		case p.folded:
			w.recycle(p)
		}
	}
	w.dirty = w.dirty[:0]
}

// A Turn is a change of a pool's verdict while the capture goes on: it is nothing final.
type Turn struct {
	Pool    *Pool
	Now     segment.Time
	Was, Is Verdict // "" at first
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

// Turned hands over the pools whose verdicts have changed, by first packet.
func (j *Judge) Turned(yield func(*Turn)) {
	if !j.Turns {
		return
	}
	var all []Turn
	for i := range j.wards {
		all = append(all, j.wards[i].turns...)
		j.wards[i].turns = j.wards[i].turns[:0]
	}
	slices.SortFunc(all, func(a, b Turn) int { return cmp.Compare(a.Pool.FirstPacket, b.Pool.FirstPacket) })
	for i := range all {
		yield(&all[i])
	}
}

// Finish decides the rest.
func (j *Judge) Finish() {
	for i := range j.wards {
		w := &j.wards[i]
		for p := w.roll.first; p != nil; p = p.next {
			w.close(p)
			p.curve()
		}
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

// Decisions hands over what has become final, by connection.
func (j *Judge) Decisions(yield func(*Decision)) {
	j.ready = j.ready[:0]
	for i := range j.wards {
		j.ready = append(j.ready, j.wards[i].ready...)
		j.wards[i].ready = j.wards[i].ready[:0]
	}
	slices.SortFunc(j.ready, func(a, b *Decision) int { return cmp.Compare(a.Conn, b.Conn) })
	for _, d := range j.ready {
		yield(d)
	}
}

// Done gives back a decision that Decisions has handed over. It must not be used
// any more.
func (j *Judge) Done(d *Decision) {
	if d.final {
		d.ward.spare.decisions.put(d)
	}
}

// Forced returns how often a pool had to decide with too little knowledge.
func (j *Judge) Forced() (n int64) {
	for i := range j.wards {
		n += j.wards[i].early
	}
	return n
}

// Pools returns all pools in order of first packet. Call it after Finish.
func (j *Judge) Pools() []*Pool {
	var list []*Pool
	for i := range j.wards {
		for p := j.wards[i].roll.first; p != nil; p = p.next {
			slices.SortFunc(p.Servers, func(a, b segment.Endpoint) int { return a.AddrPort().Compare(b.AddrPort()) })
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b *Pool) int { return cmp.Compare(a.FirstPacket, b.FirstPacket) })
	j.numbers = make(map[int64]int64, len(list))
	for i, p := range list {
		p.ID = int64(i + 1)
		j.numbers[p.serial] = p.ID
		for _, q := range p.parts {
			j.numbers[q.serial] = p.ID
		}
	}
	return list
}

// Number returns the ID that a decision's pool has in the end, 0 if it is not
// kept. Call it after Pools.
func (j *Judge) Number(serial int64) int64 { return j.numbers[serial] }
