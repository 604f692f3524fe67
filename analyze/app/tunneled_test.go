package app

import (
	"runtime"
	"strings"
	"testing"

	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/socks"
	"tcpwarm/capture/segment"
)

// A tunnelOwner counts the proxies that have connected its client.
type tunnelOwner struct{ hops int }

func (*tunnelOwner) PayloadRole(bool)               {}
func (*tunnelOwner) ClientIsB() bool                { return false }
func (*tunnelOwner) Proxied(int, proxy.Header) bool { return false }
func (o *tunnelOwner) Tunneled(socks.Handshake)     { o.hops++ }
func (*tunnelOwner) CloseNotify(bool, segment.Mark) {}

// What looks like a request to one SOCKS proxy after another costs memory for a few of them,
// not for each: one segment must not cost the square of its length.
func TestSOCKSHopsAreBounded(t *testing.T) {
	const request = "\x04\x01\x00\x50\x01\x02\x03\x04\x00"
	b := []byte(strings.Repeat(request, (64<<10)/len(request)))
	var before, after runtime.MemStats
	var o tunnelOwner
	var a Layer
	a.Begin(nil, &o, new(Readers), false)
	runtime.ReadMemStats(&before)
	a.Bytes(0, b, segment.Mark{Packet: 1})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2*maxHops*uint64(len(b)) {
		t.Errorf("%d bytes were allocated for %d", n, len(b))
	}
	if a.Close(0, segment.Mark{Packet: 2}); o.hops != maxHops || a.socks != nil {
		t.Errorf("%d proxies, want %d; one more may follow: %t", o.hops, maxHops, a.socks != nil)
	}
}
