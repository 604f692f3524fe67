package tls

import "tcpwarm/capture/segment"

// A Mark says when, and in which packet, something was captured.
type Mark = segment.Mark

// A Sink takes what a Conn reads.
type Sink interface {
	// Data takes application bytes, decrypted, in the order of their side.
	Data(fromClient bool, b []byte, at Mark)
	// Gap says that about n application bytes are missing here: not captured, or
	// in a record that could not be opened though others could.
	Gap(fromClient bool, n int64, at Mark)
	// Notify is a side's close_notify, if it can be seen (RFC 8446 section 6.1).
	Notify(fromClient bool, at Mark)
	// Record takes each protected record that cannot be opened.
	Record(r Record)
}

// A Record is a record as the wire shows it.
type Record struct {
	FromClient bool
	Type       uint8  // 23 for all of TLS 1.3's
	Version    uint16 // negotiated, 0 if not known
	Length     int    // of the fragment, in bytes
	Start, At  Mark   // its first and its last byte
}

// The sides, as indexes.
const (
	fromClient = 0
	fromServer = 1
)

// A Conn reads both directions of a TLS connection. Reset a zero one before use.
type Conn struct {
	to   Sink
	keys *Keys
	info Info

	half     [2]half
	randoms  [2]random
	suite    suite
	readable bool // suite and version are such that keys would help
	etm      bool
	session  []byte   // the ID of one that the client would take up, in TLS 1.2
	whole    bool     // the client's hello was captured to its end
	secrets  *secrets // nil until the log has them
	asked    uint64   // state of the log when it was last asked
	early    early
	notified [2]bool
	plain    []byte // scratch: what a record carries
}

// Reset readies c for a new connection. keys may be nil.
func (c *Conn) Reset(keys *Keys, to Sink) {
	a, b, plain, session := c.half[0].buf[:0], c.half[1].buf[:0], c.plain[:0], c.session[:0]
	*c = Conn{to: to, keys: keys, plain: plain, session: session}
	c.half[fromClient] = half{conn: c, side: fromClient, buf: a}
	c.half[fromServer] = half{conn: c, side: fromServer, buf: b}
}

// Info returns what is known. It is valid until the next Reset.
func (c *Conn) Info() *Info { return &c.info }

// HasKeys reports whether the key log knows the connection, and its suite can be
// opened.
func (c *Conn) HasKeys() bool {
	if !c.readable && c.info.Version != 0 {
		return false
	}
	s := c.find()
	return s != nil && (c.readable || s.serverTraffic != nil || s.clientTraffic != nil || s.early != nil)
}

// Bytes takes the next bytes of one direction.
func (c *Conn) Bytes(client bool, b []byte, at Mark) { c.side(client).bytes(b, at) }

// Gap says that n bytes of one direction are missing here.
func (c *Conn) Gap(client bool, n int64, at Mark) { c.side(client).gap(n, at) }

// Content returns how many of the next bytes of one direction lie within a record, of which no more than the length
// is read.
func (c *Conn) Content(client bool) int64 {
	switch h := c.side(client); {
	case h.lost:
		return 0
	case h.skip > 0:
		return int64(h.skip)
	case len(h.buf) >= headerLen:
		return int64(recordLen(h.buf) - len(h.buf))
	}
	return 0
}

// Close ends one direction.
func (c *Conn) Close(client bool, at Mark) {
	c.side(client).unfinished()
	if e := &c.early; client && !e.decided && e.hidden+int64(e.size) > 0 { // nobody knows
		c.to.Gap(true, e.hidden+int64(e.size), at)
		e.drop()
	}
}

func (c *Conn) side(client bool) *half {
	if client {
		return &c.half[fromClient]
	}
	return &c.half[fromServer]
}

// find looks the connection's secrets up, unless the log has not changed since.
func (c *Conn) find() *secrets {
	if c.secrets != nil && c.asked == c.keys.version() {
		return c.secrets
	}
	if v := c.keys.version(); v != c.asked {
		c.secrets, c.asked = c.keys.of(c.randoms[fromClient])
	}
	return c.secrets
}

// message takes a handshake message of one side, whole or cut off.
func (c *Conn) message(h *half, typ uint8, b []byte, whole bool) {
	switch {
	case typ == clientHello && h.side == fromClient:
		c.clientHello(b, whole)
	case typ == serverHello && h.side == fromServer:
		c.serverHello(b, whole)
	case typ == encryptedExtensions && h.side == fromServer:
		c.encryptedExtensions(b)
	case typ == endOfEarlyData && h.side == fromClient: // only sent if it was accepted
		c.info.EarlyData = true
		c.early.release(c.to)
	case typ == keyUpdate && h.open != nil:
		if next := h.open.next(); next != nil {
			h.open = next
		}
	}
}

// changed is a side's ChangeCipherSpec: in TLS 1.2 its records are protected from
// now on (RFC 5246 section 7.1); in TLS 1.3 it means nothing (RFC 8446 appendix
// D.4).
func (c *Conn) changed(h *half) {
	if c.info.Version == 0 || c.info.Version == Version13 {
		return
	}
	// A full handshake has a ServerHelloDone before, a resumed one none (RFC 5246
	// section 7.3).
	if h.side == fromServer && !h.done && !h.holed {
		c.info.Resumed = true
	}
	h.sealed, h.torn, h.open, h.missing = true, false, nil, missing{}
}

// alert takes an alert; only close_notify is of interest.
func (c *Conn) alert(h *half, b []byte, at Mark) {
	const closeNotify = 0
	if len(b) == 2 && b[1] == closeNotify && !c.notified[h.side] {
		c.notified[h.side] = true
		c.to.Notify(h.side == fromClient, at)
	}
}

// maxEarly bounds the early data that waits for the server's word. Servers take
// no more than 16 KiB as a rule.
const maxEarly = 64 << 10

// early is data sent with the hello: it counts only if the server takes it (RFC
// 8446 section 4.2.10), for otherwise it is sent again.
type early struct {
	offered bool
	held    []heldData
	size    int
	hidden  int64 // bytes that could not be opened, or were too many
	last    Mark  // of these
	decided bool
	take    bool
}

type heldData struct {
	b  []byte
	at Mark
}

func (e *early) add(b []byte, at Mark, to Sink) {
	switch {
	case e.decided && e.take:
		to.Data(true, b, at)
	case e.decided:
	case e.size+len(b) <= maxEarly:
		e.held = append(e.held, heldData{append([]byte(nil), b...), at})
		e.size += len(b)
	default:
		e.hidden, e.last = e.hidden+int64(len(b)), at
	}
}

// unread notes a record that may be early data and does not open.
func (e *early) unread(n int, at Mark, to Sink) {
	switch {
	case e.decided && e.take:
		to.Gap(true, int64(n), at)
	case !e.decided:
		e.hidden, e.last = e.hidden+int64(n), at
	}
}

func (e *early) release(to Sink) {
	for _, d := range e.held {
		to.Data(true, d.b, d.at)
	}
	if e.hidden > 0 {
		to.Gap(true, e.hidden, e.last)
	}
	*e = early{offered: true, decided: true, take: true}
}

func (e *early) drop() { *e = early{offered: e.offered, decided: true} }

// Memory returns how many bytes c holds beside itself.
func (c *Conn) Memory() int {
	n := cap(c.plain) + cap(c.session) + len(c.info.ServerName) + len(c.info.ALPN)
	for i := range c.half {
		n += cap(c.half[i].buf) + cap(c.half[i].msg)
	}
	return n
}

// Trim gives back what c has grown beyond what most connections take.
func (c *Conn) Trim() {
	if cap(c.plain) > usualRoom {
		c.plain = nil
	}
	for i := range c.half {
		if cap(c.half[i].buf) > usualRoom {
			c.half[i].buf = nil
		}
		c.half[i].msg, c.half[i].open = nil, nil
	}
	c.secrets = nil
}

// usualRoom is how many bytes of room for records a Conn keeps for the next connection.
const usualRoom = 4 << 10
