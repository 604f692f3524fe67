package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tcpwarm/capture/segment"
)

// libraryDiffers are captures of which gopacket says something else, and why.
var libraryDiffers = map[string]string{
	"arkime/socks5-http-302-frag.pcap":          "gopacket puts no fragments together",
	"derived/get-tcp-doff-15.pcap":              "a header that the packet's end cuts: gopacket takes its ports and numbers for nothing",
	"libpcap/arcnet-rfc1201-arp-icmp-http.pcap": "ARCNET is no link type of gopacket's",
	"libpcap/http_PPI.pcap":                     "PPI is no link type of gopacket's",
	"tcpdump/bigtcp-ipv4.pcap":                  "a total length of 0 and more than 64 KiB: gopacket takes the length modulo 65536",
	"zeek/cisco-fabric-path.pcap":               "FabricPath is no layer of gopacket's",
	"zeek/pbb.pcap":                             "802.1ah is no layer of gopacket's",
	"zeek/tunnels__gre-over-udp-4754.pcap":      "GRE in UDP is no layer of gopacket's",

	"suricata-verify/linktype-228__flow-test-01.pcap":                                              rawIPv4,
	"zeek/http__261__variant-01-chunk_2pow64_overflow.pcap":                                        rawIPv4,
	"zeek/http__261__variant-02-cl_uint64max.pcap":                                                 rawIPv4,
	"zeek/http__261__variant-04-te_cl_desync.pcap":                                                 rawIPv4,
	"suricata-verify/defrag__bug-6887-defrag-eth-vlan-ipv4-tcp-syn__frag-eth-vlan-ip-tcp-syn.pcap": "gopacket puts no fragments together",
}

// libraryStops are captures of which gopacket reads fewer packets, or more, and why.
var libraryStops = map[string]string{
	"derived/get-block-len-unaligned.pcapng": "a block's length is no multiple of 4: the file ends there, gopacket goes on",
	"derived/get-trailer-mismatch.pcapng":    "the two lengths of a block differ: the file ends there, gopacket goes on",
	"derived/get-caplen-gt-len.pcap":         "more was captured than was on the wire: gopacket ends there",
	"derived/get-modified-kuznetzov.pcap":    "gopacket does not know this magic number",
	"derived/get-snaplen-zero.pcap":          "more was captured than the snap length: gopacket ends there",
	"derived/get-tsresol-max.pcapng":         "gopacket divides by the resolution of times, which overflows to 0",
	"libpcap/pcap-invalid-version-2.pcap":    "gopacket does not know this version",
	"libpcap/pcapng-invalid-vers-2.pcapng":   "gopacket does not know this version",
	"zeek/trunc__trunc-hdr.pcap":             "more was captured than the snap length: gopacket ends there",
}

const rawIPv4 = "raw IPv4 is no link type of gopacket's"

// mostDifferent is how many packets of a capture are shown.
const mostDifferent = 3

// Every field of every segment of every capture here is what gopacket decodes, of the same packet.
func TestSegmentsAsGopacket(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	compared, files := 0, 0
	for root, suffix := range map[string]string{"../pcaps": ".pcap", filepath.Join(shared, "captures"): ""} {
		filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(name, suffix) {
				return nil
			}
			id, _ := filepath.Rel(root, name)
			ours, theirs := eachPacket(name, fields), fieldsOfLibrary(name)
			files++
			if why := libraryStops[id]; (why != "") != (len(ours) != len(theirs)) {
				t.Errorf("%s: %d packets, gopacket reads %d, stated is %q", id, len(ours), len(theirs), why)
			}
			var all []string
			for i := range min(len(ours), len(theirs)) {
				if ours[i] == theirs[i] {
					compared++
				} else {
					all = append(all, fmt.Sprintf("packet %d: %q, gopacket %q", i+1, ours[i], theirs[i]))
				}
			}
			if why := libraryDiffers[id]; (why != "") != (len(all) > 0) {
				t.Errorf("%s: %d packets, stated is %q: %s", id, len(all), why, strings.Join(all[:min(len(all), mostDifferent)], "; "))
			}
			return nil
		})
	}
	if least := 10_000; compared < least {
		t.Errorf("only %d packets were compared", compared)
	}
	t.Logf("%d packets of %d captures are the same", compared, files)
}

// eachPacket returns what words says of the segment of each packet of a capture, "" where there
// is none. It returns none where the capture cannot be read at all.
func eachPacket(name string, words func(*segment.Segment) string) (all []string) {
	r, err := Open(name)
	if err != nil {
		return nil
	}
	defer r.Close()
	var b segment.Batch
	for err == nil {
		err = r.Fill(&b)
		for i := range b.Segments {
			s := &b.Segments[i]
			for int64(len(all)) < s.Packet {
				all = append(all, "")
			}
			all[s.Packet-1] = words(s)
		}
	}
	var format *FormatError
	if !errors.Is(err, io.EOF) && !errors.As(err, &format) {
		return nil
	}
	for int64(len(all)) < r.Totals().Packets {
		all = append(all, "")
	}
	return all
}

// fields writes everything that is decoded of a segment, its payload as a checksum.
func fields(s *segment.Segment) string {
	from, to, o := s.From(), s.To(), &s.Options
	text := fmt.Sprintf("%s:%d > %s:%d seq %d ack %d flags %#x win %d ttl %d ce %v id %d len %d %08x", from.Addr, from.Port, to.Addr, to.Port,
		uint32(s.Seq), uint32(s.Ack), uint8(s.Flags), s.Window, s.TTL, s.CE, s.IPID, len(s.Payload),
		crc32.ChecksumIEEE(s.Payload))
	if o.Bad {
		return text // how much of them counts is for each to say
	}
	if o.HasMSS {
		text += fmt.Sprintf(" mss %d", o.MSS)
	}
	if o.HasWindowScale {
		text += fmt.Sprintf(" wscale %d", o.WindowScale)
	}
	if o.SACKPermitted {
		text += " sackOK"
	}
	if o.HasTimestamps {
		text += fmt.Sprintf(" ts %d %d", o.TSVal, o.TSEcr)
	}
	return text
}

// fieldsOfLibrary is eachPacket by gopacket, of the innermost segment of each packet it reads: it ends
// where the file is one that pcapgo does not read on, or panics at.
func fieldsOfLibrary(name string) (all []string) {
	defer func() { recover() }()
	content, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	var next func() ([]byte, gopacket.CaptureInfo, error)
	var link func(gopacket.CaptureInfo) layers.LinkType
	if r, err := pcapgo.NewReader(bytes.NewReader(content)); err == nil {
		next, link = r.ReadPacketData, func(gopacket.CaptureInfo) layers.LinkType { return r.LinkType() }
	} else if r, err := pcapgo.NewNgReader(bytes.NewReader(content), pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true}); err == nil {
		next, link = r.ReadPacketData, func(info gopacket.CaptureInfo) layers.LinkType { return info.AncillaryData[0].(layers.LinkType) }
	} else {
		return nil
	}
	for {
		b, info, err := next()
		if err != nil {
			return all
		}
		all = append(all, libraryFields(gopacket.NewPacket(b, link(info), gopacket.DecodeOptions{NoCopy: true})))
	}
}

// libraryFields returns the innermost segment of p in words, "" if there is none.
func libraryFields(p gopacket.Packet) string {
	var ip gopacket.NetworkLayer
	text := ""
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.IPv4, *layers.IPv6:
			ip = l.(gopacket.NetworkLayer)
		case *layers.TCP:
			if s := segmentOfLibrary(ip, l); s != nil && len(l.Contents) > 0 { // else its header was not decoded
				text = fields(s)
			}
		}
	}
	return text
}

// segmentOfLibrary writes what the library decodes as a segment.
func segmentOfLibrary(ip gopacket.NetworkLayer, t *layers.TCP) *segment.Segment {
	s := &segment.Segment{Seq: segment.Seq(t.Seq), Ack: segment.Seq(t.Ack), Window: t.Window, Payload: t.Payload}
	switch n := ip.(type) {
	case *layers.IPv4:
		s.TTL, s.CE, s.IPID = n.TTL, n.TOS&3 == 3, n.Id
	case *layers.IPv6:
		s.TTL, s.CE = n.HopLimit, n.TrafficClass&3 == 3
	default:
		return nil
	}
	src, _ := netip.AddrFromSlice(ip.NetworkFlow().Src().Raw())
	dst, _ := netip.AddrFromSlice(ip.NetworkFlow().Dst().Raw())
	s.Key, s.Dir = segment.MakeKey(segment.Endpoint{Addr: segment.AddrFrom(src), Port: uint16(t.SrcPort)},
		segment.Endpoint{Addr: segment.AddrFrom(dst), Port: uint16(t.DstPort)})
	for i, set := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if set {
			s.Flags |= 1 << i
		}
	}
	for _, o := range t.Options {
		switch d := o.OptionData; {
		case o.OptionType == layers.TCPOptionKindMSS && len(d) == 2:
			s.Options.HasMSS, s.Options.MSS = true, binary.BigEndian.Uint16(d)
		case o.OptionType == layers.TCPOptionKindWindowScale && len(d) == 1:
			s.Options.HasWindowScale, s.Options.WindowScale = true, min(d[0], 14)
		case o.OptionType == layers.TCPOptionKindSACKPermitted:
			s.Options.SACKPermitted = true
		case o.OptionType == layers.TCPOptionKindTimestamps && len(d) == 8:
			s.Options.HasTimestamps, s.Options.TSVal, s.Options.TSEcr = true, binary.BigEndian.Uint32(d), binary.BigEndian.Uint32(d[4:])
		}
	}
	return s
}
