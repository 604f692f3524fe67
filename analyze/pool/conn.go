package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A Conn is a connection as far as pools care.
type Conn struct {
	id             int64
	client, server segment.Endpoint
	site           *site
	pool           *Pool
	ward           *ward        // its site's client's, within reach
	opened         segment.Time // on the client's clock
	packet         int64        // its first
	midway         bool
	blind          bool // of the server nothing was captured when the first request came
	syn            event.SYN
	shift, rtt     time.Duration

	requests int64 // that are judged
	n        int32 // of the latest transaction
	promised int64
	inferred bool          // its transactions are
	hidden   bool          // its latest request may have asked to close it
	trips    int32         // round trips that its handshakes took
	limit    int32         // transactions it may carry at once, as last said; 0: one, and more only pipelined
	known    segment.Time  // when the client knew limit
	active   []*occupation // outstanding; with limit 0 at most one
	carried  int           // occupations whose demand, but not whose end, has been decided
	queue    []*occupation // whose demand has not been decided, in order
	held     *occupation   // nil: none
	token    *token        // of those on the ideal client's stack, the latest tied to it

	by        event.Side // who ended it first
	reset     bool       // by RST
	closedAt  segment.Time
	closedIn  int64  // packet
	lastEnd   moment // of the latest occupation
	asksClose bool   // of the latest request
	saysClose bool   // of the latest response
	complete  bool   // the latest response is
	idles     bool   // it was closed, unasked, and its latest response's end is still to be told of
	lost      bool   // the server has ended it: its token is gone
	ended     bool
	unread    int32
	blamed    []*Decision // openings blamed on its idling, while it may still turn out unread

	before, after *Conn // in its site's silence

	room struct { // for what most have one of
		active, queue [1]*occupation
	}
}

// Touch reads here and there what Handle will want of c and its pool, and returns nothing
// of use. A processor waits for many such reads as long as for one, where they follow each
// other: to touch some connections before they are handled saves a part of the time.
func (c *Conn) Touch() int {
	sum := int(c.n) + len(c.active) + int(c.closedIn)
	if p := c.pool; p != nil {
		sum += p.alive + len(p.items) + int(p.Transactions) + int(p.SavedTrips) + len(p.losses)
	}
	return sum
}

// handshakes returns how long those of c took, as far as the first round trip tells.
func (c *Conn) handshakes() time.Duration { return time.Duration(c.trips) * c.rtt }

// carrying returns the outstanding occupation that transaction n is of.
func (c *Conn) carrying(n int32) *occupation {
	for _, o := range c.active {
		if c.limit == 0 || o.n == n {
			return o
		}
	}
	return nil
}
