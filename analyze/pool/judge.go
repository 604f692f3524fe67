package pool

import (
	"cmp"
	"hash/maphash"
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Judge sorts connections into pools and judges each pool beside the ideal client. Feed
// it with Open and Handle, the events of each shard in packet order, Advance now and then,
// and Finish at the end. Shards are nothing to each other: Open, Handle and Advance may be
// called for several at once, nothing else beside them.
//
// A pool decides as of an instant only once all that bears on it is known: no occupation
// begun before it is still outstanding, no connection opened before it has yet to show what
// it is for, and no response that said close may still prove to have ended nothing. Where
// that keeps too much waiting, it decides with what it knows, and counts that.
type Judge struct {
	// TrackVerdicts says that VerdictChanges is going to be asked.
	TrackVerdicts bool

	// WithheldBecause says why no verdict can rest on what was seen, "" if nothing is against
	// it. Set it before Finish.
	WithheldBecause string

	// KeepPools is how many pools are kept in full. Beyond it settled ones are evicted, those
	// with avoidable connections beyond twice as many.
	KeepPools int

	// KeepIdle is how many idle connections of ideal clients are kept, more or less.
	KeepIdle int

	// KeepMemory is how many bytes clients and pools may take, 0: any number. Beyond it settled pools are evicted, however few
	// there are. Others wait until their connections end: see Beyond.
	KeepMemory int

	maxQueued int // actions that may wait in a pool
	shards    [ClientShards]clientShard
	ids       map[int64]int64 // of pools, by their serials, once Pools was called
	scratch   []*Decision     // of Decisions
	packed    decisionStore
	rotation  int // how often ShareEvictions was called
	seed      maphash.Seed
}

// New returns a Judge in whose pools at most limit actions wait; 0 stands for 4096.
func New(limit int) *Judge {
	if limit <= 0 {
		limit = 4096
	}
	j := &Judge{KeepPools: 10_000, KeepIdle: 1 << 16, maxQueued: limit, seed: maphash.MakeSeed()}
	for i := range j.shards {
		j.shards[i].judge, j.shards[i].lastSerial = j, int64(i)
	}
	return j
}

// Open takes a new connection of a client in shard n, which is always in the same.
func (j *Judge) Open(n int, o *event.Opening) *Conn {
	s := &j.shards[n]
	s.now = max(s.now, o.Time)
	cs := s.clientServer(o.Client.Addr, o.Server)
	c := s.free.conns.Get()
	s.free.courses.Put(c.course)
	*c = Conn{id: o.ID, clientServer: cs, beginning: beginning{opened: o.Time, packet: o.Packet, port: o.Client.Port,
		midstream: o.Midstream, synUnseen: o.SYNUnseen, syn: o.SYN}}
	cs.unused.add(c)
	if l := cs.client.limit; l != nil {
		l.opened(c)
	}
	if p := cs.latestPool(c.syn); p != nil {
		if x := p.detectors.rare; x != nil { // else none was closed before
			x.churn.opened(int(p.conns.open))
		}
	}
	return c
}

// Handle takes the next event of c, in order of its packets: its pool may decide by it why connections were opened.
func (j *Judge) Handle(c *Conn, e *event.Event) {
	if c.course == nil {
		c.clientServer.client.shard.begin(c)
	}
	s := c.shard
	if e.Kind == event.ConnResumed && c.ended && (c.pool == nil || c.pool.evicted || c.pool.serial != c.endedIn) {
		return // its pool has been given up, and may serve as another
	}
	s.now = max(s.now, e.Time)
	c.clockOffset, c.rtt = e.ClockOffset, max(c.rtt, e.RTT)
	if c.pool != nil {
		c.pool = c.pool.Final()
	}
	switch e.Kind {
	case event.Requested:
		s.requested(c, e)
	case event.Answered:
		s.answered(c, e)
	case event.ConnClosing:
		s.closing(c, e)
	case event.ConnResumed:
		c.resumed(e.Packet)
	case event.ConnCrossed:
		s.finsCrossed(c, e)
	case event.ConnEnded:
		s.ended(c, e)
	}
	if c.pool != nil {
		s.markDirty(c.pool)
	}
}

// Advance decides what can be decided in shard n; all its events before now are known.
func (j *Judge) Advance(n int, now segment.Time) {
	s := &j.shards[n]
	s.now = max(s.now, now)
	s.advance()
	s.evictSettled(s.toInspect)
	s.shedTokens()
}

// Finish takes all decisions that are left, and draws the pools' curves: no more events come.
func (j *Judge) Finish() {
	for i := range j.shards {
		s := &j.shards[i]
		for p := s.pools.first; p != nil; p = p.next {
			s.conclude(p)
			if p.Used > 0 {
				p.Curve = p.curve.points()
			}
		}
	}
}

// A VerdictChange is a change of a pool's verdict while the capture goes on: it is nothing
// final.
type VerdictChange struct {
	Pool    *Pool
	Now     segment.Time
	Was, Is Verdict // Was is "" at first
}

// VerdictChanges hands over the pools whose verdicts have changed since the last call, by
// first packet.
func (j *Judge) VerdictChanges(yield func(*VerdictChange)) {
	if !j.TrackVerdicts {
		return
	}
	var all []VerdictChange
	for i := range j.shards {
		all = append(all, j.shards[i].changes...)
		j.shards[i].changes = j.shards[i].changes[:0]
	}
	slices.SortFunc(all, func(a, b VerdictChange) int { return cmp.Compare(a.Pool.FirstPacket, b.Pool.FirstPacket) })
	for i := range all {
		yield(&all[i])
	}
}

// Standing hands over all pools that are kept, in any order, each with its verdict as far as it stands while the
// capture goes on. Nothing of it is final, and nothing of a pool may be kept.
func (j *Judge) Standing(yield func(p *Pool, v Verdict)) {
	for i := range j.shards {
		for p := j.shards[i].pools.first; p != nil; p = p.next {
			v, _ := p.verdict()
			yield(p, v)
		}
	}
}

// Provisional hands over the openings of p that were not needed as far as was seen, by time: they become final when it
// is clear that the ideal client would not open one just then either. Nothing of them may be kept.
func (p *Pool) Provisional(yield func(*Decision)) {
	for _, d := range p.provisional {
		yield(d)
	}
}

// Decisions hands over the decisions that have become final since the last call, by
// connection.
func (j *Judge) Decisions(yield func(*Decision)) {
	j.scratch = j.scratch[:0]
	for i := range j.shards {
		j.scratch = append(j.scratch, j.shards[i].ready...)
		j.shards[i].ready = j.shards[i].ready[:0]
	}
	slices.SortFunc(j.scratch, func(a, b *Decision) int { return cmp.Compare(a.Conn, b.Conn) })
	for _, d := range j.scratch {
		yield(d)
	}
}

// Done gives back a decision that Decisions has handed over. It must not be used
// any more.
func (j *Judge) Done(d *Decision) {
	if d.final {
		d.shard.free.decisions.Put(d)
	}
}

// DecidedEarly returns how often a pool had to decide with too little knowledge.
func (j *Judge) DecidedEarly() (n int64) {
	for i := range j.shards {
		n += j.shards[i].decidedEarly
	}
	return n
}

// Pools returns all pools that are kept, in order of first packet, and numbers them. Call it
// after Finish.
func (j *Judge) Pools() []*Pool {
	var list []*Pool
	for i := range j.shards {
		for p := j.shards[i].pools.first; p != nil; p = p.next {
			slices.SortFunc(p.Servers, func(a, b segment.Endpoint) int { return a.AddrPort().Compare(b.AddrPort()) })
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b *Pool) int { return cmp.Compare(a.FirstPacket, b.FirstPacket) })
	j.ids = make(map[int64]int64, len(list))
	for i, p := range list {
		p.ID = int64(i + 1)
		j.ids[p.serial] = p.ID
		for _, q := range p.mergedFrom {
			j.ids[q.serial] = p.ID
		}
	}
	return list
}

// PoolID returns the ID that a decision's pool has in the end, 0 if it is not kept. Call it
// after Pools.
func (j *Judge) PoolID(serial int64) int64 { return j.ids[serial] }
