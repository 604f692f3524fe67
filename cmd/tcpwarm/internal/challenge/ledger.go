package challenge

import (
	"slices"
	"sync"
	"time"
)

// A request is one that a server has read, and what came of it.
type request struct {
	url        int // which of the URLs handed out, from 0; -1: none of them
	method     string
	protocol   string
	conditions string    // what the scenario's Asks may look for: some of the head's fields
	begun      time.Time // of its final response, zero if there was none
	done       bool      // the final response was written to its end
	again      string    // why the client has to come again, "" if it has not
}

// Why a client has to come again.
const (
	redirect  = "redirected"
	authorise = "to authorise"
	lost      = "the connection was ended instead of an answer"
)

// A ledger is what a server notes of its clients. It is safe for concurrent use.
type ledger struct {
	mu        sync.Mutex
	requests  []*request
	late      int    // connections on which something came after the server had ended them
	handshake string // why the last TLS handshake failed, "" if none did
	pings     int    // that were not acknowledged in time
}

func (l *ledger) add(r *request) *request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r)
	return r
}

// do changes what is noted.
func (l *ledger) do(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// copied returns what was noted so far.
func (l *ledger) copied() (all []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.requests {
		all = append(all, *r)
	}
	return all
}

// settling is how long a response may take to be read, or a client to come again.
const settling = 300 * time.Millisecond

// settled reports whether URLs from first to before end have been answered, or will hardly
// be any further: one that is redirected may not be followed, a body may be left unread.
func (l *ledger) settled(first, end int) bool {
	all := l.copied()
	for url := first; url < end; url++ {
		ok := slices.ContainsFunc(all, func(r request) bool {
			return r.url == url && (r.done && r.again == "" || !r.begun.IsZero() && time.Since(r.begun) > settling)
		})
		if !ok {
			return false
		}
	}
	return true
}

// met reports whether a client has come: with a request, or a TLS handshake that failed.
func (l *ledger) met() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.requests) > 0 || l.handshake != ""
}

// isFirst reports whether r was the first request of all.
func (l *ledger) isFirst(r *request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests[0] == r
}
