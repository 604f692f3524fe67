package script

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"tcpwarm/capture/segment"
)

const exchange = `
# a handshake, a request, an answer in two parts, one of them not captured
 0      > S  0:0(0) win 64240 <mss 1460, sackOK, TS 7 0, wscale 7>
+0.020  < S. 0:0(0) ack 1 win 65160 <mss 1460, sackOK, TS 9 7, wscale 10>
+0      > .  1:1(0) ack 1 win 502 <TS 8 9>
+.001   > P. + ack + "GET / HTTP/1.1\r\n\r\n"
= > flight 18 resent 0
+0.020  < .  +(1000) ack + "HTTP/1.1 200 OK\r\n" ...
~+0     < .  +(1000) ack +
+0      < P. +(500) ack + ce ttl 55
+0.001  > .  + ack 1001 <sack 2001:2501>
= < sacked 500 note "two words"
+0.2    < .  1001:2001(1000) ack + id 7
+1      > F. + ack +
-0.5    > .  18:19(1) ack +
`

func parse(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSegmentsAreWhatTheLinesSay(t *testing.T) {
	segs := parse(t, exchange).Segments()
	var got strings.Builder
	for _, g := range segs {
		fmt.Fprintf(&got, "%d %v %v>%v %s %d %d len %d\n", g.Packet, g.Time.Sub(Base), g.From(), g.To(), letters(g.Flags), g.Seq, g.Ack, g.Len)
	}
	want := `1 0s 10.0.0.1:40000>10.0.0.2:80 S 0 0 len 0
2 20ms 10.0.0.2:80>10.0.0.1:40000 S. 0 1 len 0
3 20ms 10.0.0.1:40000>10.0.0.2:80 . 1 1 len 0
4 21ms 10.0.0.1:40000>10.0.0.2:80 P. 1 1 len 18
5 41ms 10.0.0.2:80>10.0.0.1:40000 . 1 19 len 1000
6 41ms 10.0.0.2:80>10.0.0.1:40000 P. 2001 19 len 500
7 42ms 10.0.0.1:40000>10.0.0.2:80 . 19 1001 len 0
8 242ms 10.0.0.2:80>10.0.0.1:40000 . 1001 19 len 1000
9 1.242s 10.0.0.1:40000>10.0.0.2:80 F. 19 2501 len 0
10 742ms 10.0.0.1:40000>10.0.0.2:80 . 18 2501 len 1
`
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
	if got := segs[6].Options; got.SACKBlocks != 1 || got.SACK[0] != (segment.Block{Start: 2001, End: 2501}) {
		t.Errorf("SACK %+v", got)
	}
	if g := segs[5]; !g.CE || g.TTL != 55 || g.IPID != 4 || segs[7].IPID != 7 { // the missing one took 3
		t.Errorf("ce %v ttl %d id %d, then id %d", g.CE, g.TTL, g.IPID, segs[7].IPID)
	}
	if b := segs[4].Payload; !bytes.HasPrefix(b, []byte("HTTP/1.1 200 OK\r\n"+string(letter(18)))) {
		t.Errorf("payload %.30q", b)
	}
	if b := segs[9].Payload; string(b) != "\n" { // a keep-alive repeats the byte before
		t.Errorf("repeated byte %q", b)
	}
}

func TestChecksComeWithTheirHalf(t *testing.T) {
	checks := parse(t, exchange).Checks()
	if len(checks) != 2 {
		t.Fatalf("%d checks", len(checks))
	}
	if c := checks[0]; c.Line != 7 || c.Dir != segment.AtoB || !reflect.DeepEqual(c.Pairs, []Pair{{"flight", "18"}, {"resent", "0"}}) {
		t.Errorf("%+v", c)
	}
	if c := checks[1]; c.Dir != segment.BtoA || c.To != ToClient || c.Pairs[1].Value != "two words" {
		t.Errorf("%+v", c)
	}
}

func TestNumbersWrap(t *testing.T) {
	s := parse(t, "isn 4294967290 4294967295\n0 > S 0:0(0)\n+0 < S. 0:0(0) ack 1\n+0 > . 1:101(100) ack 1\n+0 < . + ack 101 <sack 4:90>\n")
	g := s.Segments()
	if g[2].Seq != 4294967291 || g[2].End() != 95 || g[2].Ack != 0 || g[3].Seq != 0 || g[3].Ack != 95 {
		t.Errorf("%+v", g)
	}
	if b := g[3].Options.SACK[0]; b.Start != 4294967294 || b.End != 84 {
		t.Errorf("sack %+v", b)
	}
	w := s.WithISN(10, 20).Segments()
	if w[2].Seq != 11 || w[2].Ack != 21 || !bytes.Equal(w[2].Payload, g[2].Payload) {
		t.Errorf("other ISN: %+v", w[2])
	}
	if s.Conns[0].ISN[0] != 4294967290 {
		t.Error("WithISN changed its receiver")
	}
}

func TestSwapHostsFlipsEveryKey(t *testing.T) {
	for _, conns := range []string{
		"conn a 10.0.0.1:1000 10.0.0.3:80\nconn b 10.0.0.2:1000 10.0.0.3:80\n",
		"conn a 127.0.0.1:1000 127.0.0.1:80\nconn b 127.0.0.1:1001 127.0.0.1:80\n",
	} {
		s := parse(t, conns+"a: 0 > . 1:2(1) ack 1\nb: 0 < . 1:2(1) ack 1\n")
		a, b := s.Segments(), s.SwapHosts().Segments()
		for i := range a {
			if a[i].Dir == b[i].Dir {
				t.Errorf("%v>%v became %v>%v", a[i].From(), a[i].To(), b[i].From(), b[i].To())
			}
		}
		if b[0].To() != b[1].From() {
			t.Error("the server is no longer shared")
		}
	}
}

func TestShift(t *testing.T) {
	s := parse(t, exchange)
	if got := s.Shift(time.Hour).Segments()[0].Time; got != Base.Add(time.Hour) {
		t.Errorf("%v", got)
	}
}

func TestMTUSplits(t *testing.T) {
	s := parse(t, exchange)
	whole, split := s.Segments(), s.WithMTU(576).Segments()
	if len(split) <= len(whole) {
		t.Fatalf("%d segments", len(split))
	}
	var a, b [2][]byte
	for _, g := range whole {
		a[g.Dir] = append(a[g.Dir], g.Payload...)
	}
	next := map[segment.Dir]segment.Seq{}
	for i, g := range split {
		b[g.Dir] = append(b[g.Dir], g.Payload...)
		if n := headers(&g.Options) - etherHeader + g.Len; n > 576 {
			t.Errorf("packet %d has %d bytes", i+1, n)
		}
		if g.Packet != int64(i+1) {
			t.Errorf("packet %d is numbered %d", i+1, g.Packet)
		}
		next[g.Dir] = g.End()
	}
	if !reflect.DeepEqual(a, b) {
		t.Error("splitting changed the bytes")
	}
}

// What Print writes parses to the same segments, however the first were made.
func TestPrintAndParseAgree(t *testing.T) {
	several := "conn 10.0.0.9:5 10.0.0.8:6\nconn x 10.0.0.9:5 10.0.0.7:6\n0 > . 1:3(2) ack 9\nx: +0 < - 3:900(897)\n+0 < R 9:9(0) win 0\n"
	for _, s := range []*Script{
		parse(t, exchange), parse(t, exchange).WithISN(4294967290, 4294966000), parse(t, exchange).SwapHosts(),
		parse(t, "snap 200\n"+exchange), parse(t, exchange).WithMTU(600).Shift(time.Minute), parse(t, several), parse(t, ""),
	} {
		want := s.Segments()
		var b bytes.Buffer
		if err := PrintPayload(&b, want); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(b.String())
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		if d := differ(want, again.Segments()); d != "" {
			t.Errorf("%s\n%s", d, b.String())
		}
	}
}

// differ says how b is not a with addresses renamed and times moved; "" if it is.
func differ(a, b []segment.Segment) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d segments became %d", len(a), len(b))
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.From().Port != y.From().Port || x.To().Port != y.To().Port || x.Time.Sub(a[0].Time) != y.Time.Sub(b[0].Time) {
			return fmt.Sprintf("packet %d: ports or time", i+1)
		}
		y.Key, y.Dir, y.Time = x.Key, x.Dir, x.Time
		if len(x.Payload)+len(y.Payload) == 0 {
			y.Payload = x.Payload
		}
		if !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("packet %d:\n%+v became\n%+v", i+1, x, y)
		}
	}
	return ""
}

func TestPrintHidesPayloadAndAddresses(t *testing.T) {
	s := parse(t, "conn 192.0.2.7:1234 192.0.2.8:8080\nisn 5 6\n1 > S 0:0(0)\n+.5 > P. + ack 1 \"password\" win 9 <TS 1 2>\n")
	var b bytes.Buffer
	if err := Print(&b, s.Segments()); err != nil {
		t.Fatal(err)
	}
	want := `conn 10.0.0.1:1234 10.0.0.2:8080
isn 5 6
+0           > S  0:0(0)
+0.5         > P. 1:9(8) ack 1 win 9 <TS 1 2>
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"2 > S 0:0", `"0:0" is no range start:end(length)`},
		{"2 > S 0:1(2)", "0:1(2): from 0 to 1 are 1 bytes, not 2"},
		{"x > S 0:0(0)", `"x" is no time: seconds, or + and seconds after the line above`},
		{"+-1 > S 0:0(0)", `"+-1" is no time: seconds, or + and seconds after the line above`},
		{"0.5 > S 0:0(0)", "time goes back from 1s to 500ms"},
		{"2 ^ S 0:0(0)", `"^" is no direction: > is to the server, < to the client`},
		{"2 > SX 0:0(0)", `"SX" is no flags: letters of SFRPUEC, . for ACK, - for none`},
		{"2 > . 1:1(0)", "flag . and no ack word"},
		{"2 > S 0:0(0) ack 1", "ack without its flag, a dot"},
		{"2 > S 0:0(0) wim 1", "unknown word wim"},
		{"2 > S 0:0(0) win 65536", "win: 65536 is not in 0 to 65535"},
		{"2 > S 0:0(0) <mss 1460", "no > ends the options"},
		{"2 > S 0:0(0) <mss>", "option mss: 0 values"},
		{"2 > S 0:0(0) <speed 9>", "option speed: unknown"},
		{"2 > S 0:0(0) <wscale 15>", "option wscale: 15 is not in 0 to 14"},
		{"2 > S 0:0(0) <TS 1 1, sack 1:2 3:4 5:6 7:8>", "44 bytes of options; at most 40"},
		{`2 > . 1:5(4) ack 1 "abc"`, "the payload has 3 bytes, the range 4"},
		{`2 > . 1:3(2) ack 1 "abc" ...`, "the payload has 3 bytes, the range 2"},
		{`2 > . + ack 1 "a" "b"`, `a second payload`},
		{`2 > . + ack 1 "abc`, `"abc: "abc is not quoted as in Go`},
		{`2 > . + ack 1 @x`, "@x: the script is in no archive"},
		{"2 > . +(65530) ack 1", "a packet of 65570 bytes; at most 65535"},
		{"= > flight", "flight has no value"},
		{"= >", "nothing to check"},
		{"isn 1 2", "isn must come before the connection's first segment"},
		{"snap 100", "snap must come before the first segment"},
		{"b: 2 > S 0:0(0)", "no connection is named b"},
		{"conn b 10.0.0.1:40000 10.0.0.2:80", "another connection has these addresses and ports"},
		{"ip6", "ip6 must come before all else"},
		{"conn b [::1]:1 [::1]:2", "[::1]:1: scripts write IPv4 addresses, and ip6 for IPv6"},
	} {
		_, err := Parse("# one\n1 > S 0:0(0)\n" + c.line + "\n")
		if want := "line 3: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", c.line, err, want)
		}
	}
}

const archive = `A claim. RFC 0.
-- req.http --
GET / HTTP/1.1

-- trace --
0 > P. + ack 1 @@req.http
+0 < P. +(100) ack + @body ...
-- body --
hello
-- report.txt --
all is well
`

func TestArchive(t *testing.T) {
	a, err := ParseArchive(archive)
	if err != nil {
		t.Fatal(err)
	}
	g := a.Script.Segments()
	if string(g[0].Payload) != "GET / HTTP/1.1\r\n\r\n" || !bytes.HasPrefix(g[1].Payload, []byte("hello\nhij")) {
		t.Errorf("%q %q", g[0].Payload, g[1].Payload)
	}
	if a.Comment != "A claim. RFC 0.\n" || a.Script.Steps[0].Line != 6 {
		t.Errorf("%q, line %d", a.Comment, a.Script.Steps[0].Line)
	}
	if got := string(a.Format()); got != archive {
		t.Errorf("formatted:\n%s", got)
	}
	a.Set("report.txt", []byte("bad"))
	if b, ok := a.File("report.txt"); !ok || string(b) != "bad" || !strings.HasSuffix(string(a.Format()), "\nbad\n") {
		t.Errorf("set: %q", b)
	}
	_, err = ParseArchive(strings.Replace(archive, "@body", "@nobody", 1))
	var e *Error
	if !errors.As(err, &e) || e.Line != 7 {
		t.Errorf("%v", err)
	}
	if _, err = ParseArchive("nothing"); err == nil {
		t.Error("no trace, no error")
	}
}

// A pcap of a script, read by another's reader and decoder, holds the segments.
func TestPcapReadByGopacket(t *testing.T) {
	for _, s := range []*Script{parse(t, exchange), parse(t, "snap 120\n"+exchange).WithISN(4294967290, 1), parse(t, exchange).WithMTU(576)} {
		var b bytes.Buffer
		if err := s.WritePcap(&b); err != nil {
			t.Fatal(err)
		}
		var got []segment.Segment
		for data := range records(t, b.Bytes()) {
			got = append(got, decoded(t, data, int64(len(got)+1)))
		}
		want := s.Segments()
		for i := range min(len(got), len(want)) {
			got[i].Sum = want[i].Sum // that all are right decoded has looked at
		}
		if d := differ(want, got); d != "" {
			t.Error(d)
		}
		for i := range got {
			if got[i].Key != want[i].Key || got[i].Dir != want[i].Dir || got[i].Time != want[i].Time {
				t.Errorf("packet %d: %+v, want %+v", i+1, got[i], want[i])
			}
		}
	}
}

// A record is a packet of a pcap.
type record struct {
	data []byte
	orig int
	at   segment.Time
}

// records reads a pcap as "PCAP Capture File Format" (draft-ietf-opsawg-pcap)
// has it, apart from the reader in package capture.
func records(t *testing.T, b []byte) iter.Seq[record] {
	le := binary.LittleEndian
	if le.Uint32(b) != 0xa1b23c4d || le.Uint16(b[4:]) != 2 || le.Uint16(b[6:]) != 4 || le.Uint32(b[20:]) != 1 {
		t.Fatalf("header % x", b[:24])
	}
	snap := int(le.Uint32(b[16:]))
	return func(yield func(record) bool) {
		for b = b[24:]; len(b) > 0; {
			n := int(le.Uint32(b[8:]))
			if n > snap {
				t.Fatalf("%d bytes in a capture of %d", n, snap)
			}
			at := segment.Time(le.Uint32(b))*1e9 + segment.Time(le.Uint32(b[4:]))
			if !yield(record{b[16 : 16+n], int(le.Uint32(b[12:])), at}) {
				return
			}
			b = b[16+n:]
		}
	}
}

// decoded is a frame as gopacket understands it. Checksums must be right where
// the frame is whole.
func decoded(t *testing.T, r record, n int64) segment.Segment {
	t.Helper()
	p := gopacket.NewPacket(r.data, layers.LayerTypeEthernet, gopacket.Default)
	ip := p.NetworkLayer().(*layers.IPv4)
	tcp := p.TransportLayer().(*layers.TCP)
	if len(r.data) == r.orig {
		sum, tcpSum := ip.Checksum, tcp.Checksum
		b := gopacket.NewSerializeBuffer()
		_ = tcp.SetNetworkLayerForChecksum(ip)
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{ComputeChecksums: true}, ip, tcp, gopacket.Payload(tcp.Payload)); err != nil {
			t.Fatal(err)
		}
		if ip.Checksum != sum || tcp.Checksum != tcpSum {
			t.Errorf("packet %d: checksums %#x %#x, want %#x %#x", n, sum, tcpSum, ip.Checksum, tcp.Checksum)
		}
	}
	g := segment.Segment{Packet: n, Time: r.at, TTL: ip.TTL, CE: ip.TOS&3 == 3, IPID: ip.Id,
		Window: tcp.Window, Seq: segment.Seq(tcp.Seq), Ack: segment.Seq(tcp.Ack), Payload: tcp.Payload,
		Len: int(ip.Length) - 20 - int(tcp.DataOffset)*4}
	g.Key, g.Dir = segment.MakeKey(segment.Endpoint{Addr: segment.Addr4(ip.SrcIP), Port: uint16(tcp.SrcPort)}, segment.Endpoint{Addr: segment.Addr4(ip.DstIP), Port: uint16(tcp.DstPort)})
	for i, on := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if on {
			g.Flags |= 1 << i
		}
	}
	for _, o := range tcp.Options {
		switch be := func(b []byte) (v uint32) {
			for _, x := range b {
				v = v<<8 | uint32(x)
			}
			return v
		}; o.OptionType {
		case layers.TCPOptionKindMSS:
			g.Options.HasMSS, g.Options.MSS = true, uint16(be(o.OptionData))
		case layers.TCPOptionKindSACKPermitted:
			g.Options.SACKPermitted = true
		case layers.TCPOptionKindWindowScale:
			g.Options.HasWindowScale, g.Options.WindowScale = true, o.OptionData[0]
		case layers.TCPOptionKindTimestamps:
			g.Options.HasTimestamps, g.Options.TSVal, g.Options.TSEcr = true, be(o.OptionData[:4]), be(o.OptionData[4:])
		case layers.TCPOptionKindSACK:
			for d := o.OptionData; len(d) > 0; d = d[8:] {
				g.Options.SACK[g.Options.SACKBlocks] = segment.Block{Start: segment.Seq(be(d[:4])), End: segment.Seq(be(d[4:8]))}
				g.Options.SACKBlocks++
			}
		}
	}
	return g
}

// Any text either is an error with a line, or a script that survives printing.
func FuzzParse(f *testing.F) {
	f.Add(exchange)
	f.Add(archive)
	f.Add("conn a 1.2.3.4:5 1.2.3.5:6\na: isn 1 4294967295\nmtu 600\nsnap 94\na: ~ .5 < FPUEC -5:3(8) \"\\x00\\\"\" ...\na: -.1 > - +(9)\n")
	f.Add("ip6\nsnap 120\nmtu 1280\nconn a 1.2.3.4:5 1.2.3.5:6\na: 1 > S 0:0(0)\na: +1 > . +(3000) ack 1 ttl 7 ce\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return // long ones are only slow
		}
		if a, err := ParseArchive(text); err == nil {
			_, err := ParseArchive(string(a.Format()))
			if err != nil {
				t.Fatalf("formatted: %v", err)
			}
		}
		s, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%v", err)
			}
			return
		}
		payload := 0
		for _, st := range s.Steps {
			if st.Pack != nil {
				payload += st.Pack.Len
			}
		}
		if payload > 1<<17 {
			return
		}
		want := s.Segments()
		var b bytes.Buffer
		if err := PrintPayload(&b, want); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(b.String())
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		if d := differ(want, again.Segments()); d != "" {
			t.Fatalf("%s\n%s", d, b.String())
		}
		if err := s.WritePcap(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

// Packets of IPv6 are as gopacket reads them.
func TestIPv6Frames(t *testing.T) {
	s, err := Parse("ip6\nconn 10.0.0.1:40000 10.0.0.2:80\n1 > S 0:0(0) ttl 9 <mss 1440>\n+1 < S. 0:0(0) ack 1\n+1 > P. + ack + \"odd\" ce\n")
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range s.Segments() {
		g.Packet = int64(i) + 1
		p := gopacket.NewPacket(frame(&g), layers.LayerTypeEthernet, gopacket.Default)
		ip, _ := p.NetworkLayer().(*layers.IPv6)
		tcp, _ := p.TransportLayer().(*layers.TCP)
		if ip == nil || tcp == nil {
			t.Fatalf("packet %d is %v", g.Packet, p)
		}
		if src, dst := ip.SrcIP.String(), g.From().Addr.String(); src != dst || ip.HopLimit != g.TTL || ip.TrafficClass&3 == 3 != g.CE || g.IPID != 0 {
			t.Errorf("packet %d: %v, want %+v", g.Packet, ip, g)
		}
		if string(tcp.Payload) != string(g.Payload) || int(ip.Length) != s.headers(&g.Options)-etherHeader-ip6Header+g.Len {
			t.Errorf("packet %d: %q in %d bytes, want %q", g.Packet, tcp.Payload, ip.Length, g.Payload)
		}
		sum := tcp.Checksum
		_ = tcp.SetNetworkLayerForChecksum(ip)
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{ComputeChecksums: true}, tcp, gopacket.Payload(tcp.Payload)); err != nil || tcp.Checksum != sum {
			t.Errorf("packet %d: checksum %#x, want %#x, %v", g.Packet, sum, tcp.Checksum, err)
		}
	}
	const first, second = "2001:db8::a00:1", "2001:db8::a00:2"
	if k := s.Segments()[0].Key; k.A.Addr.String() != first || k.B.Addr.String() != second {
		t.Errorf("from %s to %s", k.A, k.B)
	}
}
