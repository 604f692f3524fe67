package transaction

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"tcpwarm/analyze/app/http1"
	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/redact"
	"tcpwarm/capture/segment"
)

// A Transaction is one request with its final response, as far as seen.
type Transaction struct {
	N      int32  // from 1, on its connection
	Method string // "" if not seen
	Target string // only where the Pairer keeps texts
	Status int    // of the final response, 0 if not seen
	Minor  int    // HTTP/1.Minor of the request, -1 for HTTP/0.9

	Start, RequestEnd   segment.Mark // first and last byte of the request
	FirstByte, LastByte segment.Mark // of the final response, valid if HasStatus
	RequestBytes        int64        // head and body
	ResponseBytes       int64        // heads (interim ones too) and body
	HasStatus           bool         // the final response's head was seen
	RequestDone         bool         // the request was seen to its end
	ResponseDone        bool         // the response was seen to its end
	AsksClose           bool         // the request ends the connection: close, or HTTP/1.0 without keep-alive
	Promises            bool         // the request promises persistence
	SaysClose           bool         // the response ends the connection although the request did not ask for it
	Consumes            bool         // the connection became a tunnel
	UntilClose          bool         // the response has no length: its sender closes to end it
	EventStream         bool         // text/event-stream: open until somebody leaves
	Proxied             bool         // absolute-form target
	Connect             bool
	Cut                 bool // the request's head was not captured whole
	Binds               bool // the request ties the connection to a user, by NTLM or Negotiate
	Ignored             bool // one of those that are not to be judged
	ResponseCut         bool // likewise the response's
	ResponsePromises    bool // the response promises persistence
	SaysKeepAlive       bool // Promises, in words: by a header, not by HTTP/1.1's default
	ResponseKeepAlive   bool // ResponsePromises, likewise
	KeepAliveTimeout    int  // seconds of the response's Keep-Alive hint, -1 if absent
	mayBeHidden         bool // a hole in what the server has sent may hold its response
	OldEnds             bool // HTTP/1.0 asked, and the response has no length: to 1.1 it might have been chunked (RFC 9112 section 7.1)

	// HTTP/2.
	Stream      uint32
	Streams     int32 // that the server permitted at once when it began; 0: not HTTP/2
	StreamReset bool  // ended by RST_STREAM
	Refused     bool  // by the server's, with REFUSED_STREAM: it was not processed
}

// A Handler is told of transactions as they happen, each call borrowing t.
type Handler interface {
	// Requested comes when a request's head is known; name is the authority's
	// name as the Host field gives it, without port, lower case, "" if none. A
	// tunnel's is its target, with the port.
	Requested(t *Transaction, name []byte)
	// Began comes when the final response's head is known.
	Began(t *Transaction)
	// Answered comes when request and response have both ended.
	Answered(t *Transaction)
	// HasRead reports whether the server is seen to have acknowledged all of t's request.
	HasRead(t *Transaction) bool
	// Crosses reports whether what the server says now crosses t's request: it has acknowledged nothing of it,
	// though it had answered all before.
	Crosses(t *Transaction) bool
	// Tunnel hands on what runs inside after 101 or a 2xx to CONNECT.
	Tunnel(fromClient bool, b []byte, at segment.Mark)
	// TunnelGap says that n bytes of that are missing here.
	TunnelGap(fromClient bool, n int64, at segment.Mark)
	// GoAway comes when a side of HTTP/2 begins to end the connection: streams
	// above last will not be served. debug is what it says beside.
	GoAway(fromClient bool, last uint32, code http2.Code, debug []byte, at segment.Mark)
	// StreamReset comes when a side of HTTP/2 ends t by RST_STREAM, before Answered.
	StreamReset(t *Transaction, fromClient bool, code http2.Code, at segment.Mark)
	// Interim and unpaired responses need no call: the Pairer counts them.
}

// A Pairer reads both directions of an HTTP/1 connection and pairs responses
// with requests in order (RFC 9112 section 9.3.2). Each list in it is its own: one that rests is packed, which empties them.
type Pairer struct {
	KeepText bool          // copy targets into transactions
	Ignore   *Patterns     // pick transactions that are not to be judged; nil: none do
	Head     *http1.Head   // scratch, perhaps shared with other connections'; nil: its own
	Names    *redact.Names // what is shown of a client's name for itself; nil: all

	to      Handler
	in, out side         // the sinks of the two parsers
	request *Transaction // the one whose request is being read
	n       int32
	lastIn  segment.Mark   // last bytes of the server
	holeAt  segment.Mark   // the latest hole in them that may hold responses
	waiting []*Transaction // requests without an ended response, oldest first
	free    []*Transaction
	host    []byte // scratch

	client, server http1.Parser

	room struct { // for what most have one of
		waiting, free [1]*Transaction
		first         Transaction
	}

	// Next is the transaction that goes on as stream 1 of HTTP/2, to which the
	// connection has changed (RFC 7540 section 3.2), or where Upgrade says TLS, whose response
	// comes inside that (RFC 2817 section 3.3); nil if it has not. What comes now goes to Handler.Tunnel.
	Next *Transaction

	Sums
}

// Sums are what a connection's messages come to.
type Sums struct {
	Requests  int64
	Responses int64  // final ones
	Orphans   int64  // final responses without a request in the capture
	Orphan    Orphan // the first of HTTP/1's
	Minor     int    // HTTP/1.Minor of the latest request, or response to none
	Consumed  bool   // became a tunnel
	Upgrade   string // to what, by 101
	Target    string // of the latest CONNECT
	GRPC      int64  // requests that were gRPC
	Agent     string // what the client calls itself in the first request: User-Agent, else Via; "" if it does not say
	Browser   bool   // the client calls itself a browser
	Pushed    int64  // responses that nobody asked for (RFC 9113 section 8.4)

	Garbled         int64 // packet of the first bytes that are no message where one should begin, 0: none
	ResponsesHidden bool  // a hole in what the server has sent may hold responses, their ends, or a GOAWAY

	Low, High int64 // bounds of Requests, where they are inferred
}

// callItself notes what the client calls itself in its first request.
func (s *Sums) callItself(names *redact.Names, userAgent, via []byte) {
	if s.Agent = names.Agent(userAgent); s.Agent == "" && len(userAgent) == 0 {
		s.Agent = names.Agent(via)
	}
	s.Browser = bytes.HasPrefix(userAgent, []byte("Mozilla/5.0 (")) &&
		(bytes.Contains(userAgent, []byte(" Gecko")) || bytes.Contains(userAgent, []byte("(KHTML, like Gecko)")))
}

// An Orphan is a response that nobody has asked for, as far as the capture shows.
type Orphan struct {
	Status  int
	At      segment.Mark
	Crossed bool // a request was on its way, of which its sender had nothing
}

// Totals returns what the messages came to.
func (s *Sums) Totals() *Sums { return s }

// Reset readies p for a new connection. A parser begun midway looks for the
// next message start.
func (p *Pairer) Reset(to Handler, clientMidstream, serverMidstream bool) {
	p.to, p.request, p.n, p.lastIn, p.holeAt = to, nil, 0, segment.Mark{}, segment.Mark{}
	p.Next, p.Sums = nil, Sums{}
	if p.waiting == nil {
		p.waiting, p.free = p.room.waiting[:0], append(p.room.free[:0], &p.room.first)
	}
	p.free, p.waiting = append(p.free, p.waiting...), p.waiting[:0]
	if p.Head == nil {
		p.Head = new(http1.Head)
	}
	p.in, p.out = side{p, true}, side{p, false}
	p.client.Reset(true, &p.in, p.Head)
	p.server.Reset(false, &p.out, p.Head)
	if clientMidstream {
		p.client.Midstream()
	}
	if serverMidstream {
		p.server.Midstream()
	}
}

// Emptied says that what p points to is another's now. It may be reset.
func (p *Pairer) Emptied() { p.waiting, p.free = nil, nil }

// Bytes takes the next bytes of one direction.
func (p *Pairer) Bytes(fromClient bool, b []byte, at segment.Mark) {
	if fromClient {
		if p.client.Feed(b, at); p.client.Garbled && p.Garbled == 0 {
			p.Garbled = at.Packet
		}
		return
	}
	waiting := len(p.waiting) > 0
	p.server.Feed(b, at)
	p.lastIn = at
	if p.server.Garbled && waiting && len(p.waiting) > 0 && p.Garbled == 0 { // what comes unasked may be anything
		p.Garbled = at.Packet
		p.hidden(at)
	}
	p.server.Garbled = false
}

// hidden notes that the server may have said something that was not read.
func (p *Pairer) hidden(at segment.Mark) {
	p.holeAt = at
	p.ResponsesHidden = p.ResponsesHidden || len(p.waiting) > 0
	for _, t := range p.waiting {
		t.mayBeHidden = t.mayBeHidden || t.Start.Packet < at.Packet
	}
}

// Content returns how many of the next bytes of one direction are content.
func (p *Pairer) Content(fromClient bool) int64 {
	if fromClient {
		return p.client.Content()
	}
	return p.server.Content()
}

// Gap says that n bytes of one direction are missing here.
func (p *Pairer) Gap(fromClient bool, n int64, at segment.Mark) {
	if fromClient {
		p.client.Gap(n, at)
		return
	}
	p.server.Gap(n, at)
	p.lastIn = at
	if p.server.Lost() {
		p.hidden(at)
	}
}

// Close ends one direction: its FIN or a reset was reached, or the capture ended.
func (p *Pairer) Close(fromClient bool, _ segment.Mark) {
	if fromClient {
		p.client.Close()
	} else {
		p.server.Close()
	}
}

// Waiting returns the transactions that have not ended, oldest first.
func (p *Pairer) Waiting() []*Transaction { return p.waiting }

// A side is the sink of one parser.
type side struct {
	p          *Pairer
	fromClient bool
}

func (s *side) Head(h *http1.Head) {
	if s.fromClient {
		s.p.requestHead(h)
	} else {
		s.p.responseHead(h)
	}
}

func (s *side) End(e http1.End) {
	if s.fromClient {
		s.p.requestEnd(e)
	} else {
		s.p.responseEnd(e)
	}
}

func (s *side) Tunnel(b []byte, at http1.Mark) { s.p.to.Tunnel(s.fromClient, b, at) }

func (s *side) TunnelGap(n int64, at http1.Mark) { s.p.to.TunnelGap(s.fromClient, n, at) }

// RequestMethod tells the response parser what it answers: the length of a body
// depends on it (RFC 9112 section 6.3).
func (s *side) RequestMethod() http1.Method {
	if s.p.server.Sought() {
		s.p.passHidden()
	}
	t := s.p.oldest()
	switch {
	case t == nil:
		return http1.Other
	case t.Method == "HEAD":
		return http1.Head_
	case t.Connect:
		return http1.Connect
	case t.Minor < 0:
		return http1.Simple
	}
	return http1.Other
}

// oldest returns the request that the next response answers.
func (p *Pairer) oldest() *Transaction {
	for _, t := range p.waiting {
		if !t.ResponseDone {
			return t
		}
	}
	return nil
}

// passHidden ends what a hole must have ended, now that a response has been found behind it.
// One whose head came before has no other. And a client that does not pipeline asks only
// when it has its answer: if the server has read a request that was made after the hole, the
// answers to those before it lie there.
func (p *Pairer) passHidden() {
	last := -1 // the first request after the hole, of which the server has acknowledged all
	for i, t := range p.waiting {
		if !t.mayBeHidden && t.RequestDone && p.to.HasRead(t) {
			last = i
			break
		}
	}
	for i, t := range p.waiting {
		if t.HasStatus && !t.ResponseDone || i < last && t.mayBeHidden && !t.ResponseDone {
			t.ResponseDone = true
			if t.LastByte = p.holeAt; !t.HasStatus {
				t.FirstByte = p.holeAt
			}
		}
	}
	p.handOn()
}

func (p *Pairer) requestHead(h *http1.Head) {
	p.endCut()
	if len(p.waiting) >= maxWaiting {
		p.giveUp()
	}
	t := p.take()
	p.n++
	p.Requests++
	p.Minor = h.Minor
	if p.n == 1 {
		p.callItself(p.Names, h.UserAgent, h.Via)
	}
	*t = Transaction{N: p.n, Method: method(h.Method), Minor: h.Minor, Start: h.Start, RequestEnd: h.End,
		RequestBytes: int64(h.Bytes), Cut: h.Cut, KeepAliveTimeout: -1}
	// RFC 9112 section 9.3: 1.1 persists unless it says close, 1.0 only with
	// keep-alive. What the snap length cut off says nothing.
	t.AsksClose = h.Close || h.Minor < 1 && !h.KeepAlive && !h.Cut
	t.Promises = !t.AsksClose && (h.KeepAlive || !h.Cut)
	t.SaysKeepAlive = t.Promises && h.KeepAlive
	t.Binds = h.Binds
	t.Ignored = p.Ignore != nil && p.Ignore.match(t.Method, h.Target)
	t.Connect = t.Method == "CONNECT"
	t.Proxied = !t.Connect && len(h.Target) > 0 && h.Target[0] != '/' && h.Target[0] != '*'
	if p.KeepText {
		t.Target = target(h.Target, maxTarget)
	}
	if t.Connect {
		p.Target = target(h.Target, maxTarget)
	}
	p.waiting = append(p.waiting, t)
	p.request = t
	authority := h.Host
	if t.Connect { // its target is one (RFC 9110 section 9.3.6)
		authority = h.Target
	}
	p.host = appendAuthority(p.host[:0], authority, t.Connect)
	p.to.Requested(t, p.host)
}

func (p *Pairer) requestEnd(e http1.End) {
	t := p.request
	if t == nil {
		return
	}
	p.request = nil
	t.RequestBytes += e.BodyBytes
	t.RequestDone, t.RequestEnd = e.Complete, e.At
	p.handOn()
}

func (p *Pairer) responseHead(h *http1.Head) {
	t := p.oldest()
	crosses := t != nil && t.N > 1 && p.to.Crosses(t)
	if crosses {
		t = nil
	}
	if t != nil {
		t.ResponseBytes += int64(h.Bytes)
	}
	if h.Status >= 100 && h.Status < 200 && h.Status != 101 {
		return // interim (RFC 9110 section 15.2)
	}
	if next := upgradeOf(h.Upgrade); t != nil && h.Status == 101 && next != "" {
		if p.Next = t; next == UpgradeTLS { // its response comes inside, else as HTTP/2
			p.Upgrade = next
		}
		p.client.Upgraded()
		return
	}
	p.Responses++
	if t == nil {
		// One that comes amid a request's head answers that: 408, or 431 where the head is too long.
		if p.Orphans++; p.Orphans == 1 && !p.client.InHead() {
			p.Orphan = Orphan{h.Status, h.Start, crosses}
		}
		p.Minor = h.Minor
		return
	}
	t.Status, t.HasStatus, t.FirstByte, t.LastByte = h.Status, true, h.Start, h.End
	t.ResponseCut, t.KeepAliveTimeout = h.Cut, h.KeepAliveTimeout
	t.Consumes = h.Status == 101 || t.Connect && h.Status/100 == 2
	t.EventStream, t.UntilClose = isEventStream(h.ContentType), h.UntilClose
	closes := h.Close || !h.Cut && (h.UntilClose || h.Minor < 1 && !h.KeepAlive) // a length may be behind the cut
	t.ResponsePromises = !closes && !h.UntilClose && (h.KeepAlive || !h.Cut)
	t.ResponseKeepAlive = t.ResponsePromises && (h.KeepAlive || h.KeepAliveTimeout >= 0)
	t.OldEnds = t.Minor == 0 && h.UntilClose
	t.SaysClose = closes && !t.AsksClose
	p.to.Began(t)
	if t == p.request {
		p.client.Answered()
	}
	if t.Consumes {
		p.Consumed, p.Upgrade = true, strings.ToLower(string(h.Upgrade))
		p.client.Upgraded()
	} else if t.Connect {
		p.client.Resume()
	}
}

// UpgradeTLS is what Upgrade says of a connection that changes to TLS.
const UpgradeTLS = "tls"

// upgradeOf returns "h2c" or UpgradeTLS where a server says that the connection changes to that, UpgradeTLS without its
// version: what comes first in the field is the lowest layer (RFC 9110 section 7.8).
func upgradeOf(field []byte) string {
	first, _, _ := bytes.Cut(field, []byte(","))
	name, _, versioned := bytes.Cut(bytes.TrimSpace(first), []byte("/"))
	switch {
	case !versioned && bytes.EqualFold(name, []byte("h2c")):
		return "h2c"
	case versioned && bytes.EqualFold(name, []byte("TLS")):
		return UpgradeTLS
	}
	return ""
}

// Consume ends HTTP/1 where the change to TLS led to something else: the connection is used up by that.
func (p *Pairer) Consume() {
	t := p.Next
	p.Next, p.Consumed = nil, true
	p.Responses++
	t.Status, t.HasStatus, t.Consumes, t.ResponseDone = 101, true, true, true
	t.FirstByte, t.LastByte = p.lastIn, p.lastIn
	p.to.Began(t)
	p.handOn()
}

// Resume goes on with HTTP/1 after the change to TLS: inside it, or on the connection itself if TLS never came. What
// comes first answers the request that asked for the change.
func (p *Pairer) Resume() {
	p.Next = nil
	p.client.Reset(true, &p.in, p.Head)
	p.server.Reset(false, &p.out, p.Head)
}

func (p *Pairer) responseEnd(e http1.End) {
	t := p.oldest()
	if t == nil || !t.HasStatus || p.Next != nil {
		return // interim, or without a request
	}
	t.ResponseBytes += e.BodyBytes
	t.LastByte = e.At
	// A body that a reset cut short is not done, one whose length nobody said
	// is done by its end.
	t.ResponseDone = e.Complete || t.Consumes
	if !t.ResponseDone && t.ResponseCut && !e.InHead {
		t.ResponseDone = true // as far as the snap length shows
	}
	if t.ResponseDone {
		p.handOn()
	}
}

// endCut ends a response whose head was cut: its length is not known, and the
// client's next request shows that it is over, unless requests are pipelined.
func (p *Pairer) endCut() {
	if t := p.oldest(); t != nil && t.HasStatus && t.ResponseCut {
		t.ResponseDone, t.LastByte = true, p.lastIn
		p.handOn()
	}
}

// handOn hands on the transactions that have ended, in order.
func (p *Pairer) handOn() {
	for len(p.waiting) > 0 {
		t := p.waiting[0]
		if !t.ResponseDone || t == p.request && !t.Cut && !t.Consumes {
			return
		}
		if t == p.request {
			p.request = nil
		}
		p.to.Answered(t)
		p.waiting = p.waiting[:copy(p.waiting, p.waiting[1:])]
		p.free = append(p.free, t)
	}
}

func (p *Pairer) take() *Transaction {
	if n := len(p.free); n > 0 {
		t := p.free[n-1]
		p.free = p.free[:n-1]
		return t
	}
	return new(Transaction)
}

// isEventStream tells the media type of server-sent events, whatever its
// parameters.
func isEventStream(contentType []byte) bool {
	const name = "text/event-stream"
	return len(contentType) >= len(name) && bytes.EqualFold(contentType[:len(name)], []byte(name))
}

// maxWaiting bounds the requests that wait for their responses; nobody pipelines
// so many.
const maxWaiting = 1024

// giveUp takes the oldest request for one that is never answered.
func (p *Pairer) giveUp() {
	t := p.waiting[0]
	p.to.Answered(t)
	p.waiting = p.waiting[:copy(p.waiting, p.waiting[1:])]
	p.free = append(p.free, t)
}

// method returns m as a string without allocating for the usual ones.
func method(m []byte) string {
	for _, known := range [...]string{"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"} {
		if string(m) == known {
			return known
		}
	}
	if len(m) > maxMethod {
		return string(m[:maxMethod]) + "..."
	}
	return string(m)
}

// maxMethod bounds what is kept of a method: the longest that is registered has 17 bytes
// (RFC 9110 section 16.1).
const maxMethod = 32

// maxTarget bounds what is kept of a request's target: servers take 8000 bytes, more or
// less (RFC 9112 section 3).
const maxTarget = 8 << 10

// target returns a copy of b as it is kept: "..." stands for what is more than most bytes.
func target[T string | []byte](b T, most int) string {
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string([]byte(b))
}

// maxAuthority is more bytes than a name and a port may have (RFC 1035 section 2.3.4).
const maxAuthority = 512

// appendAuthority appends the name in a Host field value to dst: no port, no
// brackets, no final dot, lower case (RFC 9110 section 7.2). Of a CONNECT's
// target the port is a part: it appends all of that, in lower case.
func appendAuthority(dst, b []byte, connect bool) []byte {
	b = b[:min(len(b), maxAuthority)]
	if connect {
		return append(dst, bytes.ToLower(b)...)
	}
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i:], ']') < 0 {
		b = b[:i]
	}
	n := len(dst)
	dst = append(dst, bytes.TrimSuffix(bytes.Trim(b, "[]"), []byte("."))...)
	for i, c := range dst[n:] {
		if 'A' <= c && c <= 'Z' {
			dst[n+i] += 'a' - 'A'
		}
	}
	return dst
}

// Memory returns how many bytes p takes.
func (p *Pairer) Memory() int {
	return int(unsafe.Sizeof(*p)) + p.client.Memory() + p.server.Memory() + cap(p.host) + memoryOf(p.waiting) + memoryOf(p.free)
}

// Trim gives back what p has grown beyond what most connections take.
func (p *Pairer) Trim() {
	p.client.Trim()
	p.server.Trim()
	p.free, p.waiting, p.request, p.Next = trimmed(append(p.free, p.waiting...)), p.waiting[:0], nil, nil
	if cap(p.waiting) > usualOpen {
		p.waiting = p.room.waiting[:0]
	}
	if cap(p.host) > usualName {
		p.host = nil
	}
}

// What of their room a Pairer and a Multiplexer keep for the next connection.
const (
	usualOpen = 64  // transactions at once
	usualName = 256 // bytes
)

// memoryOf returns how many bytes list takes with its transactions.
func memoryOf(list []*Transaction) int {
	const size = int(unsafe.Sizeof(Transaction{}) + unsafe.Sizeof(&Transaction{}))
	n := cap(list) * int(unsafe.Sizeof(list[0]))
	for _, t := range list {
		n += size + len(t.Target)
	}
	return n
}

// trimmed returns list, of transactions that are over, without their texts, and cut to what
// most connections take.
func trimmed(list []*Transaction) []*Transaction {
	if cap(list) > usualOpen {
		list = slices.Clone(list[:min(len(list), usualOpen)])
	}
	for _, t := range list {
		*t = Transaction{}
	}
	return list
}
