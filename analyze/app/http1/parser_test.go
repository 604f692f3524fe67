package http1

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"tcpwarm/capture/segment"
)

// A recorder writes down what a Parser says.
type recorder struct {
	methods    []Method // of the requests waiting
	p          *Parser
	answer     string // "tunnel" or "refuse": said in Head of a CONNECT request
	events     []string
	tunnel     []byte
	tunnelGaps int64
	open       int
	bad        string
	lostAt     int // number of events when the parser first lost its way, -1 if never
	marks      bool
}

func (r *recorder) Head(h *Head) {
	if r.open != 0 {
		r.bad = "Head before End"
	}
	r.open++
	s := describe(h)
	if r.marks {
		s += fmt.Sprintf(" %d-%d", h.Start.Packet, h.End.Packet)
	}
	r.events = append(r.events, fmt.Sprintf("%s [%d]", s, h.Bytes))
	if r.p != nil && string(h.Method) == "CONNECT" {
		switch r.answer {
		case "tunnel":
			r.p.Upgraded()
		case "refuse":
			r.p.Resume()
		}
	}
}

func describe(h *Head) string {
	s := fmt.Sprintf("%d 1.%d", h.Status, h.Minor)
	if h.Request {
		s = fmt.Sprintf("%s %s 1.%d", h.Method, h.Target, h.Minor)
	}
	for _, v := range []struct {
		name  string
		value []byte
	}{{"host", h.Host}, {"type", h.ContentType}, {"upgrade", h.Upgrade}, {"connection", h.ConnectionHeader}, {"hint", h.KeepAliveHeader}, {"agent", h.UserAgent}, {"via", h.Via}} {
		if v.value != nil {
			s += fmt.Sprintf(" %s=%q", v.name, v.value)
		}
	}
	for _, v := range []struct {
		name string
		is   bool
	}{{"close", h.Close}, {"keep-alive", h.KeepAlive}, {"binds", h.Binds}, {"expects", h.Expects}, {"chunked", h.Chunked}, {"until-close", h.UntilClose}, {"cut", h.Cut}} {
		if v.is {
			s += " " + v.name
		}
	}
	if h.KeepAliveTimeout >= 0 {
		s += fmt.Sprintf(" timeout=%d", h.KeepAliveTimeout)
	}
	if h.HasLength {
		s += fmt.Sprintf(" length=%d", h.ContentLength)
	}
	return s
}

func (r *recorder) End(e End) {
	r.open--
	if r.open != 0 {
		r.bad = "End without Head"
	}
	if e.Missing > e.BodyBytes || e.BodyBytes < 0 {
		r.bad = fmt.Sprintf("impossible %+v", e)
	}
	s := fmt.Sprintf("end %d", e.BodyBytes)
	if e.Missing > 0 {
		s += fmt.Sprintf(" missing %d", e.Missing)
	}
	if r.marks {
		s += fmt.Sprintf(" @%d", e.At.Packet)
	}
	if e.Complete {
		s += " complete"
	}
	if e.ByClose {
		s += " by close"
	}
	r.events = append(r.events, s)
}

func (r *recorder) RequestMethod() Method {
	if len(r.methods) == 0 {
		return Other
	}
	m := r.methods[0]
	if len(r.methods) > 1 {
		r.methods = r.methods[1:]
	}
	return m
}

func (r *recorder) Tunnel(b []byte, _ Mark)   { r.tunnel = append(r.tunnel, b...) }
func (r *recorder) TunnelGap(n int64, _ Mark) { r.tunnelGaps += n }

func (r *recorder) text() string { return strings.Join(r.events, "\n") }

// A step of a stream: bytes, or a gap.
type step struct {
	b   string
	gap int64
}

func at(i int) Mark { return Mark{Time: segment.Time(i), Packet: int64(i)} }

// play feeds steps; cut says how to split each one's bytes.
func play(r *recorder, request, midstream bool, steps []step, cut func(b string) []string) *Parser {
	p := New(request, r)
	r.p, r.lostAt = p, -1
	if midstream {
		p.Midstream()
		r.lostAt = 0
	}
	n := 0
	note := func() {
		if p.lost && r.lostAt < 0 {
			r.lostAt = len(r.events)
		}
	}
	for _, s := range steps {
		for _, b := range cut(s.b) {
			n++
			scratch := []byte(b)
			p.Feed(scratch, at(n))
			for i := range scratch { // it must not be kept
				scratch[i] = '!'
			}
			note()
		}
		n++
		p.Gap(s.gap, at(n))
		note()
	}
	p.Close()
	if r.open != 0 {
		r.bad = "no End at Close"
	}
	return p
}

func whole(b string) []string { return []string{b} }

func byteByByte(b string) []string { return strings.Split(b, "") }

func byLine(b string) []string { return strings.SplitAfter(b, "\n") }

func randomly(rnd *rand.Rand) func(string) []string {
	return func(b string) (parts []string) {
		for len(b) > 0 {
			n := 1 + rnd.IntN(min(len(b), 40))
			parts, b = append(parts, b[:n]), b[n:]
		}
		return parts
	}
}

type rule struct {
	name      string
	methods   []Method
	answer    string
	midstream bool
	steps     []step
	want      string // events, one a line, blanks around trimmed
	skipped   int64
	tunnel    string
}

func bytesOf(s string) []step { return []step{{b: s}} }

func lines(s string) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

func check(t *testing.T, request bool, rules []rule) {
	t.Helper()
	for _, u := range rules {
		t.Run(u.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			for i, cut := range []func(string) []string{whole, byLine, byteByByte, randomly(rnd), randomly(rnd)} {
				r := &recorder{methods: u.methods, answer: u.answer}
				p := play(r, request, u.midstream, u.steps, cut)
				if i > 1 && r.lostAt >= 0 && strings.Contains(u.name, "segment") {
					continue // where segments begin matters here
				}
				if got, want := r.text(), lines(u.want); got != want {
					t.Fatalf("split %d:\ngot:\n%s\nwant:\n%s", i, got, want)
				}
				if r.bad != "" {
					t.Fatal(r.bad)
				}
				if p.Skipped != u.skipped || string(r.tunnel) != u.tunnel {
					t.Fatalf("split %d: skipped %d, want %d; tunnel %q, want %q", i, p.Skipped, u.skipped, r.tunnel, u.tunnel)
				}
			}
		})
	}
}

func TestRequests(t *testing.T) { check(t, true, requestRules) }

var requestRules = []rule{
	{name: "RFC 9112 section 3: pipelined requests", steps: bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\n\r\n"),
		want: `GET / 1.1 host="a" [27]
			end 0 complete
			GET /b 1.0 [19]
			end 0 complete`},
	{name: "RFC 9112 section 2.2: bare LF, empty lines before", steps: bytesOf("\r\n\nGET / HTTP/1.1\nHost:a\n\n\r\nPOST / HTTP/1.1\nContent-Length: 2\n\nabGET / HTTP/1.1\n\n"),
		want: `GET / 1.1 host="a" [23]
			end 0 complete
			POST / 1.1 length=2 [35]
			end 2 complete
			GET / 1.1 [16]
			end 0 complete`},
	{name: "RFC 9112 section 3: any token is a method", steps: bytesOf("BREW|x /pot HTTP/1.1\r\n\r\n"),
		want: `BREW|x /pot 1.1 [24]
			end 0 complete`},
	{name: "RFC 9112 section 3.2: spaces in a target", steps: bytesOf("GET /a b HTTP/1.1\r\n\r\n"),
		want: `GET /a b 1.1 [21]
			end 0 complete`},
	{name: "RFC 9112 section 3: several spaces before a target", steps: bytesOf("GET   /a HTTP/1.1\r\n\r\n"),
		want: `GET /a 1.1 [21]
			end 0 complete`},
	{name: "RFC 1945 section 5: HTTP/0.9", steps: bytesOf("GET /old\r\n"),
		want: `GET /old 1.-1 [10]
			end 0 complete`},
	{name: "RFC 9112 section 5: names in any case, space before the colon, folds", steps: bytesOf(
		"PUT /x HTTP/1.1\r\nhOsT : h:80 \r\nCONTENT-LENGTH:\r\n 3\r\nConnection: a,\r\n\t close\r\nContent-Type: t\r\nExpect: 100-Continue\r\n\r\nabc"),
		want: `PUT /x 1.1 host="h:80" type="t" connection="a,\r\n\t close" close expects length=3 [118]
			end 3 complete`},
	{name: "RFC 9110 section 7.6.1: options over several lines", steps: bytesOf(
		"GET / HTTP/1.1\r\nConnection: upgrade , ,KEEP-alive\r\nconnection:x\r\nProxy-Connection: Close\r\nUpgrade: websocket\r\n\r\n"),
		want: `GET / 1.1 upgrade="websocket" connection="upgrade , ,KEEP-alive" close keep-alive [112]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 3: Transfer-Encoding overrides Content-Length", steps: bytesOf(
		"POST / HTTP/1.1\r\nContent-Length: 99\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
		want: `POST / 1.1 chunked length=99 [73]
			end 13 complete
			GET / 1.1 [18]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 4: a request with another coding", steps: bytesOf(
		"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc\nGET / HTTP/1.1\r\n\r\n"),
		want: `POST / 1.1 [44]
			end 4
			GET / 1.1 [18]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 5: lengths that overflow or differ", steps: bytesOf(
		"POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
		want: `POST / 1.1 [57]
			end 0 complete
			POST / 1.1 [57]
			end 0 complete`},
	{name: "RFC 9110 section 8.6: equal lengths are one", steps: bytesOf(
		"POST / HTTP/1.1\r\nContent-Length: 2, 02\r\nContent-Length: 2\r\n\r\nxx"),
		want: `POST / 1.1 length=2 [61]
			end 2 complete`},
	{name: "RFC 9112 section 8: the stream ends within a body", steps: bytesOf("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nxx"),
		want: `POST / 1.1 length=5 [38]
			end 2`},
	{name: "RFC 9112 section 8: the stream ends within a head", steps: bytesOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Le"),
		want: `POST / 1.1 host="a" cut [36]
			end 0`},
	{name: "garbage, then a request at a line", steps: bytesOf("%$ \x00 nothing\nGET it now\r\nGET /x HTTP/1.1\r\n\r\n"), skipped: 25,
		want: `GET /x 1.1 [19]
			end 0 complete`},
	{name: "garbage, then a line like HTTP/0.9", steps: bytesOf("%$\nGET /x\nGET /x HTTP/1.1\r\n\r\n"), skipped: 10,
		want: `GET /x 1.1 [19]
			end 0 complete`},
	{name: "RFC 9113 section 3.4: the preface is no request", steps: bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), skipped: 24},
	{name: "RFC 9110 section 9.3.6: a tunnel", answer: "tunnel", steps: bytesOf("CONNECT a:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
		want: `CONNECT a:443 1.1 [26]
			end 0 complete`, tunnel: "GET / HTTP/1.1\r\n\r\n"},
	{name: "RFC 9110 section 9.3.6: refused", answer: "refuse", steps: bytesOf("CONNECT a:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
		want: `CONNECT a:443 1.1 [26]
			end 0 complete
			GET / 1.1 [18]
			end 0 complete`},
	{name: "a gap within a body", steps: []step{{"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", 6}, {"cGET / HTTP/1.1\r\n\r\n", 0}},
		want: `PUT / 1.1 length=9 [37]
			end 9 missing 6 complete
			GET / 1.1 [18]
			end 0 complete`},
	{name: "a gap up to the end of a body", steps: []step{{"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", 7}, {"GET / HTTP/1.1\r\n\r\n", 0}},
		want: `PUT / 1.1 length=9 [37]
			end 9 missing 7 complete
			GET / 1.1 [18]
			end 0 complete`},
	{name: "a gap beyond a body", steps: []step{{"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab", 70}, {"x: y\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0}}, skipped: 8,
		want: `PUT / 1.1 length=9 [37]
			end 9 missing 7 complete
			GET / 1.1 [18]
			end 0 complete`},
	{name: "every segment snapped", steps: []step{{"GET /x HT", 80}, {"GET /y?z", 80}, {"POST /", 80}, {"VERSION /a HTTP/1.0\r\nHost: b\r\nCont", 9}, {"POST ", 8}, {"GET /l HTTP/1.1\r\nX", 9}},
		want: `GET /x 1.1 cut [9]
			end 80 missing 80
			GET /y?z 1.1 cut [8]
			end 80 missing 80
			POST / 1.1 cut [6]
			end 80 missing 80
			VERSION /a 1.0 host="b" cut [34]
			end 9 missing 9
			POST  1.1 cut [5]
			end 8 missing 8
			GET /l 1.1 cut [18]
			end 9 missing 9`},
	{name: "RFC 9112 section 3: a method has a byte at least", steps: bytesOf(" / HTTP/1.1\r\n\r\n"), skipped: 15},
	{name: "RFC 9112 section 2.3: a version without its last digit", steps: bytesOf("GET / HTTP/1\n\nGET / HTTP/1.\n\n"),
		want: `GET / 1.0 [14]
			end 0 complete
			GET / 1.0 [15]
			end 0 complete`},
	{name: "RFC 9112 section 2.2: a line is not empty for the CR that it begins with", steps: bytesOf("GET / HTTP/1.1\r\n\rX: y\r\n\r\n"),
		want: `GET / 1.1 [25]
			end 0 complete`},
	{name: "RFC 9112 section 2.2: empty lines, and a CR, before what was looked for", steps: bytesOf("%$\n\r\n\rGET /x HTTP/1.1\r\n\r\n"), skipped: 6,
		want: `GET /x 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 3: an unusual method in a line of less than 1024 bytes", steps: bytesOf("FOO " + strings.Repeat("x", maxLine-14) + " HTTP/1.1\n\n"),
		want: "FOO " + strings.Repeat("x", maxLine-14) + ` 1.1 [1025]
			end 0 complete`},
	{name: "RFC 9112 section 3: and in a longer one", steps: bytesOf("FOO " + strings.Repeat("x", maxLine-13) + " HTTP/1.1\n\n"), skipped: maxLine + 2},
	{name: "RFC 9112 section 3: a usual one in a longer one", steps: bytesOf("GET " + strings.Repeat("x", maxLine) + " HTTP/1.1\n\n"),
		want: "GET " + strings.Repeat("x", maxLine) + ` 1.1 [1039]
			end 0 complete`},
	{name: "RFC 1945 section 6: no request is without a head", methods: []Method{Simple}, steps: bytesOf("<html>\nGET /x HTTP/1.1\r\n\r\n"), skipped: 7,
		want: `GET /x 1.1 [19]
			end 0 complete`},
	{name: "no byte missing is no gap", steps: []step{{"PUT / HT", 0}, {"TP/1.1\r\nContent-", 0}, {"Length: 1\r\n\r\n", 0}, {"x", 0}},
		want: `PUT / 1.1 length=1 [37]
			end 1 complete`},
	{name: "snapped in the version", steps: []step{{"PUT /a HTTP/1.", 9}, {"PUT /b HTTP/1.0", 9}, {"PUT /c HTTP/1.x", 9}, {"PUT /d e HTTP/1.0", 9}, {"PUT   /f", 9}},
		want: `PUT /a 1.1 cut [14]
			end 9 missing 9
			PUT /b 1.0 cut [15]
			end 9 missing 9
			PUT /c 1.1 cut [15]
			end 9 missing 9
			PUT /d 1.1 cut [17]
			end 9 missing 9
			PUT /f 1.1 cut [8]
			end 9 missing 9`},
	{name: "a snapped line with nothing but an unusual method", steps: []step{{"FOO ", 80}}, skipped: 4},
	{name: "a snapped line with a part of a method", steps: []step{{"GE", 80}}, skipped: 2},
	{name: "a snapped line without a method", steps: []step{{" /x", 80}}, skipped: 3},
	{name: "a snapped line with too long a method", steps: []step{{strings.Repeat("M", maxMethod+1) + " /x", 80}}, skipped: maxMethod + 4},
	{name: "a snapped line with the longest method", steps: []step{{strings.Repeat("M", maxMethod) + " /x", 80}},
		want: strings.Repeat("M", maxMethod) + ` /x 1.1 cut [35]
			end 80 missing 80`},
	{name: "snapped lines that begin no request", steps: []step{{"GET", 80}, {" /x", 80}, {"G(T /x", 80}, {strings.Repeat("M", maxMethod+1) + " /x", 80}, {"GET \x01", 80}, {"FOO ", 80}}, skipped: 57},
	{name: "midway into a body: a segment begins with a request", midstream: true, steps: []step{{"xyz", 0}, {"tail", 0}, {"GET / HTTP/1.1\r\n\r\n", 0}}, skipped: 7,
		want: `GET / 1.1 [18]
			end 0 complete`},
}

func TestResponses(t *testing.T) { check(t, false, responseRules) }

var responseRules = []rule{
	{name: "RFC 9112 section 4: no reason", steps: bytesOf("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\nHTTP/1.0 404 \r\nContent-Length: 1\r\n\r\nx"),
		want: `200 1.1 length=0 [35]
			end 0 complete
			404 1.0 length=1 [36]
			end 1 complete`},
	{name: "RFC 9110 section 15.2: interim responses", methods: []Method{Head_, Other}, steps: bytesOf("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),
		want: `100 1.1 [25]
			end 0 complete
			103 1.1 length=5 [41]
			end 0 complete
			200 1.1 length=7 [38]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 1: HEAD, 204, 304", methods: []Method{Head_, Other}, steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 0 complete
			204 1.1 length=5 [38]
			end 0 complete
			304 1.1 length=5 [39]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 2: 2xx to CONNECT", methods: []Method{Connect}, steps: bytesOf("HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n"),
		want: `407 1.1 length=1 [38]
			end 1 complete
			200 1.1 length=5 [38]
			end 0 complete`, tunnel: "HTTP/1.1 200 OK\r\n"},
	{name: "RFC 9110 section 7.8: 101", steps: bytesOf("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x00"),
		want: `101 1.1 upgrade="websocket" [46]
			end 0 complete`, tunnel: "\x81\x00"},
	{name: "RFC 9112 section 7.1: chunks, extensions, trailers, bare LF", steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nwiki\r\n00A \n0123456789\n0;x\r\nT: v\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 42 complete
			204 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 7.1: a chunk size that overflows", steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 47`},
	{name: "RFC 9112 section 7.1: the longest chunk", steps: []step{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", maxLength}, {"\r\n0\r\n\r\n", 0}},
		want: `200 1.1 chunked [47]
			end 1152921504606847001 missing 1152921504606846976 complete`},
	{name: "RFC 9112 section 7.1: a chunk size that overflows by zeros", steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000000000000000\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 40`},
	{name: "RFC 9112 section 7.1: space before a size", steps: bytesOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n\t0\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 15 complete`},
	{name: "RFC 9112 section 4: nothing but space", steps: bytesOf("  \r\n"), skipped: 4},
	{name: "RFC 9112 section 4: no status", steps: bytesOf("HTTP/1.1 2x0\nHTTP/1.x 200\nHTTP/1.1 2000\n  \r\nHTTP/1.1 204 No\r\n\r\n"), skipped: 44,
		want: `204 1.1 [19]
			end 0 complete`},
	{name: "RFC 1945 section 6: only the first response may lack its head", methods: []Method{Simple}, steps: bytesOf("HTTP/1.1 304 No\r\n\r\n<html>\n"), skipped: 7,
		want: `304 1.1 [19]
			end 0 complete`},
	{name: "RFC 1945 section 6: another version is no body", methods: []Method{Simple}, steps: bytesOf("HTTP/3 200 OK\n"), skipped: 14},
	{name: "RFC 9112 section 7.1: no chunk size", steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nHTTP/1.1 204 No\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 6
			204 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 7.1: a chunk longer than its size", steps: bytesOf(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\nHTTP/1.1 204 No\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 7
			204 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 6.3 rule 4: another coding", steps: bytesOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc"),
		want: `200 1.1 until-close length=1 [63]
			end 3 complete by close`},
	{name: "RFC 9112 section 6.3 rule 5: a bad length", steps: bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc"),
		want: `200 1.1 until-close [57]
			end 3 complete by close`},
	{name: "RFC 9112 section 6.3 rule 8: until close", steps: bytesOf("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
		want: `200 1.0 connection="close" close until-close [38]
			end 19 complete by close`},
	{name: "RFC 2068 section 19.7.1.1: Keep-Alive", steps: bytesOf("HTTP/1.1 304 x\r\nConnection: keep-alive\r\nKeep-Alive: max=5, Timeout = 15\r\n\r\nHTTP/1.1 304 x\r\nKeep-Alive: timeout=x\r\n\r\n"),
		want: `304 1.1 connection="keep-alive" hint="max=5, Timeout = 15" keep-alive timeout=15 [75]
			end 0 complete
			304 1.1 hint="timeout=x" [41]
			end 0 complete`},
	{name: "SHOUTcast", steps: bytesOf("ICY 200 OK\r\n\r\nmp3"),
		want: `200 1.0 until-close [14]
			end 3 complete by close`},
	{name: "RFC 1945 section 6: HTTP/0.9 has no head", methods: []Method{Simple}, steps: bytesOf("<html>\nHTTP/1.1 200 OK\r\n\r\n"),
		want: `0 1.-1 until-close [0]
			end 26 complete by close`},
	{name: "no head, though the request has a version", methods: []Method{Other}, steps: bytesOf("<html>\nHTTP/1.1 204 OK\r\n\r\n"), skipped: 7,
		want: `204 1.1 [19]
			end 0 complete`},
	{name: "no head, and no request waits", steps: bytesOf("<html>\nHTTP/1.1 204 OK\r\n\r\n"), skipped: 7,
		want: `204 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 7.1: only an extension may follow a size", steps: bytesOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3g\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 14
			204 1.1 [19]
			end 0 complete`},
	{name: "RFC 9112 section 7.1: an extension, or space before it", steps: bytesOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\t;x=y\r\nabc\r\n1 \r\nd\r\n0;z\r\n\r\n"),
		want: `200 1.1 chunked [47]
			end 27 complete`},
	{name: "RFC 9112 section 2.2: a chunk's lines end with LF alone", steps: bytesOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"),
		want: `200 1.1 chunked [47]
			end 9 complete`},
	{name: "a gap within an until-close body", steps: []step{{"HTTP/1.1 200 OK\r\n\r\nab", 50}, {"c", 0}},
		want: `200 1.1 until-close [19]
			end 53 missing 50 complete by close`},
	{name: "a gap within a chunk", steps: []step{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab", 8}, {"\r\n0\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", 0}},
		want: `200 1.1 chunked [47]
			end 20 missing 8 complete
			204 1.1 [19]
			end 0 complete`},
	{name: "a gap beyond a chunk", steps: []step{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab", 9}, {"\n0\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", 0}},
		want: `200 1.1 chunked [47]
			end 20 missing 9
			204 1.1 [19]
			end 0 complete`},
	{name: "every segment snapped, bodies too", steps: []step{{"HTTP/1.1 200 OK\r\nContent-T", 80}, {"xxxx HTTP/1.1 200 OK", 9}, {"xx", 9}, {"HTTP/1.1 404", 5}, {"HTTP/1.0 3", 5}, {"HTTP/1.", 5}},
		want: `200 1.1 cut [26]
			end 120 missing 98
			404 1.1 cut [12]
			end 5 missing 5
			0 1.0 cut [10]
			end 5 missing 5
			0 1.1 cut [7]
			end 5 missing 5`},
	{name: "a snapped status line of SHOUTcast", steps: []step{{"ICY 200 O", 20}},
		want: `200 1.0 cut [9]
			end 20 missing 20`},
	{name: "a status line snapped before it tells", steps: []step{{"HTTP/1", 20}, {"ICY 20", 20}}, skipped: 12},
	{name: "a snapped 2xx to CONNECT", methods: []Method{Connect}, steps: []step{{"HTTP/1.1 200 OK\r\nVia", 20}, {"\x16\x03", 0}},
		want: `200 1.1 cut [20]
			end 0 complete`, tunnel: "\x16\x03"},
	{name: "midway into a body, no segment begins there", midstream: true, steps: bytesOf("xxHTTP/1.1 200 OK\nHTTP/1.1 204 No\r\n\r\n"), skipped: 18,
		want: `204 1.1 [19]
			end 0 complete`},
	{name: "midway into a body: a segment begins with a response", midstream: true, steps: []step{{"xx", 0}, {"HTTP/1.1 204 No\r\n\r\n", 0}}, skipped: 2,
		want: `204 1.1 [19]
			end 0 complete`},
}

// A head beyond MaxHead is handed out cut; its end is still known, and so is
// its body if its length came early.
func TestLongHead(t *testing.T) {
	long := "X: " + strings.Repeat("y", MaxHead) + "\r\n"
	check(t, true, []rule{
		{name: "length in front", steps: bytesOf("POST / HTTP/1.1\r\nContent-Length: 1\r\n" + long + "\r\nxGET / HTTP/1.1\r\n\r\n"),
			want: fmt.Sprintf("POST / 1.1 cut length=1 [%d]\nend 1 complete\nGET / 1.1 [18]\nend 0 complete", 38+len(long))},
		{name: "length behind; a segment decides", steps: bytesOf("POST / HTTP/1.1\r\n" + long + "Content-Length: 1\r\n\r\n?GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
			want: fmt.Sprintf("POST / 1.1 cut [%d]\nend 19\nGET /2 1.1 [19]\nend 0 complete", 38+len(long)), skipped: 0},
		{name: "a long target", steps: bytesOf("GET /" + strings.Repeat("y", MaxHead) + " HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
			want: fmt.Sprintf("GET /%s 1.1 cut [%d]\nend 0\nGET /2 1.1 [19]\nend 0 complete", strings.Repeat("y", MaxHead-5), 27+MaxHead)},
	})
}

func TestLongResponseHead(t *testing.T) {
	long := "X: " + strings.Repeat("y", MaxHead) + "\r\n"
	check(t, false, []rule{
		{name: "no length in front", steps: bytesOf("HTTP/1.1 200 OK\r\n" + long + "\r\n?\nHTTP/1.1 204 No\r\n\r\n"),
			want: fmt.Sprintf("200 1.1 cut [%d]\nend 2\n204 1.1 [19]\nend 0 complete", 19+len(long))},
		{name: "no body anyway", methods: []Method{Head_}, steps: bytesOf("HTTP/1.1 200 OK\r\n" + long + "\r\nHTTP/1.1 204 No\r\n\r\n"),
			want: fmt.Sprintf("200 1.1 cut [%d]\nend 0 complete\n204 1.1 [19]\nend 0 complete", 19+len(long))},
	})
}

// A head may be as long as MaxHead to be known whole.
func TestLongestHead(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		const first, end = "GET / HTTP/1.1\r\nX: ", "\r\n\r\n"
		b := first + strings.Repeat("y", MaxHead+beyond-len(first)-len(end)) + end
		for i, cut := range []func(string) []string{whole, byLine} {
			r := new(recorder)
			play(r, true, false, bytesOf(b), cut)
			if cutOff := strings.Contains(r.text(), "cut"); cutOff != (beyond > 0) || r.bad != "" {
				t.Errorf("split %d, %d bytes: %s, %s", i, len(b), r.text(), r.bad)
			}
		}
	}
}

// What begins no request is none, however long its line is.
func TestLongLineThatIsNone(t *testing.T) {
	for _, begin := range []string{" /", "G(T /", strings.Repeat("M", maxMethod+1) + " /", "GET \x01"} {
		b := begin + strings.Repeat("x", MaxHead) + "\r\n\r\nGET / HTTP/1.1\r\n\r\n"
		check(t, true, []rule{{name: begin[:1], steps: bytesOf(b), want: "GET / 1.1 [18]\nend 0 complete", skipped: int64(len(b) - 18)}})
	}
}

// A sought line that ends just where no more of it is kept is none, and the next one is read.
func TestSoughtLineOfMaxHead(t *testing.T) {
	b := "%\nGET " + strings.Repeat("x", MaxHead-4) + "\nGET / HTTP/1.1\r\n\r\n"
	check(t, true, []rule{{name: "a line", steps: bytesOf(b), want: "GET / 1.1 [18]\nend 0 complete", skipped: int64(len(b) - 18)}})
}

// A sought line that never ends is no start line.
func TestLongSoughtLine(t *testing.T) {
	b := "%\nGET " + strings.Repeat("x", 2*MaxHead) + "\nGET / HTTP/1.1\r\n\r\n"
	check(t, true, []rule{{name: "segment", steps: bytesOf(b), want: "GET / 1.1 [18]\nend 0 complete", skipped: int64(len(b) - 18)}})
}

// A parser must not keep what it was fed, nor a large buffer.
func TestKeepsNothing(t *testing.T) {
	p := New(true, new(recorder))
	p.Feed([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), at(1))
	if p.head.Host != nil || p.head.Method != nil {
		t.Error("the head is still held")
	}
	p.Feed([]byte("GET / HTTP/1.1\r\nX: "), at(1))
	for range 40 {
		p.Feed(bytes.Repeat([]byte("x"), 1000), at(1))
	}
	p.Feed([]byte("\r\n\r\n"), at(1))
	if cap(p.buf) > maxKept {
		t.Errorf("a buffer of %d bytes is kept", cap(p.buf))
	}
}

// The answer to Upgrade may be seen after the client's first frames; what of
// them looked like a request so far is the tunnel's. A request's unread body is
// not.
func TestUpgradedMidway(t *testing.T) {
	r := new(recorder)
	p := New(true, r)
	p.Feed([]byte("GET / HTTP/1.1\r\nUpgrade: x\r\n\r\nhel"), at(1))
	p.Upgraded()
	p.Feed([]byte("lo"), at(2))
	p.Gap(3, at(2))
	p.Close()
	p.Feed([]byte("!"), at(4)) // a half that has ended is a tunnel still
	if string(r.tunnel) != "hello!" || len(r.events) != 2 {
		t.Errorf("tunnel %q, events %q", r.tunnel, r.events)
	}
	r = new(recorder)
	p.Reset(true, r, new(Head))
	p.Feed([]byte("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhel"), at(1))
	p.Upgraded()
	p.Upgraded()
	p.Feed([]byte("lo"), at(2))
	if want := "POST / 1.1 length=9 [38]\nend 3"; r.text() != want || string(r.tunnel) != "lo" {
		t.Errorf("tunnel %q, events %q", r.tunnel, r.events)
	}
}

// What is held while a CONNECT waits for its answer is counted: bytes, and the pieces that they came in.
func TestHeldIsCounted(t *testing.T) {
	p := New(true, new(recorder))
	p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
	before := p.Memory()
	for i := range 100 {
		p.Feed([]byte("x"), at(i+2))
	}
	if n, least := p.Memory()-before, 100+100*int(unsafe.Sizeof(piece{})); n < least || n > 4*least {
		t.Errorf("%d bytes more for 100 pieces of one, want %d at least", n, least)
	}
}

// Many bytes in one piece are counted, too.
func TestHeldBytesAreCounted(t *testing.T) {
	p := New(true, new(recorder))
	p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
	before := p.Memory()
	p.Feed(make([]byte, 10_000), at(2))
	if n := p.Memory() - before; n < 10_000 {
		t.Errorf("%d bytes more for 10000", n)
	}
}

// Of what is held just so many bytes, and pieces, are kept as the bounds say; what is beyond is a gap.
func TestHeldBounds(t *testing.T) {
	for _, x := range []struct{ pieces, size, kept, gap int }{
		{maxPieces, 1, maxPieces, 0},
		{maxPieces + 2, 1, maxPieces, 2},
		{1, maxHeld, maxHeld, 0},
		{1, maxHeld + 1, maxHeld, 1},
		{2, maxHeld - 1, maxHeld, maxHeld - 2},
	} {
		r := new(recorder)
		p := New(true, r)
		p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
		for i := range x.pieces {
			p.Feed(make([]byte, x.size), at(i+2))
		}
		p.Upgraded()
		if len(r.tunnel) != x.kept || r.tunnelGaps != int64(x.gap) {
			t.Errorf("%d of %d bytes: %d kept and a gap of %d, want %d and %d", x.pieces, x.size, len(r.tunnel), r.tunnelGaps, x.kept, x.gap)
		}
	}
	p := New(true, new(recorder))
	p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
	p.Gap(5, at(2))
	p.Gap(5, at(3))
	if n := len(p.heldBack().pieces); n != 1 {
		t.Errorf("two gaps in a row are %d pieces", n)
	}
}

// Room for a head is kept for the next one, and for the next connection, up to a bound each.
func TestRoomThatIsKept(t *testing.T) {
	for _, x := range []struct {
		bound int
		give  func(*Parser)
	}{{maxKept, (*Parser).clear}, {usualHead, (*Parser).Trim}} {
		for _, beyond := range []int{0, 1} {
			p := &Parser{buf: make([]byte, 0, x.bound+beyond)}
			if x.give(p); (cap(p.buf) > 0) != (beyond == 0) {
				t.Errorf("of %d bytes of room %d are kept", x.bound+beyond, cap(p.buf))
			}
		}
	}
}

// A parser that has lost its way says so, and one whose stream has ended.
func TestLost(t *testing.T) {
	p := New(true, new(recorder))
	p.Feed([]byte("GET / HTTP/1.1\r\n\r\n"), at(1))
	before := p.Lost()
	if p.Gap(5, at(2)); before || !p.Lost() {
		t.Errorf("lost: %v, and after a gap %v", before, p.Lost())
	}
	p = New(true, new(recorder))
	if p.Close(); !p.Lost() {
		t.Error("it has ended")
	}
}

func TestTunnelHoldsLittle(t *testing.T) {
	r := new(recorder)
	p := New(true, r)
	p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
	b := bytes.Repeat([]byte("x"), 1000)
	for i := range 1000 {
		p.Feed(b[:1+i%7], at(2))
		p.Feed(b, at(2))
		p.Gap(1, at(2))
	}
	if len(p.heldBack().bytes) > maxHeld || len(p.heldBack().pieces) > maxPieces+1 {
		t.Errorf("%d bytes in %d pieces held", len(p.heldBack().bytes), len(p.heldBack().pieces))
	}
	p.Upgraded()
	p.Feed([]byte("end"), at(3))
	if !bytes.HasSuffix(r.tunnel, []byte("xend")) || len(r.events) != 2 {
		t.Errorf("tunnel of %d bytes, events %q", len(r.tunnel), r.events)
	}
}

// Close while a CONNECT waits must not lose the requests behind it.
func TestResumeAfterClose(t *testing.T) {
	r := new(recorder)
	p := New(true, r)
	p.Feed([]byte("CONNECT a:1 HTTP/1.1\r\n\r\n"), at(1))
	p.Feed([]byte("GET / HTTP/1.1\r\n\r\nPOST / HTT"), at(2))
	p.Close()
	p.Resume()
	want := "CONNECT a:1 1.1 [24]\nend 0 complete\nGET / 1.1 [18]\nend 0 complete"
	if r.text() != want {
		t.Errorf("got:\n%s\nwant:\n%s", r.text(), want)
	}
}

func TestMarks(t *testing.T) {
	r := &recorder{marks: true}
	p := New(true, r)
	for i, b := range []string{"\r\n", "POST / HTTP/1.1\r", "\nContent-Length: 3\r\n\r\n", "a", "bcGET / HTTP/1.1\r\n\r", "\n"} {
		p.Feed([]byte(b), at(i+1))
	}
	p.Feed([]byte("GET /1 HT"), at(7))
	p.Gap(5, at(8))
	p.Feed([]byte("x"), at(9))
	p.Feed([]byte("GET /2 HTTP/1.1\r\n\r\n"), at(10))
	want := lines(`POST / 1.1 length=3 2-3 [38]
		end 3 @5 complete
		GET / 1.1 5-6 [18]
		end 0 @6 complete
		GET /1 1.1 cut 7-7 [9]
		end 6 missing 5 @9
		GET /2 1.1 10-10 [19]
		end 0 @10 complete`)
	if r.text() != want {
		t.Errorf("got:\n%s\nwant:\n%s", r.text(), want)
	}
}
