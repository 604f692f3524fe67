package pool

import (
	"cmp"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Pool is one client and one authority: all connections between them, beside
// those the ideal client would have opened.
type Pool struct {
	ID          int64 // from 1, in order of first packet; valid after Pools
	Client      segment.Addr
	Servers     []segment.Endpoint
	Name        string // "" if none was seen
	TLS         bool
	FirstPacket int64

	Connections, Unused, Used int64
	Opaque                    int64 // of the unused: carried what could not be read
	Fewer, More               int64 // transactions that may be too many or too few, where they are inferred
	Gaps                      int64 // connections of which the capture lacks bytes that the client sent
	Transactions, Reused      int64
	Warmths                   event.Warmths
	Promised, Shared          int64 // transactions that promised persistence; of those, on connections with others
	Needed, Avoidable         int64 // Used is always their sum
	InVain                    int64 // of the reused, those that the server ended instead of answering
	Unsure                    int64 // of the needed, those that were avoidable if the client had asked for an end that it seems to have suffered
	Excused                   int64 // of the avoidable, those that were needed if the server had said close where that could not be read
	Carried                   int64 // most transactions of one connection
	ServerEnded               int64
	ColdTrips                 int64         // round trips of the avoidable connections' handshakes, TCP's and TLS's
	ColdCost                  time.Duration // how long they took, where seen
	SavedTrips                int64         // round trips that the reused transactions would have cost on connections of their own
	SavedCost                 time.Duration // likewise
	Causes                    Causes
	Peak                      int64 // most occupations at once
	Curve                     []CurvePoint
	Verdict                   Verdict
	WithheldBecause           string  // where Verdict is NotKnown
	told                      Verdict // while the capture goes on

	detectors detectors

	serial     int64 // in order of creation
	prev, next *Pool // in the roll
	client     *client
	who        int32 // index in its client's whos
	sole       *Conn // its only connection, nil if there were several
	sites      []*site
	proxied    bool
	parts      []*Pool // that have been merged into it
	merged     bool    // into into
	folded     bool    // summed up: nothing points to it but the list of dirty ones
	into       *Pool
	alive      int       // connections that have joined and not ended
	names      []nameKey // it is known by
	dirty      bool
	midway     int64
	blind      int64 // used connections
	open       int   // used connections that nobody has closed, in capture order

	items       []item        // a heap
	outstanding []*occupation // begun; not settled, or held
	holding     int           // of outstanding, those held
	shift       time.Duration
	sim         *stacks       // nil while there is one connection
	occupied    int64         // occupations that have begun
	idled       time.Duration // longest before one, while there was one connection

	tokens tokens
	losses []loss
	judged int64       // used connections decided
	held   []*Decision // avoidable ones that may be taken back, oldest first

	room struct { // for what most have one or two of: many pools have one connection
		servers     [1]segment.Endpoint
		causes      [1]CauseCount
		sites       [1]*site
		names       [3]nameKey
		outstanding [1]*occupation
		items       [2]item
		token       token
	}
}

// clear empties p for a new use. It keeps what has grown, else it takes its own
// room.
func (p *Pool) clear() {
	servers, causes, sites, names := p.Servers[:0], p.Causes[:0], p.sites[:0], p.names[:0]
	outstanding, items, losses := p.outstanding[:0], p.items[:0], p.losses[:0]
	parts := p.parts[:0]
	if items == nil {
		r := &p.room
		servers, causes, sites, names = r.servers[:0], r.causes[:0], r.sites[:0], r.names[:0]
		outstanding, items = r.outstanding[:0], r.items[:0]
	}
	*p = Pool{} // in place: it is large
	p.Servers, p.Causes, p.sites, p.names = servers, causes, sites, names
	p.outstanding, p.items, p.losses, p.parts = outstanding, items, losses, parts
}

// An occupation is a run of pipelined transactions on one connection: from the
// first request to the last response.
type occupation struct {
	conn      *Conn
	first     bool         // of its connection
	start     segment.Time // of the first request
	demand    segment.Time // when it needs a connection: the SYN where it is the first
	packet    int64        // of the demand
	end       segment.Time
	endPacket int64
	n         int32 // its last transaction
	waiting   int   // transactions not answered
	asksClose bool
	saysClose bool
	unread    bool // its response's head, or a part of it
	outcome   event.Outcome
	sure      bool
	on        *token // what carries it for the ideal client, nil if nothing does
	demanded  bool   // the ideal client has had its turn
	ignored   bool   // nothing of it is judged
	stale     bool   // sent on a connection that the server had already ended
	settled   bool   // end is known
	held      bool   // settled but for whether saysClose ended anything
	place     int    // in its pool's outstanding
	byServer  bool   // it ended with its connection, by the server's word
}

// maxTakeBack is how many avoidable connections can still become early.
const maxTakeBack = 1024

// release hands o, which is settled, to the ideal client: its end becomes an
// item.
func (p *Pool) release(o *occupation, byServer bool) {
	n := len(p.outstanding) - 1
	last := p.outstanding[n]
	p.outstanding[o.place], last.place = last, o.place
	p.outstanding[n], p.outstanding = nil, p.outstanding[:n]
	if o.held {
		o.held, o.conn.held = false, nil
		p.holding--
	}
	o.byServer = byServer
	o.conn.lastEnd = moment{o.end, o.endPacket, true}
	// What a client abandoned ended when its window last moved, which may have
	// been before it asked; but no end comes before its own demand.
	p.push(item{at: max(o.end, o.demand.Add(1)), packet: o.endPacket, kind: answered, conn: o.conn, occ: o})
}

// await notes that o has begun.
func (p *Pool) await(o *occupation) {
	o.place = len(p.outstanding)
	p.outstanding = append(p.outstanding, o)
}

// hold keeps o, whose response said close, until it shows what that came to.
func (p *Pool) hold(o *occupation) {
	p.unhold(o.conn, false)
	o.held, o.conn.held = true, o
	p.holding++
}

// unhold settles what c's latest response, which said close, came to.
func (p *Pool) unhold(c *Conn, closed bool) {
	if c.held != nil {
		p.release(c.held, closed)
	}
}

// decide decides what can be decided: all events before now are known.
func (p *Pool) decide(w *ward, now segment.Time) {
	if len(p.items) > 0 {
		p.run(w, p.watermark(now), now.Add(-p.shift), 0)
	}
}

// watermark returns the instant up to which everything is known; where that is not past
// the first item, of which there must be one, perhaps a later one that is not either.
func (p *Pool) watermark(now segment.Time) segment.Time {
	until := now.Add(-2 * p.shift)
	for _, o := range p.outstanding {
		if o.held {
			until = min(until, o.end)
		} else {
			until = min(until, o.demand)
		}
	}
	if until <= p.items[0].at { // mostly so: the sites, which lie elsewhere, can only take from it
		return until
	}
	for _, s := range p.sites {
		if c := s.silent.first; c != nil {
			until = min(until, c.opened.Add(-max(p.shift, c.shift)))
		}
	}
	return until
}

// run handles the items before an instant; at least atLeast of them, whatever that is. All
// requests sent before known have been seen: an opening waits until that is past
// its response.
func (p *Pool) run(w *ward, until, known segment.Time, atLeast int) {
	for len(p.items) > 0 && (p.items[0].at < until || atLeast > 0) {
		if i := &p.items[0]; atLeast <= 0 && i.kind == demanded && i.occ.first && i.occ.end > known {
			return
		}
		atLeast--
		i := p.pop()
		switch i.kind {
		case answered:
			p.answered(w, i)
		case lostToServer:
			p.serverClosed(i)
		case attemptFailed:
			p.lose(loss{Failed, i.conn.server, i.conn, i.packet, false})
		case demanded:
			p.demanded(w, i)
		}
	}
}

// An itemKind orders what happens at the same instant: ends before losses
// before demands.
type itemKind uint8

const (
	answered itemKind = iota
	lostToServer
	attemptFailed
	demanded
)

// An item waits to be handled in order of time, on the client's clock.
type item struct {
	at     segment.Time
	packet int64
	kind   itemKind
	conn   *Conn
	occ    *occupation
}

func (a *item) compare(b *item) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.packet, b.packet), cmp.Compare(a.kind, b.kind), cmp.Compare(a.conn.id, b.conn.id))
}

// push and pop keep items a binary heap, the earliest first.
func (p *Pool) push(i item) {
	p.items = append(p.items, i)
	h := p.items
	for k := len(h) - 1; k > 0; {
		up := (k - 1) / 2
		if h[up].compare(&h[k]) <= 0 {
			return
		}
		h[up], h[k] = h[k], h[up]
		k = up
	}
}

func (p *Pool) pop() item {
	h := p.items
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h[n] = item{}
	h = h[:n]
	p.items = h
	for k := 0; ; {
		least := k
		for _, down := range [2]int{2*k + 1, 2*k + 2} {
			if down < n && h[down].compare(&h[least]) < 0 {
				least = down
			}
		}
		if least == k {
			return top
		}
		h[least], h[k] = h[k], h[least]
		k = least
	}
}

// A moment is an instant and its packet, if known.
type moment struct {
	at     segment.Time
	packet int64
	known  bool
}

// IsZero reports whether m is not known.
func (m moment) IsZero() bool { return !m.known }
