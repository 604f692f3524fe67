package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Conn is a connection as far as pools care.
type Conn struct {
	id               int64
	client, server   segment.Endpoint
	clientServer     *clientServer
	pool             *Pool
	shard            *clientShard // its site's client's, within reach
	opened           segment.Time // on the client's clock
	packet           int64        // its first
	midstream        bool
	serverUnseen     bool // of the server nothing was captured when the first request came
	syn              event.SYN
	clockOffset, rtt time.Duration

	requests        int64 // that are judged
	n               int32 // of the latest transaction
	promised        int64
	inferred        bool          // its transactions are
	mayHideClose    bool          // its latest request may have asked to close it
	setupRoundTrips int32         // round trips that its handshakes took
	streamLimit     int32         // transactions it may carry at once, as last said; 0: one, and more only pipelined
	limitKnownAt    segment.Time  // when the client knew limit
	active          []*occupation // outstanding; with limit 0 at most one
	inFlight        int           // occupations whose demand, but not whose end, has been decided
	undecided       []*occupation // whose demand has not been decided, in order
	deferred        *occupation   // nil: none
	token           *token        // of those on the ideal client's stack, the latest tied to it

	closedBy     event.Side    // who ended it first
	byReset      bool          // by RST
	goAway       *event.GoAway // by HTTP/2's, nil if it was not
	closedAt     segment.Time
	closePacket  int64  // packet
	lastEnd      moment // of the latest occupation
	asksClose    bool   // of the latest request
	saysClose    bool   // of the latest response
	lastComplete bool   // the latest response is
	lastStatus   uint16 // its status
	unaskedClose bool   // it was closed, unasked, and its latest response's end is still to be told of
	tokenLost    bool   // the server has ended it: its token is gone
	ended        bool
	unreadN      int32
	revisable    []*Decision // openings blamed on its idling, while it may still turn out unread

	prevUnused, nextUnused *Conn // in its site's silence

	inline struct { // for what most have one of
		active, queue [1]*occupation
	}
}

// Touch reads here and there what Handle will want of c and its pool, and returns nothing
// of use. A processor waits for many such reads as long as for one, where they follow each
// other: to touch some connections before they are handled saves a part of the time.
func (c *Conn) Prefetch() int {
	sum := int(c.n) + len(c.active) + int(c.closePacket)
	if p := c.pool; p != nil {
		sum += p.liveConns + len(p.queue) + int(p.Transactions) + int(p.SavedRoundTrips) + len(p.losses)
	}
	return sum
}

// handshakes returns how long those of c took, as far as the first round trip tells.
func (c *Conn) setupTime() time.Duration { return time.Duration(c.setupRoundTrips) * c.rtt }

// carrying returns the outstanding occupation that transaction n is of.
func (c *Conn) occupationOf(n int32) *occupation {
	for _, o := range c.active {
		if c.streamLimit == 0 || o.last == n {
			return o
		}
	}
	return nil
}
