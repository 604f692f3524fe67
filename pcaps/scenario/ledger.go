package scenario

import (
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A Request is one that a server has read, and what came of it.
type Request struct {
	URL        int // which of the URLs handed out, from 0; -1: none of them
	Connection int // which of those that were accepted, from 0
	Method     string
	Path       string
	Status     int // of its final response, 0 if there was none
	Protocol   string
	Conditions string    // what the scenario's Asks may look for: some of the head's fields
	Begun      time.Time // of its final response, zero if there was none
	Done       bool      // the final response was written to its end
	Again      Again     // why the client has to come again, "" if it has not
}

// An Again is why a client has to come again for what it asked.
type Again string

// The reasons.
const (
	Redirected  Again = "redirected"
	ToAuthorise Again = "to authorise"
	Lost        Again = "the connection was ended instead of an answer"
	Refused     Again = "the stream was refused" // by REFUSED_STREAM (RFC 9113 section 8.7)
)

// Answered reports whether r was answered to its end, and that was all it asked for.
func (r *Request) Answered() bool { return r.Done && r.Again == "" }

// Unread reports whether r was answered, that was all it asked for, and the client left some of
// the answer unread.
func (r *Request) Unread() bool { return !r.Done && !r.Begun.IsZero() && r.Again == "" }

// A Connection is one that a server has accepted.
type Connection struct {
	Client, Server netip.AddrPort
	Opened         time.Time
	Ended          time.Time            // when the server was done with it
	TLS            *tls.ConnectionState // nil: in clear, or its handshake came to nothing
}

// Seen is what a server has noted of its clients.
type Seen struct {
	Connections []Connection // in the order they were accepted
	Requests    []Request
	Late        int    // connections on which something came after the server had ended them
	Handshake   string // why the last TLS handshake failed, "" if none did
	Pings       int    // that were not acknowledged in time
}

// A ledger is where a server notes what it sees. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	conns    []*Connection
	requests []*Request
	seen     Seen // but for the requests
	pinging  int  // PINGs of which it is not yet known whether they are acknowledged
}

// add notes a request that was read from a connection.
func (l *ledger) add(c *Connection, r *Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Connection = slices.Index(l.conns, c)
	l.requests = append(l.requests, r)
	return r
}

// open notes a connection that was accepted.
func (l *ledger) open(c *net.TCPConn) *Connection {
	n := &Connection{Opened: time.Now()}
	n.Client, n.Server = c.RemoteAddr().(*net.TCPAddr).AddrPort(), c.LocalAddr().(*net.TCPAddr).AddrPort()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, n)
	return n
}

// do changes what is noted.
func (l *ledger) do(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// copied returns what was noted so far.
func (l *ledger) copied() Seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	for _, c := range l.conns {
		seen.Connections = append(seen.Connections, *c)
	}
	for _, r := range l.requests {
		seen.Requests = append(seen.Requests, *r)
	}
	return seen
}

// settling is how long a response may take to be read, or a client to come again.
const settling = 300 * time.Millisecond

// came reports whether URLs from first to before end have been asked for.
func (l *ledger) came(first, end int) bool {
	all := l.copied().Requests
	for url := first; url < end; url++ {
		if !slices.ContainsFunc(all, func(r Request) bool { return r.URL == url }) {
			return false
		}
	}
	return true
}

// settled reports whether URLs from first to before end have been answered, or will hardly
// be any further by a client that has rested for some time: one that is redirected may not be
// followed, a body may be left unread.
func (l *ledger) settled(first, end int, rested time.Duration) bool {
	all := l.copied().Requests
	for url := first; url < end; url++ {
		ok := slices.ContainsFunc(all, func(r Request) bool {
			return r.URL == url && (r.Answered() || !r.Begun.IsZero() && min(time.Since(r.Begun), rested) > settling)
		})
		if !ok {
			return false
		}
	}
	return true
}

// waits reports whether a PING is still to be acknowledged.
func (l *ledger) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pinging > 0
}

// met reports whether a client has come: with a request, or a TLS handshake that failed.
func (l *ledger) met() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.requests) > 0 || l.seen.Handshake != ""
}

// isFirst reports whether r was the first request of all.
func (l *ledger) isFirst(r *Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests[0] == r
}
