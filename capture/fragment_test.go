package capture

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// cutUp returns ip, an IP packet, in fragments of size bytes; what it carries begins at head.
func cutUp(ip []byte, head, size int, id uint16) (all [][]byte) {
	for at := head; at < len(ip); at += size {
		end := min(at+size, len(ip))
		all = append(all, fragmentBytes(ip, head, at-head, ip[at:end], end < len(ip), id))
	}
	return all
}

// fragmentBytes returns a fragment of ip whose content b is at offset at.
func fragmentBytes(ip []byte, head, at int, b []byte, more bool, id uint16) []byte {
	field := uint16(at)
	if ip[0]>>4 == 6 {
		if more {
			field |= 1
		}
		f := slices.Concat(ip[:head], []byte{ip[6], 0}, be16(field, 0, id), b)
		f[6] = assigned.ProtoFragment
		binary.BigEndian.PutUint16(f[4:], uint16(len(f)-40))
		return f
	}
	if field /= 8; more {
		field |= 0x2000
	}
	f := slices.Concat(ip[:head], b)
	binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
	binary.BigEndian.PutUint16(f[4:], id)
	binary.BigEndian.PutUint16(f[6:], field)
	return f
}

// A fragmentTest decodes IP packets, each a second after the one before if not told else.
type fragmentTest struct {
	decoder
	batch segment.Batch
	now   segment.Time
}

func (x *fragmentTest) take(all ...[]byte) []segment.Segment {
	x.batch.Segments = nil
	for _, b := range all {
		x.packet(&x.batch, &packet{data: b, link: assigned.LinkRaw, orig: len(b), time: x.now, timed: true})
	}
	return x.batch.Segments
}

// problemsAre checks kinds, counts and first packets: "ip-fragment 2 1".
func (x *fragmentTest) problemsAre(t *testing.T, want string) {
	t.Helper()
	var got []string
	totals := x.sums()
	n := int64(0)
	for _, p := range totals.Problems {
		got = append(got, fmt.Sprint(p.Kind, " ", p.Count, " ", p.FirstPacket))
		n += p.Count
	}
	if strings.Join(got, ", ") != want || totals.Unread != n {
		t.Errorf("%v, %d not looked into, want %s", got, totals.Unread, want)
	}
}

func longTCP(v, n int) (ip []byte, head int) {
	payload := strings.Repeat("0123456789", n/10+1)[:n]
	if v == 6 {
		return tcp6(tcpFrom(7), payload), 40
	}
	return tcp4(tcpFrom(7), payload), 20
}

// In whatever pieces and order a packet comes, once or several times, it is read once and as
// it was (RFC 791 section 3.2, RFC 8200 section 4.5).
func TestFragmentsInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		v := 4 + i%2*2
		ip, head := longTCP(v, random.IntN(3000)+50)
		pieces := cutUp(ip, head, (1+random.IntN(100))*8, uint16(0x1234))
		if len(pieces) < 2 || len(pieces) > mostHoles {
			continue
		}
		random.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		if i%3 == 0 { // each at two places of a mirror
			twice := slices.Concat(pieces, pieces)
			if i%2 == 0 { // one after the other
				twice = twice[:0]
				for _, b := range pieces {
					twice = append(twice, b, b)
				}
			}
			pieces = twice
		}
		x := fragmentTest{decoder: decoder{loopback: true}}
		got := x.take(pieces...)
		if n := len(got); n != 1 && (n != 2 || i%3 != 0) { // a second copy of all comes as it does otherwise
			t.Fatalf("case %d: %d segments of %d pieces; %+v", i, len(got), len(pieces), x.sums())
		}
		for _, s := range got {
			oracle(t, s, ip)
		}
		x.problemsAre(t, "")
		x.now += segment.Time(justCompleted + 1)
		x.fragments.expire(x.now)
		if x.fragments.bytes != 0 || len(x.fragments.of) != 0 || len(x.fragments.queue) != 0 {
			t.Fatalf("%d bytes are held", x.fragments.bytes)
		}
	}
}

// The segment is of the packet that made it whole, and is marked if a fragment was (RFC 3168
// section 5.3).
func TestFragmentsMakeOneSegment(t *testing.T) {
	ip, head := longTCP(4, 500)
	ip[1] = 2
	pieces := cutUp(ip, head, 200, 9)
	pieces[1][1] = 3
	x := fragmentTest{}
	x.take(pieces[2])
	x.now = segment.Time(7 * time.Second)
	x.take(pieces[1])
	x.now++
	got := x.take(pieces[0])
	if len(got) != 1 || got[0].Packet != 3 || got[0].Time != x.now || !got[0].CE || got[0].IPID != 9 || got[0].Len != 500 {
		t.Fatalf("%+v", got)
	}
	if totals := x.sums(); totals.Segments != 1 || totals.Packets != 3 {
		t.Errorf("%+v", totals)
	}
}

// Tunnels come in fragments more often than TCP.
func TestFragmentedTunnels(t *testing.T) {
	for v, ip := range map[int][]byte{4: tcp4(tcpFrom(7), strings.Repeat("x", 500)), 6: tcp6(tcpFrom(7), strings.Repeat("x", 500))} {
		for _, w := range wrap(v, ip) {
			if w.link != assigned.LinkEthernet || binary.BigEndian.Uint16(w.b[12:]) != assigned.EtherIPv4 || w.name == "Ethernet" ||
				w.name == "GTP-U" || v == w.not {
				continue
			}
			x := fragmentTest{}
			got := x.take(cutUp(w.b[14:], 20, 200, 1)...)
			if len(got) != 1 {
				t.Errorf("%s %d: %d segments, %+v", w.name, v, len(got), x.sums())
				continue
			}
			oracle(t, got[0], ip)
		}
	}
	ip, _ := longTCP(6, 500) // an extension header that is cut up with the rest
	b := tcp6(tcpFrom(7), string(ip[60:]), append([]byte{60, 2, 1, 20}, make([]byte, 20)...))
	x := fragmentTest{}
	if got := x.take(cutUp(b, 40, 200, 1)...); len(got) != 1 {
		t.Errorf("%d segments, %+v", len(got), x.sums())
	} else {
		oracle(t, got[0], ip)
	}
}

// What never becomes whole is said: at its end, and where it waited for too long.
func TestFragmentsIncomplete(t *testing.T) {
	for v, wait := range map[int]time.Duration{4: waitIPv4, 6: waitIPv6} {
		ip, head := longTCP(v, 500)
		pieces := cutUp(ip, head, 200, 9)
		x := fragmentTest{}
		x.take(pieces[0], pieces[2])
		x.problemsAre(t, "ip-fragment 2 1")
		x.now = segment.Time(wait)
		if got := x.take(pieces[1]); len(got) != 1 {
			t.Errorf("IPv%d: not whole after %v", v, wait)
		}
		x.problemsAre(t, "")
		x = fragmentTest{}
		x.take(pieces[0], pieces[2])
		x.now = segment.Time(wait + 1)
		if got := x.take(pieces[1]); len(got) != 0 {
			t.Errorf("IPv%d: whole after more than %v", v, wait)
		}
		x.problemsAre(t, "ip-fragment 3 1")
		if got := x.take(pieces[0], pieces[2]); len(got) != 1 {
			t.Errorf("IPv%d: not begun anew", v)
		}
		x.problemsAre(t, "ip-fragment 2 1")
	}
}

// A number is used anew after a while, at once by another host, and for another protocol.
func TestFragmentNumbers(t *testing.T) {
	ip, head := longTCP(4, 500)
	pieces := cutUp(ip, head, 296, 9)
	x := fragmentTest{}
	if got := x.take(pieces...); len(got) != 1 {
		t.Fatal("not whole")
	}
	x.now = segment.Time(justCompleted + 1)
	if got := x.take(pieces...); len(got) != 1 {
		t.Error("not whole again")
	}
	again := cutUp(ip, head, 296, 9) // at once, and with another content
	again[0][head+18]++
	if got := x.take(again[1], again[0]); len(got) != 1 || got[0].Payload[0] == 0 {
		t.Error("another packet of the same number is not read")
	}
	other := cutUp(slices.Concat(ip[:12], []byte{10, 0, 0, 9}, ip[16:]), head, 296, 9)
	if got := x.take(pieces[0], other[1], other[0]); len(got) != 1 || got[0].From().Addr.String() != "10.0.0.9" {
		t.Errorf("%d segments: %+v", len(got), got)
	}
	third := cutUp(ip, head, 296, 10)
	x.now += segment.Time(waitIPv4 + 1)
	if got := x.take(third[0], pieces[1]); len(got) != 0 {
		t.Error("made whole by another packet's fragment")
	}
}

// Overlapping fragments are refused, all of them (RFC 5722 section 4); a second copy, or one
// in smaller pieces, says nothing else and is none.
func TestOverlappingFragments(t *testing.T) {
	for _, v := range []int{4, 6} {
		ip, head := longTCP(v, 500)
		body := ip[head:]
		of := func(at, end int) []byte { return fragmentBytes(ip, head, at, body[at:end], end < len(body), 9) }
		forged := func(at, end int) []byte {
			b := slices.Clone(of(at, end))
			b[len(b)-1] ^= 1
			return b
		}
		n := len(body)
		for _, x := range []struct {
			name string
			in   [][]byte
			want string // problems; none: it becomes whole
		}{
			{"the end of one", [][]byte{of(0, 200), of(192, n)}, "overlapping-fragments 2 1"},
			{"the start of one", [][]byte{of(192, n), of(0, 200)}, "overlapping-fragments 2 1"},
			{"all of one", [][]byte{of(8, 16), of(0, 200), of(200, n)}, "overlapping-fragments 3 1"},
			{"two", [][]byte{of(0, 104), of(200, 304), of(96, 208)}, "overlapping-fragments 3 1"},
			{"another content", [][]byte{of(0, 200), forged(0, 200), of(200, n)}, "overlapping-fragments 3 1"},
			{"within, another content", [][]byte{of(0, 200), forged(96, 104), of(200, n)}, "overlapping-fragments 3 1"},
			{"two ends", [][]byte{of(200, n), fragmentBytes(ip, head, 200, body[200:n-8], false, 9)}, "overlapping-fragments 2 1"},
			{"two ends apart", [][]byte{fragmentBytes(ip, head, 96, body[96:104], false, 9), of(200, n)}, "overlapping-fragments 2 1"},
			{"behind the end", [][]byte{fragmentBytes(ip, head, 96, body[96:104], false, 9), of(200, 304)}, "overlapping-fragments 2 1"},
			{"an end before", [][]byte{of(200, 304), fragmentBytes(ip, head, 96, body[96:104], false, 9)}, "overlapping-fragments 2 1"},
			{"a copy", [][]byte{of(0, 200), of(0, 200), of(200, n)}, ""},
			{"a copy in pieces", [][]byte{of(0, 200), of(96, 104), of(0, 200), of(200, n)}, ""},
		} {
			d := fragmentTest{}
			got := d.take(x.in...)
			if whole := len(got) == 1; whole != (x.want == "") {
				t.Errorf("IPv%d, %s: %d segments", v, x.name, len(got))
			}
			d.problemsAre(t, x.want)
		}
	}
}

// What is cut by the snap length is cut: its length on the wire stays.
func TestSnappedFragments(t *testing.T) {
	ip, head := longTCP(4, 500)
	pieces := cutUp(ip, head, 200, 9)
	x := fragmentTest{}
	for i, b := range pieces {
		x.packet(&x.batch, &packet{data: b[:min(len(b), 120)], link: assigned.LinkRaw, orig: len(b), timed: true})
		if i < 2 && len(x.batch.Segments) != 0 {
			t.Fatal("whole too early")
		}
	}
	if got := x.batch.Segments; len(got) != 1 || got[0].Len != 500 || string(got[0].Payload) != string(ip[40:120]) {
		t.Errorf("%+v", got)
	}
}

// What cannot be a fragment, and what no TCP is in.
func TestOddFragments(t *testing.T) {
	for _, v := range []int{4, 6} {
		ip, head := longTCP(v, 500)
		x := fragmentTest{}
		x.take(fragmentBytes(ip, head, 65528, ip[head:head+16], false, 9)) // beyond what a packet holds
		x.take(fragmentBytes(ip, head, 0, ip[head:head+12], true, 9))      // not the last, and not a multiple of 8
		x.problemsAre(t, "bad-ip-header 2 1")
	}
	x := fragmentTest{}
	for _, proto := range []layers.IPProtocol{layers.IPProtocolUDP, layers.IPProtocolICMPv4, layers.IPProtocolSCTP} {
		b := serialize(ip4(proto), payloadOf(300))
		x.take(cutUp(b, 20, 200, 1)[0])
	}
	x.take(fragmentBytes(serialize(ip4(layers.IPProtocolUDP), payloadOf(300)), 20, 200, make([]byte, 100), false, 2)) // its ports are not known
	x.problemsAre(t, "")
	if x.fragments.bytes > 512 {
		t.Errorf("%d bytes are held for what is no TCP", x.fragments.bytes)
	}
	udp := inUDP(5, portVXLAN, make([]byte, 300))[14:]
	x.take(cutUp(udp, 20, 200, 3)[0]) // a tunnel's
	x.problemsAre(t, "ip-fragment 1 5")
}

// Neither many packets nor long ones take more memory than the limits; what was let go is
// counted.
func TestFragmentsAreBounded(t *testing.T) {
	ip, head := longTCP(4, 500)
	x := fragmentTest{}
	for i := range 3 * mostFragmented {
		x.take(fragmentBytes(ip, head, 0, ip[head:head+8], true, uint16(i)))
		if n := len(x.fragments.of); n > mostFragmented || len(x.fragments.queue) > 2*mostFragmented {
			t.Fatalf("%d packets wait", n)
		}
	}
	x.problemsAre(t, fmt.Sprint("ip-fragment ", 3*mostFragmented, " 1"))
	x = fragmentTest{}
	x.take(fragmentBytes(ip, head, 0, ip[head:head+8], true, 1))
	for i := range 5 * mostFragmented { // one number again and again
		again := tcp4(tcpFrom(i), "........")
		if got := x.take(cutUp(again, 20, 16, 2)...); len(got) != 1 || len(x.fragments.queue) > 2*mostFragmented || x.fragments.bytes > 1000 {
			t.Fatalf("%d segments; %d are held with %d bytes", len(got), len(x.fragments.queue), x.fragments.bytes)
		}
	}
	x = fragmentTest{}
	for i := range 1000 {
		x.take(fragmentBytes(ip, head, 65000, ip[head:head+8], true, uint16(i)))
		sum := held(&x.fragments)
		if sum != x.fragments.bytes || sum > mostFragmentBytes+2*maxIP {
			t.Fatalf("%d bytes are held, %d are counted", sum, x.fragments.bytes)
		}
	}
	x.problemsAre(t, "ip-fragment 1000 1")
	x = fragmentTest{}
	for i := range mostHoles + 9 { // no network makes such holes
		x.take(fragmentBytes(ip, head, 16*i, ip[head:head+8], true, 1))
	}
	x.problemsAre(t, fmt.Sprint("overlapping-fragments ", mostHoles+9, " 1"))
}

// held is how many bytes are held.
func held(s *fragments) (n int) {
	for _, p := range s.of {
		if n += cap(p.data); p.prior != nil {
			n += cap(p.prior.data)
		}
	}
	return n
}

// FuzzFragments: whatever fragments come, no byte is made up: a segment is of one packet.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 2, 1, 2, 2, 0, 4, 4, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		ip, head := longTCP(4, 500)
		x := fragmentTest{}
		for ; len(script) >= 3; script = script[3:] {
			at, n := int(script[0])*8, int(script[1]%32)*8
			b := make([]byte, n)
			if at < len(ip)-head {
				copy(b, ip[head+at:])
			}
			for _, s := range x.take(fragmentBytes(ip, head, at, b, script[2]&1 != 0, uint16(script[2]>>6))) {
				if s.Len < len(s.Payload) || s.From().Port != 7 {
					t.Fatalf("%+v", s)
				}
			}
			if n := held(&x.fragments); x.fragments.bytes != n {
				t.Fatalf("%d bytes are held, %d are counted", n, x.fragments.bytes)
			}
		}
		x.sums()
	})
}

// A fragment of the number of a packet that is just whole, with other bytes in the same place: whoever reads the
// stream sees both versions. With another header, or a checksum that is not right, it is of another packet.
func TestFragmentOfAnotherVersion(t *testing.T) {
	for _, v := range []int{4, 6} {
		ip, head := longTCP(v, 100)
		other := slices.Clone(ip)
		slices.Reverse(other[head+64 : head+72])
		slices.Reverse(other[head+64 : head+66]) // the words of 16 bits are as they were, so the checksum is right
		slices.Reverse(other[head+66 : head+68])
		slices.Reverse(other[head+68 : head+70])
		slices.Reverse(other[head+70 : head+72])
		var x fragmentTest
		if got := x.take(cutUp(ip, head, 32, 7)...); len(got) != 1 {
			t.Fatalf("IPv%d: %d segments of a whole packet", v, len(got))
		}
		forged := cutUp(other, head, 32, 7)
		got := x.take(forged[0], forged[2])
		if len(got) != 1 || string(got[0].Payload) != string(other[head+20:]) {
			t.Errorf("IPv%d: %d segments of another version: %+v", v, len(got), got)
		}

		wrong := slices.Clone(other)
		wrong[head+64]++
		var z fragmentTest
		z.take(cutUp(ip, head, 32, 7)...)
		if got := z.take(cutUp(wrong, head, 32, 7)[2]); len(got) != 0 {
			t.Errorf("IPv%d: a version that no receiver takes, for its checksum: %+v", v, got)
		}

		var y fragmentTest
		y.take(cutUp(ip, head, 32, 7)...)
		binary.BigEndian.PutUint32(other[head+4:], 1_000_000)
		forged = cutUp(other, head, 32, 7)
		if got := y.take(forged[0], forged[2]); len(got) != 0 {
			t.Errorf("IPv%d: a part of another packet is read: %+v", v, got)
		}
	}
}
