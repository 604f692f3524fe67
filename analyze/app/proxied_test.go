package app

import (
	"testing"

	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A proxiedOwner notes whom a proxy speaks for, and in which direction that was said.
type proxiedOwner struct {
	tunnelOwner
	dir    int
	header proxy.Header
	said   int
}

func (o *proxiedOwner) Proxied(dir int, h proxy.Header) bool {
	o.dir, o.header = dir, h
	o.said++
	return true
}

// A requestCounter counts requests; nothing else comes in these tests.
type requestCounter struct {
	transaction.Handler
	names []string
}

func (r *requestCounter) Requested(_ *transaction.Transaction, name []byte) {
	r.names = append(r.names, string(name))
}

// A header of the PROXY protocol inside TLS says whom the proxy speaks for, as one before TLS
// does; the request behind it is read.
func TestProxyHeaderInsideTLS(t *testing.T) {
	const header, request = "PROXY TCP4 192.0.2.7 10.0.0.2 50000 443\r\n", "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
	const version2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x02\xc3\x50\x01\xbb"
	for _, x := range []struct {
		name, sent string
		said       int
		requests   int
	}{
		{"version 1", header + request, 1, 1},
		{"version 2", version2 + request, 1, 1},
		{"none", request, 0, 1},
		{"not at the start", request + header + request, 0, 1},
	} {
		for _, swapped := range []bool{false, true} {
			for _, size := range []int{1, 7, 1000} {
				var o proxiedOwner
				var to requestCounter
				var a Layer
				a.Begin(&to, &o, new(Readers), false)
				a.start(TLS, transaction.Direction(!swapped), true)
				for b := []byte(x.sent); len(b) > 0; b = b[min(size, len(b)):] {
					a.tlsLayer.Data(true, b[:min(size, len(b))], segment.Mark{Packet: 1})
				}
				if o.said != x.said || len(to.names) < x.requests || to.names[0] != "a.example" {
					t.Errorf("%s, %d bytes at once: said %d times, requests %q", x.name, size, o.said, to.names)
				}
				if o.said > 0 && (o.dir != transaction.Direction(!swapped) || !o.header.Known || o.header.Source.String() != "192.0.2.7") {
					t.Errorf("%s: in direction %d: %+v", x.name, o.dir, o.header)
				}
			}
		}
	}
	var o proxiedOwner // a server sends none
	var a Layer
	a.Begin(&requestCounter{}, &o, new(Readers), false)
	a.start(TLS, 0, true)
	a.tlsLayer.Data(false, []byte(header), segment.Mark{Packet: 1})
	if o.said != 0 {
		t.Error("the server's bytes were taken for a proxy's header")
	}
	a = Layer{} // nor does anybody within a stream
	a.Begin(&requestCounter{}, &o, new(Readers), false)
	a.Midstream(0)
	if a.Bytes(0, []byte(header), segment.Mark{Packet: 1}); o.said != 0 {
		t.Error("a header in the midst of a stream was taken for one")
	}
}
