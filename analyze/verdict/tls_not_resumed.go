package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// tlsNotResumed is found where a client does the whole TLS handshake again
// though a response of the same server under the same name had brought it all
// that it takes to resume a session (RFC 8446 section 2.2, RFC 5077).
//
// A client that resumed once is let be: a ticket serves once (RFC 8446 appendix
// C.4), so of many connections at once some have none.
var tlsNotResumed = rule{
	Explanation: Explanation{
		Meaning: "A client that has spoken with a server before can take up the session: no certificates, less " +
			"computing, in TLS 1.2 a round trip less (RFC 8446 section 2.2, RFC 5077). To reuse the connection " +
			"saves more still.",
		Evidence: "A ClientHello for the same name at the same server, sent after a response of it, that ends in a " +
			"handshake without PSK, ticket or session ID taken up. The client never resumed there: one ticket " +
			"serves once, so some connections of many may have none.",
		RefutedBy: "the connections come from several programs: they do not share sessions",
		Remedy: "Consistent with a client that keeps no sessions, or a new TLS context for each connection. Keep " +
			"one:",
		Knobs: []Knob{
			{"node, axios", "one https.Agent for all requests: it keeps the sessions (maxCachedSessions, 100 by " +
				"default)"},
			{"go", "tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(64)} in the Transport: the default " +
				"keeps none"},
			{"reqwest", "one Client: it keeps the sessions"},
			{"java", "one SSLContext for all connections"},
			{"nginx", "ssl_session_tickets on, ssl_session_cache shared:SSL:10m; to an upstream " +
				"proxy_ssl_session_reuse on"},
			{"several servers", "the same ticket keys on all of them"},
		},
	},
	across: func() tracker { return new(resumption) },
}

// handshakesKept bounds the full handshakes of a pair that began before its first response, as
// far as that is known. With peersKept that makes 25 MB at most.
const handshakesKept = 64

// resumption holds the handshakes of each pair of client and server against each
// other.
type resumption struct {
	bound // of peers
	peers map[peer]*handshakes
}

type peer struct {
	client, server segment.Addr
	port           uint16
	name           string
	who            event.Who
}

// handshakes are those of a pair. Connections come in order of their ends: the first
// response is known last. But it can only turn out to be earlier than thought, so what
// began after it has done so for good, and is summed up.
type handshakes struct {
	resumed bool
	dropped segment.Time // when the latest began that handshakesKept left out, 0: none
	ready   ready
	early   []fullHandshake // not begun after ready: the latest, in no order
	late    int64           // full ones that began after ready
	takes   bool            // one of them, as Handshake has it
	asks    bool
	named   shownConns // the first of them, by packet
}

// ready is when a client had all that it takes to resume: the first response ended.
type ready struct {
	id          int64
	end         segment.Mark // Packet is 0 where there was no response
	gives, read bool         // as Handshake has it
}

// A fullHandshake is a connection that did the whole handshake.
type fullHandshake struct {
	id          int64
	first       segment.Mark
	takes, asks bool
}

func (r *resumption) note(c *Conn) (Evidence, bool) {
	if !c.TLS.Seen {
		return Evidence{}, false
	}
	k := peer{c.Client, c.Server, c.Port, c.TLS.Name, c.TLS.Who}
	h := r.peers[k]
	if h == nil {
		if len(r.peers) >= peersKept {
			r.acted = true
			return Evidence{}, false
		}
		if r.peers == nil {
			r.peers = map[peer]*handshakes{}
		}
		h = new(handshakes)
		r.peers[k] = h
	}
	if c.TLS.Resumed {
		*h = handshakes{resumed: true}
	}
	if !h.resumed {
		h.note(c)
	}
	return Evidence{}, false
}

func (h *handshakes) note(c *Conn) {
	if c.FirstEnd.Packet != 0 && (h.ready.end.Packet == 0 || c.FirstEnd.Packet < h.ready.end.Packet) {
		h.ready = ready{c.ID, c.FirstEnd, c.TLS.Gives, c.TLS.Read}
		h.early = slices.DeleteFunc(h.early, h.isLate)
	}
	o := fullHandshake{c.ID, c.First, c.TLS.Takes, c.TLS.Asks}
	if h.isLate(o) {
		return
	}
	if len(h.early) < handshakesKept {
		h.early = append(h.early, o)
		return
	}
	// The earliest is the least likely to turn out late.
	byFirst := func(a, b fullHandshake) int { return cmp.Compare(a.first.Packet, b.first.Packet) }
	if i := slices.Index(h.early, slices.MinFunc(h.early, byFirst)); h.early[i].first.Packet < o.first.Packet {
		h.early[i], o = o, h.early[i]
	}
	h.dropped = max(h.dropped, o.first.Time)
}

// cut reports whether one that was left out has turned out late.
func (h *handshakes) cut() bool {
	return h.dropped != 0 && h.ready.end.Packet != 0 && h.dropped > h.ready.end.Time
}

// isLate reports whether o began after the first response, and then sums it up.
func (h *handshakes) isLate(o fullHandshake) bool {
	if h.ready.end.Packet == 0 || o.first.Time <= h.ready.end.Time {
		return false
	}
	h.late++
	h.takes, h.asks = h.takes || o.takes, h.asks || o.asks
	h.named.add(shownConn{o.id, [2]int64{o.first.Packet}})
	return true
}

// cut reports whether a pair, or a handshake of one, was left out.
func (r *resumption) cut() bool {
	for _, h := range r.peers {
		if h.cut() {
			return true
		}
	}
	return r.acted
}

// conclude returns what was found, by packet: the map has no order.
func (r *resumption) conclude() []Evidence {
	var all []Evidence
	for k, h := range r.peers {
		if h.late > 0 {
			all = append(all, h.evidence(&k))
		}
	}
	slices.SortFunc(all, func(a, b Evidence) int { return cmp.Compare(a.Packets[0], b.Packets[0]) })
	return all
}

func (h *handshakes) evidence(k *peer) Evidence {
	why, sure := h.why()
	least := ""
	if h.cut() {
		least = "at least "
	}
	e := Evidence{
		Connections: []int64{h.ready.id},
		Packets:     []int64{h.ready.end.Packet},
		Confidence:  sure,
		Text: fmt.Sprintf("%s%s to %s did the whole handshake after #%d had its response (packet %d): %s",
			least, plural.Count(h.late, "connection"), peerName(k.name, k.server), h.ready.id, h.ready.end.Packet, why),
	}
	h.named.show(&e)
	return e
}

// why says whose doing it was that the late ones did not resume.
func (h *handshakes) why() (string, pool.Confidence) {
	switch {
	case h.takes:
		return "the client offered a session, the server did not take it up", pool.Likely
	case h.ready.gives:
		return "the server had given a session, the client did not offer it", pool.Likely
	case !h.asks:
		return "the client wants no tickets", pool.Likely
	case h.ready.read:
		return "the server had given no session to take up", pool.Likely
	}
	return "the client offered no session", pool.Hint
}
