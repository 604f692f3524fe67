package transaction

import (
	"strings"
	"unsafe"

	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// maxOpen bounds the streams of one connection that are followed at once; the
// oldest is given up for a new one. Servers permit some hundred.
const maxOpen = 1 << 12

// A Multiplexer reads both directions of an HTTP/2 connection: each stream that
// the client opens is a transaction (RFC 9113 section 8.1). Reset a zero one
// before use.
type Multiplexer struct {
	to       Handler
	KeepText bool          // copy targets into transactions
	Ignore   Patterns      // pick transactions that are not to be judged
	Names    *redact.Names // as a Pairer's

	client, server http2.Parser
	in, out        end // the sinks of the two parsers

	open    map[uint32]*Transaction
	waiting []*Transaction // those in open, oldest first
	free    []*Transaction
	latest  uint32 // highest stream the client has opened
	text    int    // bytes of the targets of those in waiting
	n       int32
	streams int32  // that the server permits at once
	host    []byte // scratch

	Sums
}

// unlimited stands for the streams permitted as long as nothing was said (RFC
// 9113 section 6.5.2).
const unlimited = 1<<31 - 1

// Reset readies m for a new connection. A parser begun midway looks for the next
// frame.
func (m *Multiplexer) Reset(to Handler, clientMidstream, serverMidstream bool) {
	*m = Multiplexer{to: to, KeepText: m.KeepText, Ignore: m.Ignore, Names: m.Names,
		client: m.client, server: m.server, open: map[uint32]*Transaction{},
		waiting: m.waiting[:0], free: m.free, streams: unlimited, host: m.host}
	m.Minor = 2
	m.in, m.out = end{m, true}, end{m, false}
	m.client.Reset(true, &m.in)
	m.server.Reset(false, &m.out)
	if clientMidstream {
		m.client.Midstream()
	}
	if serverMidstream {
		m.server.Midstream()
	}
}

// Upgraded says that the connection began as HTTP/1 and that the request that
// asked for h2c is its stream 1 (RFC 7540 section 3.2). t was told of already: it
// goes on here, as do the sums.
func (m *Multiplexer) Upgraded(t *Transaction, sums Sums) {
	m.Sums = sums
	m.Minor = 2
	u := m.take()
	*u = *t
	u.RequestDone = true
	u.Stream, u.Streams = 1, m.streams
	m.n, m.latest = t.N, 1
	m.open[1] = u
	m.waiting = append(m.waiting, u)
}

// Continue says that the connection began as HTTP/1 and changed to TLS, inside which HTTP/2 was chosen: that has no
// stream for t, the request that asked for it, so that the change itself is its answer. The sums go on.
func (m *Multiplexer) Continue(t *Transaction, sums Sums) {
	m.Sums = sums
	m.Minor = 2
	m.Responses++
	m.n = t.N
	t.Status, t.HasStatus, t.ResponseDone = 101, true, true
	if t.FirstByte.Packet == 0 {
		t.FirstByte, t.LastByte = t.RequestEnd, t.RequestEnd
	}
	m.to.Began(t)
	m.to.Answered(t)
}

// Bytes takes the next bytes of one direction.
func (m *Multiplexer) Bytes(fromClient bool, b []byte, at segment.Mark) {
	m.side(fromClient).Feed(b, at)
}

// Gap says that n bytes of one direction are missing here.
func (m *Multiplexer) Gap(fromClient bool, n int64, at segment.Mark) {
	m.side(fromClient).Gap(n, at)
	// Whether or not a stream is open: the server may have said GOAWAY there.
	m.ResponsesHidden = m.ResponsesHidden || !fromClient && m.server.Lost()
}

// Content returns how many of the next bytes of one direction are content.
func (m *Multiplexer) Content(fromClient bool) int64 { return m.side(fromClient).Content() }

// Close ends one direction. Streams that have not ended stay so.
func (m *Multiplexer) Close(bool, segment.Mark) {}

func (m *Multiplexer) side(fromClient bool) *http2.Parser {
	if fromClient {
		return &m.client
	}
	return &m.server
}

// Waiting returns the transactions that have not ended, oldest first.
func (m *Multiplexer) Waiting() []*Transaction { return m.waiting }

// An end is the sink of one parser.
type end struct {
	m          *Multiplexer
	fromClient bool
}

// Streams and Table are settings, which bind the other side.
func (e *end) Streams(most uint32) {
	if !e.fromClient {
		e.m.streams = int32(min(most, unlimited))
	}
}

// Table is the size of HPACK's table that the other side may use.
func (e *end) Table(size uint32) { e.m.side(!e.fromClient).AllowTable(size) }

// GoAway hands on that a side ends the connection.
func (e *end) GoAway(last, code uint32, debug []byte, at segment.Mark) {
	e.m.to.GoAway(e.fromClient, last, http2.Code(code), debug, at)
}

// Headers begins a request or a response, or ends one by trailers.
func (e *end) Headers(h *http2.Headers) {
	if e.fromClient {
		e.m.request(h)
	} else {
		e.m.response(h)
	}
}

func (m *Multiplexer) request(h *http2.Headers) {
	t := m.open[h.Stream]
	if t == nil {
		// Streams are opened in order (RFC 9113 section 5.1.1): a lower one has
		// ended, and these are its trailers.
		if h.Stream%2 == 0 || h.Stream <= m.latest {
			return
		}
		m.latest = h.Stream
		t = m.begin(h)
		host := h.Authority
		if host == "" {
			host = h.Host
		}
		m.host = appendAuthority(m.host[:0], []byte(host[:min(len(host), maxAuthority)]), t.Connect)
		m.to.Requested(t, m.host)
	} else {
		t.RequestBytes += int64(h.Bytes)
		t.RequestEnd = h.At
	}
	if h.End {
		t.RequestDone = true
		m.handOn(t)
	}
}

// begin makes the transaction of a new stream.
func (m *Multiplexer) begin(h *http2.Headers) *Transaction {
	if len(m.waiting) >= maxOpen {
		m.giveUp(m.waiting[0])
	}
	t := m.take()
	m.n++
	if m.Requests++; m.Requests == 1 {
		m.callItself(m.Names, []byte(h.UserAgent), []byte(h.Via))
	}
	*t = Transaction{N: m.n, Stream: h.Stream, Method: method([]byte(h.Method[:min(len(h.Method), maxMethod+1)])), Minor: 2,
		Start: h.Start, RequestEnd: h.At, RequestBytes: int64(h.Bytes),
		KeepAliveTimeout: -1, Streams: m.streams, Cut: !h.Known}
	t.Ignored = len(m.Ignore) > 0 && m.Ignore.match(t.Method, []byte(h.Target))
	t.Connect = t.Method == "CONNECT" && h.Protocol == "" // else it asks the server itself for another protocol (RFC 8441 section 4)
	if m.KeepText {
		t.Target = m.target(h.Target)
	}
	if strings.HasPrefix(h.ContentType, "application/grpc") {
		m.GRPC++
	}
	if m.open == nil { // it has rested
		m.open = map[uint32]*Transaction{}
	}
	m.open[h.Stream] = t
	m.waiting = append(m.waiting, t)
	return t
}

// target returns what is kept of a target. Many requests may refer to one field that was sent
// once (RFC 7541 section 2.3): where those that wait have many bytes of them already, it is
// little.
func (m *Multiplexer) target(s string) string {
	most := maxTarget
	if m.text > maxText {
		most = 128
	}
	s = target(s, most)
	m.text += len(s)
	return s
}

// maxText bounds the targets of the transactions that wait on one connection, but for a little
// of each.
const maxText = 256 << 10

func (m *Multiplexer) response(h *http2.Headers) {
	t := m.open[h.Stream]
	if t == nil {
		switch {
		case h.Stream%2 == 0:
			m.Pushed++
		case h.Stream > m.latest: // its request is missing
			m.latest = h.Stream
			m.Responses++
			m.Orphans++
		}
		return
	}
	t.ResponseBytes += int64(h.Bytes)
	t.LastByte = h.At
	interim := h.Status >= 100 && h.Status < 200
	if !t.HasStatus && !interim {
		m.Responses++
		t.HasStatus, t.Status, t.FirstByte = true, h.Status, h.Start
		t.EventStream = isEventStream([]byte(h.ContentType))
		m.to.Began(t)
	}
	if h.End {
		t.ResponseDone = true
		m.handOn(t)
	}
}

// Data is a piece of a body.
func (e *end) Data(stream uint32, n int, ends bool, at segment.Mark) {
	m := e.m
	t := m.open[stream]
	if t == nil {
		return
	}
	if e.fromClient {
		t.RequestBytes += int64(n)
		t.RequestEnd = at
		t.RequestDone = t.RequestDone || ends
	} else {
		t.ResponseBytes += int64(n)
		t.LastByte = at
		t.ResponseDone = t.ResponseDone || ends
	}
	m.handOn(t)
}

// Reset ends a stream, whoever sends it: the connection goes on.
func (e *end) Reset(stream uint32, code uint32, at segment.Mark) {
	if t := e.m.open[stream]; t != nil {
		if t.LastByte.Time < at.Time {
			t.LastByte = at
		}
		t.StreamReset = true
		t.Refused = !e.fromClient && http2.Code(code) == http2.RefusedStream
		e.m.to.StreamReset(t, e.fromClient, http2.Code(code), at)
		e.m.giveUp(t)
	}
}

// handOn hands a transaction on once its response has ended; a request that has
// not then is of no more use (RFC 9113 section 8.1), but for CONNECT's, of either kind: its
// sides end one by one, as TCP's do (section 8.5, RFC 8441 section 4).
func (m *Multiplexer) handOn(t *Transaction) {
	if t.ResponseDone && (t.RequestDone || t.Method != "CONNECT") {
		m.giveUp(t)
	}
}

func (m *Multiplexer) giveUp(t *Transaction) {
	for i := range m.waiting {
		if m.waiting[i] == t {
			m.waiting = append(m.waiting[:i], m.waiting[i+1:]...)
			break
		}
	}
	delete(m.open, t.Stream)
	m.to.Answered(t)
	m.text -= len(t.Target)
	t.Target = ""
	m.free = append(m.free, t)
}

func (m *Multiplexer) take() *Transaction {
	if n := len(m.free); n > 0 {
		t := m.free[n-1]
		m.free = m.free[:n-1]
		return t
	}
	return new(Transaction)
}

// mostResting is how many streams may be open of a connection that rests: what waits for their ends stays as it is.
const mostResting = 8

// CanRest reports whether few streams are open, and both directions are between field sections.
func (m *Multiplexer) CanRest() bool {
	return len(m.waiting) <= mostResting && m.client.CanRest() && m.server.CanRest()
}

// Referred returns how many bytes of m stay as they are while it rests.
func (m *Multiplexer) Referred() int {
	if len(m.waiting) == 0 {
		return 0
	}
	return len(m.open)*openEntry + memoryOf(m.waiting)
}

// Rest has m, which CanRest, hold no more than it must. What is read next makes it as it was.
func (m *Multiplexer) Rest() {
	m.client.Rest()
	m.server.Rest()
	clear(m.free)
	if m.free, m.host = m.free[:0], m.host[:0]; len(m.waiting) == 0 {
		m.open = nil
	}
}

// Emptied says that what m points to is another's now. It may be reset.
func (m *Multiplexer) Emptied() { m.open, m.waiting, m.free = nil, nil, nil }

// Memory returns how many bytes m takes.
func (m *Multiplexer) Memory() int {
	return int(unsafe.Sizeof(*m)) + m.client.Memory() + m.server.Memory() + cap(m.host) +
		len(m.open)*openEntry + memoryOf(m.waiting) + memoryOf(m.free)
}

// openEntry is what one of open takes: a map is half full or more.
const openEntry = int(unsafe.Sizeof(uint32(0))+unsafe.Sizeof(&Transaction{})) * 2

// Trim gives back what m has grown beyond what most connections take.
func (m *Multiplexer) Trim() {
	m.client.Trim()
	m.server.Trim()
	m.open, m.free, m.waiting = nil, trimmed(append(m.free, m.waiting...)), m.waiting[:0]
	if cap(m.waiting) > usualOpen {
		m.waiting = nil
	}
	if cap(m.host) > usualName {
		m.host = nil
	}
}
