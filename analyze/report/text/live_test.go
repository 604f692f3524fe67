package text

import (
	"net/netip"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A line of a capture that goes on calls a server as the report will.
func TestVerdictLineNamesTheServer(t *testing.T) {
	at := func(text string) segment.Endpoint {
		a := netip.MustParseAddrPort(text)
		return segment.Endpoint{Addr: segment.AddrFrom(a.Addr()), Port: a.Port()}
	}
	proxy := at("10.0.0.9:3128")
	for _, x := range []struct {
		name    string
		servers []segment.Endpoint
		want    string
	}{
		{"api.example:443", []segment.Endpoint{proxy}, "> api.example:443 through 10.0.0.9:3128  REUSED: "},
		{"api.example", []segment.Endpoint{at("[2001:db8::1]:443"), at("10.0.0.1:443")}, "> api.example:443 (2 addresses)  REUSED: "},
		{"", []segment.Endpoint{at("[2001:db8::1]:443")}, "> [2001:db8::1]:443  REUSED: "},
		{"a\x1b[31m", nil, `> a\x1b[31m  REUSED: `},
	} {
		line := VerdictLine(&pool.Pool{Name: x.name, Servers: x.servers}, 0, "", pool.Reused)
		if !strings.Contains(line, x.want) {
			t.Errorf("%q lacks %q", line, x.want)
		}
	}
}
