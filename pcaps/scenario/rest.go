package scenario

import (
	"sync"
	"time"
)

// How long things take depends on what else a machine does. So that a scenario comes out the
// same on a busy one, servers do not go by the clock alone: they wait until a client that is at
// work has come to rest, and has asked for all that it will ask for at once.

// atOnce is how long a client at rest may take for what it asks for at once.
const atOnce = 60 * time.Millisecond

// mostRest is how long a client that never rests is waited for.
const mostRest = 10 * time.Second

// looking is how often it is looked at whether a client is at work.
const looking = 10 * time.Millisecond

// A rest is how long a client has been seen at rest. Only looks count: while nobody gets to look,
// on a busy machine, the client may not have got to work either.
type rest struct {
	mu       sync.Mutex
	watched  bool          // by somebody who can say
	now      time.Duration // since it was last seen at work
	together time.Duration // in all
}

// Watch has the server ask atWork, from now on, whether the client is at work: whether it
// computes, or would if it had a processor. Where nobody can say that, a client is taken to be
// at rest, and the clock alone counts.
func (s *Server) Watch(atWork func() bool) {
	r := &s.rest
	r.mu.Lock()
	r.watched = true
	r.mu.Unlock()
	s.running.Go(func() {
		for s.sleep(looking) {
			works := atWork()
			r.mu.Lock()
			r.now, r.together = r.now+looking, r.together+looking
			if works {
				r.now, r.together = 0, r.together-looking
			}
			r.mu.Unlock()
		}
	})
}

// rested is how long the client has been at rest, now and in all.
func (s *Server) rested() (now, together time.Duration) {
	r := &s.rest
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.watched {
		return time.Since(s.Trace.start), time.Since(s.Trace.start)
	}
	return r.now, r.together
}

// gather waits until all URLs that are handed out with this one have been asked for, or will
// hardly be: so those that are asked for at once are outstanding at once. It reports whether the
// server still runs then.
func (s *Server) gather(url int) bool {
	first, end := s.Scenario.Step(url)
	for began := time.Now(); !s.ledger.came(first, end); {
		rested, _ := s.rested()
		if d := time.Since(began); min(d, rested) > atOnce || d > mostRest {
			break
		}
		if !s.sleep(asking) {
			return false
		}
	}
	return true
}

// Step returns the URLs that are handed out with this one: from first to before end.
func (s *Scenario) Step(url int) (first, end int) {
	for _, t := range s.steps {
		if end = first + t.urls; url < end {
			break
		}
		first = end
	}
	return first, end
}
