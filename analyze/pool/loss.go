package pool

import (
	"slices"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A loss is a connection that the ideal client had and lost without its doing, or that it
// could not have. It explains one later opening.
type loss struct {
	cause        Cause
	server       segment.Endpoint
	conn         *Conn
	packet       int64
	idle         time.Duration // how long it had idled, valid if conn.obeyed
	mayHaveAsked bool          // the client may have asked for it
	inferred     bool          // it rests on transactions that are
	manner       closeManner
}

// A closeManner says how the server closed a connection.
type closeManner struct {
	atOnce bool // right after a response, or while it carried requests: it was not idle
	goAway bool // by HTTP/2's GOAWAY
	blamed bool // by a GOAWAY that says that the client did wrong
	unseen bool // by a FIN that the capture lacks
	left   bool // by a GOAWAY that left out what was asked on it: that may be asked again
}

// manner returns how the server closed c, which has idled since an instant.
func (c *Conn) manner(idleSince segment.Time) closeManner {
	g := c.goAway
	return closeManner{
		atOnce: c.closedAtOnce(idleSince),
		goAway: g != nil,
		blamed: g != nil && !g.FromClient && g.BlamesPeer,
		unseen: c.finUnseen,
	}
}

// maxLosses bounds the losses that still explain something; the oldest go.
const maxLosses = 4096

// addLoss adds losses, the latest last.
func (r *replay) addLoss(l ...loss) {
	r.losses = append(r.losses, l...)
	if over := len(r.losses) - maxLosses; over > 0 {
		r.losses = slices.Delete(r.losses, 0, over)
	}
}

// takeLoss returns the loss that explains an opening to server, and forgets it: the latest,
// of the same server if there is one.
func (r *replay) takeLoss(server segment.Endpoint) (loss, bool) {
	if len(r.losses) == 0 {
		return loss{}, false
	}
	k := len(r.losses) - 1
	for i := k; i >= 0; i-- {
		if r.losses[i].server == server {
			k = i
			break
		}
	}
	l := r.losses[k]
	r.losses = slices.Delete(r.losses, k, k+1)
	if l.cause == SilentDrop && l.server != server {
		l.cause = l.conn.otherwise()
	}
	return l, true
}

// otherwise says what became of c, whose server left data unacknowledged, where nothing shows that
// it was c that was dead and not the server: another connection there that works would.
func (c *Conn) otherwise() Cause {
	switch c.closedBy {
	case event.Client:
		return RequestAbandoned
	case event.Server:
		return Reset
	}
	return Concurrent
}

// forgetLoss forgets the latest loss of c, if there is one.
func (r *replay) forgetLoss(c *Conn) {
	for k := len(r.losses) - 1; k >= 0; k-- {
		if r.losses[k].conn == c {
			r.losses = slices.Delete(r.losses, k, k+1)
			return
		}
	}
}

// lossAfter says why c is lost with the end of o, "" if it is not.
func lossAfter(c *Conn, o *occupation) Cause {
	switch {
	case o.outcome == event.Consumed:
		return UsedUp
	case o.dead:
		return SilentDrop
	case o.unserved: // the server said so in words, and broke nothing off
		return ServerClosed
	case o.refusedByServer():
		return Reset
	case o.givenUp():
		return RequestAbandoned
	case o.endsConn:
		return ServerSaidClose
	case c.tokenLost:
		return c.serverCause()
	}
	return ""
}

// refusedByServer reports whether the server ended o's connection instead of serving it. After a GOAWAY it may serve
// what was on its way (RFC 9113 section 6.8).
func (o *occupation) refusedByServer() bool {
	return o.outcome != event.Consumed && (o.stale && o.outcome != event.Complete || o.serverLeft())
}

// serverLeft reports whether the server ended o's connection instead of answering.
func (o *occupation) serverLeft() bool {
	return o.outcome == event.Unanswered && o.conn.closedBy == event.Server
}

// givenUp reports whether the client closed o's connection while it waited for an answer of
// which nothing had come. HTTP/1 has no other way to take a request back, and an answer that
// came late would be taken for the next request's (RFC 9112 section 9.5). HTTP/2 has
// RST_STREAM, which ends a stream and nothing else (RFC 9113 section 5.4.2).
func (o *occupation) givenUp() bool {
	return o.outcome == event.Unanswered && o.conn.closedBy == event.Client && o.conn.streamLimit == 0
}

// serverCause returns what the server did to c, which idled.
func (c *Conn) serverCause() Cause {
	if c.byReset && !c.obeyed {
		return Reset
	}
	return ServerClosed
}

// mayHaveAsked reports whether c, idle since an instant, may have been closed by the
// server because a request that could not be read asked for it: then at once.
func (c *Conn) mayHaveAsked(idleSince segment.Time) bool {
	return c.mayHideClose && !c.obeyed && c.closedAtOnce(idleSince)
}
