package challenge

import (
	"bufio"
	"fmt"
	"io"
	"net"
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
)

// Each scenario says what it is about, and asks for something.
func TestScenariosAreWhole(t *testing.T) {
	seen := map[string]bool{}
	var pauses time.Duration
	for i := range Scenarios {
		s := &Scenarios[i]
		if seen[s.Name] || len(s.steps) == 0 || !strings.HasSuffix(s.About, ".") {
			t.Errorf("%+v", s)
		}
		if s.wants != nil && s.Asks == "" {
			t.Errorf("%s wants what it does not ask for", s.Name)
		}
		if _, ok := explain.Lookup(s.forbids); s.forbids != "" && !ok {
			t.Errorf("%s: %q is not explained", s.Name, s.forbids)
		}
		seen[s.Name] = true
		for _, step := range s.steps {
			pauses += step.pause
		}
	}
	if pauses > 30*time.Second {
		t.Errorf("all pauses take %v: no time is left for the clients", pauses)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		only     []string
		families []Family
		want     string
	}{
		{only: []string{"idle-below*"}, want: "idle-below-announced idle-below-unannounced"},
		{only: []string{"tls*", "chunked"}, want: "chunked tls-one-after-another tls-resumption"},
		{families: []Family{TLS}, want: "tls-one-after-another tls-resumption"},
		{families: []Family{HTTP2}, only: []string{"*ping"}, want: "http2-ping"},
		{only: []string{"h2c*"}, want: "h2c-one-connection"},
		{families: []Family{H2C}, want: "h2c-one-connection"},
		{families: []Family{TLS}, only: []string{"chunked"}},
	} {
		chosen, err := Choose(c.only, c.families)
		var got []string
		for _, s := range chosen {
			got = append(got, s.Name)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%v %v: %v %v, want %s", c.only, c.families, got, err, c.want)
		}
	}
	for _, only := range [][]string{nil, {"*"}} { // in clear only where it is asked for
		if chosen, err := Choose(only, nil); err != nil || len(chosen) != len(Scenarios)-1 {
			t.Errorf("%v: %d chosen, %v", only, len(chosen), err)
		}
	}
	if _, err := Choose([]string{"chunkd"}, nil); err == nil || !strings.Contains(err.Error(), "did you mean chunked?") {
		t.Error(err)
	}
}

// started starts the server of a scenario.
func started(t *testing.T, name string) *Server {
	t.Helper()
	sc, ok := Lookup(name)
	if !ok {
		t.Fatal("no", name)
	}
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(sc, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// dial connects to a server.
func dial(t *testing.T, s *Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c, bufio.NewReader(c)
}

func ask(c net.Conn, s *Server, url int) {
	fmt.Fprintf(c, "GET /%s/%d HTTP/1.1\r\nHost: x\r\n\r\n", s.Scenario.Name, url)
}

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
func analysed(t *testing.T, s *Server) *report.Report {
	t.Helper()
	r, err := analyze.Run(t.Context(), s.Trace.Source(), analyze.Options{Demands: s.Scenario.Demands(nil)})
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
		take(t, r, smallBody)
	}
	two, r := dial(t, s) // the first is idle
	ask(two, s, 4)
	take(t, r, smallBody)
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
			take(t, r, smallBody)
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
			take(t, r, smallBody)
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

// A URL that nobody has fetched, without the server's doing, is not known.
func TestMissingURLIsNotKnown(t *testing.T) {
	s := started(t, "chunked")
	c, r := dial(t, s)
	for url := range 3 {
		ask(c, s, url+1)
		take(t, r, "\r\n0\r\n\r\n")
	}
	c.Close()
	time.Sleep(50 * time.Millisecond)
	s.Stop()
	row := Judge(s, analysed(t, s), &Ran{Said: "oh"}, examined.ServersView)
	if row.Verdict != examined.NotKnown || row.Why != "1 URL of 4 had no answer; the command said: oh" {
		t.Errorf("%+v", row)
	}
}

// Requests that the capture lacks make it no evidence.
func TestLackingCaptureIsNotKnown(t *testing.T) {
	s := started(t, "no-content")
	c, r := dial(t, s)
	for url := range 4 {
		ask(c, s, url+1)
		take(t, r, "\r\n\r\n")
	}
	c.Close()
	time.Sleep(50 * time.Millisecond)
	s.Stop()
	whole := analysed(t, s)
	if row := Judge(s, whole, new(Ran), examined.OnTheWire); row.Verdict != examined.Passed {
		t.Errorf("%+v", row)
	}
	whole.Totals.Transactions--
	if row := Judge(s, whole, new(Ran), examined.OnTheWire); row.Verdict != examined.NotKnown {
		t.Errorf("%+v", row)
	}
}

// URLs come one by one, each when the one before was answered.
func TestFeedWaits(t *testing.T) {
	s := started(t, "no-content")
	in, out := io.Pipe()
	done := make(chan bool, 1)
	go func() {
		done <- s.Feed(t.Context(), out, Patience{First: 5 * time.Second, Next: 5 * time.Second, Then: time.Second})
		out.Close()
	}()
	c, r := dial(t, s)
	lines := bufio.NewReader(in)
	for url := range 4 {
		line, err := lines.ReadString('\n')
		if err != nil || strings.TrimSpace(line) != s.URLs()[url] {
			t.Fatalf("%q %v, want %s", line, err, s.URLs()[url])
		}
		time.Sleep(10 * time.Millisecond)
		if lines.Buffered() > 0 {
			t.Error("a URL came before the one before it was fetched")
		}
		ask(c, s, url+1)
		take(t, r, "\r\n\r\n")
	}
	if _, err := lines.ReadByte(); err != io.EOF || <-done {
		t.Errorf("%v at the end", err)
	}
}

// A client that fetches nothing before its input ends gets all of it.
func TestFeedGivesAllToWhoWaits(t *testing.T) {
	s := started(t, "no-content")
	in, out := io.Pipe()
	done := make(chan bool, 1)
	go func() {
		done <- s.Feed(t.Context(), out, Patience{First: 50 * time.Millisecond})
		out.Close()
	}()
	all, err := io.ReadAll(in)
	if got := strings.Fields(string(all)); err != nil || !slices.Equal(got, s.URLs()) || !<-done {
		t.Errorf("%q %v", got, err)
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

// The server cannot tell HTTP/2 connections that were opened at once from those opened too many;
// the wire can, and more than that are too many for both.
func TestOpenedAtOnceIsNotKnownToTheServer(t *testing.T) {
	s := started(t, "http2-one-connection")
	for url := range s.Scenario.urls() {
		s.ledger.add(&request{url: url, protocol: "HTTP/2.0", begun: time.Now(), done: true})
	}
	for _, c := range []struct {
		used int64
		by   examined.Evidence
		want examined.Verdict
	}{
		{6, examined.ServersView, examined.NotKnown},
		{7, examined.ServersView, examined.Failed},
		{6, examined.OnTheWire, examined.Failed},
	} {
		r := &report.Report{Outcome: verdict.Failed, Totals: report.Totals{Transactions: 12, Used: c.used, Needed: 1,
			Avoidable: c.used - 1, Causes: map[pool.Cause]int64{pool.Missed: c.used - 1}}}
		if row := Judge(s, r, new(Ran), c.by); row.Verdict != c.want {
			t.Errorf("%d by %s: %+v, want %s", c.used, c.by, row, c.want)
		}
	}
}
