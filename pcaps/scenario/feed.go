package scenario

import (
	"context"
	"io"
	"strings"
	"time"
)

// Patience is how long a client is waited for while it rests.
type Patience struct {
	First time.Duration // for its first request: a program has to start
	Next  time.Duration // for the answer to what was handed out after that
	Then  time.Duration // the same, once something had no answer
	End   time.Duration // to end, once its input has
}

// Feed hands the URLs out to w, a line each, as the scenario has them come: those of a step
// together, the next when they are answered and its pause is over. A client that fetches
// nothing while its input is open gets the rest at once: then atEnd is true, and pauses are
// lost. Feed returns early when ctx ends, as it has to with the command.
func (s *Server) Feed(ctx context.Context, w io.Writer, p Patience) (atEnd bool) {
	urls := s.URLs()
	first := 0
	for i, t := range s.Scenario.steps {
		end := first + t.urls
		if !write(w, urls[first:end]) {
			return false
		}
		switch s.await(ctx, first, end, p) {
		case gone:
			return false
		case late:
			if !s.ledger.met() {
				write(w, urls[end:])
				return true
			}
			p.Next = min(p.Next, p.Then)
		}
		pause := t.pause
		if i == len(s.Scenario.steps)-1 { // a client that ends closes all: that must not look like the last request's doing
			pause = gap
		}
		if first = end; !wait(ctx, pause) || !s.between(ctx) {
			return false
		}
	}
	return false
}

// between waits, between steps, until the client has rested for a while and acknowledged what it has
// to, and the server has ended what it ends. It reports whether ctx goes on then.
func (s *Server) between(ctx context.Context) bool {
	for began := time.Now(); time.Since(began) < mostRest; {
		if rested, _ := s.rested(); rested > gap && !s.ledger.waits() && (!s.Scenario.Prevents || s.allEnded(server)) {
			break
		}
		if !wait(ctx, asking) {
			return false
		}
	}
	return true
}

// write hands out URLs in one piece, and reports whether anybody takes them.
func write(w io.Writer, urls []string) bool {
	if len(urls) == 0 {
		return true
	}
	_, err := io.WriteString(w, strings.Join(urls, "\n")+"\n")
	return err == nil
}

// What came of waiting for a client.
const (
	settled = iota
	late
	gone
)

// asking is how often the ledger is looked at.
const asking = 2 * time.Millisecond

// await waits until URLs from first to before end are settled.
func (s *Server) await(ctx context.Context, first, end int, p Patience) int {
	_, before := s.rested()
	for {
		rested, together := s.rested()
		if s.ledger.settled(first, end, rested) {
			return settled
		}
		if waited := together - before; waited > p.Next && (s.ledger.met() || waited > p.First) {
			return late
		}
		if !wait(ctx, asking) {
			return gone
		}
	}
}

// wait waits, and reports whether ctx goes on then.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
