package analyze

import (
	"sync"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A ticket is what the collector holds of a connection from its birth to its end. The
// connection itself is its worker's alone, and serves again as soon as that is done with
// it: it is large, and then it still lies in the cache.
type ticket struct {
	key   segment.Key // as the connection has it, which ends before
	first segment.Mark

	// Known once it has opened.
	client segment.Dir
	midway bool     // of the client no SYN was seen when it was
	syn1   synPrint // of the first SYN
	who    pool.Who // SYN by then; the rest by the first request

	ending pool.Ending // comes with ConnEnded

	// The collector's, the rest is written by the worker before it tells of it.
	twin   bool       // of another, which is judged
	other  bool       // not of those that are to be judged
	judged *pool.Conn // nil if twin or other
	id     int64      // in order of first packet
}

// spareTickets are those of finished connections, given back by the collector.
var spareTickets sync.Pool

func newTicket(s *segment.Segment) *ticket {
	t, _ := spareTickets.Get().(*ticket)
	if t == nil {
		t = new(ticket)
	}
	*t = ticket{key: s.Key, first: s.Mark()}
	return t
}

// touch reads here and there what n will want of its ticket: see touch of segments. What
// its worker writes when it opens is read only then.
func (n *birth) touch() int {
	sum := int(n.ticket.first.Time) + int(n.ticket.id)
	if n.opened {
		sum += int(n.ticket.syn1.isn)
	}
	return sum
}

// A farewell is what a worker leaves of a connection in the end.
type farewell struct {
	when      int64 // packet
	ticket    *ticket
	gaveUp    bool // there were too many
	vantage   report.Vantage
	overflows int64 // holes given up because too much waited
	ignored   int64 // transactions that are not judged
	kept      int   // transactions in record
	unkept    int   // that are not there, for there were too many
	facts     verdict.Conn
	record    *report.Connection // nil where no more connections are kept
}

// touch reads here and there what the end of a connection will want of f.
func (f *farewell) touch() int {
	v := &f.facts
	return int(f.ticket.id) + int(v.Transactions) + int(v.Closed.Packet) + int(v.LastEnd.Packet) + int(v.ReusedAfterClose.Packet) +
		int(v.Restart.Rounds) + int(v.Pace.ACKs) + int(v.Pace.NagleWaits.N) + int(v.Missing)
}

// finish leaves to the collector what it needs of c, which then serves again.
func (o *outbox) finish(c *conn, gaveUp bool) {
	o.kept[shardOf(c.hash)] -= c.http.kept
	f := o.ends.next(&o.spareEnds)
	f.when, f.ticket, f.gaveUp, f.vantage = o.now.Packet, c.ticket, gaveUp, c.shake.Vantage()
	f.overflows = c.half[0].stream.Overflows() + c.half[1].stream.Overflows()
	f.ignored, f.kept, f.unkept = c.http.facts.ignored, c.http.kept, c.http.unkept
	c.facts(&f.facts)
	f.record = nil
	if !o.none {
		f.record = c.record()
	}
	spareConns.Put(c)
}

// abandon leaves to the collector that c was given up because it is broken: only what a
// connection is begun with is to be trusted. c does not serve again.
func (o *outbox) abandon(c *conn) {
	o.kept[shardOf(c.hash)] -= c.http.kept
	if !c.opened {
		o.birth(c) // it has a number then
	}
	if !c.concluded {
		c.ticket.ending = pool.Ending{Gaps: true}
		o.event(c).pool = pool.Event{Kind: pool.ConnEnded, Time: c.last.Time, Packet: c.last.Packet, End: &c.ticket.ending}
	}
	f := o.ends.next(&o.spareEnds)
	*f = farewell{when: o.now.Packet, ticket: c.ticket, gaveUp: true, facts: verdict.Conn{First: c.first}, record: brokenRecord(c)}
}

// brokenRecord writes down what is known of c though it is broken.
func brokenRecord(c *conn) *report.Connection {
	return &report.Connection{
		Client: c.key.Sender(c.client).String(), Server: c.key.Sender(1 - c.client).String(), RoleBasis: "port",
		Start: report.Instant(c.first.Time), End: report.Instant(c.last.Time), FirstPacket: c.first.Packet, LastPacket: c.last.Packet,
		Handshake: "missed", Protocol: "unknown", TransactionBasis: transaction.NoBasis, Transactions: []*report.Transaction{},
		Closed: report.Closed{First: "none", How: "open"},
	}
}
