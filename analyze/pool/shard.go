package pool

import "tcpwarm/capture/segment"

// ClientShards is how many shards the clients are sorted into. What one client does is
// nothing to another, so each shard has a time of its own: to handle much of one before the
// next keeps what is looked at in the cache.
const ClientShards = 128

// A clientShard is some of the clients, and all that is known of them.
type clientShard struct {
	judge      *Judge
	now        segment.Time // of its latest event
	clients    map[segment.Addr]*client
	pools      poolList
	lastSerial int64   // of the pool that began last
	dirty      []*Pool // that the next Advance looks at
	free       freeLists

	taken        int         // bytes: see memory.go
	unopened     int         // pools of which no connection is open
	ready        []*Decision // that have become final
	changes      []VerdictChange
	decidedEarly int64 // how often too little was known

	eviction
}

// markDirty has p decide what it can, and the next Advance look at it.
func (s *clientShard) markDirty(p *Pool) {
	limit := s.judge.maxQueued
	// Where there is little to look at it decides at once: now it is in the cache.
	little := len(p.outstanding) <= few && len(p.clientServers) <= few
	if little || len(p.queue) > limit {
		p.decide(s, s.now)
	}
	if len(p.queue) > limit {
		s.decidedEarly++
		p.force(s, limit/2)
	}
	if !p.dirty && (len(p.queue) > 0 || s.judge.TrackVerdicts) {
		p.dirty = true
		s.dirty = append(s.dirty, p)
	}
}

// advance looks at the dirty pools: they decide what can be decided now.
func (s *clientShard) advance() {
	waiting := s.dirty[:0]
	for _, p := range s.dirty {
		p.dirty = false
		switch {
		case !p.merged:
			p.decide(s, s.now)
			s.noteVerdict(p)
			if p.dirty = p.waitsForTime(s.now); p.dirty {
				waiting = append(waiting, p)
			}
		case p.evicted:
			s.recycle(p)
		}
	}
	s.dirty = waiting
}

// noteVerdict notes p's verdict if it has changed since it was last reported.
func (s *clientShard) noteVerdict(p *Pool) {
	if !s.judge.TrackVerdicts || p.decided == 0 {
		return
	}
	if is, _ := p.verdict(); is != p.lastReported {
		s.changes = append(s.changes, VerdictChange{p, s.now, p.lastReported, is})
		p.lastReported = is
	}
}

// decideRest decides all that p still waits with.
func (s *clientShard) decideRest(p *Pool) { p.replayUntil(s, 1<<63-1, 1<<63-1) }

// conclude decides all of p and its verdict.
func (s *clientShard) conclude(p *Pool) {
	s.decideRest(p)
	s.commitCloses(p)
	for _, d := range p.provisional {
		s.handOver(p, d)
	}
	s.taken -= provisionalSize * len(p.provisional)
	p.provisional = nil
	p.Verdict, p.WithheldBecause = p.verdict()
	if p.Verdict == NotKnown {
		p.withhold(p.WithheldBecause)
	} else if why := s.judge.WithheldBecause; why != "" && p.Avoidable == 0 {
		p.withhold(why)
	}
}
