package http1

import (
	"bytes"
	"testing"
)

type nothing struct{ heads, ends int }

func (n *nothing) Head(*Head)            { n.heads++ }
func (n *nothing) End(End)               { n.ends++ }
func (n *nothing) RequestMethod() Method { return Other }
func (n *nothing) Tunnel([]byte, Mark)   {}
func (n *nothing) TunnelGap(int64, Mark) {}

var (
	request = []byte("GET /api/v1/items?page=2 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: Go-http-client/1.1\r\n" +
		"Accept: application/json\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n")
	response = []byte("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: nginx\r\n" +
		"Content-Type: application/json\r\nContent-Length: 20\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n01234567890123456789")
	chunked = []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n")
)

// The borrowed buffers are reused: a message costs no allocation, however it is
// cut.
func TestNoAllocation(t *testing.T) {
	var n nothing
	in, out := New(true, &n), New(false, &n)
	round := func() {
		for _, b := range [][]byte{response, chunked} {
			out.Feed(b, at(1))
			out.Feed(b[:40], at(1))
			out.Feed(b[40:], at(2))
		}
		in.Feed(request, at(1))
		in.Feed(request[:9], at(1))
		in.Feed(request[9:], at(1))
		in.Feed(request[:9], at(1))
		in.Gap(70, at(1))
	}
	round()
	if a := testing.AllocsPerRun(1000, round); a != 0 {
		t.Errorf("%v allocations for 7 messages, want 0", a)
	}
	if n.heads < 7*1000 {
		t.Errorf("%d heads read", n.heads)
	}
}

func bench(b *testing.B, request bool, message []byte) {
	var n nothing
	p := New(request, &n)
	b.ReportAllocs()
	for b.Loop() {
		p.Feed(message, at(1))
	}
	if n.heads != n.ends || n.heads == 0 {
		b.Fatal(n)
	}
}

func BenchmarkRequest(b *testing.B)  { bench(b, true, request) }
func BenchmarkSmall(b *testing.B)    { bench(b, true, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) }
func BenchmarkResponse(b *testing.B) { bench(b, false, response) }
func BenchmarkChunked(b *testing.B)  { bench(b, false, chunked) }

// A body of known length is stepped over at once.
func BenchmarkBody(b *testing.B) {
	var n nothing
	p := New(false, &n)
	p.Feed([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n"), at(1))
	body := bytes.Repeat([]byte("x"), 64<<10)
	for b.Loop() {
		p.Feed(body, at(1))
	}
}
