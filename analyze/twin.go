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

// sightings are the SYNs of the latest one to two times twinWithin.
type sightings struct {
	late, before map[synPrint]sighting
	since        segment.Time // of late
}

type sighting struct {
	at             segment.Time
	client, server segment.Endpoint
}

// twin reports whether c is a connection seen before at another place: nearer to
// its client, for the SYN came by there first. If not, c is remembered.
func (s *sightings) twin(c *conn) bool {
	if c.syn1.tsval == 0 {
		return false
	}
	at := c.first.Time
	if s.late == nil || at.Sub(s.since) > twinWithin {
		s.late, s.before = s.before, s.late
		if s.late == nil {
			s.late = map[synPrint]sighting{}
		}
		clear(s.late)
		s.since = at
	}
	own := sighting{at, c.key.Sender(c.client), c.key.Sender(1 - c.client)}
	for _, m := range [2]map[synPrint]sighting{s.late, s.before} {
		if x, ok := m[c.syn1]; ok {
			return at.Sub(x.at) <= twinWithin && x.translated(&own)
		}
	}
	s.late[c.syn1] = own
	return false
}

// translated reports whether two sightings differ as a translator makes them
// differ: by the address of one end, and perhaps its port.
func (x *sighting) translated(y *sighting) bool {
	return x.server == y.server && x.client.Addr != y.client.Addr || x.client == y.client && x.server.Addr != y.server.Addr
}
