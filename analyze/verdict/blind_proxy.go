package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// blindProxy is found on the two connections of a relay that passes on
// persistence it does not know (RFC 9112 appendix C.2.2): the client's request
// after the first is never answered, because the relay waits for the origin to
// close, which waits for the next request in turn.
var blindProxy = rule{
	Explanation: Explanation{
		Meaning: "Connection is for one hop (RFC 9110 section 7.6.1). A relay that passes it on makes both sides " +
			"expect persistence from each other, but takes the end of the origin's connection for the end of the " +
			"response: it does not read the client's next request, and all wait until the origin's idle timeout " +
			"(RFC 9112 appendix C.2.2).",
		Evidence: "On both legs a complete response with persistence promised; a request on the client's leg that " +
			"gets no answer; then the origin's timeout, and right after it the relay closes the client's leg.",
		RefutedBy: "the relay's log shows that it read the request",
		Remedy: "Consistent with a relay for HTTP/1.0 without persistence. Let it drop Connection and all fields " +
			"it names:",
		Knobs: []Knob{
			{"nginx", `proxy_http_version 1.1 and proxy_set_header Connection ""`},
			{"your own proxy", "before forwarding remove Connection, the fields it names, Keep-Alive and " +
				"Proxy-Connection"},
		},
	},
	across: func() tracker { return new(relays) },
}

const (
	legsKept  = 256                    // connections of each kind that wait for their other leg
	relayLag  = 10 * time.Millisecond  // within which a relay passes a close on
	shortWait = 100 * time.Millisecond // no idle timeout is shorter
)

// relays pairs the legs of relays: the client's connection to one, and the
// relay's own to the origin.
type relays struct {
	bound
	fronts, origins legs
}

// legs are the latest connections of a kind, at most legsKept.
type legs struct {
	list      []Conn
	next      int
	forgotten segment.Time // when the last to close of those left out closed, 0: none is
}

func (r *legs) add(c *Conn) {
	if len(r.list) < legsKept {
		r.list = append(r.list, *c)
		return
	}
	r.forgotten = max(r.forgotten, r.list[r.next].Closed.Time)
	r.list[r.next] = *c
	r.next = (r.next + 1) % legsKept
}

// note finds c's other leg among those before it.
func (r *relays) note(c *Conn) (Evidence, bool) {
	if c.ClosedBy != event.Server || !c.LastPromised || c.LastEnd.Packet == 0 ||
		c.Closed.Time.Sub(c.LastEnd.Time) < shortWait {
		return Evidence{}, false
	}
	switch {
	case c.Ignored.Packet != 0:
		for i := range r.origins.list {
			if o := &r.origins.list[i]; areLegs(c, o) {
				return relayWaits(c, o), true
			}
		}
		r.acted = r.acted || r.origins.forgotten != 0 && c.Closed.Time.Sub(r.origins.forgotten) <= c.relayLag()
		r.fronts.add(c)
	case c.LastComplete && c.Transactions == 1:
		for i := range r.fronts.list {
			if f := &r.fronts.list[i]; areLegs(f, c) {
				return relayWaits(f, c), true
			}
		}
		r.acted = r.acted || r.fronts.forgotten != 0 && r.fronts.forgotten >= c.Closed.Time
		r.origins.add(c)
	}
	return Evidence{}, false
}

func (r *relays) conclude() []Evidence { return nil }

// areLegs reports that front and origin are the legs of one relay: the origin's
// was opened during the client's, brought the response, and its end brought the
// client's end, which came too late for a request that had waited.
func areLegs(front, origin *Conn) bool {
	lag := front.Closed.Time.Sub(origin.Closed.Time)
	return front.Server == origin.Client &&
		front.First.Time < origin.First.Time &&
		origin.LastEnd.Time <= front.LastEnd.Time &&
		front.Ignored.Time < origin.Closed.Time &&
		0 <= lag && lag <= front.relayLag()
}

// relayLag is within what time a relay passes a close on to c.
func (c *Conn) relayLag() time.Duration { return max(relayLag, c.RTT) }

func relayWaits(front, origin *Conn) Evidence {
	return Evidence{
		Connections: []int64{front.ID, origin.ID},
		Packets:     []int64{front.LastEnd.Packet, front.Ignored.Packet, origin.Closed.Packet, front.Closed.Packet},
		Confidence:  pool.Likely,
		Text: fmt.Sprintf("#%d and #%d are the two legs of a relay at %v: "+
			"the response was complete and promised persistence (packet %d), "+
			"but the next request (packet %d) was not answered in %v; "+
			"when the origin closed (packet %d), the relay closed too (packet %d)",
			front.ID, origin.ID, front.Server.Netip(), front.LastEnd.Packet,
			front.Ignored.Packet, segment.Span(front.Closed.Time.Sub(front.Ignored.Time)),
			origin.Closed.Packet, front.Closed.Packet),
	}
}
