package analyze_test

import (
	"fmt"
	"testing"

	"tcpwarm/capture/segment"
)

// found reports whether a finding is in the report of a script.
func found(t *testing.T, id, trace string) bool {
	t.Helper()
	return reportOf(t, trace, segment.Totals{}).Totals.Findings[id] > 0
}

// An ACK that comes 35 ms late or more was delayed (Linux delays for 40 ms, in ticks of 4),
// but nobody may delay one for more than half a second (RFC 9293 section 3.8.6.3); and what it
// lets go follows within a round trip and 5 ms. At the client the response takes its way to
// the server and back.
func TestDelayedACKsBounds(t *testing.T) {
	for _, x := range []struct {
		late, then float64 // ms
		want       bool
	}{
		{34.999, 10, false}, {35, 10, true}, {500, 10, true}, {500.001, 10, false}, {40, 15, true}, {40, 15.001, false},
	} {
		trace := fmt.Sprintf(`0 > S 0:0(0) win 64000 <mss 1000, sackOK>
+0.010 < S. 0:0(0) ack 1 win 64000 <mss 1000, sackOK>
+0 > . 1:1(0) ack 1
+0 > P. + ack + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
+0.010 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
+%.6f > . +(0) ack +
+%.6f < P. +(500) ack +
+0 > . +(0) ack +
`, x.late/1000, x.then/1000)
		if got := found(t, "nagle-delayed-ack", trace); got != x.want {
			t.Errorf("an ACK after %v ms, the rest after %v ms: found %v", x.late, x.then, got)
		}
	}
}

// A pause in a message is the sender's where it lasts as long as Linux's least timeout, 200
// ms, and three round trips; and the window had more than half of its room. The round trip is
// the whole one, wherever it was captured, and the pause begins once all is acknowledged.
func TestSenderIdleBounds(t *testing.T) {
	for _, x := range []struct {
		toServer, toClient, pause float64 // ms; the two are the round trip
		window                    int
		want                      bool
	}{
		{10, 0, 200, 64000, true}, {10, 0, 199.999, 64000, false}, {100, 0, 300, 64000, true}, {100, 0, 299.999, 64000, false},
		{50, 50, 300, 64000, true}, {50, 50, 299.999, 64000, false}, {0.001, 100, 300.003, 64000, true}, {0.001, 100, 300.002, 64000, false},
		{10, 0, 300, 32001, true}, {10, 0, 300, 32000, false},
	} {
		trace := fmt.Sprintf(`0 > S 0:0(0) win 64000 <mss 1000, sackOK>
+%.6f < S. 0:0(0) ack 1 win 64000 <mss 1000, sackOK>
+%.6f > . 1:1(0) ack 1 win 64000
+0 > P. + ack + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
+%[1]f < . +(2000) ack + "HTTP/1.1 200 OK\r\nContent-Length: 2959\r\n\r\n" ...
+%[2]f > . +(0) ack + win %[4]d
+%[3]f < P. +(1000) ack +
+0 > . +(0) ack +
`, x.toServer/1000, x.toClient/1000, x.pause/1000, x.window)
		if got := found(t, "sender-idle", trace); got != x.want {
			t.Errorf("a pause of %v ms, a round trip of %v and %v ms, a window of %d of 64000: found %v", x.pause, x.toServer, x.toClient, x.window, got)
		}
	}
}

// At the server an ACK is seen late by its own way there, and what it lets go follows at once.
func TestDelayedACKsAtTheServer(t *testing.T) {
	for _, x := range []struct {
		late, then float64 // ms
		want       bool
	}{
		{44.999, 5, false}, {45, 5, true}, {510, 5, true}, {510.001, 5, false}, {50, 5.001, false},
	} {
		trace := fmt.Sprintf(`0 > S 0:0(0) win 64000 <mss 1000, sackOK>
+0 < S. 0:0(0) ack 1 win 64000 <mss 1000, sackOK>
+0.010 > . 1:1(0) ack 1
+0 > P. + ack + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
+0.010 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
+%.6f > . +(0) ack +
+%.6f < P. +(500) ack +
+0.010 > . +(0) ack +
`, x.late/1000, x.then/1000)
		if got := found(t, "nagle-delayed-ack", trace); got != x.want {
			t.Errorf("an ACK after %v ms, the rest after %v ms: found %v", x.late, x.then, got)
		}
	}
}
