package analyze

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

// A wrapping puts the frames of a capture, Ethernet with IPv4, into something else.
type wrapping struct {
	name string
	link uint32
	wrap func(frame []byte) [][]byte
}

func b16(v ...uint16) (b []byte) {
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func join(all ...[]byte) [][]byte { return [][]byte{bytes.Join(all, nil)} }

// inIPv4 is IPv4 with a header of its own, of another host.
func inIPv4(proto byte, all ...[]byte) []byte {
	b := bytes.Join(all, nil)
	return append(append(append([]byte{0x45, 0}, b16(uint16(20+len(b)), 7, 0)...), 9, proto, 0, 0, 172, 16, 0, 1, 172, 16, 0, 2), b...)
}

func inUDP(port uint16, all ...[]byte) []byte {
	b := bytes.Join(all, nil)
	return inIPv4(17, b16(5000, port, uint16(8+len(b)), 0), b)
}

const ether = 14 // bytes of an Ethernet header

var wrappings = []wrapping{
	{"VLAN", 1, func(f []byte) [][]byte { return join(f[:12], b16(0x88a8, 5, 0x8100, 6, 0x0800), f[ether:]) }},
	{"PPPoE over QinQ", 1, func(f []byte) [][]byte {
		return join(f[:12], b16(0x88a8, 5, 0x8100, 6, 0x8864, 0x1100, 1, uint16(len(f)-ether+2), 0x21), f[ether:])
	}},
	{"cHDLC", 104, func(f []byte) [][]byte { return join(b16(0x0f00, 0x0800), f[ether:]) }},
	{"PPP", 9, func(f []byte) [][]byte { return join(b16(0xff03, 0x21), f[ether:]) }},
	{"802.11", 105, func(f []byte) [][]byte {
		return join([]byte{0x88, 2, 0, 0}, f[:6], f[6:12], f[6:12], b16(0, 0, 0xaaaa, 0x0300, 0, 0x0800), f[ether:])
	}},
	{"ERSPAN", 101, func(f []byte) [][]byte { return join(inIPv4(47, b16(0x1000, 0x88be, 0, 1, 0x1001, 1, 0, 0), f)) }},
	{"VXLAN", 101, func(f []byte) [][]byte { return join(inUDP(4789, b16(0x0800, 0, 0, 0x100), f)) }},
	{"GTP-U", 101, func(f []byte) [][]byte { return join(inUDP(2152, b16(0x30ff, uint16(len(f)-ether), 0, 1), f[ether:])) }},
	{"L2TP", 101, func(f []byte) [][]byte { return join(inUDP(1701, b16(2, 1, 2, 0xff03, 0x21), f[ether:])) }},
	{"pseudowire", 1, func(f []byte) [][]byte { return join(f[:12], b16(0x8847, 1, 0x0140, 0, 9), f) }},
	{"NFLOG", 239, func(f []byte) [][]byte {
		return join([]byte{2, 0, 0, 0}, binary.LittleEndian.AppendUint16(nil, uint16(4+len(f)-ether)), []byte{9, 0}, f[ether:])
	}},
	{"fragments", 1, fragmented},
	{"fragments of a tunnel", 1, func(f []byte) [][]byte {
		return fragmented(bytes.Join([][]byte{f[:ether], inUDP(6081, b16(0, 0x6558, 0, 0x100), f)}, nil))
	}},
}

// fragmented cuts what a frame's packet carries in two, if it is long enough. The latter
// comes first: what a packet's number is must not depend on it.
func fragmented(f []byte) [][]byte {
	head := ether + int(f[ether]&15)*4
	n := int(binary.BigEndian.Uint16(f[ether+2:])) - (head - ether)
	if n < 64 {
		return [][]byte{f}
	}
	cut := n / 2 &^ 7
	piece := func(at, end int, field uint16) []byte {
		b := append(bytes.Clone(f[:head]), f[head+at:head+end]...)
		binary.BigEndian.PutUint16(b[ether+2:], uint16(head-ether+end-at))
		binary.BigEndian.PutUint16(b[ether+6:], field|uint16(at/8))
		return b
	}
	return [][]byte{piece(cut, n, 0), piece(0, cut, 0x2000)}
}

// wrapped returns a capture with its frames wrapped, and whether each is one frame still. It
// is nil where a frame is cut, or too long to be wrapped.
func wrapped(pcap []byte, w wrapping) (out []byte, same bool) {
	const head, record = 24, 16
	out = append(out, pcap[:head]...)
	binary.LittleEndian.PutUint32(out[20:], w.link)
	same = true
	for b := pcap[head:]; len(b) > 0; {
		n := binary.LittleEndian.Uint32(b[8:])
		f := b[record : record+n]
		if n != binary.LittleEndian.Uint32(b[12:]) || n > 60000 {
			return nil, false
		}
		all := w.wrap(f)
		same = same && len(all) == 1
		for _, f := range all {
			out = append(out, b[:8]...)
			out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, uint32(len(f))), uint32(len(f)))
			out = append(out, f...)
		}
		b = b[record+n:]
	}
	return out, same
}

// packetNumbers are what differs where packets come in fragments.
var packetNumbers = regexp.MustCompile(`\bpackets? \[?[0-9 ]+\]?`)

// TestStoriesWrapped: whatever is around its packets, and in however many pieces they come, a
// story's report is the same.
func TestStoriesWrapped(t *testing.T) {
	at := 0
	archives(t, "story", func(t *testing.T, _ string, a *script.Archive) {
		if a.Script.IP6 { // the wrappings are IPv4's
			return
		}
		want, _ := a.File("report")
		var pcap bytes.Buffer
		if err := a.Script.WritePcap(&pcap); err != nil {
			t.Fatal(err)
		}
		for range 3 { // of each story others
			w := wrappings[at%len(wrappings)]
			at++
			b, same := wrapped(pcap.Bytes(), w)
			if b == nil {
				continue
			}
			src, err := capture.OpenReader("pcap", bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			got, want := analyzed(t, src, 2), string(want)
			if !same {
				got, want = packetNumbers.ReplaceAllString(got, ""), packetNumbers.ReplaceAllString(want, "")
			}
			if got != want {
				t.Errorf("%s: report is\n%s\nwant\n%s", w.name, got, want)
			}
		}
	})
}
