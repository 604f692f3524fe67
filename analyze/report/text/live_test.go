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

// How a capture stands is said with what matters first, and what no pool is kept of counts.
func TestStanding(t *testing.T) {
	of := func(name string, requests, used, avoidable int64) *pool.Pool {
		server := segment.Endpoint{Addr: segment.AddrFrom(netip.MustParseAddr("10.0.0.9")), Port: 80}
		return &pool.Pool{Client: segment.AddrFrom(netip.MustParseAddr("10.0.0.1")), Name: name, Servers: []segment.Endpoint{server},
			Sums: pool.Sums{Transactions: requests, Used: used, Avoidable: avoidable}}
	}
	for _, x := range []struct {
		pools []*pool.Pool
		gone  pool.Sums
		drops int64
		want  string
	}{
		{nil, pool.Sums{}, 0, "no request so far   1 packet (2/s), none dropped"},
		{[]*pool.Pool{of("a", 0, 0, 0), of("b", 3, 1, 0)}, pool.Sums{}, 5,
			"3 requests on 1 connection, none too many   1 packet (2/s), 5 dropped"},
		{[]*pool.Pool{of("b", 3, 1, 0), of("c", 4, 4, 2), of("d\x1b[31m", 9, 9, 3), of("e", 1, 1, 0)}, pool.Sums{}, 0,
			"17 requests on 15 connections, 5 too many   1 packet (2/s), none dropped   2 of 4 pools; worst 10.0.0.1 > " +
				`d\x1b[31m:80: 3 of 9`},
		{nil, pool.Sums{Transactions: 4, Used: 4, Avoidable: 3}, 0,
			"4 requests on 4 connections, 3 too many   1 packet (2/s), none dropped"},
	} {
		s := Standing{Packets: 1, PerSecond: 2, Dropped: x.drops}
		for _, p := range x.pools {
			s.Add(p)
		}
		s.AddSums(&x.gone)
		if got := s.Line(); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}
