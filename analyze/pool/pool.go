package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Pool is one client and one authority: who they are, and what came of all connections
// between them. What a pool's key is says key.go, what the ideal client did in its stead
// replay.go.
type Pool struct {
	ID          int64 // from 1, in order of first packet; valid after Judge.Pools
	Client      segment.Addr
	Servers     []segment.Endpoint
	Name        string // the authority's, "" if none was seen
	TLS         bool
	Agent       string // what the client calls itself, by its first connection that ended and said so
	FirstPacket int64

	Sums
	MostOnOne       int64 // the most transactions of one connection
	Peak            int64 // the most occupations at once
	Curve           []CurvePoint
	Verdict         Verdict
	WithheldBecause string // why Verdict is NotKnown
	Spoken          string // what the first of NotHTTP carried, "" if it did not tell

	conns     connStates
	detectors detectors
	replay
	membership
	lifecycle

	inline inlined
}

// Sums are what can be added up over pools.
type Sums struct {
	Connections int64 // that have ended
	Used        int64 // that carried a transaction which is judged
	Unused      int64 // of Connections, the others
	Speculative int64 // of Unused, those that were answered and opened before the first request
	Opaque      int64 // of Unused, those that carried what could not be read
	Snapped     int64 // of Opaque, those of which the snap length cut off what they carried
	NotHTTP     int64 // of Unused, those that carried something else than HTTP
	Gaps        int64 // of Connections, those of which the capture lacks bytes that the client sent
	ServerGaps  int64 // of Used, those of which the capture lacks bytes that the server sent, which may hold responses
	Untimed     int64 // of Used, those with packets that have no time of their own
	GivenUp     int64 // of Used, those that were given up: there were too many

	// Inconsistent are, of Connections, those with segments that repeat other bytes at the same sequence numbers.
	Inconsistent int64
	Garbled      int64 // of Inconsistent, those where no HTTP message begins where one should, and nothing is forged

	ServerEnded int64 // of Used, those that the server ended first

	Transactions      int64 // that are judged
	Reused            int64 // of Transactions, those that are not the first on their connection
	Promised          int64 // of Transactions, those whose request promised persistence
	SaidKeepAlive     int64 // of Promised, those that did in words
	Shared            int64 // of Promised, those on connections that carried others too
	MaxOver, MaxUnder int64 // by how much Transactions may be too high or too low, where they are inferred
	ReusedUnanswered  int64 // of Reused, those that the server ended instead of answering
	Warmths           event.Warmths
	Cold              SetupCost // of the avoidable connections
	Saved             SetupCost // that connections of their own would have had for the reused transactions
	Needed, Avoidable int64     // of Used, which is always their sum
	Unjudged          int64     // of Needed, those of pools whose verdict is not known, but for the first of each: may be avoidable
	Provoked          int64     // of Needed, those for which the server had ended one because of what the client did wrong
	PerhapsAvoidable  int64     // of Needed, those that were avoidable if an unread request had asked for the end
	PerhapsNeeded     Causes    // of Avoidable, those needed if an unread response had said close, in a hole, or where nothing is sure
	OutOfOrder        int64     // what bears on decisions that were taken already: too much was waiting
	OldEnds           int64     // responses to HTTP/1.0 requests that only closing could end
	Causes            Causes    // of Used: why each was opened
}

// Add adds the sums of b.
func (a *Sums) Add(b *Sums) {
	a.Connections += b.Connections
	a.Used += b.Used
	a.Unused += b.Unused
	a.Speculative += b.Speculative
	a.Opaque += b.Opaque
	a.Snapped += b.Snapped
	a.NotHTTP += b.NotHTTP
	a.Gaps += b.Gaps
	a.ServerGaps += b.ServerGaps
	a.Untimed += b.Untimed
	a.GivenUp += b.GivenUp
	a.Inconsistent += b.Inconsistent
	a.Garbled += b.Garbled
	a.ServerEnded += b.ServerEnded

	a.Transactions += b.Transactions
	a.Reused += b.Reused
	a.Promised += b.Promised
	a.SaidKeepAlive += b.SaidKeepAlive
	a.Shared += b.Shared
	a.MaxOver += b.MaxOver
	a.MaxUnder += b.MaxUnder
	a.ReusedUnanswered += b.ReusedUnanswered
	a.Warmths.Add(b.Warmths)

	a.Cold.add(b.Cold)
	a.Saved.add(b.Saved)

	a.Needed += b.Needed
	a.Avoidable += b.Avoidable
	a.Unjudged += b.Unjudged
	a.Provoked += b.Provoked
	a.PerhapsAvoidable += b.PerhapsAvoidable
	for _, c := range b.PerhapsNeeded {
		a.PerhapsNeeded.Add(c.Cause, c.N)
	}
	a.OutOfOrder += b.OutOfOrder
	a.OldEnds += b.OldEnds
	for _, c := range b.Causes {
		a.Causes.Add(c.Cause, c.N)
	}
}

// A SetupCost is what connections cost before they carry anything: their handshakes, TCP's
// and TLS's.
type SetupCost struct {
	RoundTrips int64
	Time       time.Duration // as far as the first round trip tells; 0 where that was not seen
}

// add adds d, which may be negative.
func (c *SetupCost) add(d SetupCost) {
	c.RoundTrips += d.RoundTrips
	c.Time += d.Time
}

// The states of a pool's connections: how many there are of each.
type connStates struct {
	firstRequest segment.Time // on the capture's clock; 0: none yet
	live         int32        // have joined the pool and not ended
	open         int32        // were used, and nobody has closed them, in the order of the capture
	diedNext     int64        // opened instead of one that was dead when it was used next
	otherUser    int64        // opened instead of one tied to a user, perhaps for another
	refused      int64        // opened instead of one on which the server had just refused a stream
	midstream    int64        // were used, and had been opened before the capture began
	serverUnseen int64        // were used, and of their server nothing is in the capture
	wentOn       int64        // went on when the ideal client had lost them already to what seemed their end
}

// add adds the connections of o.
func (c *connStates) add(o *connStates) {
	if o.firstRequest != 0 && (c.firstRequest == 0 || o.firstRequest < c.firstRequest) {
		c.firstRequest = o.firstRequest
	}
	c.live += o.live
	c.open += o.open
	c.diedNext += o.diedNext
	c.otherUser += o.otherUser
	c.refused += o.refused
	c.midstream += o.midstream
	c.serverUnseen += o.serverUnseen
	c.wentOn += o.wentOn
}

// Membership says how a pool is found, and what it is known to share.
type membership struct {
	client        *client
	identity      int32           // which of those at the client's address opened its connections
	proxied       bool            // it is a forward proxy's
	endsFIN       bool            // its client ends connections by FIN
	moreNames     bool            // than are told apart were seen at its address: they are in it
	cameBack      bool            // what its client had before is not known any more: see returned.go
	keys          []poolKey       // that lead to it
	clientServers []*clientServer // where it has connections
	onlyConn      *Conn           // its only connection, nil if there have been several
	prev, next    *Pool           // in its shard's list
}

// The lifecycle of a pool: it may be merged into another, and is evicted in the end where
// there are too many.
type lifecycle struct {
	serial       int64   // in the order of creation; those of no two shards are the same
	mergedFrom   []*Pool // those that have been merged into it
	into         *Pool   // what it was merged into, if merged
	merged       bool
	evicted      bool    // only its shard's list of dirty pools may still point to it
	dirty        bool    // it is in that list
	lastReported Verdict // while the capture goes on
}

// Inlined is room for what most pools have one or two of, for most have one connection.
type inlined struct {
	servers       [1]segment.Endpoint
	causes        [1]CauseCount
	clientServers [1]*clientServer
	keys          [1]poolKey
	outstanding   [1]*occupation
	queue         [2]action
	token         token
	looks         [2]segment.Time
}

// clear empties p for a new use. It keeps what has grown; where nothing has, p's own room
// serves.
func (p *Pool) clear() {
	servers, causes, clientServers, keys := p.Servers[:0], p.Causes[:0], p.clientServers[:0], p.keys[:0]
	outstanding, queue, losses := p.outstanding[:0], p.queue[:0], p.losses[:0]
	mergedFrom, closes, looks := p.mergedFrom[:0], p.detectors.idle.closes[:0], p.detectors.idle.looks[:0]
	if queue == nil {
		r := &p.inline
		servers, causes, clientServers, keys = r.servers[:0], r.causes[:0], r.clientServers[:0], r.keys[:0]
		outstanding, queue, looks = r.outstanding[:0], r.queue[:0], r.looks[:0]
	}
	*p = Pool{} // in place: it is large
	p.Servers, p.Causes, p.clientServers, p.keys = servers, causes, clientServers, keys
	p.outstanding, p.queue, p.losses, p.mergedFrom = outstanding, queue, losses, mergedFrom
	p.detectors.idle.closes, p.detectors.idle.looks = closes, looks
}
