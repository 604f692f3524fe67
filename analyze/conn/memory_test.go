package conn

import (
	"strings"
	"testing"
	"unsafe"

	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// What a connection keeps of its transactions is counted, in a tunnel too, and so is what waits for
// a proxy's answer.
func TestMemoryIsCounted(t *testing.T) {
	const n = 100
	exchange := `+0 > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`
	connect := `+0 > P. + ack + "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"
+0 < P. + ack + "HTTP/1.1 200 OK\r\n\r\n"
`
	for _, x := range []struct {
		name, before, each string
		least              uintptr // bytes for each
	}{
		{"transactions", exchange, exchange, unsafe.Sizeof(Record{})},
		{"in a tunnel", connect + exchange, exchange, unsafe.Sizeof(Record{})},
		{"pieces after a SOCKS request", `+0 > P. + ack + "\x05\x01\x00\x05\x01\x00\x01\x0a\x00\x00\x09\x00\x50"` + "\n", `+0 > P. + ack + "x"` + "\n", unsafe.Sizeof(segment.Mark{}) + 8},
	} {
		memory := func(times int) int {
			s, err := script.Parse("0 > S 0:0(0)\n+0 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n" + x.before + strings.Repeat(x.each, times))
			if err != nil {
				t.Fatal(err)
			}
			f := newFed()
			all := s.Segments()
			for i := range all {
				f.segment(&all[i])
			}
			return f.Memory()
		}
		least := n * int(x.least)
		if more := memory(n) - memory(0); more < least || more > 4*least {
			t.Errorf("%s: %d bytes for %d, want %d at least", x.name, more, n, least)
		}
	}
}

// A connection is half-open while nothing but its SYN was seen, whichever of the hosts has sent it.
func TestHalfOpen(t *testing.T) {
	for trace, want := range map[string]bool{
		"0 > S 0:0(0)":                       true,
		"0 > S 0:0(0)\n+1 > S 0:0(0)":        true,
		"0 > S 0:10(10)":                     false, // with data (RFC 7413)
		"0 > S 0:0(0)\n+0 < S. 0:0(0) ack 1": false,
		"0 > S 0:0(0)\n+0 < R. 0:0(0) ack 1": false,
		"0 > . 1:1(0) ack 1":                 false,
		"0 > P. 1:11(10) ack 1":              false,
	} {
		s, err := script.Parse(trace + "\n")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*script.Script{s, s.SwapHosts()} {
			f := newFed()
			all := s.Segments()
			for i := range all {
				f.segment(&all[i])
			}
			if got := f.HalfOpen(); got != want {
				t.Errorf("%q: %v", trace, got)
			}
		}
	}
}
