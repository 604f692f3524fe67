package analyze

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// failing is what a client does that leaves a connection idle and opens another one.
const failing = `
conn a 10.0.0.1:40000 10.0.0.2:80
conn b 10.0.0.1:40001 10.0.0.2:80
a: 0      > S  0:0(0) <mss 1460, sackOK>
a: +0.02  < S. 0:0(0) ack 1 <mss 1460, sackOK>
a: +0     > .  1:1(0) ack 1
a: +0.001 > P. + ack + "GET /1 HTTP/1.1\r\nHost: a.example\r\nAccept: a, b, c, d, e\r\n\r\n"
a: +0.02  < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: something\r\n\r\nok"
a: +0.001 > .  +(0) ack +
b: +1     > S  0:0(0) <mss 1460, sackOK>
b: +0.02  < S. 0:0(0) ack 1 <mss 1460, sackOK>
b: +0     > .  1:1(0) ack 1
b: +0.001 > P. + ack + "GET /2 HTTP/1.1\r\nHost: a.example\r\nAccept: a, b, c, d, e\r\n\r\n"
b: +0.02  < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: something\r\n\r\nok"
b: +0.001 > .  +(0) ack +
a: +0.5   > P. + ack + "GET /3 HTTP/1.1\r\nHost: a.example\r\nAccept: a, b, c, d, e\r\n\r\n"
a: +0.02  < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: something\r\n\r\nok"
a: +0.001 > .  +(0) ack +
a: +0.1   > F. +(0) ack +
a: +0.02  < F. +(0) ack +
a: +0     > .  +(0) ack +
b: +0.1   > F. +(0) ack +
b: +0.02  < F. +(0) ack +
b: +0     > .  +(0) ack +
`

// said is what a forged segment may say.
var said = []string{
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
	"HTTP/1.0 200 OK\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n",
	"GET /1 HTTP/1.1\r\nHost: b.example\r\n\r\n",
	"GET /1 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5000\r\n\r\n",
	"CONNECT c.example:443 HTTP/1.1\r\nHost: c.example\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"PROXY TCP4 1.2.3.4 10.0.0.2 1 80\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"\x05\x01\x00", "SSH-2.0-x\r\n", "\x00", "\r\n\r\n", strings.Repeat("x", 90),
}

// A packet that no endpoint takes passes nothing: whatever it says, and wherever it comes, what was avoidable stays so,
// or nothing is known.
func TestForgedPacketsPassNothing(t *testing.T) {
	a, err := script.Parse(failing)
	if err != nil {
		t.Fatal(err)
	}
	all := a.Segments()
	r := rand.New(rand.NewPCG(11, 12))
	for i := range 1000 {
		list, what := forge(r, all)
		got := analyzedVerdict(t, list)
		switch got {
		case pool.NotReused, pool.PartlyReused, pool.NotKnown:
		default:
			t.Errorf("%d: %s: the verdict is %s", i, what, got)
		}
	}
}

func analyzedVerdict(t *testing.T, list []segment.Segment) pool.Verdict {
	r, err := Run(t.Context(), &segments{list: list, size: 1000}, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r.Verdict
}

// forge returns all with a forged segment somewhere: one whose checksum is wrong, one beyond any window, or one that
// has other bytes than a segment of the sender's own, in all or in a part of its place.
func forge(r *rand.Rand, all []segment.Segment) ([]segment.Segment, string) {
	place := 1 + r.IntN(len(all)-1)
	like := all[r.IntN(len(all))]
	g := like
	var what string
	switch r.IntN(3) {
	case 0:
		g.Flags = []segment.Flags{segment.RST, segment.RST | segment.ACK, segment.FIN | segment.ACK, segment.SYN, segment.SYN | segment.ACK}[r.IntN(5)]
		g.Seq, g.Len, g.Payload, g.Sum = like.End(), 0, nil, segment.SumWrong
		what = "a wrong checksum"
	case 1:
		g.Flags = segment.Flags(r.IntN(64))
		g.Seq = like.Seq.Add([]int{1 << 30, -1 << 30, 1 << 29, 100_000}[r.IntN(4)])
		g.Payload = []byte(said[r.IntN(len(said))])
		g.Len, g.Sum = len(g.Payload), segment.SumNotKnown
		what = "beyond the window"
	case 2:
		for like.Len == 0 {
			like = all[r.IntN(len(all))]
		}
		g = like
		from := 0
		if r.IntN(3) == 0 {
			from = r.IntN(like.Len)
		}
		b := []byte(said[r.IntN(len(said))])
		g.Payload = slices.Clone(like.Payload[from:])
		g.Payload = g.Payload[:1+r.IntN(len(g.Payload))]
		copy(g.Payload, b)
		g.Seq, g.Len = like.Seq.Add(from), len(g.Payload)
		if string(g.Payload) == string(like.Payload[from:][:g.Len]) {
			g.Payload[0] ^= 1
		}
		if r.IntN(2) == 0 { // just before, or behind
			place = 1 + slices.IndexFunc(all, func(s segment.Segment) bool { return s.Packet == like.Packet }) - r.IntN(2)
		}
		if r.IntN(4) == 0 {
			g.Flags |= segment.FIN
		}
		if r.IntN(2) == 0 {
			g.IPID += 1000
		}
		what = "other bytes"
	}
	// Before the SYN nobody listens at the client. In SYN-SENT it takes a SYN that acknowledges its own or nothing,
	// and a RST that does, whatever their numbers (RFC 9293 section 3.10.7.3).
	syn := slices.IndexFunc(all, func(s segment.Segment) bool { return s.Key == g.Key })
	if place = max(place, syn+1); place == syn+1 && g.Dir != all[syn].Dir {
		g.Flags |= segment.ACK
		g.Ack = all[syn].End().Add([]int{-1, 1, 1 << 20}[r.IntN(3)])
		if g.Flags&(segment.SYN|segment.FIN|segment.RST) == 0 && g.Len > 0 { // else it may come from behind a loss
			g.Ack = all[syn].Seq
		}
	}
	g.TTL = []uint8{64, 1, 200}[r.IntN(3)]
	list := slices.Clone(all[:place])
	g.Time = all[place-1].Time + segment.Time(r.IntN(2_000_000))
	if place < len(all) {
		g.Time = min(g.Time, all[place].Time)
	}
	list = append(append(list, g), all[place:]...)
	for i := range list {
		list[i].Packet = int64(i + 1)
	}
	return list, fmt.Sprintf("%s: before packet %d, from %v, flags %#x, seq %d, %q", what, place+1, g.From(), g.Flags, g.Seq, g.Payload)
}
