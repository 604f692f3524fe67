package pool

// Detectors watch what happens in one pool, beside the ideal client: each keeps what one
// kind of finding rests on.
type detectors struct {
	idle        idleTimes  // idle-timeout, timeout-mismatch-risk
	churn       churn      // pool-too-small
	lifetimes   *Lifetimes // max-requests and max-age; nil: the server ended none right after a response
	statuses    *Statuses  // after-status; nil: no connection was used again, nor left
	atLimit     tally      // h2-stream-limit: transactions that brought a connection to its limit
	declined    tally      // h2-not-negotiated: connections that offered HTTP/2 in vain
	probed      tally      // keepalive-probes-only: connections that TCP's probes kept alive for no second transaction
	tunnels     bool       // connect-per-request: the pool's connections are CONNECT's
	split       Split      // pool-key-split and h2-not-coalesced; none where Conn is 0
	lastIdle    latest     // the connection that became idle last, for other pools' split
	lastStreams latest     // HTTP/2's that was used last, likewise
}

// merge adds what the detectors of a pool have seen that turned out to be the same pool:
// together they come to what one pool's had come to from the beginning. What o no longer
// needs is d's.
func (d *detectors) merge(o *detectors) {
	d.idle.merge(&o.idle)
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
	d.atLimit.merge(&o.atLimit)
	d.declined.merge(&o.declined)
	d.probed.merge(&o.probed)
	d.tunnels = d.tunnels || o.tunnels
	if d.split.Conn == 0 || o.split.Conn != 0 && o.split.Packet < d.split.Packet {
		d.split = o.split
	}
	d.lastIdle.merge(o.lastIdle)
	d.lastStreams.merge(o.lastStreams)
}

// Tunnels reports whether p's connections are CONNECT's, to one target.
func (p *Pool) Tunnels() bool { return p.detectors.tunnels }

// AtLimit returns how many transactions brought their HTTP/2 connection to the
// streams that the server permits at once, and the first.
func (p *Pool) AtLimit() (n, conn, packet int64) { return p.detectors.atLimit.get() }

// Probed returns how many connections were kept alive by TCP's probes and never carried
// a second transaction, the first, and the packet of its first probe.
func (p *Pool) Probed() (n, conn, packet int64) { return p.detectors.probed.get() }

// Declined returns how many connections offered HTTP/2 in vain, and the first.
func (p *Pool) Declined() (n, conn, packet int64) { return p.detectors.declined.get() }

// A tally counts something and keeps the first.
type tally struct {
	n            int64
	conn, packet int64
}

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
