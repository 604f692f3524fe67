package scenario

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"tcpwarm/capture/segment"
)

// A Trace is what a server saw of its connections: the bytes it read and wrote, and who
// ended them, as segments in the order of time. It knows no losses, no windows and no
// connection that the kernel kept from it; a client's acknowledgements come with what it
// sends, and where the kernel tells when the server begins to wait for more.
type Trace struct {
	start time.Time

	mu   sync.Mutex
	segs []segment.Segment
}

func newTrace() *Trace { return &Trace{start: time.Now()} }

// mostWritten is how many bytes are noted at a time: of a response that the client does not
// take so many may be noted that it never got.
const mostWritten = 16 << 10

// A traced connection notes all that passes through it.
type traced struct {
	*net.TCPConn
	trace *Trace
	seen  *Connection
	ends  [2]segment.Endpoint

	// The rest is held by trace.mu.
	next  [2]segment.Seq // of client and server
	ended [2]bool
	reset bool

	reading int         // calls of Read that have not returned
	writing int         // calls of Write that have not returned
	acked   segment.Seq // by the client
}

// The two sides of a traced connection.
const (
	client = 0
	server = 1
)

// accepted notes a connection that a server has got.
func (t *Trace) accepted(c *net.TCPConn, seen *Connection) *traced {
	n := &traced{TCPConn: c, trace: t, seen: seen, ends: [2]segment.Endpoint{endpoint(c.RemoteAddr()), endpoint(c.LocalAddr())}}
	n.note(client, segment.SYN, nil)
	n.note(server, segment.SYN|segment.ACK, nil)
	n.note(client, segment.ACK, nil)
	return n
}

func endpoint(a net.Addr) segment.Endpoint {
	p := a.(*net.TCPAddr).AddrPort()
	return segment.Endpoint{Addr: segment.AddrFrom(netip.Addr(p.Addr()).Unmap()), Port: p.Port()}
}

// loopbackMSS is what Linux announces on loopback, whose packets have 65536 bytes.
const loopbackMSS = 65495

// coarsest is the largest window scale (RFC 7323 section 2.3): the server does not see its client's
// windows, and in steps of 16 kB they say nothing of what the client has read.
const coarsest = 14

// note adds one segment. After its own end a side sends nothing but a reset, and after a reset
// nobody sends anything.
func (c *traced) note(from int, flags segment.Flags, payload []byte) {
	t := c.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	c.add(from, flags, payload)
}

// add is note while trace.mu is held.
func (c *traced) add(from int, flags segment.Flags, payload []byte) {
	t := c.trace
	if c.reset || c.ended[from] && !flags.Has(segment.RST) {
		return
	}
	s := segment.Segment{
		Packet: int64(len(t.segs)) + 1, Time: segment.Time(t.start.Add(time.Since(t.start)).UnixNano()),
		Flags: flags, TTL: 64, Window: 65535, Seq: c.next[from],
		Len: len(payload), Payload: append([]byte(nil), payload...),
	}
	s.Key, s.Dir = segment.MakeKey(c.ends[from], c.ends[1-from])
	if flags.Has(segment.ACK) {
		s.Ack = c.next[1-from]
		if from == client {
			c.acked = s.Ack
		}
	}
	if flags.Has(segment.SYN) {
		s.Options = segment.Options{HasMSS: true, MSS: loopbackMSS, HasWindowScale: true, WindowScale: coarsest}
	}
	c.next[from] = s.End()
	c.reset = flags.Has(segment.RST)
	c.ended[from] = c.ended[from] || flags.Has(segment.FIN) || c.reset
	t.segs = append(t.segs, s)
}

// Read notes what it reads, and the client's end.
func (c *traced) Read(b []byte) (int, error) {
	c.noteAcked()
	c.count(&c.reading, 1)
	defer c.count(&c.reading, -1)
	n, err := c.TCPConn.Read(b)
	if n > 0 {
		c.note(client, segment.PSH|segment.ACK, b[:n])
	}
	c.noteEnd(err)
	return n, err
}

// Write notes what it writes before it does: the answer cannot be noted earlier then.
func (c *traced) Write(b []byte) (written int, err error) {
	c.count(&c.writing, 1)
	defer c.count(&c.writing, -1)
	c.noteGone()
	for len(b) > 0 && err == nil {
		part := b[:min(len(b), mostWritten)]
		c.note(server, segment.PSH|segment.ACK, part)
		var n int
		n, err = c.TCPConn.Write(part)
		written += n
		b = b[len(part):]
	}
	c.noteEnd(err)
	return written, err
}

// hasEnded reports whether one side has ended the connection.
func (c *traced) hasEnded(by int) bool {
	c.trace.mu.Lock()
	defer c.trace.mu.Unlock()
	return c.ended[by]
}

// count counts calls.
func (c *traced) count(calls *int, more int) {
	c.trace.mu.Lock()
	defer c.trace.mu.Unlock()
	*calls += more
}

// noteGone notes that the client has ended the connection, if the kernel says so while nobody reads:
// a client that is gone when its response is written has not waited for it.
func (c *traced) noteGone() {
	c.trace.mu.Lock()
	defer c.trace.mu.Unlock()
	if c.reading > 0 || c.ended[client] {
		return
	}
	if flags := ending(c.TCPConn); flags != 0 {
		c.add(client, flags, nil)
	}
}

// noteAcked notes that the client has acknowledged all, if the kernel says so. Without that, a
// reset by a client that has got a whole response would look like one in its middle.
func (c *traced) noteAcked() {
	c.trace.mu.Lock()
	defer c.trace.mu.Unlock()
	if c.writing == 0 && c.acked != c.next[server] && allAcked(c.TCPConn) {
		c.add(client, segment.ACK, nil)
	}
}

// noteEnd notes that the client has ended the connection, if err says so.
func (c *traced) noteEnd(err error) {
	switch {
	case err == nil || isTimeout(err) || errors.Is(err, net.ErrClosed):
	case errors.Is(err, io.EOF):
		c.note(client, segment.FIN|segment.ACK, nil)
	default: // ECONNRESET or EPIPE
		c.note(client, segment.RST|segment.ACK, nil)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// CloseWrite ends what the server sends.
func (c *traced) CloseWrite() error {
	c.note(server, segment.FIN|segment.ACK, nil)
	return c.TCPConn.CloseWrite()
}

// Close ends the connection.
func (c *traced) Close() error {
	c.note(server, segment.FIN|segment.ACK, nil)
	return c.TCPConn.Close()
}

// abort ends the connection by RST.
func (c *traced) abort() error {
	c.note(server, segment.RST|segment.ACK, nil)
	c.SetLinger(0)
	return c.TCPConn.Close()
}

// Source returns what was noted so far.
func (t *Trace) Source() *Source {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Source{segs: t.segs[:len(t.segs):len(t.segs)]}
}

// A Source hands a trace on as a capture's is.
type Source struct {
	segs []segment.Segment
	at   int
}

// mostFilled is how many segments a batch takes.
const mostFilled = 512

// Fill is as analyze.Source has it.
func (s *Source) Fill(b *segment.Batch) error {
	n := min(mostFilled, len(s.segs)-s.at)
	b.Segments, b.Secrets = append(b.Segments[:0], s.segs[s.at:s.at+n]...), nil
	if s.at += n; s.at == len(s.segs) {
		return io.EOF
	}
	return nil
}

// Totals is as analyze.Source has it.
func (s *Source) Totals() segment.Totals {
	t := segment.Totals{Packets: int64(s.at), Segments: int64(s.at)}
	if s.at > 0 {
		t.Start, t.End, t.Timed = s.segs[0].Time, s.segs[s.at-1].Time, true
	}
	return t
}
