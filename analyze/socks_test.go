package analyze

import (
	"context"
	"maps"
	"os"
	"testing"

	"tcpwarm/pcaps/script"
)

// A reused transaction saves the round trips of TCP's handshake and of that with the SOCKS
// proxies: one of version 4, two of version 5, three with a password.
func TestRoundTripsThroughSOCKS(t *testing.T) {
	for name, want := range map[string]map[string][2]int64{ // saved, and spent on avoidable connections
		"socks-to-two-targets":     {"b.example:80": {3, 3}, "d.example:80": {0, 0}},
		"socks4a-names-its-target": {"b.example:80": {2, 0}, "198.51.100.80:80": {0, 0}},
		"socks-byte-by-byte":       {"[2001:db8::7]:80": {4, 0}, "b.example:80": {0, 0}},
		"socks-to-another-proxy":   {"b.example:80": {5, 0}, "d.example:80": {0, 0}},
		"tls-through-socks":        {"b.example:443": {0, 4}},
	} {
		b, err := os.ReadFile("testdata/story/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		a, err := script.ParseArchive(string(b))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), &segments{list: a.Script.Segments(), size: 100}, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][2]int64{}
		for _, p := range r.Pools {
			got[p.Name] = [2]int64{p.SavedRoundTrips, p.ColdRoundTrips}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
