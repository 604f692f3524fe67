package engine

import (
	"cmp"
	"sync"

	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A handle is what the collector holds of a connection from its first packet to its end. The
// connection itself is its worker's alone, and serves again as soon as that is done with
// it: it is large, and then it still lies in the cache. Of a handle the worker writes the
// Identity, before it tells of it, and the collector the rest.
type handle struct {
	conn.Identity
	marked int64      // its ID, and the marks: 16 bytes less than by themselves, as the runtime has it, of each that is open
	pool   *pool.Conn // nil if it is not judged
}

// The marks of a handle.
const (
	duplicate = 1 << iota // of another, which is judged
	foreign               // not of those that are to be judged

	marks = iota
)

func (h *handle) mark(m int64)    { h.marked |= m }
func (h *handle) is(m int64) bool { return h.marked&m != 0 }

// id returns its ID in the report, in order of first packet; 0: none yet.
func (h *handle) id() int64 { return h.marked >> marks }

// number gives h its ID. It has none yet.
func (h *handle) number(id int64) { h.marked |= id << marks }

// freeHandles are those of finished connections, given back by the collector.
var freeHandles sync.Pool

func newHandle() *handle {
	h, _ := freeHandles.Get().(*handle)
	if h == nil {
		h = new(handle)
	}
	*h = handle{}
	return h
}

// packet, of and prefetch are of the lists that the collector puts in order.
func (o *opened) packet() int64 { return o.when }
func (o *opened) of() *handle   { return o.handle }

func (e *connEvent) packet() int64 { return e.when }
func (e *connEvent) of() *handle   { return e.handle }

// prefetch reads where the judge will look for the connection.
func (e *connEvent) prefetch() int {
	if c := e.handle.pool; c != nil {
		return c.Prefetch()
	}
	return 0
}

func (e *ended) packet() int64 { return e.when }
func (e *ended) of() *handle   { return e.handle }

// An opened is a connection's: its first packet, or later the one that showed its client.
type opened struct {
	when   int64 // packet
	handle *handle
	client bool // its client is known
}

// prefetch reads here and there what o will want of its handle: see prefetch of segments.
// What its worker writes when it opens is read only then.
func (o *opened) prefetch() int {
	sum := int(o.handle.First.Time) + int(o.handle.marked)
	if o.client {
		key, _ := o.handle.SYN.Key()
		sum += int(key)
	}
	return sum
}

// A connEvent is one of a connection for the pools.
type connEvent struct {
	when   int64 // packet
	handle *handle
	open   bool // the first: there is no more to it
	event  event.Event
}

// An ended is what a worker leaves of a connection in the end.
type ended struct {
	when      int64 // packet
	handle    *handle
	gaveUp    bool // there were too many, or it was broken
	vantage   tcp.Vantage
	overflows int64 // holes given up because too much waited
	ignored   int64 // transactions that are not judged
	kept      int   // transactions in record
	unkept    int   // that are not there, for there were too many
	facts     verdict.Conn
	record    *report.Connection // nil where no more connections are kept
}

// prefetch reads here and there what the end of a connection will want of e.
func (e *ended) prefetch() int {
	v := &e.facts
	return int(e.handle.marked) + int(v.Transactions) + int(v.Closed.Packet) + int(v.LastEnd.Packet) + int(v.ReusedAfterClose.Packet) +
		int(v.Restart.Rounds) + int(v.SlowedBy.ACKs) + int(v.SlowedBy.NagleWaits.N) + int(v.Missing)
}

// stepsOf are segments of a connection.
type stepsOf struct {
	instant
	list []tcp.Step
}

// samplesOf are how a connection's window has grown in one direction.
type samplesOf struct {
	instant
	dir  segment.Dir
	list []tcp.Sample
}

// An instant is a connection's, at a packet.
type instant struct {
	handle *handle
	when   int64
}

// before orders instants, and those of one packet by their connections.
func (x instant) before(y instant) int {
	return cmp.Or(cmp.Compare(x.when, y.when), cmp.Compare(x.handle.id(), y.handle.id()))
}
