package tls

import (
	"fmt"
	"strings"
	"testing"
)

// Of the secrets that a capture holds those that came last are kept, and so of a log that the user
// names.
func TestSecretsAreBounded(t *testing.T) {
	own := NewKeys()
	k := own.On()
	if own.most != mostKept || k.most != mostKept {
		t.Errorf("%d and %d are kept", own.most, k.most)
	}
	own.most, k.most = 5, 3
	line := func(i int) string {
		return fmt.Sprintf("CLIENT_RANDOM %064x %096x\nCLIENT_TRAFFIC_SECRET_0 %064x %064x\n", i, i, i, i)
	}
	for i := range 10 {
		for _, log := range []*Keys{own, k} {
			if i > 0 || log == k {
				if err := log.Add(strings.NewReader(line(i))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	k.base = nil
	for i := range 10 {
		id := random{31: byte(i)}
		if s, _ := k.of(id); (s != nil) != (i >= 7) {
			t.Errorf("%d: %v", i, s)
		}
		if s, _ := own.of(id); (s != nil) != (i >= 5) {
			t.Errorf("own %d: %v", i, s)
		}
	}
	if len(k.by) != 3 || len(own.by) != 5 {
		t.Errorf("%d and %d kept", len(k.by), len(own.by))
	}
}

// What is longer than any secret is none.
func TestLongSecretsAreNone(t *testing.T) {
	for n, want := range map[int]int{longestSecret: 1, longestSecret + 1: 0} {
		k := NewKeys()
		if err := k.Add(strings.NewReader(fmt.Sprintf("CLIENT_RANDOM %064x %s\n", 1, strings.Repeat("ab", n)))); err != nil || len(k.by) != want {
			t.Errorf("of %d bytes: %v, %d kept", n, err, len(k.by))
		}
	}
}

// What a log has of a connection opens it if the suite can be opened; before the server's hello has named one, if it is
// secrets of TLS 1.3 that data goes under.
func TestHasKeys(t *testing.T) {
	for label, want := range map[string]bool{
		"CLIENT_TRAFFIC_SECRET_0": true, "SERVER_TRAFFIC_SECRET_0": true, "CLIENT_EARLY_TRAFFIC_SECRET": true,
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET": false, "SERVER_HANDSHAKE_TRAFFIC_SECRET": false, "CLIENT_RANDOM": false,
	} {
		log := NewKeys()
		if err := log.Add(strings.NewReader(fmt.Sprintf("%s %064x %096x\n", label, 7, 9))); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			id       byte
			version  uint16
			readable bool
			want     bool
		}{{7, 0, false, want}, {7, version12, true, true}, {7, version12, false, false}, {8, version12, true, false}} {
			c := new(Conn)
			c.Reset(log, discard{})
			c.randoms[fromClient], c.info.Version, c.readable = random{31: x.id}, x.version, x.readable
			if c.HasKeys() != x.want {
				t.Errorf("%s, %+v: %v", label, x, !x.want)
			}
		}
	}
}
