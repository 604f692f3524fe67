package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

const (
	peersKept      = 10_000 // pairs of client and server whose handshakes are held against each other
	handshakesKept = 256    // full ones of a pair
)

// resumption finds clients that do the whole TLS handshake again though a
// response of the same server under the same name had brought them all that it
// takes to resume a session (RFC 8446 section 2.2, RFC 5077).
//
// A client that resumed once is let be: a ticket serves once (RFC 8446 appendix
// C.4), so of many connections at once some have none.
type resumption struct {
	peers map[peer]*handshakes
}

type peer struct {
	client, server segment.Addr
	port           uint16
	name           string
	who            event.Who
}

type handshakes struct {
	resumed bool
	ready   Conn   // the connection whose first response ended first
	full    []Conn // not resumed, in order of their ends
}

func (r *resumption) note(c *Conn) {
	if !c.TLS.Seen {
		return
	}
	k := peer{c.Client, c.Server, c.Port, c.TLS.Name, c.TLS.Who}
	h := r.peers[k]
	if h == nil {
		if len(r.peers) >= peersKept {
			return
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
}

// find adds what was found, once all connections are known.
func (r *resumption) find(add func(Found)) {
	var all []Found
	for _, h := range r.peers {
		if f, ok := h.find(); ok {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b Found) int { return cmp.Compare(a.Packets[0], b.Packets[0]) })
	for _, f := range all {
		add(f)
	}
}

func (h *handshakes) find() (Found, bool) {
	if h.resumed || h.ready.FirstEnd.Packet == 0 {
		return Found{}, false
	}
	late := slices.DeleteFunc(h.full, func(c Conn) bool { return c.First.Time <= h.ready.FirstEnd.Time })
	if len(late) == 0 {
		return Found{}, false
	}
	slices.SortFunc(late, func(a, b Conn) int { return cmp.Compare(a.First.Packet, b.First.Packet) })
	f := Found{ID: "tls-not-resumed", Connections: []int64{h.ready.ID}, Evidence: Evidence{Packets: []int64{h.ready.FirstEnd.Packet}, Confidence: pool.Hint}}
	takes, asks := false, false
	for i := range late {
		takes, asks = takes || late[i].TLS.Takes, asks || late[i].TLS.Asks
		if i < 8 {
			f.Connections = append(f.Connections, late[i].ID)
			f.Packets = append(f.Packets, late[i].First.Packet)
		}
	}
	why := "the client offered no session"
	switch {
	case takes:
		f.Confidence, why = pool.Likely, "the client offered a session, the server did not take it up"
	case h.ready.TLS.Gives:
		f.Confidence, why = pool.Likely, "the server had given a session, the client did not offer it"
	case !asks:
		f.Confidence, why = pool.Likely, "the client wants no tickets"
	case h.ready.TLS.Read:
		f.Confidence, why = pool.Likely, "the server had given no session to take up"
	}
	f.Text = fmt.Sprintf("%s to %s did the whole handshake after #%d had its response (packet %d): %s",
		count(int64(len(late)), "connection"), h.ready.peerName(), h.ready.ID, h.ready.FirstEnd.Packet, why)
	return f, true
}

func (c *Conn) peerName() string {
	if c.TLS.Name != "" {
		return fmt.Sprintf("%q", c.TLS.Name)
	}
	return c.Server.Netip().String()
}
