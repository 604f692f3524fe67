package scenario

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// Each scenario says what it is about, and asks for something.
func TestScenariosAreWhole(t *testing.T) {
	seen := map[string]bool{}
	var pauses time.Duration
	for i := range All {
		s := &All[i]
		if seen[s.Name] || len(s.steps) == 0 || !strings.HasSuffix(s.About, ".") {
			t.Errorf("%+v", s)
		}
		if s.Wants != nil && s.Asks == "" {
			t.Errorf("%s wants what it does not ask for", s.Name)
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
		if chosen, err := Choose(only, nil); err != nil || len(chosen) != len(All)-1 {
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

// fetch fetches one of the URLs.
func fetch(t *testing.T, s *Server, url int) {
	t.Helper()
	resp, err := http.Get(s.URLs()[url])
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
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
		fetch(t, s, url)
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

// A client that hangs up before its response is written has ended the connection before it in the
// trace, too: as on the wire, whoever reads when.
func TestTraceHasTheClientsEndInTime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel is asked on Linux only")
	}
	s := started(t, "early-hints")
	c, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET /early-hints/1 HTTP/1.1\r\nHost: x\r\n\r\n")
	for hints := bufio.NewReader(c); ; {
		line, err := hints.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
	}
	c.Close()
	time.Sleep(5 * afterHints)
	s.Stop()
	var all segment.Batch
	if err := s.Trace.Source().Fill(&all); err != io.EOF {
		t.Fatal(err)
	}
	end := slices.IndexFunc(all.Segments, func(g segment.Segment) bool { return g.Flags.Has(segment.FIN) })
	final := slices.IndexFunc(all.Segments, func(g segment.Segment) bool { return bytes.Contains(g.Payload, []byte(" 200 OK")) })
	if end < 0 || final < 0 || end > final {
		t.Errorf("the first end is segment %d, the response %d", end, final)
	}
}
