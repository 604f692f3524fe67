package analyze

import (
	"time"

	"tcpwarm/capture/segment"
)

// One connection may be captured at two places with an address translator
// between them: a container's end and the bridge's, both sides of a router. The
// SYN then comes twice, with other addresses, and a translator changes neither
// its initial sequence number nor its timestamp. Both are as good as random
// (RFC 9293 section 3.4.1, RFC 7323 section 5.4); without a timestamp 32 bits are
// too few to say so.

// A synPrint is what a SYN keeps on its way.
type synPrint struct {
	isn   segment.Seq
	tsval uint32
}

// twinWithin is how far apart the two sightings of a SYN may lie.
const twinWithin = time.Second

// sightings are the SYNs of late.
type sightings struct{ fading[sighting] }

type sighting struct{ client, server segment.Endpoint }

// twin reports whether t's is a connection seen before at another place: nearer to
// its client, for the SYN came by there first. If not, it is remembered.
func (s *sightings) twin(t *ticket) bool {
	if t.syn1.tsval == 0 {
		return false
	}
	print, at := uint64(t.syn1.tsval)<<32|uint64(t.syn1.isn), t.first.Time
	own := sighting{t.key.Sender(t.client), t.key.Sender(1 - t.client)}
	if x := s.get(print, at); x != nil {
		return x.translated(&own)
	}
	s.put(print, own, at.Add(twinWithin), at)
	return false
}

// translated reports whether two sightings differ as a translator makes them
// differ: by the address of one end, and perhaps its port.
func (x *sighting) translated(y *sighting) bool {
	return x.server == y.server && x.client.Addr != y.client.Addr || x.client == y.client && x.server.Addr != y.server.Addr
}
