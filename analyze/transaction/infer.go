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
// Counts come with bounds. The upper one does not hold where several requests in
// one record are answered by fewer records. Reset a zero one before use.
type Inferrer struct {
	to   Handler
	info *tls.Info

	finished bool // the client's handshake is over
	first    int  // its records so far that may belong to the handshake
	answers  turn // the server's records since the client last spoke
	turns    int  // of the server, since the handshake
	current  *Transaction

	t Transaction

	Sums
	most    int64 // requests there may have been in turns that are over
	asked   turn  // the client's latest
	bytes   int64 // that the client sent as data
	records int64 // likewise
}

// A turn is a run of records of one side.
type turn struct {
	n     int
	bytes int64
	len   int  // of each, if same
	same  bool // all so far are equally long
	last  segment.Mark
}

func (t *turn) add(n int, at segment.Mark) {
	t.same = t.n == 0 || t.same && t.len == n
	t.len = n
	t.n++
	t.bytes += int64(n)
	t.last = at
}

// Reset readies f for a new connection. info is what its handshake has shown; it
// may come to say more.
func (f *Inferrer) Reset(to Handler, info *tls.Info) {
	*f = Inferrer{to: to, info: info}
	f.Minor = 1
}

// Lengths of what is sealed, and of what tells it apart.
const (
	sealed13     = 17           // RFC 8446 section 5.2: the tag and the inner type
	finished256  = 4 + 32       // a Finished by SHA-256's length
	finished384  = 4 + 48       // or SHA-384's
	alertLen     = 2            // RFC 8446 section 6
	keyUpdateLen = 4 + 1        // section 4.6.3
	continueLen  = 25           // "HTTP/1.1 100 Continue", and an empty line
	leastRequest = 18           // "GET / HTTP/1.0", and an empty line
	leastTicket  = 4 + 13 + 32  // a NewSessionTicket with hardly a ticket (section 4.6.1)
	mostTicket   = 4 + 13 + 600 // with a large one
	maxHandshake = 4            // records in which a client's last handshake flight comes: certificate, verify, Finished
)

// plain returns how many bytes r carries, as far as its length tells.
func (f *Inferrer) plain(r *tls.Record) int {
	over := sealed13
	if r.Version != 0x0304 {
		switch tls.Sealing(f.info.Suite) {
		case tls.SealGCM:
			over = 8 + 16
		case tls.SealChaCha:
			over = 16
		case tls.SealCBC: // IV, MAC and padding: what it carries is a range, this its top
			over = 16 + 20 + 1
		}
	}
	return max(0, r.Length-over)
}

// Record takes the next record that cannot be opened.
func (f *Inferrer) Record(r *tls.Record) {
	if r.Type != 23 {
		return // TLS 1.2: handshake, alert
	}
	n := f.plain(r)
	if r.Version == 0x0304 && !f.application(r.FromClient, n) || n == 0 {
		return
	}
	if r.FromClient {
		f.client(n, r)
	} else {
		f.server(n, r)
	}
}

// application reports whether a record of TLS 1.3 carries data.
func (f *Inferrer) application(client bool, n int) bool {
	if n == alertLen || n == keyUpdateLen {
		return false
	}
	if f.finished {
		return true
	}
	if client { // its handshake's last record is Finished
		f.first++
		f.finished = n == finished256 || n == finished384 || f.first >= maxHandshake
	}
	return false
}

func (f *Inferrer) client(n int, r *tls.Record) {
	f.bytes += int64(n)
	f.records++
	if f.current != nil && (!f.answered() || n < leastRequest) {
		f.current.RequestBytes += int64(n)
		f.current.RequestEnd = r.At
		f.asked.add(n, r.At)
		f.answers = turn{}
		return
	}
	f.finish()
	f.asked, f.answers = turn{}, turn{}
	f.asked.add(n, r.At)
	if n < leastRequest {
		return
	}
	f.Requests++
	f.t = Transaction{N: int32(f.Requests), Minor: 1, Start: r.Start, RequestEnd: r.At, RequestBytes: int64(n), RequestDone: true, KeepAliveTimeout: -1, Cut: true}
	f.current = &f.t
	f.to.Requested(f.current, nil)
}

// answered reports whether the server's turn was a response: not session tickets
// alone, nor 100 Continue.
func (f *Inferrer) answered() bool {
	a := &f.answers
	switch {
	case a.n == 0:
		return false
	case a.n == 1 && a.len == continueLen:
		return false
	case f.tickets():
		return false
	}
	return true
}

// tickets reports whether the server's first turn looks like session tickets
// alone: OpenSSL sends two, equally long.
func (f *Inferrer) tickets() bool {
	a := &f.answers
	return f.info.Version == 0x0304 && f.turns == 1 && a.n >= 2 && a.same && a.len >= leastTicket && a.len <= mostTicket
}

func (f *Inferrer) server(n int, r *tls.Record) {
	if f.answers.n == 0 {
		f.turns++
		if t := f.current; t != nil && !t.HasStatus {
			t.HasStatus, t.FirstByte = true, r.Start
			f.to.Began(t)
		}
	}
	f.answers.add(n, r.At)
	if t := f.current; t != nil {
		t.ResponseBytes += int64(n)
		t.LastByte = r.At
	}
}

// pipelined returns how many requests there may have been in the client's latest
// turn: so many fit in, and each has a record of its own or is answered by one.
func (f *Inferrer) pipelined() int64 {
	return max(1, min(f.asked.bytes/leastRequest, int64(max(f.asked.n, f.answers.n))))
}

// finish ends the transaction before another begins.
func (f *Inferrer) finish() {
	if t := f.current; t != nil {
		f.most += f.pipelined()
		t.ResponseDone = true
		f.Responses++
		f.current = nil
		f.to.Answered(t)
	}
}

// Bytes is not called: what cannot be read comes as records.
func (f *Inferrer) Bytes(bool, []byte, segment.Mark) {}

// Gap says that about n bytes are missing: requests may be among them.
func (f *Inferrer) Gap(fromClient bool, n int64, at segment.Mark) {
	if fromClient {
		f.records += 1 + n/1000
		f.bytes += n
		f.most += 1 + n/leastRequest
	} else {
		f.answers.add(int(min(n, 1<<20)), at)
	}
}

// Close ends one direction.
func (f *Inferrer) Close(fromClient bool, at segment.Mark) {
	if !fromClient && f.current != nil && f.answers.n > 0 {
		f.finish()
	}
}

// Waiting returns the transaction that has not ended.
func (f *Inferrer) Waiting() []*Transaction {
	if f.current == nil {
		return nil
	}
	return []*Transaction{f.current}
}

// leastFrame is the least that a request takes in HTTP/2: a frame's header and a
// few indexed fields.
const leastFrame = 9 + 4

// Came returns what the messages came to, with bounds: a turn of HTTP/1 is at least
// one request, and more only if they are pipelined.
func (f *Inferrer) Came() *Sums {
	f.Low, f.High = f.Requests, f.most
	if f.current != nil {
		f.High += f.pipelined()
	}
	if f.MaybeHTTP2() {
		f.Low, f.High = min(1, f.Requests), max(f.Requests, f.bytes/leastFrame)
		if f.records <= 3 { // the preface and settings alone look like this
			f.Low = 0
		}
	}
	return &f.Sums
}

// MaybeHTTP2 reports whether the connection may be HTTP/2: the client offered it,
// or may have, and the server's choice is hidden or was it.
func (f *Inferrer) MaybeHTTP2() bool {
	switch {
	case f.info.ALPN != "":
		return f.info.ALPN == "h2"
	case f.info.Version == 0: // no hello was seen
		return true
	}
	return f.info.OffersH2 && f.info.Version == 0x0304
}
