package analyze_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// A source gives segments that are in memory.
type source struct {
	list   []segment.Segment
	totals segment.Totals
}

func (s *source) Fill(b *segment.Batch) error {
	b.Segments = append(b.Segments[:0], s.list...)
	s.totals.Packets, s.totals.Segments = int64(len(s.list)), int64(len(s.list))
	return io.EOF
}

func (s *source) Totals() segment.Totals { return s.totals }

// reportOf is the report of a script.
func reportOf(t *testing.T, trace string, totals segment.Totals) *report.Report {
	t.Helper()
	a, err := script.ParseArchive("A test.\n-- trace --\n" + trace)
	if err != nil {
		t.Fatal(err)
	}
	r, err := analyze.Run(context.Background(), &source{a.Script.Segments(), totals}, analyze.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Where the capture was taken is told by the handshake: one answer comes at least eight times
// as fast as the other at an end, both come within 200 µs where client and server are one
// machine.
func TestVantage(t *testing.T) {
	for _, x := range []struct {
		toServer, toClient int // µs
		want               report.Vantage
	}{
		{8000, 999, report.AtClient}, {8000, 1000, report.InTheMiddle}, {8000, 1001, report.InTheMiddle},
		{999, 8000, report.AtServer}, {1000, 8000, report.InTheMiddle}, {5000, 5000, report.InTheMiddle},
		{100, 99, report.AtBoth}, {100, 100, report.InTheMiddle}, {190, 10, report.AtClient}, {10, 190, report.AtServer},
	} {
		r := reportOf(t, fmt.Sprintf("0 > S 0:0(0)\n+0.%06d < S. 0:0(0) ack 1\n+0.%06d > . 1:1(0) ack 1\n", x.toServer, x.toClient), segment.Totals{})
		if r.Capture.Vantage != x.want {
			t.Errorf("%d µs to the server and back, %d µs to the client: %s, want %s", x.toServer, x.toClient, r.Capture.Vantage, x.want)
		}
	}
	r := reportOf(t, "0 > S 0:0(0)\n+0.008 < S. 0:0(0) ack 1\n", segment.Totals{})
	if r.Capture.Vantage != report.UnknownVantage {
		t.Errorf("half a handshake: %s", r.Capture.Vantage)
	}
}

// On loopback both ends are there, once a handshake has been seen; where all connections had
// begun before, nothing is said.
func TestVantageOnLoopback(t *testing.T) {
	for trace, want := range map[string]report.Vantage{
		"0 > S 0:0(0)\n+0.1 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n": report.AtBoth,
		"0 > P. 1:11(10) ack 1\n+0.1 < . 1:1(0) ack 11\n":             report.UnknownVantage,
	} {
		if r := reportOf(t, trace, segment.Totals{Loopback: true}); r.Capture.Vantage != want {
			t.Errorf("%q: %s, want %s", trace, r.Capture.Vantage, want)
		}
	}
}

// Holes given up because too much waited behind them are counted, of all connections.
func TestOverflowsAreCounted(t *testing.T) {
	var b strings.Builder
	for n := range 2 {
		fmt.Fprintf(&b, "conn c%d 10.0.0.1:%d 10.0.0.2:80\n", n, 40000+n)
	}
	for n := range 2 {
		fmt.Fprintf(&b, "c%d: +0 > S 0:0(0)\nc%[1]d: +0 < S. 0:0(0) ack 1\nc%[1]d: +0 > . 1:1(0) ack 1\n", n)
		for k := range 40 {
			fmt.Fprintf(&b, "c%d: +0.00001 < . %d:%d(60000) ack 1\n", n, 2+60000*k, 2+60000*(k+1))
		}
	}
	r := reportOf(t, b.String(), segment.Totals{})
	for _, p := range r.Capture.Problems {
		if p.Kind == "stream-overflow" && p.Count == 2 {
			return
		}
	}
	t.Errorf("problems %+v, want two holes given up", r.Capture.Problems)
}

// Connections and transactions beyond what is kept are counted as what they are.
func TestWhatIsNotKeptIsCounted(t *testing.T) {
	var b strings.Builder
	for n := range 3 {
		fmt.Fprintf(&b, "conn c%d 10.0.0.1:%d 10.0.0.2:80\n", n, 40000+n)
	}
	for n := range 3 {
		fmt.Fprintf(&b, "c%d: +0 > S 0:0(0)\nc%[1]d: +0 < S. 0:0(0) ack 1\nc%[1]d: +0 > . 1:1(0) ack 1\n", n)
		for range n + 1 {
			fmt.Fprintf(&b, "c%d: +0.01 > P. + ack + \"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\nc%[1]d: +0.01 < P. + ack + \"HTTP/1.1 204 OK\\r\\n\\r\\n\"\nc%[1]d: +0 > . +(0) ack +\n", n)
		}
		fmt.Fprintf(&b, "c%d: +0.1 > F. +(0) ack +\nc%[1]d: +0 < F. +(0) ack +\nc%[1]d: +0 > . +(0) ack +\n", n)
	}
	a, err := script.ParseArchive("A test.\n-- trace --\n" + b.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		limits analyze.Limits
		kind   string
		count  int64
		listed int // connections
	}{
		{analyze.Limits{KeptConnections: 1}, "records-not-kept", 2, 1},
		{analyze.Limits{KeptConnections: 2}, "records-not-kept", 1, 2},
		{analyze.Limits{KeptConnections: 3}, "records-not-kept", 0, 3},
		{analyze.Limits{KeptConnections: 1}, "transactions-not-kept", 5, 1},
		{analyze.Limits{KeptConnections: 2}, "transactions-not-kept", 3, 2},
		{analyze.Limits{KeptConnections: 3}, "transactions-not-kept", 0, 3},
		{analyze.Limits{KeptTransactions: 6}, "transactions-not-kept", 0, 3},
		{analyze.Limits{KeptTransactions: 3}, "transactions-not-kept", 3, 3},
	} {
		r, err := analyze.Run(context.Background(), &source{list: a.Script.Segments()}, analyze.Options{Workers: 1, Limits: x.limits})
		if err != nil {
			t.Fatal(err)
		}
		count := int64(0)
		for _, p := range r.Capture.Problems {
			if p.Kind == x.kind {
				count = p.Count
			}
		}
		if count != x.count || len(r.Connections) != x.listed || r.Totals.Connections != 3 || r.Totals.Transactions != 6 {
			t.Errorf("%+v: %d of %s, %d connections listed, totals %+v; want %d and %d, of 3 with 6 transactions", x.limits, count, x.kind, len(r.Connections), r.Totals, x.count, x.listed)
		}
	}
}

// No pool is clean where what was to be judged is not all there.
func TestVerdictIsWithheldWherePartIsLacking(t *testing.T) {
	const twice = `
 0      > S  0:0(0)
+0.010  < S. 0:0(0) ack 1
+0      > .  1:1(0) ack 1
+0      > P. 1:28(27) ack 1 "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
+0.010  < P. 1:39(38) ack 28 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0.010  > P. 28:55(27) ack 39 "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
+0.010  < P. 39:77(38) ack 55 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`
	for kind, want := range map[string]pool.Verdict{
		"": pool.Reused, segment.KernelDropped: pool.NotKnown, segment.OwnerNotKnown: pool.NotKnown,
	} {
		r := reportOf(t, twice, segment.Totals{Problems: []segment.Problem{{Kind: kind, Count: 1}}})
		if r.Verdict != want || r.Pools[0].Verdict != want {
			t.Errorf("%q: %s, of the pool %s, want %s", kind, r.Verdict, r.Pools[0].Verdict, want)
		}
	}
}

// A response is ended by closing for HTTP/1.0's sake if 1.0 was asked and no length is said: to 1.1 it
// might have been chunked (RFC 9112 section 7.1), and one with a length needs no end.
func TestEndedForHTTP10(t *testing.T) {
	for _, x := range []struct {
		minor  int
		length string
		want   int64
	}{{0, "", 1}, {0, `Content-Length: 2\r\n`, 0}, {1, "", 0}, {1, `Content-Length: 2\r\n`, 0}} {
		r := reportOf(t, fmt.Sprintf(`
 0      > S  0:0(0)
+0.010  < S. 0:0(0) ack 1
+0      > .  1:1(0) ack 1
+0      > P. + ack + "GET / HTTP/1.%d\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"
+0.010  < FP. + ack + "HTTP/1.1 200 OK\r\n%s\r\nok"
+0.010  > F. +(0) ack +
`, x.minor, x.length), segment.Totals{})
		if got := r.Pools[0].OldEnds; got != x.want {
			t.Errorf("asked with HTTP/1.%d, answered with %q: %d, want %d", x.minor, x.length, got, x.want)
		}
	}
}

// What the first transaction of a connection begun midway found its window like is not known.
func TestWarmthBegunMidway(t *testing.T) {
	const twice = `
+0      > P. 1:28(27) ack 1 "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
+0.010  < P. 1:39(38) ack 28 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0.010  > P. 28:55(27) ack 39 "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
+0.010  < P. 39:77(38) ack 55 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`
	for begin, cold := range map[string]int64{"0 > S 0:0(0)\n+0.010 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1": 2, "0 > . 1:1(0) ack 1": 1} {
		r := reportOf(t, begin+twice, segment.Totals{})
		if got := r.Pools[0].Warmth["cold"]; got != cold {
			t.Errorf("%q: %d cold, want %d", begin, got, cold)
		}
	}
}
