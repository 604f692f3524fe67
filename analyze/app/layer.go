package app

import (
	"math"
	"unsafe"

	"tcpwarm/analyze/app/http1"
	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/socks"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A Protocol is what the bytes of a connection, or of a tunnel, speak.
type Protocol uint8

// The protocols.
const (
	Undecided Protocol = iota
	HTTP1
	TLS
	HTTP2
	Sealed // HTTP as a rule, in TLS that cannot be opened
	Other
)

// Messages reads one protocol's messages and pairs them to transactions.
type Messages interface {
	Bytes(fromClient bool, b []byte, at segment.Mark)
	Gap(fromClient bool, n int64, at segment.Mark)
	Close(fromClient bool, at segment.Mark)
	// Content returns how many of the next bytes of one direction are content: whatever they are, they change
	// nothing.
	Content(fromClient bool) int64
	// Waiting returns the transactions that have not ended, oldest first.
	Waiting() []*transaction.Transaction
	Totals() *transaction.Sums
}

// A Layer finds out which protocol two streams speak and hands their bytes to its reader.
// The first half that shows it decides for both. The zero value must be readied with Begin;
// Release ends the reading, and then Sums, Bounds and the like are asked of what it came to.
type Layer struct {
	proto       Protocol
	swapped     bool // direction 0 is the server's after all
	missed      bool // a half told nothing that is read here
	unasked     bool // the server has spoken HTTP/2, and the client has not spoken yet
	upgraded    bool // it was HTTP/1 that has agreed on what is spoken now
	keepTargets bool
	foreignName string     // of what is spoken, if it told that
	read        Messages   // of HTTP, until released
	tlsLayer    *tlsLayer  // of TLS, until released
	opened      *tlsResult // of TLS, once released

	to      transaction.Handler
	owner   Owner     // nil for what runs inside another
	speaks  ProxiedBy // whom a proxy speaks for is said to it; nil: nobody wants it
	readers *Readers
	socks   *socksHandshake  // that may be in progress, nil: none is
	hops    int              // how many have begun
	first   [2]detector      // by direction as given: 0 is believed to be the client's
	sums    transaction.Sums // valid once released
}

// An Owner is told what the bytes show of the connection they run over.
type Owner interface {
	// PayloadRole comes when they show who the client is.
	PayloadRole(clientIsB bool)
	// ClientIsB tells who the client is; where nothing shows it, by the ports.
	ClientIsB() bool
	ProxiedBy
	// Tunneled comes with the handshake by which a SOCKS proxy has connected the client to a
	// target; where one leads to another proxy, with each.
	Tunneled(h socks.Handshake)
	// CloseNotify comes with TLS's close_notify.
	CloseNotify(fromClient bool, at segment.Mark)
}

// ProxiedBy is told whom a proxy speaks for.
type ProxiedBy interface {
	// Proxied comes with a header of the PROXY protocol in direction dir, and reports
	// whether it is one: a server sends none.
	Proxied(dir int, h proxy.Header) bool
}

// Begin readies a, which is new, for two streams. Transactions go to to; owner is nil for
// what runs inside another connection. keepTargets has requests' targets copied.
func (a *Layer) Begin(to transaction.Handler, owner Owner, readers *Readers, keepTargets bool) {
	a.to, a.owner, a.readers, a.keepTargets = to, owner, readers, keepTargets
	if owner != nil {
		a.speaks = owner
	}
}

// Midstream says that direction dir does not begin with the first byte sent.
func (a *Layer) Midstream(dir int) { a.first[dir].midstream = true }

// Bytes takes the next bytes of direction dir.
func (a *Layer) Bytes(dir int, b []byte, at segment.Mark) {
	switch a.proto {
	case HTTP1, HTTP2:
		if a.unasked && a.asksOtherwise(dir, b) {
			a.detect(dir, b, at)
			return
		}
		a.read.Bytes(a.fromClient(dir), b, at)
	case TLS:
		if a.answeredInPlain(dir, b) {
			a.Bytes(dir, b, at)
			return
		}
		a.tlsLayer.Bytes(a.fromClient(dir), b, at)
	case Undecided:
		a.detect(dir, b, at)
	case Other:
		a.afterOthers(dir, b, at)
	}
}

// answeredInPlain turns to HTTP/1 if that is how the server answers the client's hello: it
// speaks no TLS, and says that the hello is no request.
func (a *Layer) answeredInPlain(dir int, b []byte) bool {
	if a.fromClient(dir) || a.tlsLayer.Info().Version != 0 || a.tlsLayer.plaintext.proto != Undecided ||
		http1.DetectResponse(b) != http1.Yes {
		return false
	}
	a.read = a.tlsLayer.plaintext.read
	a.readers.putTLSLayer(a.tlsLayer)
	a.tlsLayer = nil
	a.first[1-dir].gone = true
	a.start(HTTP1, dir, false)
	return true
}

// asksOtherwise turns back to what is not decided if the client's first bytes are no HTTP/2: a
// server may send its SETTINGS unasked (RFC 9113 section 3.4), but who asks decides what is
// spoken.
func (a *Layer) asksOtherwise(dir int, b []byte) bool {
	if !a.fromClient(dir) {
		return false
	}
	a.unasked = false
	if http2.DetectClient(b) != http2.No || http1.DetectRequest(b) == http1.No {
		return false
	}
	a.readers.put(a.read)
	a.proto, a.read, a.swapped = Undecided, nil, false
	a.first[1-dir] = detector{gone: true}
	a.first[dir].kept = a.first[dir].kept[:0]
	return true
}

// Gap says that n bytes of direction dir are missing here.
func (a *Layer) Gap(dir int, n int64, at segment.Mark) {
	switch a.proto {
	case HTTP1, HTTP2, Sealed:
		a.read.Gap(a.fromClient(dir), n, at)
	case TLS:
		a.tlsLayer.Conn.Gap(a.fromClient(dir), n, at)
	case Undecided:
		a.gapBeforeDecided(dir, n, at)
	case Other:
		a.first[dir].lack(n)
	}
}

// Content returns how many of the next bytes of direction dir are content: whatever they are, they change nothing.
func (a *Layer) Content(dir int) int64 {
	switch {
	case a.proto == HTTP1, a.proto == HTTP2 && !a.unasked:
		return a.read.Content(a.fromClient(dir))
	case a.Sealed():
		return a.tlsLayer.Content(a.fromClient(dir))
	case a.proto == Other && (a.foreignName != "" || a.first[dir].tries > maxTries):
		return math.MaxInt64
	}
	return 0
}

// Close ends direction dir.
func (a *Layer) Close(dir int, at segment.Mark) {
	for a.socks != nil { // what one leads to may be another; there are maxHops at most
		a.endSOCKS()
	}
	if a.proto == Undecided && len(a.first[dir].kept) > 0 {
		a.decide(dir, a.first[dir].kept, true)
	}
	switch a.proto {
	case HTTP1, HTTP2, Sealed:
		a.read.Close(a.fromClient(dir), at)
	case TLS:
		a.tlsLayer.close(a.fromClient(dir), at)
	}
}

func (a *Layer) fromClient(dir int) bool { return (dir == 0) != a.swapped }

// Upgrade changes from HTTP/1 to HTTP/2 or TLS if the messages have said so (RFC 7540 section 3.2, RFC 2817 section 3),
// in a or in what runs inside it, and returns the layer that has changed, which takes what follows; nil if none has.
func (a *Layer) Upgrade() *Layer {
	if a.tlsLayer != nil && a.tlsLayer.plaintext.proto != Undecided {
		return a.tlsLayer.plaintext.Upgrade()
	}
	switch p, ok := a.read.(*transaction.Pairer); {
	case a.proto != HTTP1:
	case !ok || p.Next == nil:
		return nil
	case p.Upgrade == transaction.UpgradeTLS: // if that is what comes
		a.proto, a.upgraded = Undecided, true
		a.first = [2]detector{{begun: true, started: true}, {begun: true, started: true}}
	default:
		m := a.multiplexer()
		m.Reset(a.to, false, false)
		m.Upgraded(p.Next, p.Sums)
		a.proto, a.read, a.upgraded = HTTP2, m, true
		// p is being read and may not serve again yet.
	}
	if !a.upgraded {
		return nil
	}
	return a
}

// upgradedFrom returns the reader of the HTTP/1 that has agreed to change to TLS, and goes on inside, or on a itself
// where something else came; nil if none has.
func (a *Layer) upgradedFrom() *transaction.Pairer {
	if p, ok := a.read.(*transaction.Pairer); ok && p.Next != nil {
		return p
	}
	return nil
}

// Direction returns that of the client's bytes, or the server's.
func (a *Layer) Direction(client bool) int { return transaction.Direction(client != a.swapped) }

// Release ends the reading: what the messages came to stays.
func (a *Layer) Release() {
	if a.read != nil {
		a.sums = *a.read.Totals()
		a.sums.Target = a.readers.names().Host(a.sums.Target)
		a.readers.put(a.read)
		a.read = nil
		if a.proto == Undecided || a.proto == Other { // what was agreed on never came
			a.proto = HTTP1
		}
	}
	if a.tlsLayer != nil {
		a.opened = a.tlsLayer.end()
		a.readers.putTLSLayer(a.tlsLayer)
		a.tlsLayer = nil
	}
	a.first, a.socks = [2]detector{}, nil
}

// Protocol returns what is spoken, as far as it is clear.
func (a *Layer) Protocol() Protocol { return a.proto }

// Foreign reports whether what is spoken is nothing that is read here, and its name if it told
// that.
func (a *Layer) Foreign() (name string, is bool) {
	if !a.missed || a.proto != Undecided && a.proto != Other {
		return "", false
	}
	return a.foreignName, true
}

// KeepsTargets reports whether requests' targets are kept.
func (a *Layer) KeepsTargets() bool { return a.keepTargets }

// Readers returns what a's readers are taken from.
func (a *Layer) Readers() *Readers { return a.readers }

// Waiting returns the transactions that have not ended, oldest first; none where no messages
// are read.
func (a *Layer) Waiting() []*transaction.Transaction {
	if a.read == nil {
		return nil
	}
	return a.read.Waiting()
}

// TLSInfo returns what the handshake has shown, nil where there is no TLS. The server's
// name is as it was sent, and once a is released as it is shown.
func (a *Layer) TLSInfo() *tls.Info {
	switch {
	case a.tlsLayer != nil:
		return a.tlsLayer.Info()
	case a.opened != nil:
		return &a.opened.info
	}
	return nil
}

// Goodbye returns who has ended TLS, where that is only inferred: a mark with packet 0 if
// nobody has.
func (a *Layer) Goodbye() (fromClient bool, at segment.Mark) {
	if a.tlsLayer == nil {
		return false, segment.Mark{}
	}
	return a.tlsLayer.goodbye()
}

// PayloadLayer returns the layer whose messages count: a itself or, in TLS, what runs
// inside.
func (a *Layer) PayloadLayer() *Layer {
	if a.tlsLayer != nil {
		return a.tlsLayer.plaintext.PayloadLayer()
	}
	return a
}

// FinalLayer returns the layer whose messages counted, once a is released.
func (a *Layer) FinalLayer() *Layer {
	if a.opened != nil {
		return a.opened.payload.FinalLayer()
	}
	return a
}

// Browser reports whether the client calls itself a browser, in a, which is being read.
func (a *Layer) Browser() bool {
	if a.read == nil {
		return false
	}
	return a.read.Totals().Browser
}

// Sums returns what the messages came to, once a is released.
func (a *Layer) Sums() *transaction.Sums { return &a.sums }

// Bounds returns the fewest and the most requests that a, once released, has carried.
func (a *Layer) Bounds() (fewest, most int64) {
	b := a.FinalLayer()
	fewest, most = b.sums.Requests, b.sums.Requests
	if b.proto == Sealed {
		fewest, most = b.sums.Low, b.sums.High
	}
	if a.opened != nil {
		most += a.opened.hidden
	}
	return fewest, most
}

// Basis says where the messages of a, once released, come from.
func (a *Layer) Basis() transaction.Basis {
	if fewest, most := a.Bounds(); a.FinalLayer().proto == Sealed || fewest != most {
		return transaction.Inferred
	}
	if a.proto == TLS {
		return transaction.Decrypted
	}
	return transaction.Parsed
}

// Sealed reports whether what a carries is only inferred.
func (a *Layer) Sealed() bool { return a.tlsLayer != nil && a.tlsLayer.plaintext.proto == Sealed }

// DeclinedHTTP2 reports whether a, once released, has offered HTTP/2 and got another
// protocol.
func (a *Layer) DeclinedHTTP2() bool {
	return a.opened != nil && a.opened.info.OffersH2 && a.opened.info.ALPN != "" && a.opened.info.ALPN != "h2"
}

// A sized reader says how much memory it takes.
type sized interface{ Memory() int }

// Memory returns how many bytes a holds beside itself.
func (a *Layer) Memory() int {
	n := cap(a.first[0].kept) + cap(a.first[1].kept)
	if a.socks != nil {
		n += int(unsafe.Sizeof(*a.socks))
		for i := range a.socks.half {
			h := &a.socks.half[i]
			n += cap(h.kept) + cap(h.marks)*int(unsafe.Sizeof(keptMark{}))
		}
	}
	if m, ok := a.read.(sized); ok { // an Inferrer is a part of its tlsLayer
		n += m.Memory()
	}
	if s := a.tlsLayer; s != nil {
		n += int(unsafe.Sizeof(*s)) + s.Conn.Memory() + s.plaintext.Memory()
	}
	return n
}
