package transaction

import (
	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// An Inferrer guesses transactions from the records of a TLS connection that
// cannot be decrypted, as HTTP/1 behaves: the client speaks, then the server, in
// turns. What records show beside their lengths differs by version: TLS 1.2 has
// handshake, alerts and data apart, TLS 1.3 hides all but lengths (RFC 8446
// section 5.2).
//
// Counts come with bounds. The lower one takes a client's turn for a request only
// if it can hardly be anything else: more of an upload, or a WebSocket's frames.
// The upper one does not hold where several requests in one record are answered by
// fewer records. Reset a zero one before use.
type Inferrer struct {
	to   Handler
	info *tls.Info
	over overhead

	// The handshake of TLS 1.3, as long as it lasts.
	finished       bool       // the client's is over
	serverFinished bool       // the server's is
	spoke          bool       // the server has sent a record
	choice         choice     // as its first one shows it
	first          int        // the client's records so far
	held           tls.Record // the latest of them; later, of HTTP/2's pings

	inClear      int64        // requests that were read before TLS began
	resumes      bool         // the last of them, t, is answered inside
	current      *Transaction // nil if none is going on
	t            Transaction
	asked        turn   // the client's latest turn
	answers      turn   // the server's records since
	turns        int    // of the server, since the client first asked
	ticketLength length // of those that the server sent before
	ticketCount  int
	ticketsSent  bool // no more will come

	upgrade           int             // bytes of the request that may have asked for a WebSocket, 0 if none
	tunnel            bool            // it did
	blind             bool            // bytes of the client are missing since its latest record
	padded            [2]bool         // whose records are
	ackedBy           [2]bool         // HTTP/2: whose settings a record of the right length has acknowledged
	pinged            bool            // HTTP/2: the client's latest record may be a ping
	settings          bool            // the server began as HTTP/2 does
	goodbye           [2]segment.Mark // where the side's latest record may be an alert: by client and server
	firstLen, lastLen int             // of the records that the first and the latest sure request began with
	low, most         int64           // requests for sure, and those that there may have been where nothing says more
	said, exchanged   int64           // in turns that are over: bytes of the client, and records of the side that had more
	bytes, records    int64           // that the client sent as data
	replied           int64           // bytes of the server that can only be responses

	Sums
}

// A turn is a run of records of one side.
type turn struct {
	n           int
	bytes       int64
	first, last length
	long        int  // the longest
	same        bool // all are equally long
	inTicket    int  // how many of the first ones are as long as a session ticket
	cut         bool // bytes are missing
}

func (t *turn) add(l length) {
	if t.n == 0 {
		t.first, t.last, t.same = l, l, true
	}
	t.same = t.same && t.last == l
	t.last, t.long = l, max(t.long, l.most)
	if t.inTicket == t.n && l.may(leastTicket, mostTicket) {
		t.inTicket++
	}
	t.n++
	t.bytes += int64(l.most)
}

// records returns how many t and the other side's answer to it have, the larger number.
func (t *turn) records(answer *turn) int64 { return int64(max(t.n, answer.n)) }

// Reset readies f for a new connection. info is what its handshake has shown; it
// may come to say more.
func (f *Inferrer) Reset(to Handler, info *tls.Info) {
	*f = Inferrer{to: to, info: info}
	f.Minor = 1
}

// Continue says that HTTP/1 in clear has changed to TLS: the sums go on, and the answer to t, the request that asked
// for it, comes first (RFC 2817 section 3.3).
func (f *Inferrer) Continue(t *Transaction, sums Sums) {
	f.Sums, f.inClear, f.t, f.resumes = sums, sums.Requests, *t, true
}

// resume makes the request that asked for TLS the current one.
func (f *Inferrer) resume() {
	if f.resumes {
		f.resumes, f.current = false, &f.t
	}
}

// inside returns how many requests were inferred.
func (f *Inferrer) inside() int64 { return f.Requests - f.inClear }

// Record takes the next record that cannot be opened.
func (f *Inferrer) Record(r *tls.Record) {
	bye := &f.goodbye[Direction(r.FromClient)]
	*bye = segment.Mark{}
	if r.Type != tls.RecordData {
		if r.Type == tls.RecordAlert {
			*bye = r.Start
		}
		return // TLS 1.2: handshake, alert
	}
	l := f.content(r)
	if r.Version == tls.Version13 && l.most == alertLen {
		*bye = r.Start
	}
	switch {
	case l.most == 0 || r.Version == tls.Version13 && !f.application(r, l.most):
	case r.FromClient:
		f.client(l, r)
	default:
		f.server(l, r)
	}
}

// content returns how much r carries.
func (f *Inferrer) content(r *tls.Record) length {
	l := f.over.content(r, f.info.Suite)
	if f.padded[Direction(r.FromClient)] {
		l.least, l.most = max(0, l.least-padding), max(0, l.most-padding)
	}
	return l
}

// Direction is 0 for what the client sent, 1 for what the server did.
func Direction(client bool) int {
	if client {
		return 0
	}
	return 1
}

// Goodbye returns who closed by an alert, as far as lengths tell, and where: the last
// record of that side is as long as one (RFC 8446 section 6.1). The mark is zero if
// neither did. Call it once TCP's end has come.
func (f *Inferrer) Goodbye() (fromClient bool, at segment.Mark) {
	client, server := f.goodbye[0], f.goodbye[1]
	if client.Packet != 0 && (server.Packet == 0 || client.Packet < server.Packet) {
		return true, client
	}
	return false, server
}

// application reports whether a record of TLS 1.3 carries data.
func (f *Inferrer) application(r *tls.Record, n int) bool {
	switch {
	case f.finished && n == keyUpdateLen: // or the last chunk of a body
		if t := f.current; t != nil && !r.FromClient && f.answers.n > 0 {
			t.LastByte = r.At
		}
		return false
	case n == alertLen:
		return false
	case f.finished:
		return true
	case r.FromClient:
		return f.clientFlight(r, n)
	}
	return f.serverFlight(n)
}

// clientFlight takes a record that may be of the client's handshake: certificate,
// proof and Finished, in one record or several.
func (f *Inferrer) clientFlight(r *tls.Record, n int) bool {
	switch {
	case isFinished(n, f.info.Suite):
		f.finished = true
	case isFinished(n-padding, f.info.Suite):
		f.finished, f.padded[0] = true, true
	case f.current != nil: // more of what came with the hello
		return n != endOfEarly
	default:
		f.first++
		f.held = *r
	}
	return false
}

// serverFlight takes a record of the server that came before the client's Finished
// was seen. If the client has begun its handshake's last flight, the server's own is
// over: the client's Finished was in another's record, and the first thing that may
// come after is a request.
func (f *Inferrer) serverFlight(n int) bool {
	switch {
	case f.first > 0:
		f.finished = true
		if f.first > 1 {
			f.client(f.content(&f.held), &f.held)
		}
		return true
	case f.serverFinished && f.current != nil: // answers what came with the hello
		return true
	case f.serverFinished:
		f.unasked(length{n, n})
		f.ticketsSent = f.ticketCount > 0 // a server that does not wait for the client's Finished sends all
		return false
	case !f.spoke:
		f.choice = chosen(n)
	}
	f.padded[1] = isFinished(n-padding, f.info.Suite)
	f.spoke, f.serverFinished = true, f.padded[1] || isFinished(n, f.info.Suite)
	return false
}

func (f *Inferrer) client(l length, r *tls.Record) {
	n := l.most
	f.bytes += int64(n)
	f.records++
	f.pinged = false
	f.ackedBy[0] = f.ackedBy[0] || n == frameHeader
	switch {
	case f.isHTTP2() && f.steers(n):
		f.pinged = n == framePing && f.answers.bytes < manyBytes
		f.held = *r
		return
	case f.tunnel:
		f.most++
		return
	case f.current != nil && !f.answered():
		f.current.RequestBytes += int64(n)
		f.current.RequestEnd = r.At
		f.asked.add(l)
		f.answers, f.blind = turn{}, false
		return
	case f.frames(n):
		f.tunnel = true
		f.most++
		return
	case n < leastFrame || n < leastRequest && !f.isHTTP2():
		f.asked.add(l)
		return
	}
	f.begin(l, r)
}

// begin takes a record for a request's first.
func (f *Inferrer) begin(l length, r *tls.Record) {
	if f.isSure(l.most) {
		f.low++
		f.lastLen = l.most
	}
	f.resume()
	f.finish()
	if f.inside() == 0 {
		f.firstLen = l.most
	}
	f.asked, f.answers, f.blind = turn{}, turn{}, false
	f.asked.add(l)
	f.Requests++
	f.t = Transaction{N: int32(f.Requests), Minor: 1, Start: r.Start, RequestEnd: r.At, RequestBytes: int64(l.most),
		RequestDone: true, KeepAliveTimeout: -1, Cut: true}
	f.current = &f.t
	f.to.Requested(f.current, nil)
}

// unasked takes a record that the server sent before the client spoke: a session
// ticket or, in HTTP/2, its settings.
func (f *Inferrer) unasked(l length) {
	switch {
	case l.most < leastAnswer && isSettings(l.most):
		f.settings = true
	case l.may(leastTicket, mostTicket):
		f.ticketLength = l
		f.ticketCount++
	}
}

func (f *Inferrer) server(l length, r *tls.Record) {
	n := l.most
	f.ackedBy[1] = f.ackedBy[1] || n == frameHeader
	if f.turns == 0 {
		f.settings = f.settings || n < leastAnswer && isSettings(n)
	}
	switch {
	case f.isHTTP2() && (isServerControl(n) || f.turns == 0 && isSettings(n)):
		f.pinged = f.pinged && n != framePing
		return
	case f.pinged: // no ping, for it is answered with more than a ping
		f.pinged = false
		f.begin(length{framePing, framePing}, &f.held)
	case f.resumes:
		f.resume()
	case f.inside() == 0 && f.current == nil:
		f.unasked(l)
		return
	}
	if f.answers.n == 0 {
		f.turns++
		f.tunnel = f.tunnel || f.upgrade > 0 && n < leastAnswer && !l.may(leastContinue, mostContinue)
		if t := f.current; t != nil && !t.HasStatus {
			t.HasStatus, t.FirstByte = true, r.Start
			f.to.Began(t)
		}
	}
	f.answers.add(l)
	if !isSettings(n) && !isServerControl(n) && (n < leastTicket || !f.mayBeTickets(f.answers.n)) {
		f.replied += int64(n)
	}
	if t := f.current; t != nil {
		t.ResponseBytes += int64(n)
		t.LastByte = r.At
	}
}

// pipelined returns how many requests there may have been in all turns: so many fit
// in, and each has a record of its own or is answered by one, perhaps in a later turn.
func (f *Inferrer) pipelined() int64 {
	said, exchanged := f.said, f.exchanged
	if f.current != nil {
		said += f.asked.bytes
		exchanged += f.asked.records(&f.answers)
	}
	return max(f.inside(), min(said/leastLasting, exchanged))
}

// finish ends the transaction before another begins.
func (f *Inferrer) finish() {
	if t := f.current; t != nil {
		f.said += f.asked.bytes
		f.exchanged += f.asked.records(&f.answers)
		t.ResponseDone = true
		f.Responses++
		f.current = nil
		f.to.Answered(t)
	}
}

// Bytes is not called: what cannot be read comes as records.
func (f *Inferrer) Bytes(bool, []byte, segment.Mark) {}

// Content is not asked for: tls.Conn knows where records end.
func (f *Inferrer) Content(bool) int64 { return 0 }

// Gap says that about n bytes are missing: requests may be among them.
func (f *Inferrer) Gap(fromClient bool, n int64, at segment.Mark) {
	if fromClient {
		f.records += 1 + n/1000
		f.bytes += n
		f.most += 1 + n/leastLasting
		f.blind = true
		return
	}
	f.spoke = true
	if t := f.current; t != nil { // whatever they are, they come after the request
		if !t.HasStatus {
			t.HasStatus, t.FirstByte = true, at
			f.to.Began(t)
		}
		t.ResponseBytes += n
		t.LastByte = at
	}
	f.answers.cut = true
	f.answers.add(length{int(min(n, 1<<20)), int(min(n, 1<<20))})
}

// Close ends one direction.
func (f *Inferrer) Close(fromClient bool, at segment.Mark) {
	if !fromClient && f.current != nil && f.answers.n > 0 {
		f.finish()
	}
}

// Waiting returns the transaction that has not ended.
func (f *Inferrer) Waiting() []*Transaction {
	if f.current == nil && !f.resumes {
		return nil
	}
	return []*Transaction{&f.t}
}

// Totals returns what the messages came to, with bounds. In HTTP/2 all that a client
// says may be one request, or many.
func (f *Inferrer) Totals() *Sums {
	f.Low, f.High = f.low, f.most+f.pipelined()
	if f.MaybeHTTP2() {
		f.Low, f.High = min(1, f.low), max(f.inside(), f.High, f.bytes/leastFrame)
		if f.replied < leastReply {
			f.Low = 0
		}
	}
	// Begun midstream, the first that is seen may be the rest of an earlier request.
	if f.info.Version == 0 && f.inside() <= 1 {
		f.Low = 0
	}
	f.Low, f.High = f.Low+f.inClear, f.High+f.inClear
	return &f.Sums
}

// leastReply is what responses come to before the server is believed to have
// answered something.
const leastReply = 24
