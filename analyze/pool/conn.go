package pool

import (
	"slices"
	"time"
	"unsafe"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Conn is a connection as far as pools care. There may be many of which nothing is told but that they were
// opened: these are small.
type Conn struct {
	id           int64
	clientServer *clientServer
	pool         *Pool // nil until a request, or the end, shows which it is
	beginning
	prevUnused, nextUnused *Conn // in its clientServer's list

	*course // nil until an event tells of one
}

// A course is what a connection has come to.
type course struct {
	shard *clientShard // its client's, within reach

	firstThere   bool // it is its pool's first to its server, and there were others to another
	serverUnseen bool // of what the server sent the capture had nothing when the first request came

	clockOffset, rtt time.Duration // see event.Event

	requestState
	loadState
	*closeState // never nil: &notClosed until it is written, as it is not while a connection idles

	inline struct { // room for what most have one of
		active, undecided [1]*occupation
	}
}

// A beginning is what the capture has of a connection's opening.
type beginning struct {
	opened    segment.Time // the capture's; see neededAt
	packet    int64        // its first
	port      uint16       // its client's
	midstream bool         // it was opened before the capture began
	synUnseen bool         // its SYN is not in the capture: it was opened earlier than opened says
	syn       event.SYN
}

// A requestState is what a connection's transactions have shown so far.
type requestState struct {
	requests        int64         // that are judged
	promised        int64         // of these, those that promised persistence
	n               int32         // number of the latest transaction
	setupRoundTrips int32         // that the connection's handshakes took
	untilRequest    time.Duration // from its SYN to its first request, if it was opened for that; else 0
	inferred        bool          // the transactions are
	browser         bool          // its client is one
	mayHideClose    bool          // the latest request may have asked for the end
	asksClose       bool          // the latest request did
	saysClose       bool          // the latest response said close
	lastComplete    bool          // the latest response is complete
	lastStatus      uint16        // its status
	lastEnd         moment
	boundAt         moment        // when a request first tied it to a user
	announced       time.Duration // the timeout in its latest Keep-Alive field, 0: none
}

// A loadState is what a connection carries, for the real client and for the ideal one.
type loadState struct {
	streamLimit  int32         // transactions it may carry at once, as last said; 0: one, and more only pipelined
	inFlight     int32         // those whose start the ideal client has acted on, and whose end not
	limitKnownAt segment.Time  // when the client knew that
	active       []*occupation // outstanding; one at most where streamLimit is 0
	deferred     *occupation   // its latest, while it is open whether that ended the connection; else nil
	undecided    []*occupation // those whose start the ideal client has not acted on, in order
	token        *token        // of those on the ideal client's stack the latest that is tied to it
	tokenLost    bool          // the ideal client has lost it
	shared       bool          // it counts in its pool's shares
	idles        bool          // it counts among its client's idle connections
}

// A closeState is how a connection was closed and ended.
type closeState struct {
	closedBy     event.Side // who did it first
	byReset      bool
	goAway       *event.GoAway // nil: it was not by HTTP/2's
	finUnseen    bool          // it was by a FIN that the capture lacks
	obeyed       bool          // the client did, when the server had announced that it would
	closedAt     segment.Time
	closePacket  int64
	left         int32 // how many connections of the client idled on, if it may have closed this one because it keeps no more; else 0
	unasked      bool  // nobody had said close, and its latest response's end is still to be told of
	ended        bool  // nothing more is told of it
	endedIn      int64 // serial number of its pool then
	unread       event.Unread
	holes        event.Holes // where the capture lacks bytes of it that may matter
	contradicted int64       // packet of its first segment that another has other bytes for, 0: none
	deadFrom     moment      // what the client sent from then on was never acknowledged
	revisable    []*Decision // openings that rest on it, while it may still turn out unread, or inconsistent
}

// Prefetch reads here and there what Judge.Handle will want of c and its pool, and returns
// nothing of use. A processor waits for many such reads as long as for one, where they
// follow each other: to prefetch some connections before they are handled saves a part of
// the time.
func (c *Conn) Prefetch() int {
	if c.course == nil {
		return 0
	}
	sum := int(c.n) + len(c.active) + int(c.closePacket)
	if p := c.pool; p != nil {
		sum += int(p.conns.live) + len(p.queue) + int(p.Transactions) + int(p.Saved.RoundTrips) + len(p.losses)
	}
	return sum
}

// begin begins the course of c.
func (s *clientShard) begin(c *Conn) {
	x := s.free.courses.Get()
	active, undecided := x.active[:0], x.undecided[:0]
	if active == nil {
		active, undecided = x.inline.active[:0], x.inline.undecided[:0]
	}
	if x.closeState != &notClosed {
		s.free.closeStates.Put(x.closeState)
	}
	*x = course{shard: s, closeState: &notClosed}
	x.active, x.undecided, c.course = active, undecided, x
}

// notClosed is that of connections that nobody has closed; it is never written.
var notClosed closeState

// closes gives c a closeState of its own, to be written.
func (c *Conn) closes() {
	if c.closeState == &notClosed {
		x := c.shard.free.closeStates.Get()
		*x = closeState{}
		c.closeState = x
	}
}

// forget has c change d no more.
func (c *Conn) forget(d *Decision) {
	i := slices.Index(c.revisable, d)
	c.revisable = slices.Delete(c.revisable, i, i+1)
	if x := c.closeState; len(x.revisable) == 0 && x.closedBy == event.Nobody && !x.ended {
		c.closeState = &notClosed
		c.shard.free.closeStates.Put(x)
	}
}

// client and server return the two ends of c.
func (c *Conn) client() segment.Endpoint {
	return segment.Endpoint{Addr: c.clientServer.client.addr, Port: c.port}
}
func (c *Conn) server() segment.Endpoint { return c.clientServer.server }

// toClient returns how far the client's clock is from the capture's, as far as an event has told it.
func (c *Conn) toClient() time.Duration {
	if c.course == nil {
		return 0
	}
	return c.clockOffset
}

// ConnMemory is how many bytes a Judge takes for a connection of which nothing is told but that it was opened,
// CourseMemory how many more with its first event, for the decision why it was opened too. ClientMemory is what it takes for
// a client of one server, for pools see Memory.
const (
	ConnMemory   = int(unsafe.Sizeof(Conn{})+15) &^ 15 // small allocations are of a multiple of 16 bytes
	CourseMemory = int(unsafe.Sizeof(course{})) + decisionMemory
	ClientMemory = clientSize + clientServerSize
)

// setupCost returns what c's handshakes cost: the time from its SYN to its first request, in
// which both sides compute too; or what its round trips take, where c was not opened for that
// request, or its SYN is not in the capture.
func (c *Conn) setupCost() SetupCost {
	cost := c.setupRTTs()
	if c.untilRequest > 0 {
		cost.Time = c.untilRequest
	}
	return cost
}

// setupRTTs returns what c's handshakes take by their round trips.
func (c *Conn) setupRTTs() SetupCost {
	return SetupCost{int64(c.setupRoundTrips), time.Duration(c.setupRoundTrips) * c.rtt}
}

// occupationOf returns the outstanding occupation that transaction n belongs to.
func (c *Conn) occupationOf(n int32) *occupation {
	for _, o := range c.active {
		if c.streamLimit == 0 || o.n == n {
			return o
		}
	}
	return nil
}

// ID returns which connection c is.
func (c *Conn) ID() int64 { return c.id }

// isOpen reports whether nobody has ended c.
func (c *Conn) isOpen() bool { return c.closedBy == event.Nobody && !c.ended }

// idle reports whether c carries nothing and has carried something.
func (c *Conn) idle() bool { return len(c.active) == 0 && c.lastEnd.known() }
