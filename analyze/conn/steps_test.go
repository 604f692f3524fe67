package conn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// stepsOf are what the time-sequence graphs of a script's connection show, a line each: whose data, what is
// said of it, and in which packet.
func stepsOf(t *testing.T, s *script.Script) string {
	t.Helper()
	f := newFed()
	f.env.KeepSteps = true
	all := s.Segments()
	for i := range all {
		f.segment(&all[i])
	}
	f.End()
	names := []string{"new", "resent", "reordered", "probe", "ack", "dup", "sack", "zero"}
	var b strings.Builder
	for _, x := range f.steps {
		side := "<"
		if x.Dir == f.id.Client {
			side = ">"
		}
		fmt.Fprintf(&b, "%s %s %d-%d #%d\n", side, names[x.Kind], x.Start, x.End, x.Packet)
	}
	return b.String()
}

const handshakeSteps = `> new 0-1 #1
< new 0-1 #2
> ack 1-20001 #2
< ack 1-10001 #3
`

const handshake = "0 > S 0:0(0) win 10000 <mss 1000, sackOK>\n+0.02 < S. 0:0(0) ack 1 win 20000 <mss 1000, sackOK>\n+0 > . 1:1(0) ack 1\n"

// What each segment adds to the graphs, told as tcptrace draws it. It is the same with numbers that wrap within the
// data, at another time and with the hosts turned round.
func TestSteps(t *testing.T) {
	for name, x := range map[string]struct{ packets, want string }{
		"data is acknowledged": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
+0 < . 1001:2001(1000) ack 101
+0.02 > . 101:101(0) ack 2001
+0 < . 2001:2501(500) ack 101
+0 < F. 2501:2501(0) ack 101
+0 > F. 101:101(0) ack 2502
+0 < . 2502:2502(0) ack 102
`, handshakeSteps + `> new 1-101 #4
< new 1-1001 #5
> ack 101-20101 #5
< new 1001-2001 #6
< ack 2001-12001 #7
< new 2001-2501 #8
< new 2501-2502 #9
> new 101-102 #10
< ack 2502-12502 #10
> ack 102-20102 #11
`},
		"a hole is SACKed, then filled": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
~+0 < . 1001:2001(1000) ack 101
+0 < . 2001:3001(1000) ack 101
+0 < . 3001:4001(1000) ack 101
+0.01 > . 101:101(0) ack 1001
+0.01 > . 101:101(0) ack 1001 <sack 2001:3001>
+0 > . 101:101(0) ack 1001 <sack 2001:4001>
+0 > . 101:101(0) ack 1001 <sack 2001:4001>
+0.03 < . 1001:2001(1000) ack 101
+0.01 > . 101:101(0) ack 4001
`, handshakeSteps + `> new 1-101 #4
< new 1-1001 #5
> ack 101-20101 #5
< new 2001-3001 #6
< new 3001-4001 #7
< ack 1001-11001 #8
< dup 1001-1001 #9
< sack 2001-3001 #9
< dup 1001-1001 #10
< sack 2001-4001 #10
< dup 1001-1001 #11
< resent 1001-2001 #12
< ack 4001-14001 #13
`},
		"SACK blocks that cannot be are none": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
+0 > . 101:101(0) ack 1 <sack 1001:2001>
+0 > . 101:101(0) ack 1 <sack 901:801>
+0 > . 101:101(0) ack 1 <sack 501:1001>
`, handshakeSteps + `> new 1-101 #4
< new 1-1001 #5
> ack 101-20101 #5
< dup 1-1 #6
< dup 1-1 #7
< dup 1-1 #8
< sack 501-1001 #8
`},
		"what was lost behind the capture is sent again": {handshake + `+0 > P. 1:101(100) ack 1
+0.3 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
+0.02 > . 101:101(0) ack 1001
`, handshakeSteps + `> new 1-101 #4
> resent 1-101 #5
< new 1-1001 #6
> ack 101-20101 #6
< ack 1001-11001 #7
`},
		"two segments have changed places": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1001:2001(1000) ack 101
+0.0001 < . 1:1001(1000) ack 101
+0.0001 < . 2001:3001(1000) ack 101
`, handshakeSteps + `> new 1-101 #4
< new 1001-2001 #5
> ack 101-20101 #5
< reordered 1-1001 #6
< new 2001-3001 #7
`},
		"the window closes, is probed and opens": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
+0 > . 101:101(0) ack 1001 win 0
+0.2 < . 1000:1000(0) ack 101
+0 > . 101:101(0) ack 1001 win 0
+0.4 < . 1000:1000(0) ack 101
+0.1 > . 101:101(0) ack 1001 win 5000
+0 < . 1001:2001(1000) ack 101
`, handshakeSteps + `> new 1-101 #4
< new 1-1001 #5
> ack 101-20101 #5
< ack 1001-1001 #6
< zero 1001-1001 #6
< probe 1000-1000 #7
< probe 1000-1000 #9
< ack 1001-6001 #10
< new 1001-2001 #11
`},
		"a SYN and a FIN are sent again": {`0 > S 0:0(0) win 10000 <mss 1000>
+1 > S 0:0(0) win 10000 <mss 1000>
+0.02 < S. 0:0(0) ack 1 win 20000 <mss 1000>
+0 > . 1:1(0) ack 1
+0 > F. 1:1(0) ack 1
+0.3 > F. 1:1(0) ack 1
+0.02 < . 1:1(0) ack 2
`, `> new 0-1 #1
> resent 0-1 #2
< new 0-1 #3
> ack 1-20001 #3
< ack 1-10001 #4
> new 1-2 #5
> resent 1-2 #6
> ack 2-20002 #7
`},
		"an ACK that was overtaken moves nothing back": {handshake + `+0 > P. 1:101(100) ack 1
+0.02 < . 1:1001(1000) ack 101
+0 < . 1001:2001(1000) ack 101
+0 > . 101:101(0) ack 2001
+0 > . 101:101(0) ack 1001
+0 < . 1001:2001(1000) ack 101
`, handshakeSteps + `> new 1-101 #4
< new 1-1001 #5
> ack 101-20101 #5
< new 1001-2001 #6
< ack 2001-12001 #7
< resent 1001-2001 #9
`},
		"the capture begins in the midst, the windows cannot be read": {`0 < . 501:1501(1000) ack 301
+0 < . 1501:2501(1000) ack 301
+0.02 > . 301:301(0) ack 2501
+0 < . 2501:3501(1000) ack 301
+0 < . 2501:3501(1000) ack 301
+0.5 < . 2501:3501(1000) ack 301
+0.02 > . 301:301(0) ack 3501
`, `< new 1-1001 #1
> ack 1-0 #1
< new 1001-2001 #2
< ack 2001-2000 #3
< new 2001-3001 #4
< resent 2001-3001 #5
< resent 2001-3001 #6
< ack 3001-3000 #7
`},
	} {
		s, err := script.Parse(x.packets)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for variant, s := range variants(s) {
			if got := stepsOf(t, s); got != x.want {
				t.Errorf("%s, %s:\n%s\nwant\n%s", name, variant, got, x.want)
			}
		}
	}
}

// A connection whose few segments are as usual has nothing to see, and so no room is taken for it.
func TestFewStepsAreNone(t *testing.T) {
	short := handshake + `+0 > P. 1:101(100) ack 1
+0.02 < P. 1:1001(1000) ack 101
+0 > F. 101:101(0) ack 1001
+0 < F. 1001:1001(0) ack 102
+0 > . 102:102(0) ack 1002
`
	for packets, none := range map[string]bool{
		short: true,
		strings.Replace(short, "+0.02 <", "+0.3 > P. 1:101(100) ack 1\n+0.02 <", 1):        false,
		handshake + strings.Repeat("+0 > P. + ack + \"x\"\n+0.02 < P. + ack + \"y\"\n", 3): false,
	} {
		s, err := script.Parse(packets)
		if err != nil {
			t.Fatal(err)
		}
		if got := stepsOf(t, s); (got == "") != none {
			t.Errorf("%s\ngives\n%s", packets, got)
		}
	}
}

// Nobody asks: nothing is kept, and nothing is told.
func TestStepsNotAskedFor(t *testing.T) {
	s, err := script.Parse(handshake + strings.Repeat("+0 > P. + ack + \"x\"\n", 100))
	if err != nil {
		t.Fatal(err)
	}
	f := newFed()
	all := s.Segments()
	for i := range all {
		f.segment(&all[i])
	}
	f.End()
	if f.steps != nil || f.Conn.steps != nil {
		t.Errorf("%d steps", len(f.steps))
	}
}

// Sequence numbers go round; the graph's go on.
func TestStepsPassWrap(t *testing.T) {
	const n, each = 5000, 1_000_000 // together 5 GB
	s, err := script.Parse(handshake)
	if err != nil {
		t.Fatal(err)
	}
	all := s.Segments()
	data, ack := all[2], all[1]
	ack.Flags, ack.Options = segment.ACK, segment.Options{}
	for i := range n {
		data.Packet, data.Time, data.Len, ack.Packet = int64(4+2*i), data.Time+1e6, each, int64(5+2*i)
		ack.Time, ack.Seq, ack.Ack = data.Time+5e5, data.Ack, data.Seq.Add(each)
		all = append(all, data, ack)
		data.Seq = ack.Ack
	}
	f := newFed()
	f.env.KeepSteps = true
	most := 0
	for i := range all {
		f.segment(&all[i])
		most = max(most, f.Memory())
	}
	f.End()
	var sent, acked int64 = 1, 1
	var count [tcp.StepKinds]int
	for _, x := range f.steps {
		switch {
		case x.Dir != f.id.Client || x.Packet < 3:
			continue
		case x.Kind == tcp.NewStep:
			if x.Start != sent || x.End != sent+each {
				t.Fatalf("packet %d has %d to %d, want %d", x.Packet, x.Start, x.End, sent)
			}
			sent = x.End
		case x.Kind == tcp.ACKStep:
			if acked += each; x.Start != acked {
				t.Fatalf("packet %d acknowledges %d, want %d", x.Packet, x.Start, acked)
			}
		}
		count[x.Kind]++
	}
	if count[tcp.NewStep] != n || count[tcp.ACKStep] != n || sent != 1+n*each {
		t.Errorf("%v, to %d", count, sent)
	}
	bare := newFed()
	bare.segment(&all[0])
	if more := most - bare.Memory(); more > 64<<10 || more < tcp.MaxSteps*int(unsafe.Sizeof(tcp.Step{})) {
		t.Errorf("%d bytes more are held for %d segments", more, len(all))
	}
	if !slices.IsSortedFunc(f.steps, func(a, b tcp.Step) int { return int(a.Packet - b.Packet) }) {
		t.Error("they are not in order")
	}
}
