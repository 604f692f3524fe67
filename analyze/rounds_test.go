package analyze

import (
	"context"
	"slices"
	"testing"

	"tcpwarm/pcaps/script"
)

// Captured at the client, segments that follow each other within less than a round trip came
// in one round, whatever was acknowledged in between; those that the receiver's window had no room for, and
// that follow an ACK by a round trip, are another.
func TestRoundsSeenAtTheClient(t *testing.T) {
	const begin = `
0      > S  0:0(0) win 14600 <mss 1460, sackOK, wscale 7>
+0.219 < S. 0:0(0) ack 1 win 65535 <mss 1260, sackOK, wscale 7>
+0     > .  1:1(0) ack 1 win 115
+0     > P. +(343) ack + "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" ...
+0.340 < .  +(1260) ack + "HTTP/1.1 200 OK\r\nContent-Length: 1810\r\n\r\n" ...
+0     > .  + ack +
+0.050 < P. +(591) ack +
+0     > .  + ack +
+0     > P. + ack + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
+0.349 < .  +(1260) ack + "HTTP/1.1 200 OK\r\nContent-Length: 17200\r\n\r\n" ...
+0     < .  +(12600) ack +
+0     > .  + ack +
`
	for _, c := range []struct {
		gap  string
		want []int64
	}{
		{"0.05", []int64{1, 1}},
		{"0.22", []int64{1, 2}},
	} {
		got := rounds(t, begin+"+"+c.gap+` < . +(1260) ack +
+0.010 < . +(1260) ack +
+0     > . + ack +
+0.060 < P. +(861) ack +
+0     > . + ack +
`)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s s apart: in %v rounds, want %v", c.gap, got, c.want)
		}
	}
}

// What is captured within less than a round trip came in one round, though an ACK of what was sent before that had come to
// the sender in between.
func TestRoundsFitIntoTheirTime(t *testing.T) {
	for _, c := range []struct {
		gap  string
		want []int64
	}{
		{"0.06", []int64{1, 1}},
		{"0.21", []int64{1, 2}},
	} {
		got := rounds(t, `
0     > S  0:0(0) win 60000 <mss 1460, sackOK, TS 1000 0>
+0.2  < S. 0:0(0) ack 1 win 65535 <mss 1460, sackOK, TS 500 1000>
+0    > .  1:1(0) ack 1 <TS 1200 500>
+0    > P. 1:57(56) ack 1 "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" <TS 1200 500>
+0.2  < .  1:1449(1448) ack 57 "HTTP/1.1 200 OK\r\nContent-Length: 1407\r\n\r\n" ... <TS 700 1200>
+0.01 > .  57:57(0) ack 1449 <TS 1410 700>
+0.15 < .  1449:2897(1448) ack 57 "HTTP/1.1 200 OK\r\nContent-Length: 1907\r\n\r\n" ... <TS 850 1200>
+`+c.gap+` < P. 2897:3397(500) ack 57 <TS 910 1410>
+0    > .  57:57(0) ack 3397 <TS 1620 910>
`)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s s apart: in %v rounds, want %v", c.gap, got, c.want)
		}
	}
}

// rounds returns in how many rounds the response of each transaction of a trace was sent.
func rounds(t *testing.T, trace string) (all []int64) {
	s, err := script.Parse(trace)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), &segments{list: s.Segments(), size: 100}, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Connections[0].Transactions {
		all = append(all, x.Rounds)
	}
	return all
}
