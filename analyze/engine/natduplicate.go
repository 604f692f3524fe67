package engine

import (
	"time"

	"tcpwarm/analyze/flow"
	"tcpwarm/capture/segment"
)

// One connection may be captured at two places with an address translator
// between them: a container's end and the bridge's, both sides of a router. The
// SYN then comes twice, with other addresses, and a translator changes neither
// its initial sequence number nor its timestamp. Both are as good as random
// (RFC 9293 section 3.4.1, RFC 7323 section 5.4); without a timestamp 32 bits are
// too few to say so.

// natWithin is how far apart the two sightings of a SYN may lie.
const natWithin = time.Second

// maxSightings is how many SYNs are remembered; of more within natWithin the oldest are not.
const maxSightings = 1 << 16

// synSightings are the SYNs of late, by their fingerprints.
type synSightings struct {
	flow.Expiring[synSighting]
	twice    map[uint64]seenTwice // connections that are taken for copies of each other, by the same
	unproven bool                 // one was no copy: it has carried what the other has not
}

// A seenTwice is what copies of one connection have carried, which must be the same. A SYN alone is soon forged.
type seenTwice struct {
	open            int // copies that have not ended, and the one that is judged
	judged, notSeen int64
}

// maxTwice is how many are remembered at once; of more it is not proven that they are copies.
const maxTwice = 1 << 16

// A synSighting is where a SYN went.
type synSighting struct{ client, server segment.Endpoint }

// natDuplicate reports whether h's is a connection seen before at another place: nearer to
// its client, for the SYN came by there first. If not, it is remembered.
func (s *synSightings) natDuplicate(h *handle) bool {
	fingerprint, ok := h.SYN.Key()
	if !ok {
		return false
	}
	at := h.First.Time
	own := synSighting{h.Key.Sender(h.Client), h.Key.Sender(1 - h.Client)}
	if x := s.Get(fingerprint, at); x != nil {
		if !x.translated(&own) {
			return false
		}
		s.begins(fingerprint)
		return true
	}
	s.Put(fingerprint, own, at.Add(natWithin), at)
	return false
}

// translated reports whether two sightings differ as a translator makes them
// differ: by the address of one end, and perhaps its port.
func (x *synSighting) translated(y *synSighting) bool {
	return x.server == y.server && x.client.Addr != y.client.Addr || x.client == y.client && x.server.Addr != y.server.Addr
}

// begins notes a copy.
func (s *synSightings) begins(fingerprint uint64) {
	t, ok := s.twice[fingerprint]
	switch {
	case ok:
	case len(s.twice) >= maxTwice:
		s.unproven = true
		return
	default:
		t.open = 1
	}
	if s.twice == nil {
		s.twice = map[uint64]seenTwice{}
	}
	t.open++
	s.twice[fingerprint] = t
}

// ends notes what h has carried, in the end, if it is a copy or has any.
func (s *synSightings) ends(h *handle, transactions int64) {
	fingerprint, ok := h.SYN.Key()
	if !ok {
		return
	}
	t, ok := s.twice[fingerprint]
	if !ok {
		return
	}
	if h.is(duplicate) {
		t.notSeen = max(t.notSeen, transactions)
	} else {
		t.judged = transactions
	}
	if t.open--; t.open > 0 {
		s.twice[fingerprint] = t
		return
	}
	s.unproven = s.unproven || t.notSeen > t.judged
	delete(s.twice, fingerprint)
}
