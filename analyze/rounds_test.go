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
		s, err := script.Parse(begin + "+" + c.gap + ` < . +(1260) ack +
+0.010 < . +(1260) ack +
+0     > . + ack +
+0.060 < P. +(861) ack +
+0     > . + ack +
`)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), &segments{list: s.Segments(), size: 100}, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, x := range r.Connections[0].Transactions {
			got = append(got, x.Rounds)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s s apart: in %v rounds, want %v", c.gap, got, c.want)
		}
	}
}
