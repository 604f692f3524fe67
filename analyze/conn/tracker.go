package conn

import (
	"strings"
	"time"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// An httpTracker follows a connection's transactions: it turns what the application's reader
// tells into events and, where they are kept, records.
type httpTracker struct {
	conn    *Conn
	pending []pending // ended, in order; not yet acknowledged by the client
	open    int       // transactions begun and not ended
	reading int       // of these, those whose response has begun; 0 where its end does not show
	name    string    // authority's name, of the latest request that had one
	last    lastDone

	acknowledgements
	shown

	// CONNECT and what runs inside.
	tunnel           *tunnel
	judgesTunnel     bool                     // the tunnel's transactions are judged, instead of the CONNECT
	connect          *transaction.Transaction // a CONNECT of which the sink has not been told, nil: there is none
	connectElsewhere bool                     // it leads to another authority than the requests before it, whose pool the connection is in

	target           string // where a SOCKS proxy has connected the client to, "": nowhere
	targetRoundTrips int    // that this took

	ignoredThrough int32 // up to this transaction all are ignored: the sink is told of none

	keptRecords
	starts
	facts Facts
	setup setup
	room  [1]pending // for pending, as long as it will do
}

// What acknowledgements have shown.
type acknowledgements struct {
	read    int64 // packet in which the server last acknowledged all the client had sent
	drained int64 // packet in which the client last acknowledged all the server had sent
	asked   asked // the latest request that was sent while no other was going on
}

// What the client's window has shown of its reading.
type shown struct {
	readAt    segment.Time // when it last read: as late as that may have been
	advance   int64        // how far the edge of the window had moved when the latest response began
	most      int          // the most that it had offered then
	advanceOf int32        // that transaction
	reopened  int64        // bytes of the shortest response after which it has opened again, 0: none
	stopped   int64        // bytes that had come of a response that the client stopped reading when it closed
}

// A pending transaction's response has been captured to its end, but whether
// the client took it is seen only when it acknowledges need.
type pending struct {
	event event.Event
	began segment.Mark // the response
	need  segment.Seq

	asked, askedEnd segment.Mark // its request
}

// An asked request is one that nothing was going on beside.
type asked struct {
	n     int32
	from  segment.Seq // where it begins
	after segment.Seq // the server had sent what lies before: its answer comes behind
}

// lastDone is the latest transaction whose response was complete.
type lastDone struct {
	n          int32
	bytes      int64
	advance    int64 // how far the right edge of the client's window had moved when its response began
	hasAdvance bool
	most       int      // the most that the client's window had offered then
	promised   Promised // of its messages
	says       bool     // the response said close
	end        segment.Mark
}

// Promised says who has promised that a connection persists.
type Promised struct {
	Both           bool // be it by what HTTP/1.1 takes for granted
	Client, Server bool // in words, by a header, and the other did not say close
}

// Facts are what findings want to know of one connection's transactions. Marks with packet 0
// did not happen.
type Facts struct {
	Count            int64
	Ignored          int64        // of Count, not judged
	ReusedAfterClose segment.Mark // a request after a response that said close ...
	SaidCloseAt      segment.Mark // ... which ended here
	StaleRequest     segment.Mark // a request sent after the server's FIN
	Latest           segment.Mark // the latest request
	FirstEnd         segment.Mark // of the first response that ended
	Probes           int64        // keep-alive probes since the last transaction
	OldEnds          int64        // responses as event.Ending has it
	FirstProbe       segment.Mark

	// HTTP/2.
	GoAway, ClientGoAway *event.GoAway // of each side, nil: it said none. What they point to stays
	Streams              int32         // that the server permitted at once, as last said; 0: not HTTP/2
	Refused              int64         // streams that the server refused
	FirstRefused         segment.Mark

	GivenUp event.GivenUp
	Early   event.Response // the first of HTTP/1 that came before its request's body had
}

// Facts returns what c's transactions have shown.
func (c *Conn) Facts() *Facts { return &c.http.facts }

// LastResponse tells of the latest transaction whose response was complete: its number, 0 if
// there was none, when that ended, and who had promised persistence in words.
func (c *Conn) LastResponse() (n int32, end segment.Mark, promised Promised) {
	l := &c.http.last
	return l.n, l.end, l.promised
}

// Target returns where a SOCKS proxy has connected the client to, "" if none has.
func (c *Conn) Target() string { return c.http.target }

// Name returns the authority's name, of the latest request that had one.
func (c *Conn) Name() string { return c.http.name }

// Requested is told of a request's head.
func (x *httpTracker) Requested(t *transaction.Transaction, name []byte) {
	x.flushConnect()
	if x.begun(t.N); x.open == 1 {
		client, server := &x.conn.half[x.conn.client], &x.conn.half[1-x.conn.client]
		x.asked = asked{t.N, client.edge().Add(-int(t.RequestBytes)), server.edge()}
	}
	before := x.name
	if x.target != "" && !t.Connect {
		x.name = x.target
	} else {
		x.named(name)
	}
	if t.Connect && x.conn.app.PayloadLayer().Protocol() == app.HTTP1 {
		held := *t
		x.connect, x.connectElsewhere = &held, x.facts.Count > 0 && x.name != before
		return
	}
	x.emitRequest(t)
}

// flushConnect tells the pool of a CONNECT of which it has not been told: it was refused, or
// what runs inside is not HTTP, or another pool's.
func (x *httpTracker) flushConnect() {
	if t := x.connect; t != nil {
		x.connect = nil
		if x.emitRequest(t); t.ResponseDone {
			x.emitResponse(t)
		}
	}
}

// begun notes that request n has begun.
func (x *httpTracker) begun(n int32) {
	x.reviseStart()
	x.markStart(x.conn.client, n)
	x.open++
}

// emitRequest tells the pool of a request.
func (x *httpTracker) emitRequest(t *transaction.Transaction) {
	c := x.conn
	f := &x.facts
	if f.Count++; f.Count == 1 && !c.env.OneClient {
		if info := x.judgedApp().TLSInfo(); info != nil {
			c.who.Hello = info.Hello
		}
	}
	f.Probes = 0
	f.Latest, f.Streams = t.Start, t.Streams
	if t.N > 1 && x.last.n == t.N-1 {
		if x.last.says && f.ReusedAfterClose.Packet == 0 {
			f.ReusedAfterClose, f.SaidCloseAt = t.Start, x.last.end
		}
	}
	if c.closing.By == event.Server && f.StaleRequest.Packet == 0 {
		f.StaleRequest = t.Start
	}
	if t.Ignored {
		if f.Ignored++; f.Ignored == f.Count {
			x.ignoredThrough = t.N
			return
		}
	}
	c.settleClientSYN()
	who := c.sink.Who()
	*who = c.who
	c.emit(&event.Event{Kind: event.Requested, N: t.N, Time: t.Start.Time, Packet: t.Start.Packet,
		Name: x.name, Who: who, TLS: c.app.Protocol() == app.TLS, StreamLimit: t.Streams, SetupRoundTrips: c.setupRoundTrips(),
		MayHideClose: t.Cut, Inferred: x.judgedApp().Sealed(), ServerUnseen: c.Unseen(1 - c.client),
		Proxied: t.Proxied && x.target == "", Tunnel: t.Connect || x.judgesTunnel || x.target != "",
		Waited: x.waited(t.Start), AsksClose: t.AsksClose, Promises: t.Promises, SaysKeepAlive: t.SaysKeepAlive,
		Binds: t.Binds, Browser: x.judgedApp().PayloadLayer().Browser(), Ignored: t.Ignored})
	x.setup = setup{} // of use for the first alone
}

// named notes what a request calls its authority. In TLS the name in the hello
// counts: the connection was made for it.
func (x *httpTracker) named(host []byte) {
	if info := x.conn.app.TLSInfo(); info != nil && info.ServerName != "" {
		if x.name == "" {
			x.name = x.conn.env.Readers.Names.Host(strings.TrimSuffix(strings.ToLower(info.ServerName), "."))
		}
		return
	}
	if len(host) > 0 && string(host) != x.name {
		x.name = x.conn.env.Readers.Names.HostBytes(host)
	}
}

// Answered is told that request and response have both ended.
func (x *httpTracker) Answered(t *transaction.Transaction) {
	x.done(t)
	x.keep(t, t.N)
	if x.connect == nil {
		x.emitResponse(t)
	} else if *x.connect = *t; !t.Consumes { // else what runs inside may count instead
		x.flushConnect()
	}
}

// done notes that a response has ended.
func (x *httpTracker) done(t *transaction.Transaction) {
	if x.open--; t.HasStatus && x.reading > 0 {
		x.reading--
	}
}

// emitResponse tells the pool of a response.
func (x *httpTracker) emitResponse(t *transaction.Transaction) {
	c := x.conn
	if x.facts.FirstEnd.Packet == 0 {
		x.facts.FirstEnd = t.LastByte
	}
	x.last = lastDone{n: t.N, bytes: t.ResponseBytes, advance: x.advance, most: x.most, hasAdvance: x.advanceOf == t.N,
		promised: Promised{Both: t.Promises && t.ResponsePromises, Client: t.SaysKeepAlive && !t.SaysClose && !t.ResponseCut,
			Server: t.ResponseKeepAlive}, says: t.SaysClose, end: t.LastByte}
	if t.OldEnds {
		x.facts.OldEnds++
	}
	if t.N <= x.ignoredThrough {
		return
	}
	e := event.Event{Kind: event.Answered, N: t.N, Time: t.LastByte.Time, Packet: t.LastByte.Packet, Status: uint16(t.Status),
		SaysClose: t.SaysClose, Refused: t.Refused, MayHideClose: t.ResponseCut && !t.SaysClose || x.judgedApp().Sealed(),
		KeepAlive: time.Duration(max(0, t.KeepAliveTimeout)) * time.Second}
	if t.RequestEnd.Time > e.Time && !t.Cut {
		e.Time, e.Packet = t.RequestEnd.Time, t.RequestEnd.Packet
	}
	switch {
	case t.Consumes, t.UntilClose && t.EventStream && c.closing.By == event.Client:
		e.Outcome = event.Consumed
	case t.UntilClose && c.closing.By == event.Nobody && c.half[1-c.client].ended: // only the capture has ended
		e.Outcome, e.Time = event.Unanswered, max(e.Time, c.env.Now.Time)
	case !t.ResponseDone && !t.StreamReset: // too much was waiting
		e.Outcome = event.Unanswered
	case x.facts.leavesOut(t): // the client need not end the stream, and where it does nothing else becomes of it
		e.Outcome, e.Unserved = event.Unanswered, true
	}
	if x.drained >= t.LastByte.Packet { // inferred: it ended before that showed
		c.emit(&e)
		return
	}
	if len(x.pending) >= maxPending {
		x.tell(maxPending/2, 0)
	}
	server := &c.half[1-c.client]
	x.pending = append(x.pending, pending{e, t.FirstByte, server.stream.Next(), t.Start, t.RequestEnd})
}

// maxPending bounds the responses that wait for their acknowledgement; then the oldest
// are taken to have arrived.
const maxPending = 1024

// tell tells the pool of the first n responses that wait: the client acknowledged them at
// an instant, 0 if it has not.
func (x *httpTracker) tell(n int, acked segment.Time) {
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
func (x *httpTracker) Began(t *transaction.Transaction) {
	x.markStart(1-x.conn.client, t.N)
	if f := &x.facts; !t.RequestDone && t.Streams == 0 && !t.Cut && !t.Connect && f.Early.Status == 0 {
		f.Early = event.Response{Status: t.Status, At: t.FirstByte}
	}
	x.reads()
	if !x.conn.app.Sealed() {
		x.reading++
	}
	client := &x.conn.half[x.conn.client]
	if client.Window.Known {
		x.advance, x.most, x.advanceOf = client.Window.EdgeAdvance, client.Window.Most, t.N
	}
}

// windowUpdate is told that the right edge of the client's window has moved on, and
// whether new data of the server was acknowledged with it. Then the ACK may have been
// delayed (RFC 9293 section 3.8.6.3), and the client read when the data came; an
// ACK for nothing but its window is sent when it reads.
func (x *httpTracker) windowUpdate(at segment.Time, server *Half, news bool) {
	if x.readAt = at; news {
		x.readAt = min(at, server.Newest().Add(2*x.conn.shake.ClientClockOffset()))
	}
}

// acknowledged is told that the side that sends in direction d acknowledged
// everything before ack. What the client acknowledged it has, and half closing
// it before was no abandoning.
func (x *httpTracker) acknowledged(d segment.Dir, ack segment.Seq) {
	if d != x.conn.client {
		if ack == x.conn.half[x.conn.client].edge() {
			x.read = x.conn.last.Packet
		}
		return
	}
	if ack == x.conn.half[1-d].edge() {
		x.drained = x.conn.last.Packet
	}
	n := 0
	for n < len(x.pending) && !x.pending[n].need.After(ack) {
		n++
	}
	x.tell(n, x.conn.last.Time)
}

// serverClosed is told that the server has closed: a request of which that acknowledges nothing
// was on its way then.
func (x *httpTracker) serverClosed() {
	if x.open == 0 || x.reading > 0 || x.facts.StaleRequest.Packet != 0 {
		return
	}
	waiting := x.judgedApp().PayloadLayer().Waiting()
	if n := len(waiting); n > 0 && int64(x.conn.half[x.conn.client].Flight()) >= waiting[n-1].RequestBytes {
		x.facts.StaleRequest = x.facts.Latest
	}
}

// probed is told of a keep-alive probe.
func (x *httpTracker) probed() {
	f := &x.facts
	if x.open > 0 { // somebody waits for an answer
		return
	}
	if f.Probes == 0 {
		f.FirstProbe = x.conn.last
	}
	f.Probes++
}

// HasRead reports whether the server is seen to have acknowledged all of t's request.
func (x *httpTracker) HasRead(t *transaction.Transaction) bool { return t.RequestEnd.Packet <= x.read }

// Crosses reports whether what the server says now crosses t's request: a segment that answers it acknowledges
// at least its beginning.
func (x *httpTracker) Crosses(t *transaction.Transaction) bool {
	return x.asked.n == t.N && !x.conn.app.Sealed() && !x.conn.half[x.conn.client].Una.After(x.asked.from)
}

// Tunnel hands on what runs inside after 101 or a 2xx to CONNECT.
func (x *httpTracker) Tunnel(fromClient bool, b []byte, at segment.Mark) {
	if a := x.conn.app.Upgrade(); a != nil {
		a.Bytes(a.Direction(fromClient), b, at)
		return
	}
	if x.tunnel == nil {
		x.tunnel = newTunnel(x)
	}
	x.tunnel.bytes(fromClient, b, at)
}

// TunnelGap hands on that bytes inside are missing.
func (x *httpTracker) TunnelGap(fromClient bool, n int64, at segment.Mark) {
	if a := x.conn.app.Upgrade(); a != nil {
		a.Gap(a.Direction(fromClient), n, at)
	} else if x.tunnel != nil {
		x.tunnel.app.Gap(transaction.Direction(fromClient), n, at)
	}
}
