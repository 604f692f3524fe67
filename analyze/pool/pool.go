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
	MaxOver, MaxUnder         int64 // transactions that may be too many or too few, where they are inferred
	Gaps                      int64 // connections of which the capture lacks bytes that the client sent
	Transactions, Reused      int64
	Warmths                   event.Warmths
	Promised, Shared          int64 // transactions that promised persistence; of those, on connections with others
	Needed, Avoidable         int64 // Used is always their sum
	ReusedUnanswered          int64 // of the reused, those that the server ended instead of answering
	PerhapsAvoidable          int64 // of the needed, those that were avoidable if the client had asked for an end that it seems to have suffered
	PerhapsNeeded             int64 // of the avoidable, those that were needed if the server had said close where that could not be read
	MostOnOne                 int64 // most transactions of one connection
	ServerEnded               int64
	ColdRoundTrips            int64         // round trips of the avoidable connections' handshakes, TCP's and TLS's
	ColdCost                  time.Duration // how long they took, where seen
	SavedRoundTrips           int64         // round trips that the reused transactions would have cost on connections of their own
	SavedCost                 time.Duration // likewise
	Causes                    Causes
	Peak                      int64 // most occupations at once
	Curve                     []CurvePoint
	Verdict                   Verdict
	WithheldBecause           string  // where Verdict is NotKnown
	lastReported              Verdict // while the capture goes on

	detectors detectors

	serial        int64 // in order of creation
	prev, next    *Pool // in the roll
	client        *client
	identity      int32 // index in its client's whos
	onlyConn      *Conn // its only connection, nil if there were several
	clientServers []*clientServer
	proxied       bool
	mergedFrom    []*Pool // that have been merged into it
	merged        bool    // into into
	evicted       bool    // summed up: nothing points to it but the list of dirty ones
	into          *Pool
	liveConns     int       // connections that have joined and not ended
	keys          []poolKey // it is known by
	dirty         bool
	midstream     int64
	serverUnseen  int64 // used connections
	openConns     int   // used connections that nobody has closed, in capture order

	queue       []action      // a heap
	outstanding []*occupation // begun; not settled, or held
	deferred    int           // of outstanding, those held
	clockOffset time.Duration
	simulated   *keepingClients // nil while there is one connection
	occupations int64           // occupations that have begun
	longestIdle time.Duration   // longest before one, while there was one connection

	tokens      tokens
	losses      []loss
	decided     int64       // used connections decided
	provisional []*Decision // avoidable ones that may be taken back, oldest first

	inline struct { // for what most have one or two of: many pools have one connection
		servers     [1]segment.Endpoint
		causes      [1]CauseCount
		sites       [1]*clientServer
		names       [3]poolKey
		outstanding [1]*occupation
		items       [2]action
		token       token
	}
}

// clear empties p for a new use. It keeps what has grown, else it takes its own
// room.
func (p *Pool) clear() {
	servers, causes, sites, names := p.Servers[:0], p.Causes[:0], p.clientServers[:0], p.keys[:0]
	outstanding, items, losses := p.outstanding[:0], p.queue[:0], p.losses[:0]
	parts := p.mergedFrom[:0]
	if items == nil {
		r := &p.inline
		servers, causes, sites, names = r.servers[:0], r.causes[:0], r.sites[:0], r.names[:0]
		outstanding, items = r.outstanding[:0], r.items[:0]
	}
	*p = Pool{} // in place: it is large
	p.Servers, p.Causes, p.clientServers, p.keys = servers, causes, sites, names
	p.outstanding, p.queue, p.losses, p.mergedFrom = outstanding, items, losses, parts
}

// An occupation is a run of pipelined transactions on one connection: from the
// first request to the last response.
type occupation struct {
	conn          *Conn
	first         bool         // of its connection
	start         segment.Time // of the first request
	demand        segment.Time // when it needs a connection: the SYN where it is the first
	packet        int64        // of the demand
	end           segment.Time
	endPacket     int64
	last          int32 // its last transaction
	outstanding   int   // transactions not answered
	asksClose     bool
	saysClose     bool
	mayHideClose  bool // its response's head, or a part of it
	outcome       event.Outcome
	status        uint16 // of its last response
	certain       bool
	token         *token // what carries it for the ideal client, nil if nothing does
	started       bool   // the ideal client has had its turn
	ignored       bool   // nothing of it is judged
	stale         bool   // sent on a connection that the server had already ended
	endKnown      bool   // end is known
	closeDeferred bool   // settled but for whether saysClose ended anything
	index         int    // in its pool's outstanding
	endsConn      bool   // it ended with its connection, by the server's word
}

// maxTakeBack is how many avoidable connections can still become early.
const maxTakeBack = 1024

// release hands o, which is settled, to the ideal client: its end becomes an
// item.
func (p *Pool) queueEnd(o *occupation, byServer bool) {
	n := len(p.outstanding) - 1
	last := p.outstanding[n]
	p.outstanding[o.index], last.index = last, o.index
	p.outstanding[n], p.outstanding = nil, p.outstanding[:n]
	if o.closeDeferred {
		o.closeDeferred, o.conn.deferred = false, nil
		p.deferred--
	}
	o.endsConn = byServer
	o.conn.lastEnd = moment{o.end, o.endPacket, true}
	// What a client abandoned ended when its window last moved, which may have
	// been before it asked; but no end comes before its own demand.
	p.push(action{at: max(o.end, o.demand.Add(1)), packet: o.endPacket, kind: ends, conn: o.conn, occ: o})
}

// await notes that o has begun.
func (p *Pool) addOutstanding(o *occupation) {
	o.index = len(p.outstanding)
	p.outstanding = append(p.outstanding, o)
}

// hold keeps o, whose response said close, until it shows what that came to.
func (p *Pool) deferClose(o *occupation) {
	p.resolveClose(o.conn, false)
	o.closeDeferred, o.conn.deferred = true, o
	p.deferred++
}

// unhold settles what c's latest response, which said close, came to.
func (p *Pool) resolveClose(c *Conn, closed bool) {
	if c.deferred != nil {
		p.queueEnd(c.deferred, closed)
	}
}

// decide decides what can be decided: all events before now are known.
func (p *Pool) decide(w *clientShard, now segment.Time) {
	if len(p.queue) > 0 {
		p.replay(w, p.watermark(now), now.Add(-p.clockOffset), 0)
	}
}

// watermark returns the instant up to which everything is known; where that is not past
// the first item, of which there must be one, perhaps a later one that is not either.
func (p *Pool) watermark(now segment.Time) segment.Time {
	until := now.Add(-2 * p.clockOffset)
	for _, o := range p.outstanding {
		if o.closeDeferred {
			until = min(until, o.end)
		} else {
			until = min(until, o.demand)
		}
	}
	if until <= p.queue[0].at { // mostly so: the sites, which lie elsewhere, can only take from it
		return until
	}
	for _, s := range p.clientServers {
		if c := s.unused.first; c != nil {
			until = min(until, c.opened.Add(-max(p.clockOffset, c.clockOffset)))
		}
	}
	return until
}

// run handles the items before an instant; at least atLeast of them, whatever that is. All
// requests sent before known have been seen: an opening waits until that is past
// its response.
func (p *Pool) replay(w *clientShard, until, known segment.Time, atLeast int) {
	for len(p.queue) > 0 && (p.queue[0].at < until || atLeast > 0) {
		if i := &p.queue[0]; atLeast <= 0 && i.kind == starts && i.occ.first && i.occ.end > known {
			return
		}
		atLeast--
		i := p.pop()
		switch i.kind {
		case ends:
			p.occupationEnds(w, i)
		case serverCloses:
			p.serverCloses(i)
		case attemptFails:
			p.addLoss(loss{Failed, i.conn.server, i.conn, i.packet, false, closeManner{}})
		case starts:
			p.occupationStarts(w, i)
		}
	}
}

// An itemKind orders what happens at the same instant: ends before losses
// before demands.
type actionKind uint8

const (
	ends actionKind = iota
	serverCloses
	attemptFails
	starts
)

// An item waits to be handled in order of time, on the client's clock.
type action struct {
	at     segment.Time
	packet int64
	kind   actionKind
	conn   *Conn
	occ    *occupation
}

func (a *action) compare(b *action) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.packet, b.packet), cmp.Compare(a.kind, b.kind), cmp.Compare(a.conn.id, b.conn.id))
}

// push and pop keep items a binary heap, the earliest first.
func (p *Pool) push(i action) {
	p.queue = append(p.queue, i)
	h := p.queue
	for k := len(h) - 1; k > 0; {
		up := (k - 1) / 2
		if h[up].compare(&h[k]) <= 0 {
			return
		}
		h[up], h[k] = h[k], h[up]
		k = up
	}
}

func (p *Pool) pop() action {
	h := p.queue
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h[n] = action{}
	h = h[:n]
	p.queue = h
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
