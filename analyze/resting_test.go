package analyze

import (
	"bytes"
	stdtls "crypto/tls"
	"os"
	"path/filepath"
	"testing"

	"tcpwarm/analyze/report/jsonreport"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

// Whether half-open connections rest until their next segment changes no report: not where each does with
// every SYN, and not where it is held in memory with others.
func TestRestingChangesNothing(t *testing.T) {
	top, err := filepath.Glob("../pcaps/*.pcap")
	below, err2 := filepath.Glob("../pcaps/*/*.pcap")
	names := append(top, below...)
	if err != nil || err2 != nil || len(names) == 0 {
		t.Fatalf("no samples: %v %v", err, err2)
	}
	for i, name := range names {
		if testing.Short() && i%16 != 0 { // with the race detector each takes long
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) >= 64<<10 { // what is larger has longer bodies, and opens no more
			continue
		}
		restsAlike(t, name, func() Source {
			src, err := capture.OpenReader(name, bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			return src
		}, 2)
	}
	workers := []int{1, 7}
	if testing.Short() {
		workers = workers[1:]
	}
	archives(t, "story", func(t *testing.T, path string, a *script.Archive) {
		restsAlike(t, path, func() Source { return &segments{list: a.Script.Segments(), size: 3} }, workers...)
	})
}

// So it is where TLS is opened, with keys that stay.
func TestOpenedTLSRests(t *testing.T) {
	for _, version := range []uint16{stdtls.VersionTLS12, stdtls.VersionTLS13} {
		for _, protocol := range []string{"http/1.1", "h2"} {
			trace, keys := lateTLS(t, version, protocol, &beginning{})
			s, err := script.Parse(trace)
			if err != nil {
				t.Fatal(err)
			}
			var reports [2]bytes.Buffer
			for i, l := range []Limits{{Unpacked: 1 << 30}, {Unpacked: 1, QuietFor: -1}} {
				r, err := Run(t.Context(), &segments{list: s.Segments(), size: 1}, Options{Keys: keys, Limits: l})
				if err != nil {
					t.Fatal(err)
				}
				if r.Totals.Transactions != 2 || r.Connections[0].TransactionBasis != transaction.Decrypted {
					t.Errorf("%s in %#x: %d transactions", protocol, version, r.Totals.Transactions)
				}
				if err := jsonreport.Write(&reports[i], r); err != nil {
					t.Fatal(err)
				}
			}
			if never, rests := reports[0].String(), reports[1].String(); never != rests {
				t.Errorf("%s in %#x: with all at rest the report is\n%s\nnot\n%s", protocol, version, rests, never)
			}
		}
	}
}

// restsAlike holds the report and the windows of a capture where all rest against those where none does.
func restsAlike(t *testing.T, name string, open func() Source, workers ...int) {
	run := func(workers int, l Limits) (string, string) {
		var series bytes.Buffer
		r, err := Run(t.Context(), open(), Options{Workers: workers, Series: &series, Limits: l})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := jsonreport.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.String(), series.String()
	}
	want, series := run(1, Limits{HalfOpen: 1 << 30, Unpacked: 1 << 30})
	for _, workers := range workers {
		if got, windows := run(workers, Limits{HalfOpen: 1, Unpacked: 1, QuietFor: -1}); got != want || windows != series {
			t.Errorf("%s, %d workers: with all at rest the report is\n%s\nnot\n%s", name, workers, got, want)
		}
	}
}
