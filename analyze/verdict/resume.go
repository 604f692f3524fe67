package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// What is kept for this rule: 25 MB at most.
const (
	peersKept      = 10_000 // pairs of client and server whose handshakes are held against each other
	handshakesKept = 64     // full ones of a pair that began before its first response, as far as that is known
	namedKept      = 8      // of those that a finding names
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
	who            pool.Who
}

// handshakes are those of a pair. Connections come in order of their ends: the first
// response is known last. But it can only turn out to be earlier than thought, so what
// began after it has done so for good, and is summed up.
type handshakes struct {
	resumed bool
	ready   ready
	early   []opening // full, not begun after ready: the latest, in no order
	late    int64     // full, begun after ready
	takes   bool      // one of them, as Handshake has it
	asks    bool
	named   []named // the first of them, by packet
}

// ready is when a client had all that it takes to resume: the first response ended.
type ready struct {
	id          int64
	end         segment.Mark // Packet is 0 where there was no response
	gives, read bool         // as Handshake has it
}

// An opening is a connection that did the whole handshake.
type opening struct {
	id          int64
	first       segment.Mark
	takes, asks bool
}

type named struct{ id, packet int64 }

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
		*h = handshakes{resumed: true}
	}
	if !h.resumed {
		h.note(c)
	}
}

func (h *handshakes) note(c *Conn) {
	if c.FirstEnd.Packet != 0 && (h.ready.end.Packet == 0 || c.FirstEnd.Packet < h.ready.end.Packet) {
		h.ready = ready{c.ID, c.FirstEnd, c.TLS.Gives, c.TLS.Read}
		h.early = slices.DeleteFunc(h.early, h.isLate)
	}
	o := opening{c.ID, c.First, c.TLS.Takes, c.TLS.Asks}
	if h.isLate(o) {
		return
	}
	if len(h.early) >= handshakesKept { // the earliest is the least likely to turn out late
		i := 0
		for j := range h.early {
			if h.early[j].first.Packet < h.early[i].first.Packet {
				i = j
			}
		}
		if h.early[i].first.Packet < o.first.Packet {
			h.early[i] = o
		}
		return
	}
	h.early = append(h.early, o)
}

// isLate reports whether o began after the first response, and then sums it up.
func (h *handshakes) isLate(o opening) bool {
	if h.ready.end.Packet == 0 || o.first.Time <= h.ready.end.Time {
		return false
	}
	h.late++
	h.takes, h.asks = h.takes || o.takes, h.asks || o.asks
	i := 0
	for i < len(h.named) && h.named[i].packet < o.first.Packet {
		i++
	}
	if i < namedKept {
		h.named = slices.Insert(h.named, i, named{o.id, o.first.Packet})
		h.named = h.named[:min(len(h.named), namedKept)]
	}
	return true
}

// find adds what was found, once all connections are known.
func (r *resumption) find(add func(Found)) {
	var all []Found
	for k, h := range r.peers {
		if h.late > 0 {
			all = append(all, h.found(&k))
		}
	}
	slices.SortFunc(all, func(a, b Found) int { return cmp.Compare(a.Packets[0], b.Packets[0]) })
	for _, f := range all {
		add(f)
	}
}

func (h *handshakes) found(k *peer) Found {
	f := Found{ID: "tls-not-resumed", Connections: []int64{h.ready.id}}
	f.Evidence = Evidence{Packets: []int64{h.ready.end.Packet}, Confidence: pool.Hint}
	for _, n := range h.named {
		f.Connections = append(f.Connections, n.id)
		f.Packets = append(f.Packets, n.packet)
	}
	why := "the client offered no session"
	switch {
	case h.takes:
		f.Confidence, why = pool.Likely, "the client offered a session, the server did not take it up"
	case h.ready.gives:
		f.Confidence, why = pool.Likely, "the server had given a session, the client did not offer it"
	case !h.asks:
		f.Confidence, why = pool.Likely, "the client wants no tickets"
	case h.ready.read:
		f.Confidence, why = pool.Likely, "the server had given no session to take up"
	}
	f.Text = fmt.Sprintf("%s to %s did the whole handshake after #%d had its response (packet %d): %s",
		count(h.late, "connection"), k.called(), h.ready.id, h.ready.end.Packet, why)
	return f
}

// called is what people call the server.
func (k *peer) called() string {
	if k.name != "" {
		return fmt.Sprintf("%q", k.name)
	}
	return k.server.Netip().String()
}
