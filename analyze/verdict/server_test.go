package verdict

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A server is named by its name or its address, and perhaps by its port; a tunnel leads to the
// name and the port that CONNECT has named.
func TestServerIsNamed(t *testing.T) {
	at := func(addr string, port uint16) []segment.Endpoint {
		return []segment.Endpoint{{Addr: segment.AddrFrom(netip.MustParseAddr(addr)), Port: port}}
	}
	pools := []*pool.Pool{
		{Name: "a.example", Servers: at("10.0.0.1", 80), Sums: pool.Sums{Connections: 1}},
		{Name: "a.example", Servers: at("10.0.0.2", 8080), Sums: pool.Sums{Connections: 10}},
		{Name: "b.example:443", Servers: at("10.0.0.3", 3128), Sums: pool.Sums{Connections: 100}},
		{Name: "", Servers: at("2001:db8::1", 80), Sums: pool.Sums{Connections: 1000}},
		{Name: "c.example", Servers: append(at("10.0.0.4", 80), at("10.0.0.5", 8080)...), Sums: pool.Sums{Connections: 10000}},
	}
	expect := Expectation{Metric: "connections", Op: ">=", Value: 0}
	for _, x := range []struct {
		server string
		want   float64 // connections
	}{
		{"", 11111},
		{"a.example", 11}, {"A.Example.", 11}, {"a.example:80", 1}, {"a.example:8080", 10}, {"a.example:443", 0},
		{"b.example", 100}, {"b.example:443", 100}, {"b.example:3128", 0},
		{"10.0.0.1", 1}, {"10.0.0.1:80", 1}, {"10.0.0.1:8080", 0}, {"10.0.0.3:3128", 100}, {"10.0.0.3:443", 0},
		{"2001:db8::1", 1000}, {"[2001:db8::1]", 1000}, {"[2001:db8::1]:80", 1000}, {"[2001:db8::1]:81", 0},
		{"10.0.0.5", 10000}, {"10.0.0.4:80", 10000}, {"10.0.0.4:8080", 0},
		{"d.example", 0},
		{"*.example", 10111}, {"?.example:80", 10001}, {"*:8080", 10010}, {"*.EXAMPLE:443", 100}, {"2001:db8::*", 1000}, {"*1", 1001},
		{"10.0.0.*", 10111}, {"10.0.0.*:3128", 100}, {"*.example:81", 0}, {"[a-c].example", 0},
	} {
		d := Demands{Expect: []Expectation{expect}, Server: x.server}
		if held, _, nothing := d.Judge(pools, Counts{}, Seen{}); held[0].Measured != Exactly(x.want) && (x.want != 0 || nothing == "") {
			t.Errorf("%q: %v connections, want %v", x.server, held[0].Measured, x.want)
		}
	}
}

// Who forbids something, and expects nothing, wants just that: nothing need be reusable.
func TestForbiddenAlone(t *testing.T) {
	d := Demands{Forbid: []string{"missed"}}
	once := reused(func(p *pool.Pool) { p.Transactions, p.Reused = 1, 0 })
	if held, got, _ := d.Judge(once, Counts{}, Seen{}); got != Passed || len(held) != 1 {
		t.Errorf("nothing missed: %s, %v", got, held)
	}
	missed := reused(func(p *pool.Pool) { p.Used, p.Avoidable = 2, 1; p.Causes.Add(pool.Missed, 1) })
	if held, got, _ := d.Judge(missed, Counts{}, Seen{}); got != Failed || len(held) != 1 {
		t.Errorf("one missed: %s, %v", got, held)
	}
}

// Who only looks at a server that is not there learns what there was; one that is among sums may be.
func TestNothingOfServer(t *testing.T) {
	one := reused(func(*pool.Pool) {})
	sums := append(reused(func(*pool.Pool) {}), &pool.Pool{Sums: pool.Sums{Connections: 7}})
	for _, x := range []struct {
		server string
		pools  []*pool.Pool
		want   string
	}{
		{"a.example", one, ""}, {"a.*", one, ""}, {"b.example", nil, ""},
		{"b.example", one, "no server matches b.example; there was "},
		{"b.example", sums, "no server matches b.example of those that are kept apart; there are sums of others, which may be its"},
	} {
		d := Demands{Server: x.server, Look: true}
		if got := d.Nothing(x.pools, Seen{}); !strings.HasPrefix(got, x.want) || (got == "") != (x.want == "") {
			t.Errorf("%s: %q, want %q", x.server, got, x.want)
		}
	}
}

// A filter that had nothing to look at has kept nothing out.
func TestNothingBehindFilter(t *testing.T) {
	d := Demands{Filter: "port 81", Look: true}
	for seen, want := range map[Seen]string{
		{}: "", {Packets: 3, Filtered: 2}: "", {Packets: 3, Filtered: 3}: `the filter "port 81" let none of 3 packets through`,
	} {
		if got := d.Nothing(nil, seen); got != want {
			t.Errorf("%+v: %q, want %q", seen, got, want)
		}
	}
}

// Where bytes came in two versions, what rests on what was read may be anything, and connections count as they are: but not
// whose they are, if only one server's count.
func TestWhatInconsistentBytesLeave(t *testing.T) {
	both := func(p *pool.Pool) { p.Inconsistent = 1 }
	for _, x := range []struct {
		server string
		want   Outcome
	}{{"", Passed}, {"a.example", Undecided}} {
		d := Demands{Server: x.server, Expect: []Expectation{{"connections", "<=", 1}}}
		if held, got, _ := d.Judge(reused(both), Counts{}, Seen{}); got != x.want {
			t.Errorf("of server %q: %s, %v", x.server, got, held)
		}
	}
}

// Of many servers the first are named, and how many more there were.
func TestServersAreNamed(t *testing.T) {
	for n, want := range map[int]string{
		1:               "was s1",
		mostServers:     "were s1, s2, s3, s4, s5",
		mostServers + 1: "were s1, s2, s3, s4, s5 and 1 more",
	} {
		var pools []*pool.Pool
		for i := range n {
			pools = append(pools, &pool.Pool{Name: fmt.Sprint("s", i+1)})
		}
		if got := servers(pools); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
