package analyze

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// A truth is what a server recorded of the connections in a capture.
type truth struct {
	Name        string
	File        string
	Keys        json.RawMessage
	Connections []struct {
		ClientPort   int    `json:"client_port"`
		ServerPort   int    `json:"server_port"`
		Version      string `json:"tls_version"`
		ALPN         string `json:"alpn"`
		Transactions int64  `json:"transactions"`
		InCapture    *int64 `json:"transactions_in_capture"`
	}
}

// keyless hides a capture's own secrets.
type keyless struct{ Source }

func (k keyless) Fill(b *segment.Batch) error {
	err := k.Source.Fill(b)
	b.Secrets = nil
	return err
}

// Without keys, every connection's transactions lie within the bounds, and nothing
// is said to have been read. HTTP/1 is counted exactly nearly always.
func TestWithoutKeys(t *testing.T) {
	var all tally
	topics, err := filepath.Glob("../pcaps/*/*-tls.truth.json")
	if err != nil || len(topics) == 0 {
		t.Fatalf("no samples of TLS: %v", err)
	}
	for i := range topics {
		topics[i] = filepath.Dir(topics[i])
	}
	for _, topic := range slices.Compact(topics) {
		all.folder(t, topic)
	}
	if dir := "../../shared/truth/clients"; !testing.Short() {
		if _, err := os.Stat(dir); err != nil {
			t.Log("the captures with known truth are not here: only the project's own are held")
		} else {
			all.folder(t, dir)
		}
	}
	t.Logf("HTTP/1: %d of %d exact, %d taken for one or several wrongly; HTTP/2: %d of %d exact", all.exact, all.http1, all.mistaken, all.exact2, all.http2)
	if all.http1 < 90 || all.http2 < 30 {
		t.Errorf("only %d and %d connections seen", all.http1, all.http2)
	}
	if all.exact*100 < all.http1*98 {
		t.Errorf("HTTP/1: %d of %d exact, want 98 in 100", all.exact, all.http1)
	}
	if all.mistaken > 1 { // pipelined in one record
		t.Errorf("%d taken for one or several wrongly, want 1 at most", all.mistaken)
	}
}

type tally struct{ http1, exact, mistaken, http2, exact2 int }

func (y *tally) folder(t *testing.T, dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.truth.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no truths in %s: %v", dir, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var tr truth
		if err := json.Unmarshal(b, &tr); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(tr.Keys) == 0 || string(tr.Keys) == "null" {
			continue
		}
		if tr.File == "" {
			tr.File = tr.Name + ".pcap"
		}
		y.capture(t, filepath.Join(dir, tr.File), &tr)
	}
}

func (y *tally) capture(t *testing.T, path string, tr *truth) {
	src, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := Run(context.Background(), keyless{src}, Options{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	pools(t, tr.Name, r, withKeys(t, path))
	seen := map[string][]*report.Connection{}
	for _, c := range r.Connections {
		k := port(c.Client) + port(c.Server)
		seen[k] = append(seen[k], c)
	}
	for i := range tr.Connections {
		w := &tr.Connections[i]
		k := fmt.Sprintf(":%d:%d", w.ClientPort, w.ServerPort)
		if w.Version == "" || len(seen[k]) == 0 {
			continue
		}
		want := w.Transactions
		if w.InCapture != nil {
			want = *w.InCapture
		}
		y.connection(t, tr.Name, seen[k][0], want, w.ALPN == "h2")
		seen[k] = seen[k][1:]
	}
}

// withKeys returns what a capture shows with its keys.
func withKeys(t *testing.T, path string) *report.Report {
	src, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	keys := tls.NewKeys()
	if f, err := os.Open(strings.TrimSuffix(path, filepath.Ext(path)) + ".keys"); err == nil {
		defer f.Close()
		if err := keys.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(context.Background(), src, Options{Keys: keys})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// pools holds verdicts without keys against those with them: the same, or not known;
// and needed lies within what is said.
func pools(t *testing.T, name string, without, with *report.Report) {
	for i, p := range without.Pools {
		if p.Verdict == pool.NotKnown || i >= len(with.Pools) {
			continue
		}
		want := with.Pools[i]
		if p.Verdict != want.Verdict {
			t.Errorf("%s: %s without keys, %s with them", name, p.Verdict, want.Verdict)
		}
		if want.Needed > p.Needed || want.Needed < p.Needed-p.PerhapsAvoidable {
			t.Errorf("%s: needed %d, perhaps %d less, without keys; %d with them", name, p.Needed, p.PerhapsAvoidable, want.Needed)
		}
	}
}

func (y *tally) connection(t *testing.T, name string, c *report.Connection, want int64, http2 bool) {
	n := c.TransactionCount
	if c.TransactionBasis != transaction.Inferred && (n > 0 || c.TransactionBasis != transaction.NoBasis) {
		t.Errorf("%s #%d: basis %s", name, c.ID, c.TransactionBasis)
	}
	if low, high := bounds(c); want < low || want > high || n < low || n > high {
		t.Errorf("%s #%d: %d (%d to %d), the server recorded %d", name, c.ID, n, low, high, want)
	}
	if http2 {
		y.http2++
		if n == want {
			y.exact2++
		}
		return
	}
	y.http1++
	if n == want {
		y.exact++
	}
	if (n > 1) != (want > 1) {
		y.mistaken++
	}
}

func bounds(c *report.Connection) (low, high int64) {
	if c.TransactionLow == nil || c.TransactionHigh == nil {
		return c.TransactionCount, c.TransactionCount
	}
	return *c.TransactionLow, *c.TransactionHigh
}

// port returns the last colon of an address and what follows.
func port(addr string) string { return addr[strings.LastIndexByte(addr, ':'):] }
