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
	Turns     bool   // whether Turned will be asked
	Lacking   string // why no verdict can rest on what was seen, "" if nothing is against it; set before Finish
	KeepPools int    // pools kept in full; beyond it settled ones are summed up, those with avoidable connections beyond twice as many

	limit   int // items a pool may hold undecided
	wards   [Wards]ward
	numbers map[int64]int64 // from pools' serials to IDs, once Pools was called
	ready   []*Decision     // scratch
	shares  int             // how often Share was called
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

// Open takes a new connection of a client in ward n, which is always in the same.
func (j *Judge) Open(n int, o *event.Opening) *Conn {
	w := &j.wards[n]
	w.now = max(w.now, o.Time)
	s := w.site(o.Client.Addr, o.Server)
	c := w.spare.conns.get()
	active, queue := c.active[:0], c.queue[:0]
	if active == nil {
		active, queue = c.room.active[:0], c.room.queue[:0]
	}
	*c = Conn{id: o.ID, ward: w, client: o.Client, server: o.Server, site: s, opened: o.Time, packet: o.Packet, midway: o.Midway, syn: o.SYN, active: active, queue: queue}
	s.silent.add(c)
	if p := s.latest(c.syn); p != nil {
		p.detectors.churn.opened(p.open)
	}
	return c
}

// Handle takes the next event of c.
func (j *Judge) Handle(c *Conn, e *event.Event) {
	w := c.ward
	w.now = max(w.now, e.Time)
	c.shift, c.rtt = e.Shift, max(c.rtt, e.RTT)
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
		w.touch(c.pool)
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
	w.makeRoom(w.looks)
}

// A Turn is a change of a pool's verdict while the capture goes on: it is nothing final.
type Turn struct {
	Pool    *Pool
	Now     segment.Time
	Was, Is Verdict // "" at first
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
