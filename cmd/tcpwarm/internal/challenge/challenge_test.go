package challenge

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/pcaps/scenario"
)

// started starts the server of a scenario.
func started(t *testing.T, name string) *scenario.Server {
	t.Helper()
	sc, ok := scenario.Lookup(name)
	if !ok {
		t.Fatal("no", name)
	}
	a, err := scenario.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Start(sc, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// dial connects to a server.
func dial(t *testing.T, s *scenario.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", s.Port()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c, bufio.NewReader(c)
}

func ask(c net.Conn, s *scenario.Server, url int) {
	fmt.Fprintf(c, "GET /%s/%d HTTP/1.1\r\nHost: x\r\n\r\n", s.Scenario.Name, url)
}

// smallEnd is how the servers' small bodies end.
const smallEnd = "\"}\n"

// take reads until what ends a response.
func take(t *testing.T, r *bufio.Reader, end string) {
	t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), end) {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q", err, got.String())
		}
		got.WriteByte(b)
	}
}

// analysed is what the analysis makes of the server's trace.
func analysed(t *testing.T, s *scenario.Server) *report.Report {
	t.Helper()
	r, err := analyze.Run(t.Context(), s.Trace.Source(), analyze.Options{Demands: Demands(s.Scenario, nil)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A server's trace is judged as packets are: by who sent what, and who ended.
func TestTraceIsJudged(t *testing.T) {
	s := started(t, "one-after-another")
	one, r := dial(t, s)
	for url := range 3 {
		ask(one, s, url+1)
		take(t, r, smallEnd)
	}
	two, r := dial(t, s) // the first is idle
	ask(two, s, 4)
	take(t, r, smallEnd)
	time.Sleep(20 * time.Millisecond)
	one.Close()
	two.Close()
	time.Sleep(50 * time.Millisecond)
	s.Stop()
	got := analysed(t, s)
	if n := got.Totals; n.Transactions != 4 || n.Used != 2 || n.Needed != 1 || n.Causes[pool.Missed] != 1 {
		t.Errorf("%+v", n)
	}
	for _, c := range got.Connections {
		if c.Closed.First != "client" {
			t.Errorf("#%d: ended by %s", c.ID, c.Closed.First)
		}
	}
}

// What comes after the server has ended a connection is noted, and so is a URL that was not
// asked for again. What was asked again is no fault.
func TestLateRequestIsNoted(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := started(t, "http10")
		for url := range 2 {
			c, r := dial(t, s)
			ask(c, s, url+1)
			take(t, r, smallEnd)
			if url == 1 {
				ask(c, s, 3)
				if _, err := r.ReadByte(); err == nil {
					t.Error("an answer on a connection that was ended")
				}
			}
			c.Close()
		}
		want := examined.Failed
		if again {
			c, r := dial(t, s)
			ask(c, s, 3)
			take(t, r, smallEnd)
			c.Close()
			want = examined.Passed
		}
		time.Sleep(50 * time.Millisecond)
		s.Stop()
		if row := Judge(s, analysed(t, s), new(Ran), examined.OnTheWire); row.Verdict != want || !again && row.Cause != "stale-reuse-race" {
			t.Errorf("asked again %t: %+v", again, row)
		}
	}
}

// An ideal client opens as many connections as the server makes necessary, also where the client
// that is examined does not let it come to that.
func TestLeastIsNeeded(t *testing.T) {
	s := started(t, "close-announced")
	for url := range s.Scenario.Count() {
		c, r := dial(t, s)
		ask(c, s, url+1)
		take(t, r, smallEnd)
		c.Close()
	}
	time.Sleep(50 * time.Millisecond)
	s.Stop()
	row := Judge(s, analysed(t, s), new(Ran), examined.OnTheWire)
	if row.Verdict != examined.Failed || row.Connections != 6 || row.Needed != 2 || row.NeededHigh != 2 {
		t.Errorf("%+v", row)
	}
}

// fetchOnOne fetches the first n URLs on one connection, each response until it ends, and stops
// the server once it has seen the connection close.
func fetchOnOne(t *testing.T, s *scenario.Server, n int, end string) {
	c, r := dial(t, s)
	for url := range n {
		ask(c, s, url+1)
		take(t, r, end)
	}
	c.Close()
	time.Sleep(50 * time.Millisecond)
	s.Stop()
}

// A URL that nobody has fetched, without the server's doing, is not known.
func TestMissingURLIsNotKnown(t *testing.T) {
	s := started(t, "chunked")
	fetchOnOne(t, s, 3, "\r\n0\r\n\r\n")
	row := Judge(s, analysed(t, s), &Ran{Said: "oh"}, examined.ServersView)
	if row.Verdict != examined.NotKnown || row.Why != "1 URL of 4 had no answer; the command said: oh" {
		t.Errorf("%+v", row)
	}
}

// Requests that the capture lacks make it no evidence.
func TestLackingCaptureIsNotKnown(t *testing.T) {
	s := started(t, "no-content")
	fetchOnOne(t, s, 4, "\r\n\r\n")
	whole := analysed(t, s)
	if row := Judge(s, whole, new(Ran), examined.OnTheWire); row.Verdict != examined.Passed {
		t.Errorf("%+v", row)
	}
	whole.Totals.Transactions--
	if row := Judge(s, whole, new(Ran), examined.OnTheWire); row.Verdict != examined.NotKnown {
		t.Errorf("%+v", row)
	}
}

// A client that has to come again, and leaves the body that says so unread, has fetched once; one
// that comes again for nothing has fetched twice. After an error of the server's it may come again.
func TestCount(t *testing.T) {
	now := time.Now()
	whole := scenario.Request{Begun: now, Done: true}
	for _, c := range []struct {
		first scenario.Request
		want  counts
	}{
		{scenario.Request{Begun: now, Again: scenario.ToAuthorise}, counts{}},
		{scenario.Request{Begun: now, Done: true, Again: scenario.Redirected}, counts{}},
		{scenario.Request{Again: scenario.Lost}, counts{}},
		{scenario.Request{Again: scenario.Refused}, counts{}},
		{scenario.Request{Begun: now}, counts{often: 1}},
		{whole, counts{often: 1}},
		{scenario.Request{Begun: now, Done: true, Status: 503}, counts{}},
		{scenario.Request{Begun: now, Done: true, Status: 404}, counts{often: 1}},
	} {
		if got := count([]scenario.Request{c.first, whole}, 1); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.first, got, c.want)
		}
	}
}

// What a client gives up without having asked for it is its failure where the server has shown why it had to
// wait, or to ask elsewhere; else the command may have had reasons of its own.
func TestGivenUpUnasked(t *testing.T) {
	on := func(conn int, again scenario.Again, urls ...int) (all []scenario.Request) {
		for _, url := range urls {
			all = append(all, scenario.Request{URL: url, Connection: conn, Done: again == "", Again: again, Protocol: "HTTP/2.0"})
		}
		return all
	}
	for _, c := range []struct {
		what, scenario               string
		requests                     []scenario.Request
		ended, beyond, lost, refused int64
	}{
		{"it waited for a connection that went", "http2-goaway",
			slices.Concat(on(0, "", 0, 1), on(0, scenario.Lost, 2), on(1, "", 2, 4, 5)), 1, 0, 0, 0},
		{"nothing is asked any more", "http2-goaway", slices.Concat(on(0, "", 0, 1), on(0, scenario.Lost, 2), on(1, "", 2)), 3, 0, 0, 0},
		{"it was given up before", "http2-goaway", slices.Concat(on(0, "", 0, 1, 2), on(0, scenario.Lost, 4), on(1, "", 4, 5)), 0, 0, 0, 0},
		{"nothing was ended", "http2-goaway", on(0, "", 0, 1, 2, 4, 5), 0, 0, 0, 0},
		{"asked and lost", "http2-goaway", slices.Concat(on(0, "", 0, 1), on(0, scenario.Lost, 2, 3), on(1, "", 2, 4, 5)), 0, 0, 1, 0},
		{"beyond the limit", "http2-stream-limit", on(0, "", 0, 1, 2, 3, 7, 8, 9), 0, 6, 0, 0},
		{"beyond that of two connections", "http2-stream-limit",
			slices.Concat(on(0, "", 0, 1, 2, 3, 7, 8, 9), on(1, "", 4, 5, 6, 10, 11)), 0, 1, 0, 0},
		{"below the limit", "http2-stream-limit", on(0, "", 0, 1, 2, 7, 8), 0, 0, 0, 0},
		{"no more", "http2-stream-limit", on(0, "", 0, 1, 2, 3), 0, 3, 0, 0},
		{"refused", "http2-stream-limit", slices.Concat(on(0, "", 0, 1, 2, 3, 7, 8, 9, 10, 11, 12), on(0, scenario.Refused, 4, 5, 6)), 0, 0, 0, 3},
	} {
		sc, _ := scenario.Lookup(c.scenario)
		n := count(c.requests, sc.Count())
		ended, beyond := neverAsked(c.requests, sc, afterEnd), neverAsked(c.requests, sc, beyondLimit)
		if ended != c.ended || beyond != c.beyond || n.lost != c.lost || n.refused != c.refused {
			t.Errorf("%s: %d after the end, %d beyond the limit, %+v", c.what, ended, beyond, n)
		}
	}
}

// A knob that the client has shown to be set is none to advise.
func TestAdviseNoKnobThatIsSet(t *testing.T) {
	missed := func() *examined.Row {
		return &examined.Row{Scenario: "chunked", Verdict: examined.Failed, Cause: "missed", Client: "Go-http-client/1.1"}
	}
	alone := []*examined.Row{missed()}
	shared := []*examined.Row{{Scenario: sharing, Verdict: examined.Passed}, missed()}
	Advise(alone)
	Advise(shared)
	if alone[0].Knob == "" || shared[1].Knob != "" || shared[1].About == "" {
		t.Errorf("%+v %+v", alone[0], shared[1])
	}
}

// fetchAll fetches all URLs, in HTTP/2 in clear.
func fetchAll(t *testing.T, s *scenario.Server) {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	for _, u := range s.URLs() {
		resp, err := (&http.Client{Transport: transport}).Get(u)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
}

// The server cannot tell HTTP/2 connections that were opened at once from those opened too many;
// the wire can, and more than that are too many for both.
func TestOpenedAtOnceIsNotKnownToTheServer(t *testing.T) {
	s := started(t, "h2c-one-connection")
	fetchAll(t, s)
	for _, c := range []struct {
		used int64
		by   examined.Evidence
		want examined.Verdict
	}{
		{6, examined.ServersView, examined.NotKnown},
		{7, examined.ServersView, examined.Failed},
		{6, examined.OnTheWire, examined.Failed},
		{2, examined.ServersView, examined.NotKnown},
	} {
		r := &report.Report{Outcome: verdict.Failed, Totals: report.Totals{Transactions: 12, Used: c.used, Needed: 1,
			Avoidable: c.used - 1, Causes: map[pool.Cause]int64{pool.Missed: c.used - 1}}}
		if row := Judge(s, r, new(Ran), c.by); row.Verdict != c.want {
			t.Errorf("%d by %s: %+v, want %s", c.used, c.by, row, c.want)
		}
	}
	least := *s.Scenario // a server that makes two necessary, as by GOAWAY
	least.Least, s.Scenario = 2, &least
	r := &report.Report{Outcome: verdict.Failed, Totals: report.Totals{Transactions: 12, Used: 2, Needed: 1, Avoidable: 1}}
	if row := Judge(s, r, new(Ran), examined.ServersView); row.Verdict != examined.Passed || row.Needed != 2 {
		t.Errorf("no more than the server makes necessary: %+v", row)
	}
}

// A finding that a scenario is failed for is one that explain knows.
func TestForbiddenIsExplained(t *testing.T) {
	for _, s := range scenario.All {
		if _, ok := explain.Lookup(s.Forbids); s.Forbids != "" && !ok {
			t.Errorf("%s: %q is not explained", s.Name, s.Forbids)
		}
	}
}
