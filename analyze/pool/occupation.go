package pool

import (
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// An occupation is a run of pipelined transactions on one connection, from the first
// request to the last response: that long nothing else can have the connection. Of HTTP/2
// each stream is one.
type occupation struct {
	conn        *Conn
	token       *token       // what carries it for the ideal client, nil if nothing does
	demand      segment.Time // when it needs a connection: the SYN where it is the first and not opened ahead
	packet      int64        // of the demand
	end         segment.Time
	outstanding int32 // transactions without an answer yet
	index       int32 // in its pool's outstanding

	lastUse

	// There may be one of each idle connection: its flags lie together, to take less.
	first         bool // it is its connection's first
	ahead         bool // and the connection was opened before anybody needed it
	dead          bool // its connection was from its end on
	binds         bool // the user is authenticated with it, or told to be
	alone         bool // nothing else was outstanding when its request was sent
	saysClose     bool // its latest response said close
	endsConn      bool // and that did end the connection
	ignored       bool // nothing of it is judged
	stale         bool // it was sent on a connection that the server had already ended
	started       bool // the ideal client has acted on its demand
	endKnown      bool
	closeDeferred bool // endKnown, but not whether saysClose ended the connection
}

// A lastUse is what an occupation leaves behind on its connection: how the latest
// transaction of it ended.
type lastUse struct {
	n            int32 // that transaction
	outcome      event.Outcome
	status       uint16 // of its response, 0: not known
	certain      bool   // outcome is
	asksClose    bool   // its request asked for the end
	mayHaveAsked bool   // its request may have: something of its head could not be read
	mayHideClose bool   // of its response's head something could not be read
	refused      bool   // the server refused it, and not its connection
	unserved     bool   // the server ended its connection by a GOAWAY that leaves it out
	endPacket    int64
	announced    time.Duration // the timeout that the server had announced by then, 0: none
}

// addOutstanding notes that o has begun.
func (r *replay) addOutstanding(o *occupation) {
	o.index = int32(len(r.outstanding))
	r.outstanding = append(r.outstanding, o)
}

// deferClose keeps o, whose response said close, until it shows what that came to: where
// its connection carries another transaction, it ended nothing.
func (p *Pool) deferClose(o *occupation) {
	p.resolveClose(o.conn, false)
	o.closeDeferred, o.conn.deferred = true, o
	p.deferredCloses++
}

// resolveClose says what c's latest response came to, if that said close: it ended the
// connection, or nothing.
func (p *Pool) resolveClose(c *Conn, ended bool) {
	if c.deferred != nil {
		p.queueEnd(c.deferred, ended)
	}
}

// queueEnd hands the end of o, which is known, to the ideal client.
func (p *Pool) queueEnd(o *occupation, endsConn bool) {
	n := len(p.outstanding) - 1
	latest := p.outstanding[n]
	p.outstanding[o.index], latest.index = latest, o.index
	p.outstanding[n], p.outstanding = nil, p.outstanding[:n]
	if o.closeDeferred {
		o.closeDeferred, o.conn.deferred = false, nil
		p.deferredCloses--
	}
	o.endsConn = endsConn
	o.conn.lastEnd = moment{o.end, o.endPacket}
	// What a client abandoned ended when its window last moved, which may have
	// been before it asked; but no end comes before its own demand.
	end := o.end
	if end < o.demand || end == o.demand && o.endPacket <= o.packet { // a clock may be coarse: then packets tell
		end = o.demand.Add(1)
	}
	p.queueAction(action{at: end, packet: o.endPacket, kind: occupationEnds, conn: o.conn, occ: o})
}

// A moment is an instant and its packet, or that which shows it; zero: it is not known.
type moment struct {
	at     segment.Time
	packet int64 // from 1 on
}

func (m *moment) known() bool { return m.packet != 0 }
