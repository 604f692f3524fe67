package analyze

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// Two clients ask one server, one after the other; the first asks for its health
// before, on the same connection, and so does a third on its own.
const threeClients = `
conn a 10.0.0.1:40000 10.0.0.9:80
conn b 10.0.0.2:40000 10.0.0.9:80
conn c 10.0.0.3:40000 10.0.0.9:80
a: +0.1 > S 0:0(0) <mss 1460>
a: +0.02 < S. 0:0(0) ack 1 <mss 1460>
a: +0 > . 1:1(0) ack 1
a: +0 > P. + ack + "GET /healthz?deep HTTP/1.1\r\nHost: s\r\n\r\n"
a: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
a: +0.1 > P. + ack + "GET /1 HTTP/1.1\r\nHost: s\r\n\r\n"
a: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
a: +0 > . +(0) ack +
c: +0.1 > S 0:0(0) <mss 1460>
c: +0.02 < S. 0:0(0) ack 1 <mss 1460>
c: +0 > . 1:1(0) ack 1
c: +0 > P. + ack + "GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n"
c: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
c: +0 > . +(0) ack +
b: +0.1 > S 0:0(0) <mss 1460>
b: +0.02 < S. 0:0(0) ack 1 <mss 1460>
b: +0 > . 1:1(0) ack 1
b: +0 > P. + ack + "GET /2 HTTP/1.1\r\nHost: s\r\n\r\n"
b: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
b: +0 > . +(0) ack +
`

// One client asks, then waits for events on the same connection, and meanwhile asks on
// another.
const events = `
conn a 10.0.0.1:40000 10.0.0.9:80
conn b 10.0.0.1:40001 10.0.0.9:80
a: +0.1 > S 0:0(0) <mss 1460>
a: +0.02 < S. 0:0(0) ack 1 <mss 1460>
a: +0 > . 1:1(0) ack 1
a: +0 > P. + ack + "GET /1 HTTP/1.1\r\nHost: s\r\n\r\n"
a: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
a: +0.1 > P. + ack + "GET /events HTTP/1.1\r\nHost: s\r\n\r\n"
EARLY
b: +0.1 > S 0:0(0) <mss 1460>
b: +0.02 < S. 0:0(0) ack 1 <mss 1460>
b: +0 > . 1:1(0) ack 1
b: +0 > P. + ack + "GET /2 HTTP/1.1\r\nHost: s\r\n\r\n"
b: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
b: +0 > . +(0) ack +
LATE
`

const noEvent = `a: +0.02 < P. + ack + "HTTP/1.1 204 OK\r\n\r\n"
a: +0 > . +(0) ack +
`

func ran(t *testing.T, text string, o Options) *report.Report {
	t.Helper()
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return reportOf(t, s, o)
}

func reportOf(t *testing.T, s *script.Script, o Options) *report.Report {
	t.Helper()
	r, err := Run(context.Background(), &segments{list: s.Segments(), size: 4}, o)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, r)
	return r
}

func TestOneClient(t *testing.T) {
	if r := ran(t, threeClients, Options{}); len(r.Pools) != 3 || r.Totals.Avoidable != 0 {
		t.Errorf("three clients: %d pools, %d avoidable", len(r.Pools), r.Totals.Avoidable)
	}
	r := ran(t, threeClients, Options{OneClient: true})
	if len(r.Pools) != 1 || r.Pools[0].Client != "10.0.0.1" || r.Totals.Needed != 1 || r.Totals.Avoidable != 2 {
		t.Errorf("one client: %d pools, needed %d, avoidable %d", len(r.Pools), r.Totals.Needed, r.Totals.Avoidable)
	}
}

func TestIgnore(t *testing.T) {
	health, err := transaction.ParsePattern("target=/healthz")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{OneClient: true, Ignore: transaction.Patterns{health}}
	ignores(t, o)
	o.Limits = Limits{Unpacked: 1, QuietFor: -1}
	ignores(t, o) // also where connections rest
}

// ignores runs three clients with options that ignore their health.
func ignores(t *testing.T, o Options) {
	t.Helper()
	r := ran(t, threeClients, o)
	if n := r.Totals; n.Transactions != 2 || n.Ignored != 2 || n.Connections != 3 || n.Unused != 1 || n.Needed != 1 || n.Avoidable != 1 || n.Reused != 0 {
		t.Errorf("totals %+v", n)
	}
	first := r.Connections[0]
	if first.TransactionCount != 2 || !first.Transactions[0].Ignored || first.Transactions[1].Ignored {
		t.Errorf("first connection %+v", first)
	}
}

// What is ignored is not counted, but its connection is not idle.
func TestIgnoredOccupies(t *testing.T) {
	poll, err := transaction.ParsePattern("target=/events")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Ignore: transaction.Patterns{poll}}
	for when, want := range map[string]pool.Cause{"EARLY": pool.Missed, "LATE": pool.Concurrent} {
		text := strings.Replace(events, when+"\n", noEvent, 1)
		text = strings.NewReplacer("EARLY\n", "", "LATE\n", "").Replace(text)
		r := ran(t, text, o)
		if n := r.Totals; n.Transactions != 2 || n.Reused != 0 || n.Ignored != 1 || n.Causes[want] != 1 {
			t.Errorf("%s: totals %+v, want %s", when, n, want)
		}
	}
}

// Where packets could not be looked into and no others were there, nothing is known; else
// nothing was there.
func TestNothingLookedInto(t *testing.T) {
	for _, x := range []struct {
		unread int64
		want   pool.Verdict
	}{{0, pool.NoOpportunity}, {3, pool.NotKnown}} {
		src := &segments{totals: segment.Totals{Packets: 5, Unread: x.unread}}
		r, err := Run(context.Background(), src, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != x.want || r.Capture.Unread != x.unread {
			t.Errorf("%d packets not looked into: %s, %d; want %s", x.unread, r.Verdict, r.Capture.Unread, x.want)
		}
	}
}

// A response that begins before its request has ended has kept nobody waiting.
func TestEarlyResponse(t *testing.T) {
	const opened = `
+0.1 > S 0:0(0) <mss 1460>
+0.02 < S. 0:0(0) ack 1 <mss 1460>
+0 > . 1:1(0) ack 1
+0 > P. + ack + "POST /1 HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\n\r\n"
`
	const body, answer = "+0.01 > P. + ack + \"body\"\n", "+0.01 < P. + ack + \"HTTP/1.1 204 OK\\r\\n\\r\\n\"\n"
	for _, x := range []struct {
		rest string
		wait bool
	}{{body + answer, true}, {answer + body, false}} {
		w := ran(t, opened+x.rest, Options{}).Connections[0].Transactions[0].Wait
		if (w != nil) != x.wait || w != nil && *w < 0 {
			t.Errorf("waited %v, want a time: %v", w, x.wait)
		}
	}
}

// More workers than there are shards would have nothing to do: however many are asked for, none of these is made.
func TestManyWorkersTakeNoMemory(t *testing.T) {
	a, err := script.Parse(threeClients)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	few := analyzed(t, &segments{list: a.Segments(), size: 1000}, 64)
	runtime.ReadMemStats(&after)
	takes := after.TotalAlloc - before.TotalAlloc
	many := analyzed(t, &segments{list: a.Segments(), size: 1000}, 10_000)
	if runtime.ReadMemStats(&before); before.TotalAlloc-after.TotalAlloc > 2*takes {
		t.Errorf("10 000 workers take %d kB, 64 take %d kB", (before.TotalAlloc-after.TotalAlloc)/1000, takes/1000)
	}
	if many != few {
		t.Errorf("10 000 workers find\n%s\n64 find\n%s", many, few)
	}
}
