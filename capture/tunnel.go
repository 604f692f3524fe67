package capture

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// maxSlow bounds what the library is given in bytes, and with it what frames
// nested in frames can cost. It is more than an IP packet can hold.
const maxSlow = 128 << 10

// A rest is a part of a packet that the fast path does not read.
type rest struct {
	data []byte
	wire int // bytes on the wire
	as   gopacket.Decoder
}

// library leaves b to the packet library, to be read as what as says.
func (d *decoder) library(b []byte, wire int, as gopacket.Decoder) (verdict, problem) {
	d.rest = rest{b, wire, as}
	return needsLibrary, noProblem
}

// unknownLink leaves a packet of a link type that the fast path does not read to
// the library, if that does.
func (d *decoder) unknownLink(b []byte, wire int, link uint32) (verdict, problem) {
	// The library's type has 8 bits only; it has an entry for those unknown too.
	if link >= uint32(len(layers.LinkTypeMetadata)) || layers.LinkTypeMetadata[link].Name == "UnknownLinkType" {
		return d.unreadProtocol(inLink, uint64(link))
	}
	return d.library(b, wire, layers.LinkType(link))
}

// tunnel looks for TCP in d.rest by the packet library's layers. It costs a
// microsecond and allocates: such packets are few. The library only finds the
// innermost IP packet; the fast path reads that, so that a segment is the same
// however it came. The library's panics on odd packets become a problem.
func (d *decoder) tunnel(f *found) (v verdict, prob problem) {
	defer func() {
		if recover() != nil {
			v, prob = notTCP, undecodable
		}
	}()
	b, wire, as := d.rest.data, d.rest.wire, d.rest.as
	if len(b) > maxSlow {
		return notTCP, undecodable
	}
	inner, prob := innermostIP(b, as)
	if inner == nil {
		return notTCP, prob
	}
	return d.ip(inner, wire-(len(b)-len(inner)), f)
}

// innermostIP returns the part of b from its last IP header on. It returns none
// if there is no IP, and then why.
func innermostIP(b []byte, as gopacket.Decoder) ([]byte, problem) {
	b = b[:len(b):len(b)]
	var inner []byte
	p := gopacket.NewPacket(b, as, gopacket.DecodeOptions{NoCopy: true, Lazy: true})
	for _, l := range p.Layers() { // lazily, so that decoding does not recurse
		switch l.LayerType() {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			// A layer is a part of b: its capacity tells where it begins.
			if at := len(b) - cap(l.LayerContents()); at >= 0 {
				inner = b[at:]
			}
		case layers.LayerTypeICMPv4, layers.LayerTypeICMPv6:
			return nil, noProblem // what an ICMP error quotes was not sent here
		}
	}
	if inner == nil && p.ErrorLayer() != nil {
		return nil, undecodable
	}
	return inner, noProblem
}
