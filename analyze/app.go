package analyze

import (
	"tcpwarm/analyze/app/http1"
	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A protocol is what the bytes of a connection, or of a tunnel, speak.
type protocol uint8

const (
	undecided protocol = iota
	isHTTP1
	isTLS
	isHTTP2
	isSealed // HTTP as a rule, in TLS that cannot be opened
	isOther
)

// maxDetect is how many bytes of a half are kept until its protocol is clear.
const maxDetect = 1024

// maxTries bounds the segments of a connection begun midway, or with a gap,
// that are looked at for a message start.
const maxTries = 1000

// messages reads one protocol's messages and pairs them to transactions.
type messages interface {
	Bytes(fromClient bool, b []byte, at segment.Mark)
	Gap(fromClient bool, n int64, at segment.Mark)
	Close(fromClient bool, at segment.Mark)
	Waiting() []*transaction.Transaction
	Came() *transaction.Sums
}

// An app finds out which protocol two streams speak and hands their bytes to
// its reader. The first half that shows it decides for both.
type app struct {
	proto  protocol
	turned bool     // direction 0 is the server's after all
	texts  bool     // keep targets
	read   messages // of HTTP, until released
	secure *secure  // of TLS, until released
	inside *inside  // of TLS, once released

	to     transaction.Handler
	owner  owner // nil for what runs inside another
	spares *spares
	first  [2]detector      // by direction as given: 0 is believed to be the client's
	sums   transaction.Sums // valid once released
}

// An owner is told what the bytes show of the connection they run over.
type owner interface {
	// payloadRole comes when they show who the client is.
	payloadRole(clientIsB bool)
	// clientIsB tells who the client is; where nothing shows it, by the ports.
	clientIsB() bool
	// proxied comes with a header of the PROXY protocol in direction dir, and reports
	// whether it is one: a server sends none.
	proxied(dir int, h proxy.Header) bool
	// closeNotify comes with TLS's close_notify.
	closeNotify(fromClient bool, at segment.Mark)
}

// A detector keeps the first bytes of one half until they tell.
type detector struct {
	kept   []byte
	mark   segment.Mark
	tries  int
	skip   int  // bytes of a proxy's header that are still to come
	begun  bool // a proxy's header, which may come before all else, has been read or is not there
	midway bool // the bytes do not start where the stream does
	gone   bool // this half told nothing
}

// midway says that direction dir does not begin with the first byte sent.
func (a *app) midway(dir int) { a.first[dir].midway = true }

// bytes takes the next bytes of direction dir.
func (a *app) bytes(dir int, b []byte, at segment.Mark) {
	switch a.proto {
	case isHTTP1, isHTTP2:
		a.read.Bytes(a.fromClient(dir), b, at)
	case isTLS:
		if a.plain(dir, b) {
			a.bytes(dir, b, at)
			return
		}
		a.secure.Bytes(a.fromClient(dir), b, at)
	case undecided:
		a.detect(dir, b, at)
	}
}

// plain turns to HTTP/1 if that is how the server answers the client's hello: it speaks
// no TLS, and says that the hello is no request.
func (a *app) plain(dir int, b []byte) bool {
	if a.fromClient(dir) || a.secure.Info().Version != 0 || a.secure.inner.proto != undecided || http1.DetectResponse(b) != http1.Yes {
		return false
	}
	a.spares.putSecure(a.secure)
	a.secure = nil
	a.first[1-dir].gone = true
	a.start(isHTTP1, dir, false)
	return true
}

// gap says that n bytes of direction dir are missing here.
func (a *app) gap(dir int, n int64, at segment.Mark) {
	switch a.proto {
	case isHTTP1, isHTTP2, isSealed:
		a.read.Gap(a.fromClient(dir), n, at)
	case isTLS:
		a.secure.Conn.Gap(a.fromClient(dir), n, at)
	case undecided:
		d := &a.first[dir]
		if len(d.kept) > 0 { // as much as the snap length left must tell
			a.decide(dir, d.kept, true)
			if a.proto != undecided {
				a.gap(dir, n, at)
				return
			}
		}
		if n <= int64(d.skip) { // of a proxy's header, which says nothing more
			d.skip -= int(n)
			return
		}
		d.midway, d.kept, d.skip = true, d.kept[:0], 0
	}
}

// close ends direction dir.
func (a *app) close(dir int, at segment.Mark) {
	if a.proto == undecided && len(a.first[dir].kept) > 0 {
		a.decide(dir, a.first[dir].kept, true)
	}
	switch a.proto {
	case isHTTP1, isHTTP2, isSealed:
		a.read.Close(a.fromClient(dir), at)
	case isTLS:
		a.secure.close(a.fromClient(dir), at)
	}
}

func (a *app) fromClient(dir int) bool { return (dir == 0) != a.turned }

// begin skips the header that a proxy may have put before the first byte of direction
// dir. It returns what is left, with what was kept until that was clear, and where that
// begins; nothing while it is not clear.
func (a *app) begin(dir int, b []byte, at segment.Mark) ([]byte, segment.Mark) {
	d := &a.first[dir]
	if d.begun = d.begun || d.midway || a.owner == nil; d.begun {
		n := min(d.skip, len(b))
		d.skip -= n
		return b[n:], at
	}
	start := at
	if len(d.kept) > 0 {
		d.kept = append(d.kept, b...)
		b, start = d.kept, d.mark
	}
	h, n, more := proxy.Read(b)
	if more { // which is soon clear
		d.kept, d.mark = append(d.kept[:0], b...), start
		return nil, start
	}
	d.begun, d.kept = true, d.kept[:0]
	if n > 0 && a.owner.proxied(dir, h) {
		d.skip = max(0, n-len(b))
		return b[min(n, len(b)):], at
	}
	return b, start
}

func (a *app) detect(dir int, b []byte, at segment.Mark) {
	d := &a.first[dir]
	if d.gone {
		return
	}
	b, start := a.begin(dir, b, at)
	if len(b) == 0 {
		return
	}
	if len(d.kept) == 0 {
		d.mark = start
		if a.decide(dir, b, false) != http1.More {
			if a.proto == undecided {
				a.miss(d)
			}
			return
		}
	}
	room := maxDetect - len(d.kept)
	d.kept = append(d.kept, b[:min(len(b), room)]...)
	if a.decide(dir, d.kept, len(b) >= room) == http1.More {
		return
	}
	if a.proto == undecided {
		a.miss(d)
		return
	}
	if len(b) > room {
		a.bytes(dir, b[room:], at)
	}
}

// miss notes that the bytes seen told nothing. A stream whose start is known
// will not tell later; one begun midway may, at its next message.
func (a *app) miss(d *detector) {
	d.kept = d.kept[:0]
	d.tries++
	if !d.midway || d.tries > maxTries {
		d.gone = true
	}
	if a.first[0].gone && a.first[1].gone {
		a.proto = isOther
	}
}

// decide looks at b, the first bytes of direction dir, and starts the reader of
// the protocol they speak. With last, no more bytes will come.
func (a *app) decide(dir int, b []byte, last bool) http1.Answer {
	hello, client := tls.Detect(b)
	asRequest, asResponse := http1.DetectRequest(b), http1.DetectResponse(b)
	asClient, asServer := http2.DetectClient(b), http2.DetectServer(b)
	switch {
	case hello == tls.Yes:
		a.start(isTLS, dir, client)
	case asClient == http2.Yes:
		a.start(isHTTP2, dir, true)
	case asServer == http2.Yes:
		a.start(isHTTP2, dir, false)
	case asRequest == http1.Yes:
		a.start(isHTTP1, dir, true)
	case asResponse == http1.Yes:
		a.start(isHTTP1, dir, false)
	case !last && (hello == tls.More || asRequest == http1.More || asResponse == http1.More || asClient == http2.More || asServer == http2.More):
		return http1.More
	case a.first[dir].midway && tls.DetectMidway(b): // nor do records
		a.start(isTLS, dir, (dir == 0) != (a.owner != nil && a.owner.clientIsB()))
	case a.first[dir].midway && http2.DetectMidway(b) == http2.Yes: // frames do not show who sends them
		a.start(isHTTP2, dir, (dir == 0) != (a.owner != nil && a.owner.clientIsB()))
	default:
		return http1.No
	}
	a.replay()
	if len(a.first[dir].kept) == 0 {
		a.bytes(dir, b, a.first[dir].mark)
	}
	return http1.Yes
}

// start fixes the protocol; direction dir has shown itself to be the client's,
// or the server's.
func (a *app) start(p protocol, dir int, client bool) {
	a.proto = p
	a.turned = (dir == 0) != client
	if a.owner != nil {
		a.owner.payloadRole(a.turned)
	}
	switch p {
	case isTLS:
		a.secure = a.spares.secure()
		a.secure.begin(a)
	case isHTTP1:
		p := a.spares.pairer()
		p.KeepText, p.Ignore, p.Head = a.texts, a.spares.ignored(), a.spares.scratch()
		p.Reset(a.to, a.midwayIn(true), a.midwayIn(false))
		a.read = p
	case isHTTP2:
		m := a.spares.multiplexer()
		m.KeepText, m.Ignore = a.texts, a.spares.ignored()
		m.Reset(a.to, a.midwayIn(true), a.midwayIn(false))
		a.read = m
	}
}

// midwayIn reports whether what is read of one side does not begin with its first
// byte.
func (a *app) midwayIn(client bool) bool {
	d := &a.first[direction(client != a.turned)]
	return d.midway || d.gone
}

// upgrade changes from HTTP/1 to HTTP/2 if the messages have said so, and reports
// whether HTTP/2 it is.
func (a *app) upgrade() bool {
	if p, ok := a.read.(*transaction.Pairer); ok && p.Next != nil {
		m := a.spares.multiplexer()
		m.KeepText, m.Ignore = a.texts, a.spares.ignored()
		m.Reset(a.to, false, false)
		m.Upgraded(p.Next, p.Sums)
		a.proto, a.read = isHTTP2, m
		// p is being read and may not serve again yet.
	}
	return a.proto == isHTTP2
}

// replay gives the reader what was kept of both halves, in the order it came.
func (a *app) replay() {
	order := [2]int{0, 1}
	if a.first[1].mark.Packet < a.first[0].mark.Packet {
		order = [2]int{1, 0}
	}
	for _, dir := range order {
		if d := &a.first[dir]; len(d.kept) > 0 {
			a.bytes(dir, d.kept, d.mark)
		}
	}
}

// release ends the reading: what the messages came to stays.
func (a *app) release() {
	if a.read != nil {
		a.sums = *a.read.Came()
		a.sums.Target = a.spares.redactor().Name(a.sums.Target)
		a.spares.put(a.read)
		a.read = nil
	}
	if a.secure != nil {
		a.inside = a.secure.end()
		a.spares.putSecure(a.secure)
		a.secure = nil
	}
	a.first = [2]detector{}
}

// speaker returns the app whose messages count: a itself or, in TLS, what runs
// inside.
func (a *app) speaker() *app {
	if a.secure != nil {
		return a.secure.inner.speaker()
	}
	return a
}

// settled returns the app whose messages counted, once a is released.
func (a *app) settled() *app {
	if a.inside != nil {
		return a.inside.app.settled()
	}
	return a
}

// bounds returns the fewest and the most requests that a, once released, has
// carried.
func (a *app) bounds() (fewest, most int64) {
	b := a.settled()
	fewest, most = b.sums.Requests, b.sums.Requests
	if b.proto == isSealed {
		fewest, most = b.sums.Low, b.sums.High
	}
	if a.inside != nil {
		most += a.inside.hidden
	}
	return fewest, most
}

// sealed reports whether what a carries is only inferred.
func (a *app) sealed() bool { return a.secure != nil && a.secure.inner.proto == isSealed }

// declined reports whether a, once released, has offered HTTP/2 and got another
// protocol.
func (a *app) declined() bool {
	return a.inside != nil && a.inside.info.OffersH2 && a.inside.info.ALPN != "" && a.inside.info.ALPN != "h2"
}

// spares are readers whose connections have ended: they are large, and most
// connections need one only for a short while. A nil one has none.
type spares struct {
	pairers      []*transaction.Pairer
	multiplexers []*transaction.Multiplexer
	secures      []*secure
	head         http1.Head // for the messages of all pairers
	keys         *tls.Keys
	ignore       transaction.Patterns
	redact       *redact.Redactor
}

// redactor returns what makes stand-ins, nil for none.
func (s *spares) redactor() *redact.Redactor {
	if s == nil {
		return nil
	}
	return s.redact
}

// recorded returns t as it is shown.
func (s *spares) recorded(t *transaction.Transaction) record {
	r := record{Transaction: *t}
	r.Target = s.redactor().Target(t.Target)
	return r
}

// ignored returns what picks the transactions that are not to be judged.
func (s *spares) ignored() transaction.Patterns {
	if s == nil {
		return nil
	}
	return s.ignore
}

// scratch returns where messages' heads are read, nil for nowhere in common.
func (s *spares) scratch() *http1.Head {
	if s == nil {
		return nil
	}
	return &s.head
}

// pairer returns a Pairer to be reset.
func (s *spares) pairer() *transaction.Pairer {
	if s == nil || len(s.pairers) == 0 {
		return new(transaction.Pairer)
	}
	n := len(s.pairers) - 1
	p := s.pairers[n]
	s.pairers = s.pairers[:n]
	return p
}

// multiplexer returns a Multiplexer to be reset.
func (s *spares) multiplexer() *transaction.Multiplexer {
	if s == nil || len(s.multiplexers) == 0 {
		return new(transaction.Multiplexer)
	}
	n := len(s.multiplexers) - 1
	m := s.multiplexers[n]
	s.multiplexers = s.multiplexers[:n]
	return m
}

func (s *spares) put(m messages) {
	if s == nil {
		return
	}
	switch m := m.(type) {
	case *transaction.Pairer:
		s.pairers = append(s.pairers, m)
	case *transaction.Multiplexer:
		s.multiplexers = append(s.multiplexers, m)
	}
}

// secure returns one to begin with.
func (s *spares) secure() *secure {
	if s == nil || len(s.secures) == 0 {
		return new(secure)
	}
	n := len(s.secures) - 1
	x := s.secures[n]
	s.secures = s.secures[:n]
	return x
}

func (s *spares) putSecure(x *secure) {
	if s != nil {
		s.secures = append(s.secures, x)
	}
}
