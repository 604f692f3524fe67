package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// FuzzParser checks that nothing panics, that memory is bounded, and that
// splitting the stream changes nothing: anywhere, until the parser has lost its
// way and looks where segments begin; at line ends, ever.
//
// In the data, \xff with a byte n behind it is a gap of n bytes.
func FuzzParser(f *testing.F) {
	for i, rules := range [][]rule{requestRules, responseRules} {
		for _, u := range rules {
			var b []byte
			for _, s := range u.steps {
				b = append(b, s.b...)
				if s.gap > 0 {
					b = append(b, 0xff, byte(s.gap))
				}
			}
			m := byte(0)
			if len(u.methods) > 0 {
				m = 1 + byte(u.methods[0])
			}
			f.Add(b, i == 0, u.midstream, m, uint64(len(b)))
		}
	}
	f.Fuzz(fuzzParser)
}

func fuzzParser(t *testing.T, b []byte, request, midstream bool, m byte, seed uint64) {
	steps := stepsOf(b)
	run := func(cut func(string) []string) *recorder {
		r := new(recorder)
		if m%4 > 0 {
			r.methods = []Method{Method(m%4 - 1)}
		}
		r.answer = []string{"", "tunnel", "refuse"}[int(m/4)%3]
		p := play(r, request, midstream, steps, cut)
		if r.bad != "" {
			t.Fatal(r.bad)
		}
		if cap(p.buf) > 2*MaxHead || len(p.heldBack().bytes) > maxHeld || len(p.heldBack().pieces) > maxPieces+1 {
			t.Fatal("a buffer grew beyond its limit")
		}
		return r
	}
	want := run(whole)
	if got := run(byLine); got.text() != want.text() || !bytes.Equal(got.tunnel, want.tunnel) {
		t.Fatalf("split at lines:\n%s\nwhole:\n%s", got.text(), want.text())
	}
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, cut := range []func(string) []string{byteByByte, randomly(rnd)} {
		got := run(cut)
		if (got.lostAt < 0) != (want.lostAt < 0) {
			t.Fatalf("lost after %d events, whole after %d", got.lostAt, want.lostAt)
		}
		if want.lostAt < 0 {
			same(t, got, want, len(want.events))
		} else { // whole may have gone on in the same call
			same(t, got, want, min(got.lostAt, want.lostAt))
		}
	}
}

// same checks that the first n events are, and everything if n is all.
func same(t *testing.T, got, want *recorder, n int) {
	t.Helper()
	all := n == len(want.events)
	if len(got.events) < n || !slices.Equal(got.events[:n], want.events[:n]) ||
		all && want.lostAt < 0 && (len(got.events) > n || !bytes.Equal(got.tunnel, want.tunnel)) {
		t.Fatalf("split:\n%s\nwhole (the first %d count):\n%s", got.text(), n, want.text())
	}
}

func stepsOf(b []byte) (steps []step) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, 0xff)
		if i < 0 || i+1 >= len(b) {
			return append(steps, step{b: string(b)})
		}
		steps = append(steps, step{string(b[:i]), int64(b[i+1])})
		b = b[i+2:]
	}
	return steps
}

// A stream of well-formed messages must read as net/http reads it.
func TestNetHTTPAgrees(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		var b, want strings.Builder
		r := new(recorder)
		request := round%2 == 0
		for range 1 + rnd.IntN(5) {
			message := randomMessage(rnd, request)
			b.WriteString(message)
			want.WriteString(asNetHTTP(t, message, request))
		}
		cut := []func(string) []string{whole, byteByByte, randomly(rnd)}[rnd.IntN(3)]
		s := &summary{recorder: r}
		p := New(request, s)
		for _, part := range cut(b.String()) {
			p.Feed([]byte(part), at(1))
		}
		p.Close()
		if s.String() != want.String() {
			t.Fatalf("%q\ngot:\n%s\nwant:\n%s", b.String(), s.String(), want.String())
		}
	}
}

// A summary notes what net/http tells too.
type summary struct {
	*recorder
	strings.Builder
	framed bool
}

func (s *summary) Head(h *Head) {
	length := h.ContentLength
	if h.Chunked || h.UntilClose {
		length = -1
	}
	fmt.Fprintf(s, "%s %s %s %d 1.%d length=%d chunked=%v\n", h.Method, h.Target, h.Host, h.Status, h.Minor, length, h.Chunked)
	s.framed = h.Chunked
}

func (s *summary) End(e End) {
	if !s.framed {
		fmt.Fprintf(s, "body %d\n", e.BodyBytes)
	}
	fmt.Fprintf(s, "complete=%v\n", e.Complete)
}

func asNetHTTP(t *testing.T, message string, request bool) string {
	t.Helper()
	in := bufio.NewReader(strings.NewReader(message))
	var body io.ReadCloser
	var s string
	var coding []string
	if request {
		q, err := http.ReadRequest(in)
		if err != nil {
			t.Fatal(err)
		}
		body, coding = q.Body, q.TransferEncoding
		s = fmt.Sprintf("%s %s %s 0 1.%d length=%d chunked=%v\n", q.Method, q.RequestURI, q.Host, q.ProtoMinor, q.ContentLength, len(coding) > 0)
	} else {
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, coding = a.Body, a.TransferEncoding
		s = fmt.Sprintf("   %d 1.%d length=%d chunked=%v\n", a.StatusCode, a.ProtoMinor, a.ContentLength, len(coding) > 0)
	}
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		t.Fatal(err)
	}
	if len(coding) == 0 {
		s += fmt.Sprintf("body %d\n", n)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Fatalf("net/http left %q of %q", rest, message)
	}
	return s + "complete=true\n"
}

func randomMessage(rnd *rand.Rand, request bool) string {
	var b strings.Builder
	if request {
		fmt.Fprintf(&b, "%s /p%d HTTP/1.1\r\nHost: h%d\r\n", []string{"GET", "POST", "BREW"}[rnd.IntN(3)], rnd.IntN(99), rnd.IntN(9))
	} else {
		fmt.Fprintf(&b, "HTTP/1.1 %d Reason\r\n", []int{200, 404, 500}[rnd.IntN(3)])
	}
	for range rnd.IntN(4) {
		fmt.Fprintf(&b, "X-%d:%s\r\n", rnd.IntN(9), strings.Repeat("v", rnd.IntN(60)))
	}
	body := strings.Repeat("HTTP/1.1 200 OK\r\n\r\n", rnd.IntN(4))
	if rnd.IntN(2) == 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
		return looseLines(rnd, b.String()) + body
	}
	b.WriteString("transfer-encoding: chunked\r\n\r\n")
	head := looseLines(rnd, b.String())
	b.Reset()
	b.WriteString(head)
	for len(body) > 0 {
		n := 1 + rnd.IntN(len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n")
	if rnd.IntN(2) == 0 {
		b.WriteString("X-Trailer: GET / HTTP/1.1\r\n")
	}
	return b.String() + "\r\n"
}

// looseLines ends some lines of a head by LF alone, as recipients may take it (RFC 9112
// section 2.2).
func looseLines(rnd *rand.Rand, head string) string {
	var b strings.Builder
	for line := range strings.Lines(head) {
		if rnd.IntN(3) == 0 {
			line = strings.TrimSuffix(line, "\r\n") + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
