package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

const (
	legsKept  = 256                    // connections of each kind that wait for their other leg
	relayLag  = 10 * time.Millisecond  // within which a relay passes a close on
	shortWait = 100 * time.Millisecond // no idle timeout is shorter
)

// relays pairs the two legs of a blind relay (RFC 9112 appendix C.2.2): the
// client's request after the first is never answered, because the relay waits
// for the origin to close, which waits for the next request in turn.
type relays struct {
	fronts, origins recent
}

// recent are the latest connections of a kind, at most legsKept.
type recent struct {
	list []Conn
	next int
}

func (r *recent) add(c *Conn) {
	if len(r.list) < legsKept {
		r.list = append(r.list, *c)
		return
	}
	r.list[r.next] = *c
	r.next = (r.next + 1) % legsKept
}

// note takes a connection and finds its other leg among those before it.
func (r *relays) note(c *Conn) (Found, bool) {
	if c.ClosedBy != event.Server || !c.LastPromised || c.LastEnd.Packet == 0 || c.Closed.Time.Sub(c.LastEnd.Time) < shortWait {
		return Found{}, false
	}
	switch {
	case c.Ignored.Packet != 0:
		for i := range r.origins.list {
			if o := &r.origins.list[i]; blind(c, o) {
				return blindProxy(c, o), true
			}
		}
		r.fronts.add(c)
	case c.LastComplete && c.Transactions == 1:
		for i := range r.fronts.list {
			if f := &r.fronts.list[i]; blind(f, c) {
				return blindProxy(f, c), true
			}
		}
		r.origins.add(c)
	}
	return Found{}, false
}

// blind reports that front and origin are the legs of one relay: the origin's
// was opened during the client's, brought the response, and its end brought the
// client's end, which came too late for a request that had waited.
func blind(front, origin *Conn) bool {
	lag := front.Closed.Time.Sub(origin.Closed.Time)
	return front.Server == origin.Client && front.First.Time < origin.First.Time &&
		origin.LastEnd.Time <= front.LastEnd.Time && front.Ignored.Time < origin.Closed.Time &&
		0 <= lag && lag <= max(relayLag, front.RTT)
}

func blindProxy(front, origin *Conn) Found {
	return Found{ID: "blind-proxy", Connections: []int64{front.ID, origin.ID}, Evidence: Evidence{
		Packets:    []int64{front.LastEnd.Packet, front.Ignored.Packet, origin.Closed.Packet, front.Closed.Packet},
		Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d and #%d are the two legs of a relay at %v: the response was complete and promised persistence (packet %d), "+
			"but the next request (packet %d) was not answered in %v; when the origin closed (packet %d), the relay closed too (packet %d)",
			front.ID, origin.ID, front.Server.Netip(), front.LastEnd.Packet, front.Ignored.Packet,
			segment.Span(front.Closed.Time.Sub(front.Ignored.Time)), origin.Closed.Packet, front.Closed.Packet),
	}}
}
