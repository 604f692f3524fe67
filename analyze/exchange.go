package analyze

import (
	"strings"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// An exchange is a connection's transactions: it turns what the Pairer tells
// into events for the pool and, where they are kept, records.
type exchange struct {
	conn      *conn
	pending   []pending    // ended, in order; not yet acknowledged by the client
	open      int          // transactions begun and not ended
	reading   int          // of these, those whose response has begun; 0 where its end does not show
	drained   int64        // packet in which the client last acknowledged all the server had sent
	readAt    segment.Time // when the client last read, by its window: as late as that may have been
	name      string       // authority's name, of the latest request that had one
	tunnel    *tunnel
	inside    bool                     // the tunnel's transactions are judged, instead of the CONNECT
	connect   *transaction.Transaction // a CONNECT of which the pool has not been told, nil: there is none
	elsewhere bool                     // it leads to another authority than the requests before it, whose pool the connection is in
	apart     int32                    // up to this one all are ignored: the pool is told of none
	edge      segment.Seq              // right edge of the client's window when the latest response began
	edgeOf    int32                    // that transaction
	last      lastDone

	records      []record
	kept         int // records of it, and of its tunnel
	unkept       int // transactions of which there are none, for there were too many
	pendingStart int // index of the record whose start may still show more, plus 1

	facts facts
	room  [1]pending // for pending, as long as it will do
}

// A pending transaction's response has been captured to its end, but whether
// the client took it is seen only when it acknowledges need.
type pending struct {
	event event.Event
	began segment.Mark // the response
	need  segment.Seq
}

// lastDone is the latest transaction whose response was complete.
type lastDone struct {
	n        int32
	bytes    int64
	edge     segment.Seq // right edge of the client's window when its response began
	hasEdge  bool
	promised bool // by both sides
	says     bool // the response said close
	end      segment.Mark
}

// facts are what findings want to know of one connection.
type facts struct {
	count, promised  int64
	ignored          int64        // of count, not judged
	reusedAfterClose segment.Mark // a request after a response that said close
	saidCloseAt      segment.Mark
	staleRequest     segment.Mark // a request sent after the server's FIN
	latest           segment.Mark // the latest request
	firstEnd         segment.Mark // of the first response that ended
	probes           int64        // keep-alive probes since the last transaction
	firstProbe       segment.Mark
}

// Requested is told of a request's head.
func (x *exchange) Requested(t *transaction.Transaction, name []byte) {
	x.alone()
	x.begun()
	before := x.name
	x.named(name)
	if t.Connect && x.conn.app.speaker().proto == isHTTP1 {
		held := *t
		x.connect, x.elsewhere = &held, x.facts.count > 0 && x.name != before
		return
	}
	x.asked(t)
}

// alone tells the pool of a CONNECT of which it has not been told: it was refused, or
// what runs inside is not HTTP, or another pool's.
func (x *exchange) alone() {
	if t := x.connect; t != nil {
		x.connect = nil
		if x.asked(t); t.ResponseDone {
			x.answered(t)
		}
	}
}

// begun notes that a request has begun.
func (x *exchange) begun() {
	x.settleStart()
	x.keepStart(x.conn.client)
	x.open++
}

// asked tells the pool of a request.
func (x *exchange) asked(t *transaction.Transaction) {
	c := x.conn
	f := &x.facts
	if f.count++; f.count == 1 && !c.out.together { // from then on the collector reads it
		if s := x.carrier().secure; s != nil {
			c.ticket.who.Hello = s.Info().Hello
		}
	}
	if t.Promises {
		f.promised++
	}
	f.probes = 0
	f.latest = t.Start
	if t.N > 1 && x.last.n == t.N-1 {
		if x.last.says && f.reusedAfterClose.Packet == 0 {
			f.reusedAfterClose, f.saidCloseAt = t.Start, x.last.end
		}
	}
	if c.closing.by == event.Server && f.staleRequest.Packet == 0 {
		f.staleRequest = t.Start
	}
	if t.Ignored {
		if f.ignored++; f.ignored == f.count {
			x.apart = t.N
			return
		}
	}
	c.emit(&event.Event{Kind: event.Requested, N: t.N, Time: t.Start.Time, Packet: t.Start.Packet, Name: x.name, Who: &c.ticket.who, TLS: c.app.proto == isTLS, StreamLimit: t.Streams, MayHideClose: t.Cut, Inferred: x.carrier().sealed(), ServerUnseen: c.unseen(1 - c.client), SetupRoundTrips: c.trips(),
		Proxied: t.Proxied, Tunnel: t.Connect || x.inside, AsksClose: t.AsksClose, Promises: t.Promises, Ignored: t.Ignored})
}

// named notes what a request calls its authority. In TLS the name in the hello
// counts: the connection was made for it.
func (x *exchange) named(host []byte) {
	if s := x.conn.app.secure; s != nil && s.Info().ServerName != "" {
		if x.name == "" {
			x.name = x.conn.app.spares.redactor().Name(strings.TrimSuffix(strings.ToLower(s.Info().ServerName), "."))
		}
		return
	}
	if len(host) > 0 && string(host) != x.name {
		x.name = x.conn.out.names.of(host, x.conn.app.spares.redactor())
	}
}

// Answered is told that request and response have both ended.
func (x *exchange) Answered(t *transaction.Transaction) {
	x.done(t)
	x.keep(t)
	if x.connect == nil {
		x.answered(t)
	} else if *x.connect = *t; !t.Consumes { // else what runs inside may count instead
		x.alone()
	}
}

// done notes that a response has ended.
func (x *exchange) done(t *transaction.Transaction) {
	if x.open--; t.HasStatus && x.reading > 0 {
		x.reading--
	}
}

// answered tells the pool of a response.
func (x *exchange) answered(t *transaction.Transaction) {
	c := x.conn
	if x.facts.firstEnd.Packet == 0 {
		x.facts.firstEnd = t.LastByte
	}
	x.last = lastDone{n: t.N, bytes: t.ResponseBytes, edge: x.edge, hasEdge: x.edgeOf == t.N,
		promised: t.Promises && t.ResponsePromises, says: t.SaysClose, end: t.LastByte}
	if t.N <= x.apart {
		return
	}
	e := event.Event{Kind: event.Answered, N: t.N, Time: t.LastByte.Time, Packet: t.LastByte.Packet,
		SaysClose: t.SaysClose && !t.ResponseCut, MayHideClose: t.ResponseCut || x.carrier().sealed(), KeepAlive: time.Duration(max(0, t.KeepAliveTimeout)) * time.Second}
	if t.RequestEnd.Time > e.Time && !t.Cut {
		e.Time, e.Packet = t.RequestEnd.Time, t.RequestEnd.Packet
	}
	switch {
	case t.Consumes:
		e.Outcome = event.Consumed
	case !t.ResponseDone && !t.StreamReset: // too much was waiting
		e.Outcome = event.Unanswered
	}
	if x.drained > t.LastByte.Packet { // inferred: it ended before that showed
		c.emit(&e)
		return
	}
	if len(x.pending) >= maxPending {
		x.tell(maxPending/2, 0)
	}
	server := &c.half[1-c.client]
	x.pending = append(x.pending, pending{e, t.FirstByte, server.stream.Next()})
}

// maxPending bounds the responses that wait for their acknowledgement; then the oldest
// are taken to have arrived.
const maxPending = 1024

// tell tells the pool of the first n responses that wait: the client acknowledged them at
// an instant, 0 if it has not.
func (x *exchange) tell(n int, acked segment.Time) {
	for k := range n {
		e := &x.pending[k].event
		e.Acked = acked
		x.conn.emit(e)
	}
	if n > 0 {
		x.pending = x.pending[:copy(x.pending, x.pending[n:])]
	}
}

// Began notes where the client's window stood when a response began.
func (x *exchange) Began(t *transaction.Transaction) {
	x.keepStart(1 - x.conn.client)
	if !x.conn.app.sealed() {
		x.reading++
	}
	client := &x.conn.half[x.conn.client]
	if client.Window.Known {
		x.edge, x.edgeOf = client.Window.Edge, t.N
	}
}

// widened is told that the right edge of the client's window has moved on, and
// whether new data of the server was acknowledged with it. Then the ACK may have been
// delayed (RFC 9293 section 3.8.6.3), and the client read when the data came; an
// ACK for nothing but its window is sent when it reads.
func (x *exchange) widened(at segment.Time, server *half, news bool) {
	if x.readAt = at; news {
		x.readAt = min(at, server.Newest().Add(2*x.conn.shift()))
	}
}

// acknowledged is told that the side that sends in direction d acknowledged
// everything before ack. What the client acknowledged it has, and half closing
// it before was no abandoning.
func (x *exchange) acknowledged(d segment.Dir, ack segment.Seq) {
	if d != x.conn.client {
		return
	}
	if ack == x.conn.half[1-d].Nxt {
		x.drained = x.conn.last.Packet
	}
	n := 0
	for n < len(x.pending) && !x.pending[n].need.After(ack) {
		n++
	}
	x.tell(n, x.conn.last.Time)
}

// crossed is told that the server has closed: a request of which that acknowledges nothing
// was on its way then.
func (x *exchange) crossed() {
	read := x.carrier().speaker().read
	if read == nil || x.open == 0 || x.reading > 0 || x.facts.staleRequest.Packet != 0 {
		return
	}
	waiting := read.Waiting()
	if n := len(waiting); n > 0 && int64(x.conn.half[x.conn.client].Flight()) >= waiting[n-1].RequestBytes {
		x.facts.staleRequest = x.facts.latest
	}
}

// probed is told of a keep-alive probe.
func (x *exchange) probed() {
	f := &x.facts
	if x.open > 0 { // somebody waits for an answer
		return
	}
	if f.probes == 0 {
		f.firstProbe = x.conn.last
	}
	f.probes++
}

// keep records t among the transactions that are judged.
func (x *exchange) keep(t *transaction.Transaction) {
	if list := x.carried(); x.record(list, t) {
		x.start(len(*list) - 1)
	}
}

// record copies t to list, and reports whether it did: where nobody will see it, or
// there are too many, it does not.
func (x *exchange) record(list *[]record, t *transaction.Transaction) bool {
	out := x.conn.out
	kept := &out.kept[shardOf(x.conn.hash)]
	switch {
	case !x.conn.app.texts:
		return false
	case *kept >= out.most:
		x.unkept++
		return false
	}
	*kept++
	x.kept++
	*list = append(*list, x.conn.app.spares.recorded(t))
	return true
}

// carrier returns the app whose transactions are judged: the tunnel's, if it has any,
// else the connection's.
func (x *exchange) carrier() *app {
	if x.inside {
		return &x.tunnel.app
	}
	return &x.conn.app
}

// carried returns the records of the transactions that are judged.
func (x *exchange) carried() *[]record {
	if x.inside {
		return &x.tunnel.records
	}
	return &x.records
}

// A record is a transaction with what its window was.
type record struct {
	transaction.Transaction
	start  tcp.Start // N is 0 where nothing is known
	rounds int
	dir    segment.Dir // of the content
}

// keepStart notes that content begins in direction d.
func (x *exchange) keepStart(d segment.Dir) {
	if v := x.conn.half[d].view; v != nil {
		v.Keep()
	}
}

// start notes the window that a transaction's content began with. Its first ACK may
// still show more.
func (x *exchange) start(i int) {
	r, c := &(*x.carried())[i], x.conn
	r.dir = 1 - c.client
	if r.RequestBytes > r.ResponseBytes {
		r.dir = c.client
	}
	if v := c.half[r.dir].view; v != nil {
		r.start, r.rounds = v.Kept, v.KeptRounds()
		x.pendingStart = i + 1
	}
}

// settleStart looks again at the latest record's start, before another is kept.
func (x *exchange) settleStart() {
	if list := *x.carried(); x.pendingStart > 0 && x.pendingStart <= len(list) {
		r := &list[x.pendingStart-1]
		r.start = x.conn.half[r.dir].view.Kept
	}
	x.pendingStart = 0
}

// Tunnel hands on what runs inside after 101 or a 2xx to CONNECT.
func (x *exchange) Tunnel(fromClient bool, b []byte, at segment.Mark) {
	if a := x.conn.app.speaker(); a.upgrade() {
		a.read.Bytes(fromClient, b, at)
		return
	}
	if x.tunnel == nil {
		x.tunnel = newTunnel(x)
	}
	x.tunnel.bytes(fromClient, b, at)
}

// TunnelGap hands on that bytes inside are missing.
func (x *exchange) TunnelGap(fromClient bool, n int64, at segment.Mark) {
	if a := x.conn.app.speaker(); a.upgrade() {
		a.read.Gap(fromClient, n, at)
	} else if x.tunnel != nil {
		x.tunnel.app.gap(direction(fromClient), n, at)
	}
}

// GoAway begins the end of the connection: no more streams will be opened, or
// none served.
func (x *exchange) GoAway(fromClient bool, at segment.Mark) { x.conn.closeNotify(fromClient, at) }
