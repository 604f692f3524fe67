package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// The Turns detector watches connections that serve one authority in turns, each idle while
// another works: several pools side by side.
type Turns struct {
	Returns      int64 // requests on a connection used before, after one on another that was idle again by then
	Conn, Packet int64 // of the first
	Single       int64 // connections that carried one request alone

	latest *Conn // that a request was sent on; nil: on none
}

// requested notes a request on c, which idled if idle.
func (t *Turns) requested(c *Conn, idle bool, packet int64) {
	r := t.latest
	t.latest = c
	if r == nil || r == c || !idle || c.n < 2 || !r.idle() || r.closedBy != event.Nobody || r.ended {
		return
	}
	if t.Returns++; t.Returns == 1 {
		t.Conn, t.Packet = c.id, packet
	}
}

// merge adds what was seen of a pool that is the same one; how the two had taken turns with each
// other was not seen, so Returns is a lower bound.
func (t *Turns) merge(o *Turns) {
	if o.Returns > 0 && (t.Returns == 0 || o.Packet < t.Packet) {
		t.Conn, t.Packet = o.Conn, o.Packet
	}
	t.Returns += o.Returns
	t.Single += o.Single
}

// Turns returns how p's connections were used in turns.
func (p *Pool) Turns() Turns { return p.detectors.turns }

// The Crowding detector watches how a client goes on while all its connections are in use.
type Crowding struct {
	Peak         int64 // the most connections in use at once
	Full         int64 // requests that brought as many into use again
	Prompt       int64 // of these, those that followed at once upon the response before on their connection
	Below        int64 // requests on used connections while fewer were in use
	Conn, Packet int64 // of the first of Full
}

// atOnceNext is how soon after a response a request follows that waited for it in the client:
// no program looks at a response in the meantime.
const atOnceNext = 5 * time.Millisecond

// requested notes a request on c, which had idled for a time if it was used before, and how many
// connections are in use with it.
func (x *Crowding) requested(c *Conn, inUse int64, idle bool, idleFor time.Duration, packet int64) {
	switch {
	case inUse > x.Peak:
		*x = Crowding{Peak: inUse}
	case !idle:
	case inUse < x.Peak:
		x.Below++
	default:
		if x.Full++; x.Full == 1 {
			x.Conn, x.Packet = c.id, packet
		}
		if idleFor <= atOnceNext {
			x.Prompt++
		}
	}
}

// merge takes over what was seen of a pool that is the same one if that was fuller: how many
// were in use in both at once was not seen.
func (x *Crowding) merge(o *Crowding) {
	if o.Peak > x.Peak {
		*x = *o
	}
}

// Crowding returns how p's client went on with all its connections in use.
func (p *Pool) Crowding() Crowding { return p.detectors.crowding }

// maxAddresses bounds the addresses of one pool that are told apart.
const maxAddresses = 64

// A Share is what one address of a pool has got.
type Share struct {
	Server    segment.Endpoint
	Conns     int64        // used ones
	Oldest    segment.Time // when the first of them was opened
	Requests  int64        // since the pool has several addresses
	Contested int64        // of these, those that another address had an open connection for

	open int
}

// share counts a request on c, if p has several addresses.
func (s *clientShard) share(p *Pool, c *Conn) {
	if len(p.clientServers) < 2 {
		return
	}
	rare := s.rare(p)
	own, others := rare.shareOf(c.server()), false
	if own == nil {
		return
	}
	if !c.shared {
		c.shared = true
		if own.Conns == 0 || c.opened < own.Oldest {
			own.Oldest = c.opened
		}
		own.Conns++
		if c.closedBy == event.Nobody {
			own.open++
		}
	}
	for i := range rare.shares {
		if x := &rare.shares[i]; x.Server != c.server() && x.open > 0 {
			others = true
		}
	}
	if own.Requests++; others {
		own.Contested++
	}
}

// unshare notes that c was closed.
func (p *Pool) unshare(c *Conn) {
	if c.shared {
		if x := p.detectors.rare.shareOf(c.server()); x != nil {
			x.open--
		}
	}
}

// reshare notes that c was not closed after all.
func (p *Pool) reshare(c *Conn) {
	if c.shared {
		if x := p.detectors.rare.shareOf(c.server()); x != nil {
			x.open++
		}
	}
}

// shareOf returns what is counted of server, nil if there are too many.
func (d *rareDetectors) shareOf(server segment.Endpoint) *Share {
	for i := range d.shares {
		if d.shares[i].Server == server {
			return &d.shares[i]
		}
	}
	if len(d.shares) == maxAddresses {
		d.sharesCut = true
		return nil
	}
	d.shares = append(d.shares, Share{Server: server})
	return &d.shares[len(d.shares)-1]
}

// mergeShares adds what the addresses of a pool got that is the same one; what the two had the
// choice of together was not seen.
func (d *rareDetectors) mergeShares(o *rareDetectors) {
	d.sharesCut = d.sharesCut || o.sharesCut
	for _, from := range o.shares {
		x := d.shareOf(from.Server)
		if x == nil {
			continue
		}
		if x.Conns == 0 || from.Conns > 0 && from.Oldest < x.Oldest {
			x.Oldest = from.Oldest
		}
		x.Conns += from.Conns
		x.Requests += from.Requests
		x.Contested += from.Contested
		x.open += from.open
	}
}

// Shares returns what p's addresses have got, none if it has one.
func (p *Pool) Shares() []Share { return p.seen().shares }

// SharesCut reports whether p has more addresses than Shares returns.
func (p *Pool) SharesCut() bool { return p.seen().sharesCut }
