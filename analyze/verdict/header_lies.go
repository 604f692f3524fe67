package verdict

import (
	"fmt"
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// headerLies is found where one side says in words that connections persist, closes them
// within a round trip of the response, and another request follows that could have used
// one; and of a connection that was used again after close had been said.
var headerLies = rule{
	Explanation: Explanation{
		Meaning: "Connection: keep-alive is a promise; only packets show whether it is kept. Here persistence was " +
			"promised in words, on more than one request, and the side that promised closed within a round trip of " +
			"the response, though another request followed; or close was said, and the connection was used again. " +
			"What HTTP/1.1 takes for granted, without a header, is no such promise.",
		Evidence: "The headers, the FIN or RST from the same side right after the response, and the SYN of the " +
			"connection that the next request needed.",
		RefutedBy: "the closing side had ended as a whole, and another program sent the next request",
		Remedy: "A server that closes should say close. Of a client, consistent with a header set by hand while " +
			"the library's own pool is off. Remove the header and turn the pool on:",
		Knobs: []Knob{
			{"node http, axios", "new http.Agent({keepAlive: true}) shared, instead of headers: {Connection: " +
				"'keep-alive'}"},
			{"node request", "forever: true instead of the header"},
			{"python requests", "a shared requests.Session() instead of the header"},
		},
	},
	across: func() tracker { return &brokenPromises{by: map[peers]*promises{}} },
}

// peers are a client and an authority.
type peers struct {
	client, server segment.Addr
	port           uint16
	name           string
}

// maxPeers bounds how many clients and authorities are watched for broken promises, and
// maxBroken how many connections of one wait for the next request.
const (
	maxPeers  = 4096
	maxBroken = 64
)

// A brokenPromise is a connection that was closed right after a response by the side that
// had said in words that it persists.
type brokenPromise struct {
	conn         int64
	by           event.Side
	end, closed  segment.Mark // of the response, and of the connection
	next, opened int64        // the connection that the next request needed, and its first packet
}

// promises are what one pair of peers did.
type promises struct {
	waiting []brokenPromise // no request has followed yet
	broken  []brokenPromise // one has: at most mostListed
	n       int64           // of broken, also those that are not listed
	more    bool            // maxBroken left some out: n is the least
}

// brokenPromises watches for connections that do not keep what they promise.
type brokenPromises struct {
	bound
	by    map[peers]*promises
	order []*promises // in order of first broken promise
}

// note takes a connection that has ended.
func (t *brokenPromises) note(c *Conn) (Evidence, bool) {
	k := peers{c.Client, c.Server, c.Port, c.Name}
	p := t.by[k]
	if p != nil {
		p.follow(c)
	}
	if by := brokenBy(c); by != event.Nobody {
		switch {
		case p == nil && len(t.by) >= maxPeers, p != nil && len(p.waiting) >= maxBroken:
			t.acted = true
			if p != nil {
				p.more = true
			}
			return t.askedAgain(c)
		case p == nil:
			p = new(promises)
			t.by[k] = p
			t.order = append(t.order, p)
		}
		p.waiting = append(p.waiting, brokenPromise{conn: c.ID, by: by, end: c.LastEnd, closed: c.Closed})
	}
	return t.askedAgain(c)
}

// askedAgain finds a request on c after a response that said close.
func (t *brokenPromises) askedAgain(c *Conn) (Evidence, bool) {
	if c.ReusedAfterClose.Packet == 0 {
		return Evidence{}, false
	}
	return Evidence{
		Connections: []int64{c.ID},
		Packets:     []int64{c.SaidClose.Packet, c.ReusedAfterClose.Packet},
		Confidence:  pool.Certain,
		Text: fmt.Sprintf("#%d: the response that ended in packet %d said close, yet packet %d asked again on it",
			c.ID, c.SaidClose.Packet, c.ReusedAfterClose.Packet),
	}, true
}

// brokenBy returns who closed c within a round trip of its last response, though it had said
// in words that c persists; Nobody if nobody did. A client that used c again did keep it.
func brokenBy(c *Conn) event.Side {
	switch {
	case !c.LastComplete || c.LastEnd.Packet == 0:
		return event.Nobody
	case c.ClosedBy == event.Client && (!c.ClientPromised || c.Transactions > 1):
		return event.Nobody
	case c.ClosedBy == event.Server && !c.ServerPromised:
		return event.Nobody
	}
	if idle := c.Closed.Time.Sub(c.LastEnd.Time); idle < 0 || idle > max(c.RTT, time.Millisecond) {
		return event.Nobody
	}
	return c.ClosedBy
}

// follow has c confirm those that were closed before it was opened, if it says the same in
// words: it carried a request that they could have carried, so their side had not ended.
func (p *promises) follow(c *Conn) {
	if c.Transactions == 0 {
		return
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(b brokenPromise) bool {
		says := b.by == event.Client && c.ClientPromised || b.by == event.Server && c.ServerPromised
		if !says || c.First.Time < b.closed.Time {
			return false
		}
		b.next, b.opened = c.ID, c.First.Packet
		if p.n++; len(p.broken) < mostListed {
			p.broken = append(p.broken, b)
		}
		return true
	})
}

// conclude returns a finding for each pair of peers of which one broke a promise.
func (t *brokenPromises) conclude() []Evidence {
	var all []Evidence
	for _, p := range t.order {
		if p.n > 0 {
			all = append(all, p.evidence())
		}
	}
	return all
}

func (p *promises) evidence() Evidence {
	b := &p.broken[0]
	e := Evidence{Confidence: pool.Certain}
	e.Text = fmt.Sprintf("#%d: the %s said keep-alive, and closed in packet %d, %v after the response "+
		"ended in packet %d; the next request needed #%d (packet %d)", b.conn, sideName(b.by), b.closed.Packet,
		segment.Span(b.closed.Time.Sub(b.end.Time)), b.end.Packet, b.next, b.opened)
	least := ""
	if p.more {
		least = "at least "
	}
	if more := p.n - 1; more > 0 {
		e.Text += fmt.Sprintf("; so it was with %s%s", least, plural.Count(more, "more connection"))
	}
	for _, b := range p.broken {
		e.Connections = append(e.Connections, b.conn)
		e.Packets = append(e.Packets, b.end.Packet, b.closed.Packet)
		if b.by == event.Client {
			e.Confidence = pool.Likely // another program at its address may have sent the next request
		}
	}
	return e
}
