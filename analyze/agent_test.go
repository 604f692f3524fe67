package analyze

import (
	"context"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/pcaps/script"
)

// ofPool is the only pool of a packet script.
func ofPool(t *testing.T, text string, o Options) *report.Pool {
	t.Helper()
	s, err := script.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), &segments{list: s.Segments(), size: 10}, o)
	if err != nil || len(r.Pools) != 1 {
		t.Fatalf("%v, %d pools", err, len(r.Pools))
	}
	return r.Pools[0]
}

const oneRequest = `0.1 > S 0:0(0) <mss 1460, sackOK>
+0.02 < S. 0:0(0) ack 1 <mss 1460>
+0 > . 1:1(0) ack 1
+0.001 > P. + ack + "GET /x HTTP/1.1\r\nHost: a.example\r\nFIELDS\r\n"
+0.02 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
+0 > . +(0) ack +
`

// What a client calls itself is the pool's, its User-Agent before the Via of a relay; not too
// much of it, and nothing in a report that hides names.
func TestUserAgent(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, x := range []struct{ fields, want string }{
		{"", ""},
		{`User-Agent: curl/8.9.1\r\n`, "curl/8.9.1"},
		{`Via: 1.1 relay\r\nuser-agent:  Go-http-client/1.1 \r\n`, "Go-http-client/1.1"},
		{`Via: 1.1 relay\r\n`, "1.1 relay"},
		{`User-Agent: a\r\nUser-Agent: b\r\n`, "a"},
		{`User-Agent: ` + long + `\r\n`, long[:256]},
	} {
		text := strings.Replace(oneRequest, "FIELDS", x.fields, 1)
		if got := ofPool(t, text, Options{}).UserAgent; got != x.want {
			t.Errorf("%s: %q, want %q", x.fields, got, x.want)
		}
		if got := ofPool(t, text, Options{Redact: redact.New()}).UserAgent; got != "" {
			t.Errorf("%s: redacted %q", x.fields, got)
		}
	}
}

// Another connection of the same client, whose request comes wait after its SYN.
func secondAfter(wait string) string {
	first := strings.Replace(oneRequest, "FIELDS", "", 1)
	lines := strings.Split(strings.TrimSpace(first), "\n")
	text := "conn a 10.0.0.1:40000 10.0.0.2:80\nconn b 10.0.0.1:40001 10.0.0.2:80\na: " + strings.Join(lines, "\na: ") + "\n"
	lines[0] = strings.Replace(lines[0], "0.1", "+0.5", 1)
	lines[3] = strings.Replace(lines[3], "+0.001", wait, 1)
	return text + "b: " + strings.Join(lines, "\nb: ") + "\n"
}

// What an avoidable connection cost is measured, from its SYN to its request; one that was
// opened long before costs what its round trip takes.
func TestCostIsMeasured(t *testing.T) {
	for _, x := range []struct {
		wait string
		want time.Duration
	}{
		{"+0", 20 * time.Millisecond},
		{"+0.015", 35 * time.Millisecond},
		{"+0.05", 70 * time.Millisecond},
		{"+0.2", 20 * time.Millisecond},
	} {
		p := ofPool(t, secondAfter(x.wait), Options{})
		if p.Avoidable != 1 || p.ColdRoundTrips != 1 || p.ColdCost == nil || time.Duration(*p.ColdCost).Round(time.Microsecond) != x.want {
			t.Errorf("%s: avoidable %d, %d round trips, cost %v, want %v", x.wait, p.Avoidable, p.ColdRoundTrips, p.ColdCost, x.want)
		}
	}
}
