package sockdiag

import (
	"sync"
	"time"

	"tcpwarm/capture/segment"
)

const (
	every    = 50 * time.Millisecond // how often is asked
	closest  = 5 * time.Millisecond  // two questions are no closer
	share    = 20                    // of the time, one part goes by asking at most
	longest  = 10 * time.Second      // sockets that have not answered for so long are gone
	newAfter = 10 * time.Millisecond // without payload: what comes then begins a message
)

// A Poller asks at intervals until it is closed.
type Poller struct {
	asker   asker
	nudge   chan struct{}
	stop    chan struct{}
	ended   sync.WaitGroup
	payload segment.Time // of the latest segment with payload

	mu  sync.Mutex
	log *Log
}

// An asker asks about all sockets once.
type asker interface {
	ask(func(id identity, algorithm string, a *Answer)) error
	close()
}

// New begins to ask, in the network namespace of the calling thread. alias returns by what ends a
// socket is looked for later; nil: by its own. The error says what the system lacks.
func New(alias func(Ends) []Ends) (*Poller, error) {
	a, err := newAsker()
	if err != nil {
		return nil, err
	}
	p := &Poller{asker: a, nudge: make(chan struct{}, 1), stop: make(chan struct{}), log: newLog(alias)}
	if err := p.once(); err != nil { // so it is known whether there are answers at all
		a.close()
		return nil, err
	}
	p.ended.Go(p.run)
	return p, nil
}

// run asks, with pauses that are longer where there are so many sockets that asking takes long.
func (p *Poller) run() {
	defer p.asker.close()
	pause := every
	for {
		select {
		case <-p.stop:
			p.once() // what is open at the end
			return
		case <-p.nudge:
		case <-time.After(pause):
		}
		began := time.Now()
		if p.once() != nil {
			return
		}
		took := share * time.Since(began)
		pause = max(every, took)
		select {
		case <-p.stop:
		case <-time.After(max(closest, took)):
		}
	}
}

func (p *Poller) once() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asker.ask(p.log.add)
}

// Look has the sockets asked about soon, if a message begins in b.
func (p *Poller) Look(b *segment.Batch) {
	if p == nil {
		return
	}
	begins := false
	for i := range b.Segments {
		if s := &b.Segments[i]; s.Len > 0 {
			begins = begins || s.Time.Sub(p.payload) > newAfter
			p.payload = s.Time
		}
	}
	if begins {
		select {
		case p.nudge <- struct{}{}:
		default:
		}
	}
}

// With calls f with what is known so far, which stays the poller's.
func (p *Poller) With(f func(*Log)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p.log)
}

// Close ends the asking. It may be called again.
func (p *Poller) Close() {
	if p == nil {
		return
	}
	select {
	case <-p.stop:
	default:
		close(p.stop)
	}
	p.ended.Wait()
}
