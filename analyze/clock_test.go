package analyze_test

import (
	"fmt"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// What the client knew when it opened a connection is told on its own clock: a response takes
// half of the gap between SYN-ACK and ACK to reach it, and a SYN as long to be captured. At the
// client, and within one machine, there is no such gap.
func TestClientsClock(t *testing.T) {
	for _, x := range []struct {
		toServer, toClient float64 // ms
		after              float64 // ms from the response to the next SYN, as captured
		want               pool.Cause
	}{
		{20, 40, 39.9, pool.Concurrent}, {20, 40, 40, pool.Missed}, // in the middle
		{8, 1, 0.9, pool.Concurrent}, {8, 1, 1, pool.Missed},
		{8, 0.999, 0.5, pool.Missed},                                 // at the client
		{0.1, 40, 39.9, pool.Concurrent}, {0.1, 40, 40, pool.Missed}, // at the server
		{0.05, 0.149, 0.1, pool.Missed}, {0.05, 0.15, 0.1, pool.Concurrent}, // within one machine, and not
	} {
		open := fmt.Sprintf("%%s: +%%.6f > S 0:0(0)\n%%[1]s: +%.6f < S. 0:0(0) ack 1\n%%[1]s: +%.6f > . 1:1(0) ack 1\n%%[1]s: +0 > P. + ack + \"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\n", x.toServer/1000, x.toClient/1000)
		const answer = "%s: +1 < P. + ack + \"HTTP/1.1 204 OK\\r\\n\\r\\n\"\n"
		acks := fmt.Sprintf("a: +%.6f > . +(0) ack +\n", 0.2) // late: an ACK would tell sooner when it was there
		trace := "conn a 10.0.0.1:40000 10.0.0.2:80\nconn b 10.0.0.1:40001 10.0.0.2:80\n" +
			fmt.Sprintf(open, "a", 0.0) + fmt.Sprintf(answer, "a") + fmt.Sprintf(open, "b", x.after/1000) + acks + fmt.Sprintf(answer, "b")
		r := reportOf(t, trace, segment.Totals{})
		if len(r.Connections) != 2 || r.Connections[1].OpenedBecause == nil {
			t.Fatalf("%+v", r.Connections)
		}
		if got := r.Connections[1].OpenedBecause.Cause; got != x.want {
			t.Errorf("%v ms to the server and back, %v ms to the client, a SYN %v ms after the response: %s, want %s", x.toServer, x.toClient, x.after, got, x.want)
		}
	}
}
