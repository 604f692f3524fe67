package analyze

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A collector takes the workers' mail, runs the pools and keeps records: whatever needs
// more than one connection happens here. It is one goroutine, but for what the judge does
// with one ward beside another.
type collector struct {
	o    Options
	full bool // no more transactions are kept

	judge    *pool.Judge
	findings *verdict.Collector
	ids      int64
	judging  []judging // by goroutine that judges
	turns    turns     // scratch, as the next two are
	begun    [][]birth
	ended    [][]farewell
	touched  int // what touch comes to: kept, or the compiler would leave it out
	clock    segment.Time
	advanced segment.Time // clock when the pools last decided

	client       segment.Addr // of the first connection, where all are one client's
	kept         []*report.Connection
	sightings    sightings
	series       *series                      // nil: nobody wants it
	undecided    map[int64]*report.Connection // finished, but why they were opened is not final
	unfinished   map[int64]*pool.Decision     // the other way round
	placed       []placed
	transactions int // kept
	lost         dropped
	vantages     map[report.Vantage]int64
	err          error // of Options.Final
	faults       *faults
}

// judging is what one of those that judge needs for itself.
type judging struct {
	turns   turns // scratch, as lists is
	lists   [][]event
	touched int // what Touch comes to: kept, or the compiler would leave it out
}

// advanceEvery is how much capture time passes before pools decide anew: live, where a
// batch may hold a few packets, to look at each after every one would cost more than all
// its events.
const advanceEvery = 20 * time.Millisecond

// placed is a kept connection's pool, whose number is known last.
type placed struct {
	record *report.Connection
	pool   int64 // its serial
}

// dropped counts what limits cost.
type dropped struct {
	connections, transactions, gaveUp, overflows int64
	strays, strayFirst, pools                    int64
	twins, twinFirst                             int64
	others, ignored                              int64
	oneWay, oneWayFirst                          int64
	missing                                      int64 // bytes
	missingFirst                                 int64 // packet
}

func newCollector(o Options, f *faults) *collector {
	k := &collector{o: o, faults: f, judge: pool.New(o.Limits.PendingPerPool), findings: verdict.NewCollector(o.Limits.FindingsPerID),
		undecided: map[int64]*report.Connection{}, unfinished: map[int64]*pool.Decision{}, vantages: map[report.Vantage]int64{}}
	k.judge.KeepPools = o.Limits.KeptPools
	k.judge.Turns = o.Turned != nil
	k.judging = make([]judging, o.Workers)
	k.series = newSeries(o.Series)
	return k
}

// take handles the mail of one batch: first what was born, then what happened, ward by
// ward, last what has ended.
func (k *collector) take(b *batch) {
	k.clock = max(k.clock, b.clock)
	k.births(b)
	k.events(b)
	k.guard(0, func() { k.series.writeAll(b.mail) })
	k.ends(b)
	k.guard(0, k.decide)
	k.guard(0, func() { k.judge.Turned(func(t *pool.Turn) { k.o.Turned(t.Pool, t.Now, t.Was, t.Is) }) }) // after the openings that have turned them
	b.full, b.none = k.full, k.keepsNone()
}

// A turn is the place of an entry of one of the workers' lists.
type turn struct {
	when        int64
	list, index int32
}

// turns are those of some lists, to be put in order.
type turns struct{ list, room []turn }

// inOrder returns the turns of all entries by packet. Those of one packet are all in one
// list, in order.
func inOrder[T any](t *turns, lists [][]T, when func(*T) int64) []turn {
	t.list = t.list[:0]
	for l, list := range lists {
		for i := range list {
			t.list = append(t.list, turn{when(&list[i]), int32(l), int32(i)})
		}
	}
	return t.sort()
}

// sort sorts byte by byte, the last first: packets of a batch have few numbers, and to
// compare them would be guesswork for a processor.
func (t *turns) sort() []turn {
	least, most := int64(math.MaxInt64), int64(0)
	for i := range t.list {
		least, most = min(least, t.list[i].when), max(most, t.list[i].when)
	}
	t.room = slices.Grow(t.room[:0], len(t.list))[:len(t.list)]
	for shift := 0; most>>shift > least>>shift; shift += 8 {
		var at [256 + 1]int32 // where the next with this byte goes
		for i := range t.list {
			at[t.list[i].when>>shift&0xff+1]++
		}
		for i := range 256 {
			at[i+1] += at[i]
		}
		for i := range t.list {
			to := &at[t.list[i].when>>shift&0xff]
			t.room[*to] = t.list[i]
			*to++
		}
		t.list, t.room = t.room, t.list
	}
	return t.list
}

// inTurn calls do with the entries of all lists by packet, and touch with some of them
// before.
func inTurn[T any](k *collector, lists [][]T, when func(*T) int64, touch func(*T) int, do func(*T)) {
	for turns := range slices.Chunk(inOrder(&k.turns, lists, when), ahead) {
		for _, t := range turns {
			k.touched += touch(&lists[t.list][t.index])
		}
		for len(turns) > 0 {
			turns = turns[doSome(k, lists, turns, do):]
		}
	}
}

// doSome calls do with the entries of turns and returns how many it is through with: all of
// them, or those up to one that ended in a panic.
func doSome[T any](k *collector, lists [][]T, turns []turn, do func(*T)) (n int) {
	defer func() {
		if v := recover(); v != nil {
			k.faults.add(turns[n-1].when, v)
		}
	}()
	for n < len(turns) {
		t := &turns[n]
		n++
		do(&lists[t.list][t.index])
	}
	return n
}

// guard calls do, which is about a packet, 0 for none, and goes on where it ends in a panic.
func (k *collector) guard(packet int64, do func()) {
	defer func() {
		if v := recover(); v != nil {
			k.faults.add(packet, v)
		}
	}()
	do()
}

// births takes over what the workers have seen begin.
func (k *collector) births(b *batch) {
	k.begun = k.begun[:0]
	for i := range b.mail {
		k.begun = append(k.begun, b.mail[i].births)
	}
	inTurn(k, k.begun, func(n *birth) int64 { return n.when }, (*birth).touch, k.birth)
}

// birth numbers a connection, and once its client is known decides whether it is to be
// judged.
func (k *collector) birth(n *birth) {
	t := n.ticket
	if n.opened && k.sightings.twin(t) {
		t.twin = true
		return
	}
	k.number(t)
	if n.opened && k.o.Judged != nil {
		t.other = !k.o.Judged(t.key.Sender(t.client), t.key.Sender(1-t.client))
	}
}

// fewEvents is how many are judged faster by one than by several.
const fewEvents = 1000

// events has the judge handle what happened. Wards are nothing to each other: several are
// judged at once, and the connections of one stay in the cache.
func (k *collector) events(b *batch) {
	advance := k.clock.Sub(k.advanced) >= advanceEvery || b.bound > 0
	if advance {
		k.advanced = k.clock
		defer k.judge.Share()
	}
	n := 0
	for i := range b.mail {
		for ward := range b.mail[i].events {
			n += b.mail[i].events[ward].len()
		}
	}
	if n < fewEvents {
		for ward := range pool.Wards {
			k.ward(&k.judging[0], b, ward, advance)
		}
		return
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range k.judging {
		all.Go(func() {
			for {
				ward := int(next.Add(1)) - 1
				if ward >= pool.Wards {
					return
				}
				k.ward(&k.judging[i], b, ward, advance)
			}
		})
	}
	all.Wait()
}

// ward has the judge handle what happened in one ward.
func (k *collector) ward(g *judging, b *batch, ward int, advance bool) {
	g.lists = g.lists[:0]
	for i := range b.mail {
		for _, list := range b.mail[i].events[ward].pieces {
			for n := range list {
				if c := list[n].ticket.judged; c != nil {
					g.touched += c.Touch()
				}
			}
			g.lists = append(g.lists, list)
		}
	}
	turns := inOrder(&g.turns, g.lists, func(e *event) int64 { return e.when })
	for len(turns) > 0 {
		turns = turns[doSome(k, g.lists, turns, func(e *event) { k.event(ward, e) }):]
	}
	if advance {
		k.guard(0, func() { k.judge.Advance(ward, k.clock) })
	}
}

func (k *collector) event(ward int, e *event) {
	t := e.ticket
	switch {
	case t.judged != nil:
		k.judge.Handle(t.judged, &e.pool)
	case e.open && !t.twin && !t.other:
		client := t.key.Sender(t.client)
		if k.o.OneClient {
			if k.client == (segment.Addr{}) {
				k.client = client.Addr
			}
			client.Addr = k.client
		}
		t.judged = k.judge.Open(ward, &pool.Opening{ID: t.id, Time: t.first.Time, Packet: t.first.Packet, Midway: t.midway, SYN: t.who.SYN,
			Client: client, Server: t.key.Sender(1 - t.client)})
	}
}

// ends takes over what the workers are done with.
func (k *collector) ends(b *batch) {
	k.ended = k.ended[:0]
	for i := range b.mail {
		m := &b.mail[i]
		k.ended = append(k.ended, m.ends.pieces...)
		if m.strays > 0 {
			if k.lost.strays == 0 || m.strayAt < k.lost.strayFirst {
				k.lost.strayFirst = m.strayAt
			}
			k.lost.strays += m.strays
		}
	}
	inTurn(k, k.ended, func(f *farewell) int64 { return f.when }, (*farewell).touch, k.end)
}

func (k *collector) end(f *farewell) {
	if f.gaveUp {
		k.lost.gaveUp++
	}
	if !f.ticket.twin {
		k.finish(f)
	} else if k.lost.twins++; k.lost.twins == 1 {
		k.lost.twinFirst = f.ticket.first.Packet
	}
	spareTickets.Put(f.ticket)
}

// number gives a connection its ID with its first event: they are in order of first packet.
func (k *collector) number(t *ticket) {
	if t.id == 0 {
		k.ids++
		t.id = k.ids
	}
}

// finish takes over a connection its worker is done with.
func (k *collector) finish(f *farewell) {
	id := f.ticket.id
	k.vantages[f.vantage]++
	k.lost.overflows += f.overflows
	k.lost.missing += f.facts.Missing
	if f.facts.Missing > 0 && k.lost.missingFirst == 0 {
		k.lost.missingFirst = f.ticket.first.Packet
	}
	if f.facts.OneWay {
		if k.lost.oneWay++; k.lost.oneWay == 1 {
			k.lost.oneWayFirst = f.ticket.first.Packet
		}
	}
	k.lost.ignored += f.ignored
	if f.ticket.other {
		k.lost.others++
	} else {
		f.facts.ID = id
		k.findings.Connection(&f.facts)
	}
	fits := k.o.Final != nil || !k.full && k.transactions+f.kept <= k.o.Limits.KeptTransactions
	if fits {
		k.lost.transactions += int64(f.unkept)
		k.transactions += f.kept
	} else {
		k.full = true
		k.lost.transactions += f.facts.Transactions
	}
	d := k.unfinished[id]
	if d != nil {
		delete(k.unfinished, id)
	}
	if k.keepsNone() {
		k.lost.connections++
		k.full = true
		if d != nil {
			k.judge.Done(d)
		}
		return
	}
	r := f.record
	if r.ID, r.Other = id, f.ticket.other; !fits {
		r.Forget()
	}
	if k.o.Final == nil {
		k.kept = append(k.kept, r)
	}
	switch {
	case d != nil:
		k.because(r, d)
	case r.TransactionCount > 0 && !r.Other:
		k.undecided[id] = r
	default:
		k.final(r)
	}
}

// keepsNone reports whether no connection that finishes from now on is kept.
func (k *collector) keepsNone() bool {
	return k.o.Final == nil && len(k.kept) >= k.o.Limits.KeptConnections
}

// because writes into r why its connection was opened. Nothing of r changes
// any more.
func (k *collector) because(r *report.Connection, d *pool.Decision) {
	r.OpenedBecause = openedBecause(d)
	if list := r.Judged(); d.Cause.Avoidable() && len(list) > 0 {
		k.cold(list[0], d, r.FirstPacket)
	}
	if k.o.Final == nil {
		k.placed = append(k.placed, placed{r, d.Pool})
	}
	k.judge.Done(d)
	k.final(r)
}

// cold finds what it cost that the connection of t, its first transaction, began cold.
func (k *collector) cold(t *report.Transaction, d *pool.Decision, opened int64) {
	if w := t.WindowAtStart; t.Complete && t.Warmth == report.Cold && w != nil {
		k.findings.ColdStart(&verdict.ColdStart{Conn: d.Conn, InsteadOf: d.InsteadOf, Opened: opened, Start: t.StartPacket, Rounds: t.Rounds,
			Content: max(t.RequestBytes, t.ResponseBytes), Window: w.Best})
	}
}

func (k *collector) final(r *report.Connection) {
	if k.o.Final != nil && k.err == nil {
		k.err = k.o.Final(r)
	}
}

// decide takes the decisions that have become final to their records.
func (k *collector) decide() {
	k.judge.Decisions(func(d *pool.Decision) {
		if k.o.Watch != nil {
			k.o.Watch(d)
		}
		switch r := k.undecided[d.Conn]; {
		case r != nil:
			k.because(r, d)
			delete(k.undecided, d.Conn)
		case k.keepsNone():
			k.judge.Done(d)
		default:
			k.unfinished[d.Conn] = d
		}
	})
}
