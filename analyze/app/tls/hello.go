package tls

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// An Answer says whether bytes are TLS.
type Answer uint8

// The answers.
const (
	More Answer = iota // not enough bytes to tell
	Yes
	No
)

// Detect tells by its first bytes whether a half speaks TLS: a handshake record
// that holds a ClientHello (client true) or a ServerHello.
func Detect(b []byte) (is Answer, client bool) {
	for i, w := range [2]byte{recordHandshake, 3} {
		if i >= len(b) {
			return More, false
		}
		if b[i] != w {
			return No, false
		}
	}
	if len(b) < headerLen+1 {
		return More, false
	}
	n := binary.BigEndian.Uint16(b[3:])
	if b[2] > 4 || n == 0 || n > maxFragment { // a message may take several records (RFC 8446 section 5.1)
		return No, false
	}
	switch b[headerLen] {
	case clientHello:
		return Yes, true
	case serverHello:
		return Yes, false
	}
	return No, false
}

// DetectMidstream tells whether records of data begin with b, somewhere within a
// connection: one that is whole, and after it another's header or the end of b; or
// one longer than b.
func DetectMidstream(b []byte) bool {
	for n := 0; n < 2; n++ {
		if len(b) < headerLen || b[0] != RecordData || binary.BigEndian.Uint16(b[1:]) != version12 ||
			!isHeader(b) || recordLen(b) < headerLen+17 {
			return false
		}
		if recordLen(b) >= len(b) {
			return true
		}
		b = b[recordLen(b):]
	}
	return true
}

// Info is what a handshake showed. What TLS 1.3 hides is known with keys only.
type Info struct {
	ServerName string // of the client's server_name extension, "" if absent
	Hello      uint32 // hash of what the client's hello has in each of its connections, 0 if it was cut off
	Offers     string // the first protocol that the client offers by ALPN
	OffersH2   bool   // one of them is h2
	ALPN       string // the server's choice
	Version    uint16 // the server's choice, 0 until its hello is seen
	Draft      uint8  // of TLS 1.3, where that is spoken as it was before RFC 8446
	Suite      uint16 // likewise
	Resumed    bool   // the server took up a session: by PSK, or by session ID or ticket
	Hellos     bool   // both hellos were captured to their ends: Resumed, Asks and Takes are sure
	Asks       bool   // the client would have a ticket, to take the session up later
	Takes      bool   // the client would take up a session
	Gives      bool   // the server gave one that can be taken up later
	EarlyData  bool   // and the data sent with the hello (RFC 8446 section 2.3)
	Decrypted  bool   // application data was read
}

// RoundTrips returns how many round trips the handshake takes before the client can
// send application data, as far as is known: RFC 8446 section 2 and figure 2 of
// section 2.3, RFC 5246 section 7.3. A HelloRetryRequest's is not counted.
func (i *Info) RoundTrips() int {
	switch {
	case i.EarlyData:
		return 0
	case i.Version < Version13 && i.Version != 0 && !i.Resumed:
		return 2
	}
	return 1
}

// VersionName returns 1.0 to 1.3, with the draft's number if it is one's; SSL 3.0 (RFC 6101);
// "" if not known.
func (i *Info) VersionName() string {
	switch {
	case i.Draft > 0:
		return "1.3 draft " + strconv.Itoa(int(i.Draft))
	case i.Version == 0x0300:
		return "SSL 3.0"
	case i.Version > 0x0300 && i.Version <= Version13:
		return "1." + string('0'+byte(i.Version-0x0301))
	}
	return ""
}

// Drafts of TLS 1.3 at which its form changed: then the ServerHello got back what TLS 1.2's
// has, and records are protected with their headers.
const (
	draftWithID     = 22
	draftWithHeader = 25
)

// draftOf returns which draft of TLS 1.3 a version says, 0 if none (RFC 8446 section 4.2.1 of
// the drafts; 0xfb is what one library's own drafts began with).
func draftOf(version uint16) uint8 {
	if high, low := version>>8, uint8(version); (high == 0x7f || high == 0xfb) && low <= 28 {
		return low
	}
	return 0
}

// Types of handshake messages (RFC 8446 section 4, RFC 5246 section 7.4).
const (
	clientHello         = 1
	serverHello         = 2
	newSessionTicket    = 4
	endOfEarlyData      = 5
	encryptedExtensions = 8
	serverHelloDone     = 14
	keyUpdate           = 24
)

// Types of extensions (IANA's registry).
const (
	extServerName     = 0
	extGroups         = 10
	extSignatures     = 13
	extALPN           = 16
	extEncryptThenMAC = 22
	extSessionTicket  = 35
	extPreSharedKey   = 41
	extEarlyData      = 42
	extVersions       = 43
	extPSKModes       = 45
)

// Versions (RFC 5246 section 6.2.1, RFC 8446 section 4.2.1).
const (
	version12 = 0x0303
	Version13 = 0x0304
)

// retry is the random of a ServerHello that is a HelloRetryRequest (RFC 8446
// section 4.1.3): the SHA-256 of that word.
var retry = random{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// A cursor reads length-prefixed parts. Reading past the end gives nothing and
// sets short, so callers check once.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.short = true
		n = len(c.b)
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) uint(size int) (n int) {
	for _, x := range c.take(size) {
		n = n<<8 | int(x)
	}
	return n
}

func (c *cursor) vector(size int) cursor { return cursor{b: c.take(c.uint(size))} }

// random takes the 32 bytes of a hello's random; false if they are not all there.
func (c *cursor) random() (r random, ok bool) {
	return r, copy(r[:], c.take(len(r))) == len(r)
}

// extensions calls f with each extension that c holds whole.
func (c *cursor) extensions(f func(typ int, body cursor)) {
	list := c.vector(2)
	for len(list.b) > 0 {
		typ, body := list.uint(2), list.vector(2)
		if list.short {
			return
		}
		f(typ, body)
	}
}

// clientHello reads RFC 8446 section 4.1.2. It may be cut off.
func (c *Conn) clientHello(b []byte, whole bool) {
	k := cursor{b: b}
	k.take(2) // version
	r, ok := k.random()
	if !ok {
		return
	}
	c.randoms[fromClient] = r
	c.secrets, c.asked = nil, 0
	id := k.vector(1)
	c.session, c.whole = append(c.session[:0], id.b...), whole
	var does [3]cursor    // what the client can do, in this order: some shuffle their extensions
	does[0] = k.vector(2) // suites
	k.vector(1)           // compression
	c.info.Offers, c.info.OffersH2 = "", false
	c.info.Asks = false
	takes, byID := false, len(id.b) > 0
	k.extensions(func(typ int, body cursor) {
		switch typ {
		case extGroups:
			does[1] = body.vector(2)
		case extSignatures:
			does[2] = body.vector(2)
		case extPreSharedKey:
			takes = true
		case extSessionTicket: // RFC 5077 section 3.2
			c.info.Asks, takes = true, takes || len(body.b) > 0
		case extPSKModes: // without them no ticket is of use (RFC 8446 section 4.2.9)
			c.info.Asks = true
		case extVersions: // with TLS 1.3 an ID need not be a session's (RFC 8446 appendix D.4)
			byID = false
		case extEarlyData:
			c.early.offered = true
		case extServerName: // RFC 6066 section 3
			list := body.vector(2)
			if list.uint(1) == 0 {
				name := list.vector(2)
				c.info.ServerName = string(name.b[:min(len(name.b), maxName)])
			}
		case extALPN: // RFC 7301 section 3.1
			for list := body.vector(2); len(list.b) > 0; {
				name := list.vector(1)
				if c.info.Offers == "" {
					c.info.Offers = string(name.b)
				}
				c.info.OffersH2 = c.info.OffersH2 || string(name.b) == "h2"
			}
		}
	})
	c.info.Takes = takes || byID
	if c.info.Hello = 0; whole {
		c.info.Hello = fingerprintOf(does[:])
	}
}

// serverHello reads RFC 8446 section 4.1.3. It may be cut off.
func (c *Conn) serverHello(b []byte, whole bool) {
	k := cursor{b: b}
	version := uint16(k.uint(2))
	r, ok := k.random()
	if !ok {
		return
	}
	c.info.Draft = draftOf(version)
	before := c.info.Draft > 0 && c.info.Draft < draftWithID
	var id cursor
	if !before {
		id = k.vector(1)
	}
	suite := uint16(k.uint(2))
	if k.short {
		return
	}
	if suite>>8 == 0x13 || c.info.Draft > 0 { // it tells even where the extension is cut off (RFC 8446 appendix B.4)
		version = Version13
	}
	if !before {
		k.take(1) // compression
	}
	psk := false
	c.etm = false
	k.extensions(func(typ int, body cursor) {
		switch typ {
		case extVersions:
			if v := uint16(body.uint(2)); draftOf(v) > 0 {
				version, c.info.Draft = Version13, draftOf(v)
			} else if v != 0 {
				version = v
			}
		case extALPN:
			c.chosen(body)
		case extPreSharedKey:
			psk = true
		case extEncryptThenMAC:
			c.etm = true
		}
	})
	c.info.Version, c.info.Suite = version, suite
	c.suite, c.readable = suites[suite]
	c.readable = c.readable && (version == version12 || version == Version13) &&
		(c.info.Draft == 0 || c.info.Draft >= draftWithHeader)
	if r == retry { // a second pair of hellos follows; early data is refused (section 4.2.10)
		c.early.drop()
		return
	}
	c.info.Hellos = whole && c.whole
	if version == Version13 { // the server's random number and the session ID are for nothing (RFC 8446 section 4.1.3)
		c.info.Resumed = psk
		c.randoms[fromServer], c.session = random{}, c.session[:0]
		return
	}
	c.randoms[fromServer] = r
	// The server says the client's session ID back to take the session up, by ticket
	// too (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4).
	c.info.Resumed = len(id.b) > 0 && bytes.Equal(id.b, c.session)
	c.session = c.session[:0]
	c.info.Gives = len(id.b) > 0
}

// chosen takes the server's ALPN choice.
func (c *Conn) chosen(body cursor) {
	list := body.vector(2)
	name := list.vector(1)
	c.info.ALPN = string(name.b)
}

// encryptedExtensions reads RFC 8446 section 4.3.1.
func (c *Conn) encryptedExtensions(b []byte) {
	k := cursor{b: b}
	k.extensions(func(typ int, body cursor) {
		switch typ {
		case extALPN:
			c.chosen(body)
		case extEarlyData:
			c.info.EarlyData = true
		}
	})
	if c.info.EarlyData {
		c.early.release(c.to)
	} else {
		c.early.drop()
	}
}

// maxName is how much is kept of a server's name: no host's is longer (RFC 1035 section
// 2.3.4).
const maxName = 255
