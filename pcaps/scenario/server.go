package scenario

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A behaviour is how the server of a scenario differs from a plain one, which answers each
// request at once with a small body, and ends no connection.
type behaviour struct {
	answer func(*exchange)                             // HTTP/1: answers a request; nil: 200 with a small body
	stream func(h *h2conn, id uint32, r *Request) bool // HTTP/2: answers a request instead of the plain way if it returns true

	gather  bool          // responses wait until all URLs that are handed out together have been asked for
	idle    time.Duration // after which an idle connection is ended; 0: never
	accept  time.Duration // before a connection is accepted
	streams uint32        // at once on an HTTP/2 connection; 0: not bounded
}

// A Server plays one scenario on a port of its own.
type Server struct {
	Scenario *Scenario
	Trace    *Trace

	listener net.Listener
	config   *tls.Config // nil: in clear
	keys     keyLog
	ledger   ledger
	rest     rest
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	conns   map[*traced]bool // open ones
	ended   bool
	stopped time.Time // valid once it has ended and nothing runs any more
}

// A keyLog holds the secrets of a server's TLS connections, in memory only.
type keyLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes lines as SSLKEYLOGFILE has them.
func (k *keyLog) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

// Start starts a server for a scenario on a port that is free.
func Start(s *Scenario, a *Authority) (*Server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return Serve(s, a, l), nil
}

// Serve starts a server for a scenario where l listens.
func Serve(s *Scenario, a *Authority, l net.Listener) *Server {
	n := &Server{Scenario: s, Trace: newTrace(), listener: l, conns: map[*traced]bool{}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if s.Secure() {
		n.config = &tls.Config{Certificates: []tls.Certificate{a.Leaf}, KeyLogWriter: &n.keys, NextProtos: []string{"http/1.1"}}
		if s.Family == HTTP2 {
			n.config.NextProtos = []string{"h2", "http/1.1"}
		}
	}
	n.running.Go(n.acceptAll)
	return n
}

// Port is where the server listens.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Keys returns the secrets of its TLS connections, as SSLKEYLOGFILE has them.
func (s *Server) Keys() io.Reader {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return bytes.NewReader(bytes.Clone(s.keys.b.Bytes()))
}

// URLs returns what the scenario asks to be fetched, in order.
func (s *Server) URLs() (urls []string) {
	scheme := "http"
	if s.config != nil {
		scheme = "https"
	}
	for i := range s.Scenario.Count() {
		urls = append(urls, fmt.Sprintf("%s://%v/%s/%d", scheme, s.listener.Addr(), s.Scenario.Name, i+1))
	}
	return urls
}

// url returns which of the URLs a target belongs to, -1 for none.
func (s *Server) url(target string) int {
	rest, ok := strings.CutPrefix(target, "/"+s.Scenario.Name+"/")
	number, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > s.Scenario.Count() {
		return -1
	}
	return n - 1
}

// Seen returns what the server has noted so far.
func (s *Server) Seen() Seen { return s.ledger.copied() }

// lastEnds is how long a client's ends are waited for that has ended itself: its kernel has sent them.
const lastEnds = 200 * time.Millisecond

// Stop notes how the client has ended its connections, ends the server with those that are left,
// and waits until nothing more is noted.
func (s *Server) Stop() {
	for began := time.Now(); !s.allEnded(client) && time.Since(began) < lastEnds; {
		time.Sleep(asking)
	}
	s.cancel()
	s.listener.Close()
	s.mu.Lock()
	before := s.ended
	s.ended = true
	for c := range s.conns {
		c.TCPConn.Close() // by nobody's doing: the scenario is over
	}
	s.mu.Unlock()
	s.running.Wait()
	if !before {
		s.stopped = time.Now()
	}
}

// Ran returns from when to when s has listened, with a while for the last packets of its
// connections. It has stopped.
func (s *Server) Ran() (from, to time.Time) { return s.Trace.start, s.stopped.Add(settling) }

func (s *Server) acceptAll() {
	for {
		if !s.sleep(s.Scenario.serve.accept) {
			return
		}
		c, err := s.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !s.sleep(10*time.Millisecond) {
				return
			}
			continue
		}
		tcp := c.(*net.TCPConn)
		t := s.Trace.accepted(tcp, s.ledger.open(tcp)) // at once: it may be one of several that are opened together
		s.running.Go(func() { s.welcome(t) })
	}
}

// welcome serves a connection that was accepted, and keeps it where Stop finds it.
func (s *Server) welcome(t *traced) {
	s.mu.Lock()
	if s.ended {
		t.TCPConn.Close()
	}
	s.conns[t] = true
	s.mu.Unlock()
	s.serve(t)
	s.ledger.do(func() { t.seen.Ended = time.Now() })
	s.mu.Lock()
	delete(s.conns, t)
	s.mu.Unlock()
}

// allEnded reports whether one side has ended all connections that are still served.
func (s *Server) allEnded(by int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.conns {
		if !t.hasEnded(by) {
			return false
		}
	}
	return true
}

// sleep waits, and reports whether the server still runs then.
func (s *Server) sleep(d time.Duration) bool {
	select {
	case <-s.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// handshakes may take so long.
const handshakeTime = 5 * time.Second

// serve speaks with one client until the connection ends.
func (s *Server) serve(t *traced) {
	t.SetWriteBuffer(sendBuffer)
	if s.config == nil {
		if s.Scenario.Family == H2C {
			s.serveHTTP2(t, t)
		} else {
			s.serveHTTP1(t, t)
		}
		return
	}
	c := tls.Server(t, s.config)
	ctx, cancel := context.WithTimeout(s.ctx, handshakeTime)
	err := c.HandshakeContext(ctx)
	cancel()
	if err != nil {
		if s.ctx.Err() == nil && !errors.Is(err, io.EOF) { // a connection opened ahead may say nothing
			if op := new(net.OpError); errors.As(err, &op) { // the rest are addresses
				err = op.Err
			}
			s.ledger.do(func() { s.ledger.seen.Handshake = err.Error() })
		}
		t.Close()
		return
	}
	state := c.ConnectionState()
	s.ledger.do(func() { t.seen.TLS = &state })
	if state.NegotiatedProtocol == "h2" {
		s.serveHTTP2(t, c)
	} else {
		s.serveHTTP1(t, c)
	}
}

// sendBuffer bounds how much of a body the kernel takes that the client does not read: a
// large body that is left unread must not look written.
const sendBuffer = 64 << 10

// lingering is how long an ended connection waits for the client to end it, too.
const lingering = 3 * time.Second

// finish sends no more on a connection.
func (s *Server) finish(t *traced, c net.Conn) {
	if secured, ok := c.(*tls.Conn); ok {
		secured.CloseWrite() // close_notify
	}
	t.CloseWrite()
}

// end ends a connection as a server does that wants the client to get its last response
// (RFC 9112 section 9.6): it sends no more, and reads on until the client ends. What still
// comes is a request too late, answered by RST.
func (s *Server) end(t *traced, c net.Conn) {
	s.finish(t, c)
	t.SetReadDeadline(time.Now().Add(lingering))
	var b [4096]byte
	n, err := c.Read(b[:])
	if n > 0 {
		s.ledger.do(func() { s.ledger.seen.Late++ })
		t.abort()
		return
	}
	if err != nil {
		t.Close()
	}
}
