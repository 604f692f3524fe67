package redact

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

// The gate gives the Redactor's stand-ins, whichever way a name comes; without one, all
// as it is.
func TestNames(t *testing.T) {
	a := segment.AddrFrom(netip.MustParseAddr("10.0.0.1"))
	var nobody *Redactor
	var none *Names
	for _, n := range []*Names{none, nobody.Names()} {
		if n.Host("a.example") != "a.example" || n.HostBytes([]byte("a.example")) != "a.example" || n.Addr(a) != a || n.Target("/x") != "/x" {
			t.Error("something is changed without a Redactor")
		}
	}
	r := New()
	n := r.Names()
	for range 2 { // made, then remembered
		if got := n.HostBytes([]byte("a.example")); got != r.Name("a.example") || got != n.Host("a.example") {
			t.Errorf("a.example is shown as %s", got)
		}
	}
	if n.Addr(a) != r.Addr(a) || n.Target("/x") != "" {
		t.Error("an address or a target is shown")
	}
}

// What is remembered is bounded, and costs nothing again.
func TestNamesRemembered(t *testing.T) {
	n := New().Names()
	long := []byte(strings.Repeat("a", 10_000))
	if a, b := n.HostBytes(long), n.HostBytes(long[:maxHost]); a != b {
		t.Errorf("what is too long for a name is shown as %s, not as %s", a, b)
	}
	host := []byte("a.example")
	n.HostBytes(host)
	if allocs := testing.AllocsPerRun(100, func() { n.HostBytes(host) }); allocs != 0 {
		t.Errorf("%v allocations for a name that is known", allocs)
	}
	for i := range 3 * maxHosts {
		n.HostBytes(fmt.Appendf(nil, "%d.example", i))
		if len(n.hosts) > maxHosts {
			t.Fatalf("%d names are remembered", len(n.hosts))
		}
	}
}
