package pool

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/event"
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
	TrackVerdicts   bool   // whether Turned will be asked
	WithheldBecause string // why no verdict can rest on what was seen, "" if nothing is against it; set before Finish
	KeepPools       int    // pools kept in full; beyond it settled ones are summed up, those with avoidable connections beyond twice as many

	maxQueued int // items a pool may hold undecided
	shards    [ClientShards]clientShard
	ids       map[int64]int64 // from pools' serials to IDs, once Pools was called
	scratch   []*Decision     // scratch
	rotation  int             // how often Share was called
}

// New returns a Judge whose pools hold at most limit undecided items; 0 stands
// for 4096.
func New(limit int) *Judge {
	if limit <= 0 {
		limit = 4096
	}
	j := &Judge{KeepPools: 10_000, maxQueued: limit}
	for i := range j.shards {
		j.shards[i].judge, j.shards[i].lastSerial = j, int64(i)
	}
	return j
}

// Open takes a new connection of a client in ward n, which is always in the same.
func (j *Judge) Open(n int, o *event.Opening) *Conn {
	w := &j.shards[n]
	w.now = max(w.now, o.Time)
	s := w.clientServer(o.Client.Addr, o.Server)
	c := w.free.conns.get()
	active, queue := c.active[:0], c.undecided[:0]
	if active == nil {
		active, queue = c.inline.active[:0], c.inline.queue[:0]
	}
	*c = Conn{id: o.ID, shard: w, client: o.Client, server: o.Server, clientServer: s, opened: o.Time, packet: o.Packet, midstream: o.Midstream, syn: o.SYN, active: active, undecided: queue}
	s.unused.add(c)
	if p := s.latestPool(c.syn); p != nil {
		p.detectors.churn.opened(p.openConns)
	}
	s.opens(c, o.Time)
	return c
}

// Handle takes the next event of c.
func (j *Judge) Handle(c *Conn, e *event.Event) {
	w := c.shard
	w.now = max(w.now, e.Time)
	c.clockOffset, c.rtt = e.ClockOffset, max(c.rtt, e.RTT)
	if c.pool != nil {
		c.pool = c.pool.Final()
	}
	switch e.Kind {
	case event.Requested:
		w.requested(c, e)
	case event.Answered:
		w.answered(c, e)
	case event.ConnClosing:
		w.closing(c, e)
	case event.ConnEnded:
		w.ended(c, e)
	}
	if c.pool != nil {
		w.markDirty(c.pool)
	}
}

// Advance decides what can be decided in a ward; all its events before now are known.
func (j *Judge) Advance(n int, now segment.Time) {
	w := &j.shards[n]
	w.now = max(w.now, now)
	for _, p := range w.dirty {
		p.dirty = false
		switch {
		case !p.merged:
			p.decide(w, w.now)
			w.noteVerdict(p)
		case p.evicted:
			w.recycle(p)
		}
	}
	w.dirty = w.dirty[:0]
	w.evictSettled(w.toInspect)
}

// A Turn is a change of a pool's verdict while the capture goes on: it is nothing final.
type VerdictChange struct {
	Pool    *Pool
	Now     segment.Time
	Was, Is Verdict // "" at first
}

// Turned hands over the pools whose verdicts have changed, by first packet.
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

// Finish decides the rest.
func (j *Judge) Finish() {
	for i := range j.shards {
		w := &j.shards[i]
		for p := w.pools.first; p != nil; p = p.next {
			w.conclude(p)
			p.curve()
		}
	}
}

// Decisions hands over what has become final, by connection.
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
		d.shard.free.decisions.put(d)
	}
}

// Forced returns how often a pool had to decide with too little knowledge.
func (j *Judge) DecidedEarly() (n int64) {
	for i := range j.shards {
		n += j.shards[i].decidedEarly
	}
	return n
}

// Pools returns all pools in order of first packet. Call it after Finish.
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

// Number returns the ID that a decision's pool has in the end, 0 if it is not
// kept. Call it after Pools.
func (j *Judge) PoolID(serial int64) int64 { return j.ids[serial] }
