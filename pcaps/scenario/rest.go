package scenario

import (
	"sync/atomic"
	"time"
)

// How long things take depends on what else a machine does. So that a scenario comes out the
// same on a busy one, servers do not go by the clock alone: they wait until a client that is at
// work has come to rest, and has asked for all that it will ask for at once.

// atOnce is how long a client at rest may take for what it asks for at once.
const atOnce = 60 * time.Millisecond

// mostRest is how long a client that never rests is waited for.
const mostRest = 3 * time.Second

// looking is how often it is looked at whether a client is at work.
const looking = 10 * time.Millisecond

// A restlessness is when a client was last seen at work, in nanoseconds since its server started.
type restlessness struct{ last atomic.Int64 }

// Watch has the server ask atWork, from now on, whether the client is at work: whether it
// computes, or would if it had a processor. Where nobody can say that, a client is taken to be
// at rest, and the clock alone counts.
func (s *Server) Watch(atWork func() bool) {
	s.running.Go(func() {
		for s.sleep(looking) {
			if atWork() {
				s.restless.last.Store(int64(time.Since(s.Trace.start)))
			}
		}
	})
}

// rested is how long the client has been at rest.
func (s *Server) rested() time.Duration {
	return time.Since(s.Trace.start) - time.Duration(s.restless.last.Load())
}

// gather waits until all URLs that are handed out with this one have been asked for, or will
// hardly be: so those that are asked for at once are outstanding at once. It reports whether the
// server still runs then.
func (s *Server) gather(url int) bool {
	first, end := s.Scenario.stepOf(url)
	for began := time.Now(); !s.ledger.came(first, end); {
		if d := time.Since(began); d > atOnce && s.rested() > atOnce || d > mostRest {
			break
		}
		if !s.sleep(asking) {
			return false
		}
	}
	return true
}

// stepOf returns the URLs that are handed out with this one: from first to before end.
func (s *Scenario) stepOf(url int) (first, end int) {
	for _, t := range s.steps {
		if end = first + t.urls; url < end {
			break
		}
		first = end
	}
	return first, end
}
