package transaction

import "tcpwarm/analyze/app/tls"

// Lengths of what records carry, in bytes, that tell it apart.
const (
	alertLen     = 2            // RFC 8446 section 6
	keyUpdateLen = 4 + 1        // section 4.6.3
	endOfEarly   = 4            // section 4.5
	finished256  = 4 + 32       // a Finished by SHA-256's length
	finished384  = 4 + 48       // or SHA-384's
	leastTicket  = 4 + 13 + 32  // a NewSessionTicket with hardly a ticket (section 4.6.1)
	mostTicket   = 4 + 13 + 600 // with a large one
	mostTickets  = 4            // that servers send at once

	leastContinue = 17   // "HTTP/1.1 100", and an empty line
	mostContinue  = 25   // "HTTP/1.1 100 Continue", and an empty line
	mostInterim   = 200  // another interim response, or a request for the client's certificate
	leastRequest  = 18   // "GET / HTTP/1.0", and an empty line
	shortRequest  = 64   // few clients send less
	mostHead      = 8192 // a request's head, as servers take it
	leastLasting  = 27   // one that may be followed by others: HTTP/1.1, so with a Host
	leastUpgrade  = 143  // a request for a WebSocket (RFC 6455 section 4.1)
	leastSwitch   = 129  // and the answer that grants it (section 4.2.2)
	mostSwitch    = 1024
	leastAnswer   = 56 // a response with its Date (RFC 9110 section 6.6.1)
)

// A length is what a record carries, in bytes: exact but for CBC's padding.
type length struct{ least, most int }

// may reports whether the length may lie between a and b.
func (l length) may(a, b int) bool { return l.most >= a && l.least <= b }

// padding is what Java's TLS 1.3 adds to each record. Others that pad are not known.
const padding = 16

// isFinished reports whether a record of TLS 1.3 may be a Finished.
func isFinished(n int, suite uint16) bool {
	if suite == 0x1302 {
		return n == finished384
	}
	return n == finished256
}

// A choice is what the server's EncryptedExtensions show by their length.
type choice uint8

const (
	choiceHidden choice = iota
	choiceHTTP1         // http/1.1, or no ALPN at all
	choiceHTTP2
)

// chosen tells by the length of the server's first protected record of TLS 1.3
// which protocol it chose. A server that puts its messages into records of their own
// shows the length of EncryptedExtensions (RFC 8446 section 4.3.1): 6 bytes, 9 for
// "h2" or 15 for "http/1.1" by ALPN, 4 each for a name or early data taken, an even
// number for all else that is usual. Messages that follow in the same record make it
// long. Padded records are told too.
func chosen(n int) choice {
	if n >= 6 && n <= 48 && n%2 == 0 {
		return choiceHTTP1
	}
	for _, plain := range [...]int{n, n - padding} {
		switch plain {
		case 15, 19, 23:
			return choiceHTTP2
		case 21, 25, 29:
			return choiceHTTP1
		}
	}
	return choiceHidden
}

// Frames of HTTP/2 that carry no request (RFC 9113 section 6), in bytes with their
// header.
const (
	frameHeader  = 9 // also an acknowledgement of SETTINGS
	frameWindow  = frameHeader + 4
	framePing    = frameHeader + 8
	prefaceLen   = 24              // "PRI * HTTP/2.0" and so on (section 3.4)
	leastFrame   = frameHeader + 4 // a request: a few indexed fields
	mostSettings = frameHeader + 6*6
)

// isSettings reports whether n may be a SETTINGS frame, alone or with what is sent
// along with it.
func isSettings(n int) bool {
	for _, more := range [...]int{0, frameHeader, frameWindow, framePing, frameHeader + frameWindow} {
		if k := n - more; k >= frameHeader && k <= mostSettings && (k-frameHeader)%6 == 0 {
			return true
		}
	}
	return false
}

// isPreface reports whether n may be how a client begins HTTP/2.
func isPreface(n int) bool { return n == prefaceLen || isSettings(n-prefaceLen) }

// manyBytes are as many as a receiver takes before it gives leave for more.
const manyBytes = 4096

// isControl reports whether n may be frames that only steer: an acknowledgement, a
// ping, or leave to send on after so many bytes received.
func isControl(n int, received int64) bool {
	switch n {
	case frameHeader, frameWindow, framePing:
		return true
	}
	return n%frameWindow == 0 && n <= 8*frameWindow && received >= manyBytes
}

// overhead is what records of one version and suite hold beside their content.
type overhead struct {
	version, suite uint16
	known          bool
	least, blur    int
}

func (o *overhead) content(r *tls.Record, suite uint16) length {
	if !o.known || o.version != r.Version || o.suite != suite {
		*o = overhead{version: r.Version, suite: suite, known: true}
		o.least, o.blur = tls.Overhead(r.Version, suite)
	}
	return length{max(0, r.Length-o.least-o.blur), max(0, r.Length-o.least)}
}

// isServerControl is isControl for the server, which may acknowledge settings and
// give leave at once.
func isServerControl(n int) bool { return isControl(n, 0) || n == frameHeader+frameWindow }
