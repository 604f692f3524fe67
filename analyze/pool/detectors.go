package pool

import "tcpwarm/capture/segment"

// Detectors watch what happens in one pool, beside the ideal client. Each keeps what one kind
// of finding rests on; the finding itself is verdict's.
type detectors struct {
	idle     idleTimes // for idle-timeout and timeout-mismatch-risk
	turns    Turns     // for parallel-pools
	crowding Crowding  // for pool-at-its-limit

	// What other pools' split asks.
	lastIdle    latest // the connection that became idle last
	lastStreams latest // of those that speak HTTP/2 the one that was used last

	rare *rareDetectors // nil: they have seen nothing
}

// RareDetectors are those that have nothing to watch in most pools: many pools have one connection.
type rareDetectors struct {
	churn     churn      // for pool-too-small
	lifetimes *Lifetimes // for max-requests and max-age; nil: the server ended none right after a response
	statuses  *Statuses  // for after-status; nil: no connection was used again, nor left
	shares    []Share    // for spread-uneven
	sharesCut bool       // there were more addresses
	tunnels   bool       // for connect-per-request: the pool's connections are CONNECT's
	atLimit   tally      // for h2-stream-limit: transactions that brought a connection to its limit
	oneStream oneStream  // for the same where the limit is one
	declined  tally      // for h2-not-negotiated: connections that offered HTTP/2 in vain
	probed    tally      // for keepalive-probes-only: connections that probes kept alive for no second transaction
	overLimit tally      // for pool-too-small: idle connections that were closed as the client keeps no more over all servers
	keeps     int32      // how many it does, 0: not known
	split     Split      // for pool-key-split and h2-not-coalesced; Conn is 0: none
}

// seenNothing is what rare detectors that have seen nothing are; it is never written.
var seenNothing rareDetectors

// seen returns what p's rare detectors have seen, not to be written.
func (p *Pool) seen() *rareDetectors {
	if r := p.detectors.rare; r != nil {
		return r
	}
	return &seenNothing
}

// rare returns p's rare detectors, to be written.
func (s *clientShard) rare(p *Pool) *rareDetectors {
	r := p.detectors.rare
	if r == nil {
		r = s.free.rare.Get()
		*r = rareDetectors{shares: r.shares[:0]}
		p.detectors.rare = r
		s.taken += rareSize
	}
	return r
}

// merge adds what the detectors of a pool have seen that turned out to be the same one:
// together they come to what one pool's would have come to from the beginning, but for those in
// load.go. What d takes
// over o no longer has, for both serve again.
func (d *detectors) merge(o *detectors) {
	d.idle.merge(&o.idle)
	d.turns.merge(&o.turns)
	d.crowding.merge(&o.crowding)
	d.lastIdle.merge(o.lastIdle)
	d.lastStreams.merge(o.lastStreams)
	if d.rare == nil {
		d.rare, o.rare = o.rare, nil
	} else if o.rare != nil {
		d.rare.merge(o.rare)
	}
}

// merge adds what the rare detectors of a pool have seen that turned out to be the same one.
func (d *rareDetectors) merge(o *rareDetectors) {
	d.churn.merge(&o.churn)
	if d.lifetimes == nil {
		d.lifetimes, o.lifetimes = o.lifetimes, nil
	} else if o.lifetimes != nil {
		d.lifetimes.merge(o.lifetimes)
	}
	if d.statuses == nil {
		d.statuses, o.statuses = o.statuses, nil
	} else if o.statuses != nil {
		d.statuses.merge(o.statuses)
	}
	d.mergeShares(o)
	d.atLimit.merge(&o.atLimit)
	d.oneStream.merge(&o.oneStream)
	d.declined.merge(&o.declined)
	d.probed.merge(&o.probed)
	d.overLimit.merge(&o.overLimit)
	d.keeps = max(d.keeps, o.keeps)
	d.tunnels = d.tunnels || o.tunnels
	if d.split.Conn == 0 || o.split.Conn != 0 && o.split.Packet < d.split.Packet {
		d.split = o.split
	}
}

// Tunnels reports whether p's connections are CONNECT's, to one target.
func (p *Pool) Tunnels() bool { return p.seen().tunnels }

// AtLimit returns how many transactions brought their HTTP/2 connection to the
// streams that the server permits at once, and the first. Where that is one, every transaction does:
// they count only where that made the client open another connection.
func (p *Pool) AtLimit() (n, conn, packet int64) {
	all := p.seen().atLimit
	if one := &p.seen().oneStream; one.opened > 0 {
		all.merge(&one.used)
	}
	return all.get()
}

// OneStream is what is seen of connections on which the server permits one stream at once.
type oneStream struct {
	used   tally        // transactions on them
	since  segment.Time // when the client first knew of the limit, valid if there are any
	opened int64        // connections opened since then because all were in use
}

// requested notes a transaction on c.
func (x *oneStream) requested(c *Conn, packet int64) {
	if x.used.n == 0 || c.limitKnownAt < x.since {
		x.since = c.limitKnownAt
	}
	x.used.add(c.id, packet)
}

// allInUse notes that a connection was opened at an instant because all were in use.
func (x *oneStream) allInUse(at segment.Time) {
	if x.used.n > 0 && at >= x.since {
		x.opened++
	}
}

// merge adds what was seen of a pool that is the same one.
func (x *oneStream) merge(o *oneStream) {
	if x.used.n == 0 || o.used.n > 0 && o.since < x.since {
		x.since = o.since
	}
	x.used.merge(&o.used)
	x.opened += o.opened
}

// Probed returns how many connections were kept alive by TCP's probes and never carried
// a second transaction, the first, and the packet of its first probe.
func (p *Pool) Probed() (n, conn, packet int64) { return p.seen().probed.get() }

// Declined returns how many connections offered HTTP/2 in vain, and the first.
func (p *Pool) Declined() (n, conn, packet int64) { return p.seen().declined.get() }

// A tally counts something and keeps where it came first.
type tally struct {
	n            int64
	conn, packet int64 // of the first
}

// add counts one more.
func (t *tally) add(conn, packet int64) {
	if t.n++; t.n == 1 {
		t.conn, t.packet = conn, packet
	}
}

// merge adds what o counts.
func (t *tally) merge(o *tally) {
	if t.n == 0 || o.n > 0 && o.packet < t.packet {
		t.conn, t.packet = o.conn, o.packet
	}
	t.n += o.n
}

func (t *tally) get() (n, conn, packet int64) { return t.n, t.conn, t.packet }

// A latest is the connection to which something happened last.
type latest struct {
	conn   *Conn // nil: to none
	packet int64
}

// merge takes o's if that was later.
func (l *latest) merge(o latest) {
	if o.packet > l.packet {
		*l = o
	}
}
