package analyze

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// many returns the segments of n connections of one client, which do each step one after the other.
func many(t *testing.T, n int, steps ...string) []segment.Segment {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "conn c%d 10.0.0.1:%d 10.0.0.2:80\n", i, 20000+i)
	}
	for _, step := range steps {
		for i := range n {
			text.WriteString(onConn(fmt.Sprint("c", i), step))
		}
	}
	s, err := script.Parse(text.String())
	if err != nil {
		t.Fatal(err)
	}
	return s.Segments()
}

const (
	opened = `+0.001 > S 0:0(0) <mss 1460>
+0.001 < S. 0:0(0) ack 1 <mss 1460>
+0.001 > . 1:1(0) ack 1
`
	request = `+0.001 > P. + ack + "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
`
	response = `+0.001 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+0.001 > . +(0) ack +
`
	begunHead = `+0.001 > P. + ack + "GET / HTTP/1.1\r\nHost: a.example\r\nX: "
+0.001 < . +(0) ack +
`
)

// problem returns how often r has a problem of a kind.
func problem(r *report.Report, kind string) int64 {
	for _, p := range r.Capture.Problems {
		if p.Kind == kind {
			return p.Count
		}
	}
	return 0
}

// Connections that were given up for want of memory make a verdict undecided: that they were
// used again does not show, and nobody is blamed for what came later.
func TestMemoryThatIsSpentDecidesNothing(t *testing.T) {
	all := many(t, 400, opened, request, response, request, response)
	for _, test := range []struct {
		memory  int64
		verdict pool.Verdict
	}{
		{0, pool.Reused},
		{1 << 20, pool.NotKnown},
	} {
		for _, workers := range []int{1, 2, 7} {
			r, err := Run(t.Context(), &segments{list: all, size: 100}, Options{Workers: workers, Limits: Limits{Memory: test.memory}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != test.verdict || (problem(r, "connections-given-up") > 0) != (test.memory > 0) {
				t.Errorf("%d bytes, %d workers: %s, %d given up", test.memory, workers, r.Verdict, problem(r, "connections-given-up"))
			}
			if r.Totals.Avoidable > 0 {
				t.Errorf("%d bytes, %d workers: %d avoidable", test.memory, workers, r.Totals.Avoidable)
			}
			checkSums(t, r)
		}
	}
}

// Where each of many connections has a client and a server of its own, those idle longest are given up for what their pools
// take, and the pools go with them. No verdict changes, and how many workers there are does not matter.
func TestPoolsGiveWay(t *testing.T) {
	t.Parallel()
	const clients, memory = 24_000, 64 << 20
	one := many(t, 1, opened, request, response)
	var all []segment.Segment
	for i := range clients {
		for _, g := range one {
			from, to := g.From(), g.To()
			from.Addr.Lo, to.Addr.Lo = from.Addr.Lo+uint64(i)<<8, to.Addr.Lo+uint64(i)<<8
			g.Key, g.Dir = segment.MakeKey(from, to)
			g.Packet, g.Time = int64(len(all)+1), one[0].Time+segment.Time(len(all))*segment.Time(time.Millisecond)
			all = append(all, g)
		}
	}
	gaveUp := map[int64]bool{}
	for _, workers := range []int{1, 7} {
		most := 0
		watch := func(j *pool.Judge, _ verdict.Counts) { most = max(most, j.Memory()) }
		r, err := Run(t.Context(), &segments{list: all, size: 2000}, Options{Workers: workers, Limits: Limits{Memory: memory}, Standing: watch})
		if err != nil {
			t.Fatal(err)
		}
		if most > memory*3/8 {
			t.Errorf("%d workers: clients and pools take %d bytes of %d", workers, most, memory)
		}
		if r.Verdict != pool.NoOpportunity || r.Totals.Used != clients || r.Totals.Avoidable != 0 {
			t.Errorf("%d workers: %s, %d connections used, %d avoidable", workers, r.Verdict, r.Totals.Used, r.Totals.Avoidable)
		}
		gaveUp[problem(r, "connections-given-up")] = true
		checkSums(t, r)
	}
	if len(gaveUp) != 1 || gaveUp[0] {
		t.Errorf("given up are %v", gaveUp)
	}
}

// Pools are evicted where a clock stands still, too.
func TestPoolsAreEvictedWithoutTime(t *testing.T) {
	const clients = 4000
	one := many(t, 1, opened, request, response, "+0.001 > F. + ack +\n+0.001 < F. + ack +\n+0.001 > . + ack +\n")
	var all []segment.Segment
	for i := range clients {
		for _, g := range one {
			if g.Dir == one[0].Dir {
				g.Key, g.Dir = segment.MakeKey(segment.Endpoint{Addr: segment.Addr{Lo: uint64(i)}, Port: 1000}, g.To())
			} else {
				g.Key, g.Dir = segment.MakeKey(g.From(), segment.Endpoint{Addr: segment.Addr{Lo: uint64(i)}, Port: 1000})
			}
			g.Packet, g.Time = int64(len(all)+1), one[0].Time
			all = append(all, g)
		}
	}
	most := 0
	watch := func(j *pool.Judge, _ verdict.Counts) {
		n := 0
		j.Standing(func(*pool.Pool, pool.Verdict) { n++ })
		most = max(most, n)
	}
	limits := Limits{KeptPools: 100, Connections: 64}
	if _, err := Run(t.Context(), &segments{list: all, size: 500}, Options{Limits: limits, Standing: watch}); err != nil {
		t.Fatal(err)
	}
	if most > clients/2 {
		t.Errorf("%d pools of %d are kept at once", most, clients)
	}
}

// One connection may carry ever other names, and its pool is known by each: then it is given up for that, and what came of
// its names is not known.
func TestNamesGiveWay(t *testing.T) {
	t.Parallel()
	const names, memory = 90_000, 64 << 20
	const head = "GET / HTTP/1.1\r\nHost: "
	one := many(t, 1, opened, fmt.Sprintf("+0.001 > P. + ack + %q\n", head+strings.Repeat("0", 250)+"\r\n\r\n"), response)
	all, exchange := one[:3:3], one[3:]
	for i := range names {
		for k, g := range exchange {
			if g.Payload = bytes.Clone(g.Payload); k == 0 {
				copy(g.Payload[len(head):], fmt.Sprintf("%06d", i))
			}
			own, other := exchange[0].Len, exchange[1].Len
			if g.Dir != exchange[0].Dir {
				own, other = other, own
			}
			g.Seq, g.Ack = g.Seq+segment.Seq(i*own), g.Ack+segment.Seq(i*other)
			g.Packet, g.Time = int64(len(all)+1), exchange[0].Time+segment.Time(len(all))*segment.Time(time.Millisecond)
			all = append(all, g)
		}
	}
	most := 0
	watch := func(j *pool.Judge, _ verdict.Counts) { most = max(most, j.Memory()) }
	limits := Limits{Memory: memory, KeptTransactions: 1}
	r, err := Run(t.Context(), &segments{list: all, size: 1000}, Options{Limits: limits, Standing: watch})
	if err != nil {
		t.Fatal(err)
	}
	if most > memory*13/32 {
		t.Errorf("clients and pools take %d bytes of %d", most, memory)
	}
	if r.Verdict != pool.NotKnown || r.Totals.Transactions != names || r.Totals.Avoidable != 0 || problem(r, "connections-given-up") == 0 {
		t.Errorf("%s, %d transactions, %d connections avoidable, %d given up", r.Verdict, r.Totals.Transactions, r.Totals.Avoidable,
			problem(r, "connections-given-up"))
	}
}

// No more connections are followed at once than the limit says: the others are given up.
func TestConnectionsFollowedAtOnce(t *testing.T) {
	const n, most = 200, 64
	all := many(t, n, opened, request, response)
	for limit, least := range map[int]int64{0: 0, most: n - most} {
		r, err := Run(t.Context(), &segments{list: all, size: 100}, Options{Limits: Limits{Connections: limit}})
		if err != nil {
			t.Fatal(err)
		}
		if got := problem(r, "connections-given-up"); got < least || got > 0 != (least > 0) {
			t.Errorf("at most %d: %d given up, want %d at least", limit, got, least)
		}
		checkSums(t, r)
	}
}

// Transactions are kept as far as the memory of their connection's shard has room, however the capture
// comes in: the others are counted.
func TestTransactionsKeptWithinMemory(t *testing.T) {
	const asked = 400
	all := many(t, 1, append([]string{opened}, slices.Repeat([]string{request, response}, asked)...)...)
	for _, size := range []int{10, 5000} {
		r, err := Run(t.Context(), &segments{list: all, size: size}, Options{Limits: Limits{Memory: 4 << 20}})
		if err != nil {
			t.Fatal(err)
		}
		kept := int64(len(r.Connections[0].Transactions))
		if kept > 100 || len(r.Connections) != 1 || kept+problem(r, "transactions-not-kept") != asked || r.Totals.Transactions != asked {
			t.Errorf("%d segments at once: %d kept, %d said not to be, %d in all", size, kept, problem(r, "transactions-not-kept"), r.Totals.Transactions)
		}
	}
}

// What connections hold counts as it grows: where they hold too much they do not wait for what is missing.
func TestWaitingIsBoundedByMemory(t *testing.T) {
	const n = 100
	hole := "~+0.001 < . +(1400) ack +\n" + strings.Repeat("+0.001 < . +(1400) ack +\n", 20)
	head := `+0.001 < . +(60) ack + "HTTP/1.1 200 OK\r\nContent-Length: 29400\r\n\r\n" ...` + "\n"
	fills := "+0.001 < . 61:1461(1400) ack +\n+0 > . +(0) ack +\n"
	all := many(t, n, opened, request, head, hole, fills)
	for memory, waits := range map[int64]bool{0: true, 4 << 20: false} {
		r, err := Run(t.Context(), &segments{list: all, size: 100}, Options{Limits: Limits{Memory: memory}})
		if err != nil {
			t.Fatal(err)
		}
		var missing int64
		for _, c := range r.Connections {
			missing += c.ServerToClient.MissingBytes
		}
		if (missing == 0) != waits || (problem(r, "stream-overflow") == 0) != waits {
			t.Errorf("%d bytes of memory: %d bytes missing, %d holes given up", memory, missing, problem(r, "stream-overflow"))
		}
	}
}

// A flood of SYNs does not cost others their place.
func TestHalfOpenGoFirst(t *testing.T) {
	s := many(t, 40, opened, request, response, request, response)
	var flood strings.Builder
	const n = 5000
	for i := range n {
		fmt.Fprintf(&flood, "conn f%d 10.1.%d.%d:1000 10.0.0.2:80\nf%d: +0 > S 0:0(0) <mss 1460>\n", i, i/250, i%250+1, i)
	}
	f, err := script.Parse(flood.String())
	if err != nil {
		t.Fatal(err)
	}
	half := 40 * (3 + 1 + 2) // each has been used once
	all := append(append(append([]segment.Segment(nil), s[:half]...), f.Segments()...), s[half:]...)
	for i := range all {
		all[i].Packet = int64(i + 1)
		if i >= half && i < half+n {
			all[i].Time = all[half-1].Time
		}
	}
	r, err := Run(t.Context(), &segments{list: all, size: 100}, Options{Limits: Limits{Memory: 16 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Totals.Reused != 40 || problem(r, "connections-given-up") == 0 {
		t.Errorf("%d reused, want 40; %d given up", r.Totals.Reused, problem(r, "connections-given-up"))
	}
}

// Where more waits than is kept, what turns out to come before what was judged already decides
// nothing: requests whose heads never end keep their connections.
func TestJudgedEarlyDecidesNothing(t *testing.T) {
	all := many(t, 200, opened+begunHead)
	for _, test := range []struct {
		pending int
		verdict pool.Verdict
	}{
		{0, pool.NoOpportunity},
		{16, pool.NotKnown},
	} {
		r, err := Run(t.Context(), &segments{list: all, size: 100}, Options{Limits: Limits{PendingPerPool: test.pending}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != test.verdict {
			t.Errorf("%d may wait: %s, want %s", test.pending, r.Verdict, test.verdict)
		}
	}
}

// Where a clock is too coarse to tell what came first, the packets do; where packets have no
// time, nothing is decided.
func TestClocksThatTellNothing(t *testing.T) {
	apart := many(t, 3, opened+request+response)
	for name, test := range map[string]struct {
		change  func(i int, s *segment.Segment)
		verdict pool.Verdict
	}{
		"as it was":       {func(int, *segment.Segment) {}, pool.NotReused},
		"all at one time": {func(_ int, s *segment.Segment) { s.Time = 1e18 }, pool.NotReused},
		"in milliseconds": {func(_ int, s *segment.Segment) { s.Time -= s.Time % segment.Time(10*time.Millisecond) }, pool.NotReused},
		"one without":     {func(i int, s *segment.Segment) { s.Untimed = i == 7 }, pool.NotKnown},
	} {
		list := append([]segment.Segment(nil), apart...)
		for i := range list {
			test.change(i, &list[i])
		}
		demands := &verdict.Demands{Expect: []verdict.Expectation{{Metric: "avoidable", Op: "==", Value: 0}}}
		r, err := Run(t.Context(), &segments{list: list, size: 100}, Options{Demands: demands})
		if err != nil {
			t.Fatal(err)
		}
		outcome := verdict.Failed
		if test.verdict == pool.NotKnown { // what looks avoidable may be none
			outcome = verdict.Undecided
		}
		if r.Verdict != test.verdict || r.Outcome != outcome {
			t.Errorf("%s: %s and %s, want %s and %s", name, r.Verdict, r.Outcome, test.verdict, outcome)
		}
	}
}

// What became of a connection that was given up is not known: it may serve as before, or be busy.
func TestGivenUpMayBeBusy(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		verdict pool.Verdict // where nothing is given up
	}{
		"idle": {onConn("a", opened+request+response) + onConn("b", opened+request+response), pool.NotReused},
		"busy": {onConn("a", opened+request+response) + onConn("a", request) + onConn("b", opened+request+response) + onConn("a", response), pool.Reused},
	} {
		s, err := script.Parse("conn a 10.0.0.1:20000 10.0.0.2:80\nconn b 10.0.0.1:20001 10.0.0.2:80\n" + test.text)
		if err != nil {
			t.Fatal(err)
		}
		for memory, want := range map[int64]pool.Verdict{0: test.verdict, 1: pool.NotKnown} {
			r, err := Run(t.Context(), &segments{list: s.Segments(), size: 6}, Options{Limits: Limits{Memory: memory}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != want || memory > 0 && r.Totals.Avoidable > 0 {
				t.Errorf("%s, %d bytes: %s with %d avoidable, want %s", name, memory, r.Verdict, r.Totals.Avoidable, want)
			}
			if n := r.Pools[0].Causes[pool.Concurrent]; memory > 0 && n > 0 {
				t.Errorf("%s: %d opened because all were in use, which is not known", name, n)
			}
		}
	}
}

// onConn returns steps as those of one connection.
func onConn(name, steps string) string {
	var b strings.Builder
	for line := range strings.Lines(steps) {
		b.WriteString(name + ": " + line)
	}
	return b.String()
}

// The report says which limit was reached, and how large it was.
func TestLimitsAreSaid(t *testing.T) {
	closing := crowd(t, 600)
	for name, x := range map[string]struct {
		all    []segment.Segment
		limits Limits
		says   []string // parts of what is said of the kind
	}{
		"connections-given-up": {many(t, 400, opened, request, response), Limits{Memory: 1 << 20},
			[]string{"than 1 MiB hold (--memory)", "idle longest were given up"}},
		"records-not-kept": {closing, Limits{KeptConnections: 37},
			[]string{"beyond the 37, or a quarter of 256 MiB, kept in full", "totals and pools count"}},
		"transactions-not-kept": {closing, Limits{KeptTransactions: 41, Memory: 64 << 20},
			[]string{"beyond the 41, or their part of 64 MiB, kept in full", "totals and pools count"}},
		"pools-not-kept": {closing, Limits{KeptPools: 64},
			[]string{"pools beyond about 64, or their part of 256 MiB", "may not be known"}},
	} {
		r, err := Run(t.Context(), &segments{list: x.all, size: 100}, Options{Limits: x.limits})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == name })
		if i < 0 || r.Capture.Problems[i].Count == 0 {
			t.Errorf("%s is not said: %+v", name, r.Capture.Problems)
			continue
		}
		for _, part := range x.says {
			if text := r.Capture.Problems[i].Text; !strings.Contains(text, part) {
				t.Errorf("%s: %q lacks %q", name, text, part)
			}
		}
		checkSums(t, r)
	}
}
