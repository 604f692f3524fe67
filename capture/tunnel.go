package capture

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// A slowPath decodes what the fast path does not, by the packet library's
// layers. It costs a microsecond and allocates: such packets are few.
type slowPath struct{}

// find looks for the innermost IP and TCP in b. The library's panics on odd
// packets are its own business and become a problem.
func (slowPath) find(d *decoder, b []byte, wire int, link uint32, f *found) (v verdict, prob problem) {
	defer func() {
		if recover() != nil {
			v, prob = notTCP, undecodable
		}
	}()
	first := gopacket.Decoder(layers.LinkType(link))
	if link > 255 || layers.LinkTypeMetadata[link].Name == "" || layers.LinkTypeMetadata[link].DecodeWith == nil {
		return notTCP, unknownLink
	}
	if deep(b) {
		return notTCP, undecodable
	}
	p := gopacket.NewPacket(b, first, gopacket.DecodeOptions{NoCopy: true, Lazy: true})
	var inner []byte
	for _, l := range p.Layers() {
		switch l.LayerType() {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			c := l.LayerContents()
			inner = b[offset(b, c):]
		case layers.LayerTypeICMPv4, layers.LayerTypeICMPv6:
			return notTCP, noProblem // what an ICMP error quotes was not sent here
		}
	}
	if inner == nil {
		if p.ErrorLayer() != nil {
			return notTCP, undecodable
		}
		return notTCP, noProblem
	}
	if v, prob = d.ip(inner, wire-(len(b)-len(inner)), f, 0); v == needsLibrary {
		return notTCP, noProblem
	}
	return v, prob
}

// offset returns where in b its part c begins.
func offset(b, c []byte) int { return cap(b) - cap(c) }

// deep reports frames nested in frames: provider backbone tags repeated.
func deep(b []byte) bool {
	n := 0
	for i := 0; i+1 < len(b); i++ {
		if b[i] == 0x88 && b[i+1] == 0xe7 {
			n++
		}
	}
	return n > maxNested
}
