package analyze

import (
	"sync/atomic"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A collector takes the workers' events in packet order, runs the pools and
// keeps records. It is one goroutine: whatever needs more than one connection
// happens here.
type collector struct {
	o    Options
	full atomic.Bool // no more transactions are kept: workers need not copy texts

	judge    *pool.Judge
	findings *verdict.Collector
	ids      int64
	cursor   []int // by worker: how many of the batch's events are handled
	clock    segment.Time
	advanced segment.Time // clock when the pools last decided
	facts    verdict.Conn // of the connection being finished
	through  []*conn      // finished in this batch: they may serve again after it

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
	err          error    // of Options.Final
	turned       []func() // verdicts that have changed, to be told; empty if nobody asks
}

// advanceEvery is how much capture time passes before pools decide anew: to look
// at each after every batch would cost more than all its events.
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
	missing                                      int64 // bytes
	missingFirst                                 int64 // packet
}

func newCollector(o Options) *collector {
	k := &collector{o: o, cursor: make([]int, o.Workers), judge: pool.New(o.Limits.PendingPerPool), findings: verdict.NewCollector(o.Limits.FindingsPerID),
		undecided: map[int64]*report.Connection{}, unfinished: map[int64]*pool.Decision{}, vantages: map[report.Vantage]int64{}}
	k.judge.KeepPools = o.Limits.KeptPools
	if o.Turned != nil {
		k.judge.Turned = func(p *pool.Pool, now segment.Time, was, is pool.Verdict) {
			k.turned = append(k.turned, func() { o.Turned(p, now, was, is) })
		}
	}
	k.series = newSeries(o.Series)
	return k
}

// take handles the events of one batch, merged from all workers. Each worker's
// are in order; only the last batch has events of several workers at one packet.
func (k *collector) take(b *batch) {
	clear(k.cursor)
	for {
		var next *event
		from := -1
		for i, list := range b.events {
			if j := k.cursor[i]; j < len(list) && (next == nil || list[j].before(next)) {
				next, from = &list[j], i
			}
		}
		if next == nil {
			break
		}
		k.cursor[from]++
		k.handle(next)
	}
	k.series.writeAll(b.chunks)
	for _, c := range k.through {
		spareConns.Put(c)
	}
	clear(k.through)
	k.through = k.through[:0]
	if n := len(b.Segments); n > 0 {
		k.clock = b.Segments[n-1].Time
	}
	if k.clock.Sub(k.advanced) >= advanceEvery || b.bound > 0 {
		k.judge.Advance(k.clock)
		k.advanced = k.clock
	}
	k.decide()
	for _, tell := range k.turned { // after the openings that have turned it
		tell()
	}
	k.turned = k.turned[:0]
}

func (e *event) before(f *event) bool {
	if e.when != f.when || e.conn == nil || f.conn == nil {
		return e.when < f.when
	}
	return e.conn.first.Packet < f.conn.first.Packet
}

func (k *collector) handle(e *event) {
	switch e.kind {
	case seen:
		k.number(e.conn)
	case opened:
		c := e.conn
		if k.sightings.twin(c) {
			break
		}
		k.number(c)
		if c.other = k.o.Judged != nil && !k.o.Judged(c.key.Sender(c.client), c.key.Sender(1-c.client)); c.other {
			break
		}
		client := c.key.Sender(c.client)
		if k.o.OneClient {
			if k.client == (segment.Addr{}) {
				k.client = client.Addr
			}
			client.Addr = k.client
		}
		c.judged = k.judge.Open(&pool.Opening{ID: c.id, Time: c.first.Time, Packet: c.first.Packet, Midway: c.midway,
			Client: client, Server: c.key.Sender(1 - c.client)})
	case forPool:
		if e.conn.judged != nil {
			k.judge.Handle(e.conn.judged, &e.pool)
		}
	case stray:
		if k.lost.strays++; k.lost.strays == 1 {
			k.lost.strayFirst = e.when
		}
	case gaveUp, finished:
		if e.kind == gaveUp {
			k.lost.gaveUp++
		}
		if e.conn.judged != nil || e.conn.other {
			k.finish(e.conn)
		} else if k.lost.twins++; k.lost.twins == 1 {
			k.lost.twinFirst = e.conn.first.Packet
		}
		k.through = append(k.through, e.conn)
	}
}

// number gives c its ID with its first event: they are in order of first packet.
func (k *collector) number(c *conn) {
	if c.id == 0 {
		k.ids++
		c.id = k.ids
	}
}

// finish takes over a connection its worker is done with.
func (k *collector) finish(c *conn) {
	k.vantages[c.vantage()]++
	for d := range c.half {
		st := &c.half[d].stream
		k.lost.overflows += st.Overflows()
		if st.Missing > 0 {
			k.lost.missing += st.Missing
			if k.lost.missingFirst == 0 {
				k.lost.missingFirst = c.first.Packet
			}
		}
	}
	c.facts(&k.facts)
	k.lost.ignored += c.http.facts.ignored
	if c.other {
		k.lost.others++
	} else {
		k.findings.Connection(&k.facts)
	}
	if k.o.Final != nil || !k.full.Load() && k.transactions+c.http.kept <= k.o.Limits.KeptTransactions {
		k.lost.transactions += int64(c.http.unkept)
	} else {
		k.full.Store(true)
		k.lost.transactions += c.http.facts.count
		c.http.forget()
	}
	d := k.unfinished[c.id]
	if d != nil {
		delete(k.unfinished, c.id)
	}
	if k.keepsNone() {
		k.lost.connections++
		k.full.Store(true)
		if d != nil {
			k.judge.Done(d)
		}
		return
	}
	k.transactions += c.http.kept
	r := c.record()
	if k.o.Final == nil {
		k.kept = append(k.kept, r)
	}
	switch {
	case d != nil:
		k.because(r, d)
	case r.TransactionCount > 0 && !c.other:
		k.undecided[r.ID] = r
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
		k.findings.Cold(verdict.Cold{Conn: d.Conn, InsteadOf: d.InsteadOf, Opened: opened, Start: t.StartPacket, Rounds: t.Rounds,
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
