package analyze

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"tcpwarm/analyze/report"
	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

// Of a target or a name that is no one's, only so much is kept: what a capture can make
// the report hold does not grow with it.
func TestLongTextsAreCut(t *testing.T) {
	const long = 20_000
	head := fmt.Sprintf("GET /%s HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n", strings.Repeat("x", long), strings.Repeat("h", long))
	r := runScript(t, handshake+`+0 > P. + ack + "`+head+`"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0 > . +(0) ack +
`, Options{})
	target, name := r.Connections[0].Transactions[0].Target, r.Pools[0].Name
	if len(target) != 8<<10+len("...") || !strings.HasSuffix(target, "x...") || len(name) != 255+len(":65535") {
		t.Errorf("a target of %d bytes is kept with %d, a name of %d with %d", long+1, len(target), long, len(name))
	}
}

// A connection that never ends keeps no more transactions in full than all may.
func TestRecordsAreBounded(t *testing.T) {
	const asked, most = 3000, 100
	exchange := `+0.01 > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`
	r := runScript(t, handshake+strings.Repeat(exchange, asked)+"+0 > . +(0) ack +\n", Options{Limits: Limits{KeptTransactions: most}})
	c := r.Connections[0]
	if len(c.Transactions) != most || c.TransactionCount != asked || r.Totals.Transactions != asked {
		t.Errorf("%d of %d transactions kept, %d in all", len(c.Transactions), c.TransactionCount, r.Totals.Transactions)
	}
	var lost int64
	for _, p := range r.Capture.Problems {
		if p.Kind == "transactions-not-kept" {
			lost = p.Count
		}
	}
	if lost != asked-most {
		t.Errorf("%d said not to be kept, want %d", lost, asked-most)
	}
}

// What was asked before a tunnel, and what runs inside, is all kept: nothing is said to
// be lost.
func TestTunnelLosesNoRecords(t *testing.T) {
	r := runScript(t, handshake+`+0 > P. + ack + "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"
+0 > P. + ack + "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\n\r\n"
+0 > P. + ack + "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0 > . +(0) ack +
`, Options{})
	c := r.Connections[0]
	if len(c.Transactions) != 2 || len(c.Tunnel.Transactions) != 1 || len(r.Capture.Problems) != 0 {
		t.Errorf("%d transactions, %d inside, problems %v", len(c.Transactions), len(c.Tunnel.Transactions), r.Capture.Problems)
	}
}

const handshake = `0 > S 0:0(0) <mss 1460>
+0.01 < S. 0:0(0) ack 1 <mss 1460>
+0 > . 1:1(0) ack 1
`

// runScript runs what a packet script tells.
func runScript(t *testing.T, text string, o Options) *report.Report {
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.WritePcap(&buf); err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenReader("script", &buf)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
