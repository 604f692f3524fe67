package liveview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// Bounds of what is kept and shown.
const (
	snapshotEvery = 250 * time.Millisecond
	mostPools     = 500  // of a Snapshot
	mostLanes     = 64   // of a Snapshot
	keptLanes     = 1024 // twice as many before the oldest are dropped
	keptOfOne     = 64   // of one client and server, where there are too many
	mostExchanges = 64   // of a lane
	mostCauses    = 200
	mostLabel     = 80 // columns
)

// A Watch keeps what is shown of an analysis that goes on. All its methods but Ask and Latest are called by the
// analysis, from one goroutine.
type Watch struct {
	count func() (captured, dropped int64)
	of    func(*pool.Pool) bool // what is looked at, nil: all
	now   func() time.Time

	lanes  map[int64]*lane
	opened []*lane // the same, by opening
	causes []cause

	next, counted time.Time
	packets       int64

	mu       sync.Mutex
	question Question
	asked    atomic.Bool // since the last Snapshot
	latest   atomic.Pointer[Snapshot]
}

// New returns a Watch of pools that of holds for, all if it is nil. count tells of packets.
func New(count func() (captured, dropped int64), of func(*pool.Pool) bool) *Watch {
	w := &Watch{count: count, of: of, now: time.Now, lanes: map[int64]*lane{}, counted: time.Now()}
	w.latest.Store(new(Snapshot))
	return w
}

// Ask says what the next Snapshot is to be about, and has it made soon.
func (w *Watch) Ask(q Question) {
	w.mu.Lock()
	w.question = q
	w.mu.Unlock()
	w.asked.Store(true)
}

// Latest returns the latest Snapshot, which nobody changes any more.
func (w *Watch) Latest() *Snapshot { return w.latest.Load() }

// whose is by what lanes and causes are told to be a pool's.
type whose struct {
	client  segment.Addr
	servers []segment.Endpoint
	name    string
}

// has reports whether a connection is of the pool, as far as that shows: its name is known from its first request on.
func (p *whose) has(client segment.Addr, server segment.Endpoint, name string) bool {
	return client == p.client && slices.Contains(p.servers, server) && (name == "" || p.name == "" || name == p.name)
}

// A lane is what is kept of a connection.
type lane struct {
	Lane
	client  segment.Addr
	server  segment.Endpoint
	name    string
	windows [2]trace // the client's, the server's
}

// A cause is what is kept of a decision.
type cause struct {
	Cause
	client segment.Addr
	server segment.Endpoint
}

// Happened is for analyze.Options.
func (w *Watch) Happened(o *event.Opening, e *event.Event) {
	if e == nil {
		w.open(o)
		return
	}
	l := w.lanes[o.ID]
	if l == nil {
		return
	}
	if l.Handshake == 0 {
		l.Handshake = e.RTT
	}
	switch e.Kind {
	case event.Requested:
		l.name = cmp.Or(l.name, e.Name)
		l.Requests++
		if n := len(l.Exchanges); n == mostExchanges {
			l.Exchanges = slices.Delete(l.Exchanges, 0, n/2)
		}
		l.Exchanges = append(l.Exchanges, Exchange{Start: e.Time, n: e.N})
	case event.Answered:
		for i := range l.Exchanges {
			if x := &l.Exchanges[i]; x.n == e.N && x.End == 0 {
				x.End = max(e.Time, x.Start)
			}
		}
	case event.ConnClosing:
		l.Until, l.EndedBy = e.Time, sides[e.By]
		if e.Reset {
			l.EndedBy += ", RST"
		}
	case event.ConnResumed:
		l.Until, l.EndedBy = 0, ""
	case event.ConnEnded:
		if l.Until == 0 {
			l.Until = e.Time
		}
	}
}

// sides are what those are called who close connections.
var sides = map[event.Side]string{event.Client: "client", event.Server: "server"}

func (w *Watch) open(o *event.Opening) {
	if len(w.opened) == 2*keptLanes {
		w.drop()
	}
	l := &lane{Lane: Lane{ID: o.ID, From: o.Time}, client: o.Client.Addr, server: o.Server}
	w.lanes[o.ID] = l
	w.opened = append(w.opened, l)
}

// drop keeps the latest lanes, and of each client and server a few: one that is busy does not crowd out all others.
func (w *Watch) drop() {
	type between struct {
		client segment.Addr
		server segment.Endpoint
	}
	had := map[between]int{}
	kept := make([]*lane, 0, 2*keptLanes)
	for _, l := range slices.Backward(w.opened) {
		b := between{l.client, l.server}
		if had[b]++; had[b] > keptOfOne || len(kept) == keptLanes {
			delete(w.lanes, l.ID)
			continue
		}
		kept = append(kept, l)
	}
	slices.Reverse(kept)
	w.opened = kept
}

// Decided is for analyze.Options.Watch.
func (w *Watch) Decided(d *pool.Decision) {
	c := cause{causeOf(d, string(d.Confidence)), d.From.Addr, d.To}
	if len(w.causes) == 2*mostCauses {
		w.causes = slices.Delete(w.causes, 0, mostCauses)
	}
	w.causes = append(w.causes, c)
	if l := w.lanes[d.Conn]; l != nil {
		l.Why, l.TooMany = printable.Clean(string(d.Cause)), c.TooMany
	}
}

// causeOf says why a connection was opened, and how sure that is.
func causeOf(d *pool.Decision, sure string) Cause {
	return Cause{TooMany: d.Cause.Avoidable(),
		Text: printable.Clean(fmt.Sprintf("#%d  %s, %s  %s > %s: %s", d.Conn, d.Cause, sure, d.From.Addr, d.To, d.Text()))}
}

// soFar is how sure a cause is that may still change.
const soFar = "so far"

// Samples is for analyze.Options.
func (w *Watch) Samples(connection int64, byClient bool, list []tcp.Sample) {
	l := w.lanes[connection]
	if l == nil {
		return
	}
	t := &l.windows[1]
	if byClient {
		t = &l.windows[0]
	}
	for i := range list {
		if e := &list[i].Estimate; list[i].Event == "window" && e.Best > 0 {
			t.add(e.Best)
		}
	}
}

// Standing is for analyze.Options. It makes a Snapshot if it is time to.
func (w *Watch) Standing(j *pool.Judge, found verdict.Counts) {
	now := w.now()
	if now.Before(w.next) && !w.asked.Swap(false) {
		return
	}
	w.mu.Lock()
	q := w.question
	w.mu.Unlock()
	w.latest.Store(w.snapshot(j, found, q, now))
	w.next = now.Add(max(snapshotEvery, 10*w.now().Sub(now))) // with many pools it takes long, and the analysis waits
}

func (w *Watch) snapshot(j *pool.Judge, found verdict.Counts, q Question, now time.Time) *Snapshot {
	s := &Snapshot{Now: segment.Time(now.UnixNano())}
	s.Packets = w.packetsSeen(now)
	kept := w.pools(s, j, q)
	i := max(0, slices.IndexFunc(s.Pools, func(p Pool) bool { return p.Label == q.Pool }))
	if i < len(s.Pools) {
		s.Shown = s.Pools[i].Label
		s.Lanes = w.lanesOf(&s.Pools[i].whose)
		kept[s.Shown].Provisional(func(d *pool.Decision) { s.suppose(d) })
	}
	s.addCertain(w, q)
	for id, n := range found.Of {
		s.Found = append(s.Found, Finding{id, n})
	}
	slices.SortFunc(s.Found, func(a, b Finding) int { return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.ID, b.ID)) })
	return s
}

// suppose takes an opening of the chosen pool that may still change.
func (s *Snapshot) suppose(d *pool.Decision) {
	c := causeOf(d, soFar)
	s.Causes = append(s.Causes, c)
	if i, ok := slices.BinarySearchFunc(s.Lanes, d.Conn, func(l Lane, id int64) int { return cmp.Compare(l.ID, id) }); ok {
		s.Lanes[i].Why, s.Lanes[i].TooMany = printable.Clean(string(d.Cause)), c.TooMany
	}
}

// addCertain puts the causes that are certain, of all pools that are asked for, before those that are not.
func (s *Snapshot) addCertain(w *Watch, q Question) {
	supposed := s.Causes
	s.Causes = nil
	for _, c := range slices.Backward(w.causes) {
		all := w.of == nil && q.Filter == ""
		if all || slices.ContainsFunc(s.Pools, func(p Pool) bool { return p.has(c.client, c.server, "") }) {
			s.Causes = append(s.Causes, c.Cause)
		}
		if len(s.Causes) == mostCauses {
			break
		}
	}
	slices.Reverse(s.Causes)
	s.Causes = append(s.Causes, supposed[max(0, len(supposed)-mostCauses):]...)
}

// packetsSeen counts packets, and how many there were a second since it last did, a second ago or longer.
func (w *Watch) packetsSeen(now time.Time) Packets {
	var p Packets
	p.Captured, p.Dropped = w.count()
	p.PerSecond = w.latest.Load().Packets.PerSecond
	if took := now.Sub(w.counted); took >= time.Second {
		p.PerSecond = int64(float64(p.Captured-w.packets) / took.Seconds())
		w.counted, w.packets = now, p.Captured
	}
	return p
}

// pools puts into s those that are asked for, and the sums of all. It returns them by label as the judge has them.
func (w *Watch) pools(s *Snapshot, j *pool.Judge, q Question) map[string]*pool.Pool {
	kept := map[string]*pool.Pool{}
	filter := strings.ToLower(q.Filter)
	j.Standing(func(p *pool.Pool, v pool.Verdict) {
		if p.Transactions == 0 || w.of != nil && !w.of(p) {
			return
		}
		one := Pool{Label: label(p), Verdict: string(v), Why: why(p), Sums: sums(&p.Sums),
			whose: whose{p.Client, slices.Clone(p.Servers), p.Name}}
		s.Sums.add(&one.Sums)
		if strings.Contains(strings.ToLower(one.Label), filter) {
			s.Pools = append(s.Pools, one)
			kept[one.Label] = p
		}
	})
	if w.of == nil {
		gone, _ := j.Evicted()
		of := sums(&gone.Sums)
		of.Pools, of.Bad = 0, 0
		s.Sums.add(&of)
	}
	slices.SortFunc(s.Pools, func(a, b Pool) int { return cmp.Or(orders[q.Sort](&a, &b), strings.Compare(a.Label, b.Label)) })
	if n := len(s.Pools); n > mostPools {
		s.Pools, s.More = slices.Clone(s.Pools[:mostPools]), int64(n-mostPools)
	}
	return kept
}

// orders of pools: what there is most of comes first.
var orders = [sorts]func(a, b *Pool) int{
	ByTooMany: func(a, b *Pool) int {
		return cmp.Or(cmp.Compare(b.TooMany, a.TooMany), cmp.Compare(b.Requests, a.Requests))
	},
	ByRequests: func(a, b *Pool) int { return cmp.Compare(b.Requests, a.Requests) },
	ByOpened:   func(a, b *Pool) int { return cmp.Compare(b.Opened, a.Opened) },
	ByName:     func(a, b *Pool) int { return 0 },
}

// sums are those of a pool.
func sums(p *pool.Sums) Sums {
	s := Sums{Pools: 1, Requests: p.Transactions, Reused: p.Reused, Opened: p.Used, Needed: p.Needed, TooMany: p.Avoidable}
	if s.TooMany > 0 {
		s.Bad = 1
	}
	return s
}

func (s *Sums) add(t *Sums) {
	s.Pools += t.Pools
	s.Bad += t.Bad
	s.Requests += t.Requests
	s.Reused += t.Reused
	s.Opened += t.Opened
	s.Needed += t.Needed
	s.TooMany += t.TooMany
}

// label is what a pool is called: its client, and its server.
func label(p *pool.Pool) string {
	servers := make([]string, len(p.Servers))
	for i, e := range p.Servers {
		servers[i] = e.String()
	}
	clean := func(s string) string { return printable.Cut(printable.Clean(s), mostLabel) }
	return fmt.Sprintf("%s > %s", p.Client, report.AuthorityOf(p.Name, servers).Label(clean))
}

// why is the most frequent cause of p's connections that were too many.
func why(p *pool.Pool) string {
	var most pool.CauseCount
	for _, c := range p.Causes {
		if c.Cause.Avoidable() && c.N > most.N {
			most = c
		}
	}
	return string(most.Cause)
}

// lanesOf returns the latest lanes of p, by opening.
func (w *Watch) lanesOf(p *whose) (list []Lane) {
	for _, l := range slices.Backward(w.opened) {
		if !p.has(l.client, l.server, l.name) {
			continue
		}
		one := l.Lane
		one.Exchanges = slices.Clone(l.Exchanges)
		one.Window = larger(l.windows[0].list, l.windows[1].list)
		if list = append(list, one); len(list) == mostLanes {
			break
		}
	}
	slices.SortFunc(list, func(a, b Lane) int { return cmp.Compare(a.ID, b.ID) }) // of one batch they come as they come
	return list
}

// larger returns a copy of that list which reaches higher.
func larger(a, b []int) []int {
	if len(b) == 0 || len(a) > 0 && slices.Max(a) > slices.Max(b) {
		return slices.Clone(a)
	}
	return slices.Clone(b)
}

// A trace is how a value has grown: in few numbers, the most of equal numbers of steps each.
type trace struct {
	list []int
	each int // steps that a number stands for
	n    int // steps in the last
}

// mostTraced is how many numbers there are of a trace at most.
const mostTraced = 32

func (t *trace) add(v int) {
	t.each = max(1, t.each)
	if k := len(t.list); k > 0 && t.n < t.each {
		t.list[k-1] = max(t.list[k-1], v)
		t.n++
		return
	}
	if len(t.list) == mostTraced {
		for i := range mostTraced / 2 {
			t.list[i] = max(t.list[2*i], t.list[2*i+1])
		}
		t.list = t.list[:mostTraced/2]
		t.each *= 2
	}
	t.list, t.n = append(t.list, v), 1
}
