package verdict

import (
	"cmp"
	"fmt"
	"slices"

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

const (
	peersKept      = 10_000 // pairs of client and server whose handshakes are held against each other
	handshakesKept = 256    // full ones of a pair
)

// resumption holds the handshakes of each pair of client and server against each
// other.
type resumption struct {
	peers map[peer]*handshakes
}

type peer struct {
	client, server segment.Addr
	port           uint16
	name           string
	who            pool.Who
}

type handshakes struct {
	resumed bool
	ready   Conn   // the connection whose first response ended first
	full    []Conn // not resumed, in order of their ends
}

func (r *resumption) note(c *Conn) (Evidence, bool) {
	if !c.TLS.Seen {
		return Evidence{}, false
	}
	k := peer{c.Client, c.Server, c.Port, c.TLS.Name, c.TLS.Who}
	h := r.peers[k]
	if h == nil {
		if len(r.peers) >= peersKept {
			return Evidence{}, false
		}
		if r.peers == nil {
			r.peers = map[peer]*handshakes{}
		}
		h = new(handshakes)
		r.peers[k] = h
	}
	if c.TLS.Resumed {
		h.resumed, h.full = true, nil
	} else if !h.resumed && len(h.full) < handshakesKept {
		h.full = append(h.full, *c)
	}
	if c.FirstEnd.Packet != 0 && (h.ready.FirstEnd.Packet == 0 || c.FirstEnd.Packet < h.ready.FirstEnd.Packet) {
		h.ready = *c
	}
	return Evidence{}, false
}

// conclude returns what was found, by packet: the map has no order.
func (r *resumption) conclude() []Evidence {
	var all []Evidence
	for _, h := range r.peers {
		if e, ok := h.find(); ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b Evidence) int { return cmp.Compare(a.Packets[0], b.Packets[0]) })
	return all
}

func (h *handshakes) find() (Evidence, bool) {
	if h.resumed || h.ready.FirstEnd.Packet == 0 {
		return Evidence{}, false
	}
	late := slices.DeleteFunc(h.full, func(c Conn) bool { return c.First.Time <= h.ready.FirstEnd.Time })
	if len(late) == 0 {
		return Evidence{}, false
	}
	slices.SortFunc(late, func(a, b Conn) int { return cmp.Compare(a.First.Packet, b.First.Packet) })
	why, sure := h.why(late)
	e := Evidence{
		Connections: []int64{h.ready.ID},
		Packets:     []int64{h.ready.FirstEnd.Packet},
		Confidence:  sure,
		Text: fmt.Sprintf("%s to %s did the whole handshake after #%d had its response (packet %d): %s",
			plural.Count(int64(len(late)), "connection"), h.ready.peerName(), h.ready.ID, h.ready.FirstEnd.Packet, why),
	}
	for _, c := range late[:min(len(late), mostListed)] {
		e.Connections = append(e.Connections, c.ID)
		e.Packets = append(e.Packets, c.First.Packet)
	}
	return e, true
}

// why says whose doing it was that the late ones did not resume.
func (h *handshakes) why(late []Conn) (string, pool.Confidence) {
	takes, asks := false, false
	for i := range late {
		takes, asks = takes || late[i].TLS.Takes, asks || late[i].TLS.Asks
	}
	switch {
	case takes:
		return "the client offered a session, the server did not take it up", pool.Likely
	case h.ready.TLS.Gives:
		return "the server had given a session, the client did not offer it", pool.Likely
	case !asks:
		return "the client wants no tickets", pool.Likely
	case h.ready.TLS.Read:
		return "the server had given no session to take up", pool.Likely
	}
	return "the client offered no session", pool.Hint
}
