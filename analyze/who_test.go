package analyze

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// story returns the trace of a story.
func story(t *testing.T, name string) *script.Archive {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "story", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := script.ParseArchive(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Who wants all addresses for one client's wants those behind one address for one too,
// and so a command's connections are one client's.
func TestTogether(t *testing.T) {
	for _, name := range []string{"two-clients-by-their-syns", "two-clients-by-their-hellos", "two-clients-by-the-proxy-protocol"} {
		a := story(t, name)
		for which, o := range map[string]Options{
			"one client": {OneClient: true},
			"a command":  {Judged: func(_, _ segment.Endpoint) bool { return true }},
		} {
			r := reportOf(t, a.Script, o)
			if len(r.Pools) != 1 || r.Pools[0].ToldBy != "" || r.Verdict != pool.NotReused {
				t.Errorf("%s, %s: %d pools, %s", name, which, len(r.Pools), r.Verdict)
			}
		}
		if r := reportOf(t, a.Script, Options{}); len(r.Pools) != 2 {
			t.Errorf("%s: %d pools, want 2", name, len(r.Pools))
		}
	}
}

// Connections that are not the command's are counted, and not judged.
func TestOthersAreCounted(t *testing.T) {
	first := segment.Addr4([]byte{10, 0, 0, 1})
	r := ran(t, threeClients, Options{Judged: func(client, _ segment.Endpoint) bool { return client.Addr == first }})
	if n := r.Totals; n.Transactions != 2 || n.Avoidable != 0 || len(r.Pools) != 1 {
		t.Errorf("%d transactions, %d avoidable, %d pools", n.Transactions, n.Avoidable, len(r.Pools))
	}
	i := slices.IndexFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "other-connections" })
	if i < 0 || r.Capture.Problems[i].Count != 2 {
		t.Errorf("problems %+v", r.Capture.Problems)
	}
}

// A request begins with its own first byte: not with the header before it, nor with the
// rest of what might have been one.
func TestRequestsBeginAfterTheHeader(t *testing.T) {
	for name, want := range map[string][]int64{
		"two-clients-not-by-the-proxy-protocol": {5, 12},
		"no-proxy-protocol":                     {4},
	} {
		r := reportOf(t, story(t, name).Script, Options{})
		for i, c := range r.Connections {
			if got := c.Transactions[0].StartPacket; got != want[i] {
				t.Errorf("%s, #%d: the request starts in packet %d, want %d", name, c.ID, got, want[i])
			}
		}
	}
}

// Whom a proxy speaks for is shown, with a stand-in where others are.
func TestProxiedFor(t *testing.T) {
	a := story(t, "two-clients-by-the-proxy-protocol")
	want := segment.Addr4([]byte{192, 0, 2, 1})
	for _, by := range []*redact.Redactor{nil, redact.New()} {
		r := reportOf(t, a.Script, Options{Redact: by})
		if got := r.Connections[0].ProxiedFor; got != by.Addr(want).String() {
			t.Errorf("the proxy speaks for %s, want %s", got, by.Addr(want))
		}
		if len(r.Pools) != 2 || r.Pools[0].ToldBy != "the proxy speaks for "+r.Connections[0].ProxiedFor {
			t.Errorf("%d pools, the first %q", len(r.Pools), r.Pools[0].ToldBy)
		}
	}
}
