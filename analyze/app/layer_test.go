package app

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/app/proxy"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A hearing is what a Layer makes of two streams.
type hearing struct {
	tunnelOwner
	a         Layer
	packet    int64
	clientIsB bool // by the ports
	requests  []string
	answers   []int
	bytes     int64 // of requests that were answered
	starts    []int64
	streams   int32
	goodbyes  int
}

func (h *hearing) ClientIsB() bool                { return h.clientIsB }
func (h *hearing) CloseNotify(bool, segment.Mark) { h.goodbyes++ }
func (h *hearing) Requested(t *transaction.Transaction, name []byte) {
	h.requests = append(h.requests, t.Method)
	h.starts = append(h.starts, t.Start.Packet)
	h.streams = t.Streams
}
func (h *hearing) Began(*transaction.Transaction) {}
func (h *hearing) Answered(t *transaction.Transaction) {
	h.answers = append(h.answers, t.Status)
	h.bytes += t.RequestBytes
}
func (h *hearing) HasRead(*transaction.Transaction) bool                                { return true }
func (h *hearing) Crosses(*transaction.Transaction) bool                                { return false }
func (h *hearing) Tunnel(bool, []byte, segment.Mark)                                    {}
func (h *hearing) TunnelGap(bool, int64, segment.Mark)                                  {}
func (h *hearing) GoAway(bool, uint32, http2.Code, []byte, segment.Mark)                {}
func (h *hearing) StreamReset(*transaction.Transaction, bool, http2.Code, segment.Mark) {}

// hear takes steps: > is what comes in direction 0, < in direction 1; ? and a number are so many bytes
// missing, a dot alone is the end, and ~ says that the direction began before.
func (h *hearing) hear(steps ...string) *hearing {
	if h.packet == 0 {
		h.a.Begin(h, h, new(Readers), false)
	}
	for _, s := range steps {
		h.packet++
		at := segment.Mark{Packet: h.packet}
		dir, what := 0, s[1:]
		if s[0] == '<' {
			dir = 1
		}
		if n, is := strings.CutPrefix(what, "?"); is {
			n, _ := strconv.Atoi(n)
			h.a.Gap(dir, int64(n), at)
		} else if what == "." {
			h.a.Close(dir, at)
		} else if what == "~" {
			h.a.Midstream(dir)
		} else {
			h.a.Bytes(dir, []byte(what), at)
		}
	}
	return h
}

const (
	get, noContent = "GET / HTTP/1.1\n\n", "HTTP/1.1 204 x\n\n"
	preface        = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings       = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	ping           = "\x00\x00\x08\x06\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08"
)

var (
	clientHello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\xc0\x2f\x01\x00"
	serverHello = "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + strings.Repeat("r", 32) + "\x00\xc0\x2f\x00"
	record      = "\x17\x03\x03\x00\x64" + strings.Repeat("x", 100)
)

// What is spoken shows by the first bytes of either half.
func TestProtocolByTheFirstBytes(t *testing.T) {
	for _, x := range []struct {
		claim    string
		steps    []string
		want     Protocol
		clientIs int // direction
	}{
		{"a request", []string{">" + get}, HTTP1, 0},
		{"a response alone", []string{"<" + noContent}, HTTP1, 0},
		{"a request the other way", []string{"<" + get}, HTTP1, 1},
		{"a response the other way", []string{">" + noContent}, HTTP1, 1},
		{"HTTP/2", []string{">" + preface}, HTTP2, 0},
		{"HTTP/2, the server first", []string{"<" + settings}, HTTP2, 0},
		{"TLS", []string{">" + clientHello}, TLS, 0},
		{"TLS the other way", []string{"<" + clientHello}, TLS, 1},
		{"TLS, the server alone", []string{"<" + serverHello}, TLS, 0},

		{"a piece of what may be a request or HTTP/2", []string{">P"}, Undecided, 0},
		{"and it is a request", []string{">P", ">UT / HTTP/1.1\n\n"}, HTTP1, 0},
		{"and it is HTTP/2", []string{">P", ">" + preface[1:]}, HTTP2, 0},
		{"a piece of the preface that can be nothing else", []string{">" + preface[:13], ">" + preface[13:]}, HTTP2, 0},
		{"a piece of a response that can be nothing else", []string{"<HTTP/1", "<.1 204 x\n\n"}, HTTP1, 0},
		{"a piece of an unusual request", []string{">FOO /", "> HTTP/1.1\n\n"}, HTTP1, 0},
		{"a piece of a server's settings", []string{"<" + settings[:1], "<" + settings[1:]}, HTTP2, 0},
		{"a piece of a hello", []string{">" + clientHello[:1], ">" + clientHello[1:]}, TLS, 0},
		{"a request that two segments bring, the second a long one", []string{">PUT", "> / HTTP/1.1\nX: " + strings.Repeat("x", 3000) + "\n\n"}, HTTP1, 0},

		{"neither", []string{">\x01\x02", "<\x03\x04"}, Other, 0},
		{"one of them is nothing, the other may be something", []string{">\x01\x02"}, Undecided, 0},
		{"a response to what was nothing", []string{">\x01\x02", "<" + noContent}, HTTP1, 0},
		{"nothing but empty lines", []string{">" + strings.Repeat("\n", maxDetect), "<\x01"}, Other, 0},
		{"and in pieces", []string{">" + strings.Repeat("\n", maxDetect/2), ">" + strings.Repeat("\n", maxDetect/2), "<\x01"}, Other, 0},
		{"they may come before a request", []string{">" + strings.Repeat("\n", maxDetect-1), "<\x01"}, Undecided, 0},

		{"a record, where a stream begins", []string{">" + record, "<\x01"}, Other, 0},
		{"a record, where one goes on", []string{">~", ">" + record}, TLS, 0},
		{"a record of the server, where one goes on", []string{"<~", "<" + record}, TLS, 0},
		{"a frame, where a stream begins", []string{">" + ping, "<\x01"}, Other, 0},
		{"a frame, where one goes on", []string{">~", ">" + ping}, HTTP2, 0},
		{"something else, where one goes on", []string{">~", ">\x01", ">" + get}, HTTP1, 0},
		{"after a gap a stream goes on", []string{">?9", ">" + record}, TLS, 0},

		{"a server that speaks HTTP/2 unasked, and a client that does, too", []string{"<" + settings, ">" + preface}, HTTP2, 0},
		{"a piece of that", []string{"<" + settings, ">PRI"}, HTTP2, 0},
		{"a client that speaks HTTP/1", []string{"<" + settings, ">" + get}, HTTP1, 0},
		{"one that does, the other way", []string{">" + settings, "<" + get}, HTTP1, 1},
		{"one that speaks neither", []string{"<" + settings, ">\x01\x02"}, HTTP2, 0},
		{"its later bytes do not matter", []string{"<" + settings, ">" + preface, ">" + get}, HTTP2, 0},
		{"nor do the server's", []string{"<" + settings, "<" + get}, HTTP2, 0},
		{"one that is asked in HTTP/2 is", []string{">" + preface, ">" + get}, HTTP2, 0},

		{"a hello answered in plain text", []string{">" + clientHello, "<HTTP/1.1 400 x\n\n"}, HTTP1, 0},
		{"a hello answered by something else", []string{">" + clientHello, "<\x01\x02"}, TLS, 0},
		{"plain text of the client does not answer it", []string{">" + clientHello, ">HTTP/1.1 400 x\n\n"}, TLS, 0},
		{"plain text after the server's hello", []string{">" + clientHello, "<" + serverHello, "<HTTP/1.1 400 x\n\n"}, TLS, 0},
		{"plain text after records whose hellos were not seen", []string{">~", "<~", ">" + record, "<HTTP/1.1 400 x\n\n"}, TLS, 0},
	} {
		for _, clientIsB := range []bool{false, true} {
			h := new(hearing)
			h.clientIsB = clientIsB
			h.hear(x.steps...)
			want := x.clientIs
			if clientIsB && x.want != HTTP1 && slices.ContainsFunc(x.steps, func(s string) bool { return s[1:] == record || s[1:] == ping }) { // which do not show who sends them
				want = 1
			}
			if got := h.a.Protocol(); got != x.want || (got == HTTP1 || got == HTTP2 || got == TLS) && h.a.fromClient(want) != true {
				t.Errorf("%s: %d, direction 0 is the client's: %v; want %d, %v", x.claim, got, h.a.fromClient(0), x.want, want == 0)
			}
		}
	}
}

// HTTP/1 behind something that did not tell what it is shows by a request that a response answers.
func TestHTTPAfterSomethingElse(t *testing.T) {
	start := []string{">\x01\x02", "<\x03\x04"}
	post := ">POST / HTTP/1.1\nContent-Length: 6000\n\n" // 38 bytes
	const next = ">GET /old\n"                           // HTTP/0.9 is believed only where no byte is missing
	many := slices.Repeat([]string{">\x05"}, maxTries-2)
	for _, x := range []struct {
		claim    string
		steps    []string
		requests int
		answers  []int
		bytes    int64
	}{
		{"it does", []string{">" + get, "<" + noContent}, 1, []int{204}, 16},
		{"the other way", []string{"<" + get, ">" + noContent}, 1, []int{204}, 16},
		{"and goes on", []string{">" + get, "<" + noContent, ">" + get, "<HTTP/1.1 304 x\n\n"}, 2, []int{204, 304}, 32},
		{"a long one in pieces", []string{post, ">" + strings.Repeat("x", 5000), ">" + strings.Repeat("x", 1000), "<" + noContent, next}, 2, []int{204}, 6038},
		{"a long one in one piece", []string{post + strings.Repeat("x", 6000), "<" + noContent, next}, 2, []int{204}, 6038},
		{"a gap in it", []string{post + strings.Repeat("x", 5000), ">?1000", "<" + noContent, next}, 2, []int{204}, 6038},
		{"a gap before it is not its own", []string{">?500", ">" + get, "<" + noContent, next}, 2, []int{204}, 16},
		{"something else answers it", []string{">" + get, "<\x05", "<" + noContent}, 0, nil, 0},
		{"and then the next one is answered", []string{">" + get, "<\x05", ">" + get, "<" + noContent}, 1, []int{204}, 16},
		{"what comes behind a request is its own", []string{">" + get, ">" + get, "<" + noContent}, 2, []int{204}, 16},
		{"what comes before it is not", []string{">\x05", ">" + get, "<" + noContent}, 1, []int{204}, 16},
		{"nobody asked", []string{"<" + noContent}, 0, nil, 0},
		{"nobody answers", []string{">" + get}, 0, nil, 0},
		{"it is looked for in so many segments", append(slices.Clone(many), ">"+get, "<"+noContent), 1, []int{204}, 16},
		{"and in no more", append(append(slices.Clone(many), ">\x05"), ">"+get, "<"+noContent), 0, nil, 0},
	} {
		h := new(hearing).hear(start...).hear(x.steps...)
		is := h.a.Protocol() == HTTP1
		if n := len(h.a.first[0].kept); n > maxFlight {
			t.Errorf("%s: %d bytes are kept", x.claim, n)
		}
		if len(h.requests) != x.requests || !slices.Equal(h.answers, x.answers) || h.bytes != x.bytes || is != (x.requests > 0) {
			t.Errorf("%s: %d, %q answered by %v, %d bytes; want %d requests, %v, %d", x.claim, h.a.Protocol(), h.requests, h.answers, h.bytes, x.requests, x.answers, x.bytes)
		}
	}
	// Where one half may yet tell, a request of the other is kept for it.
	if h := new(hearing).hear(">\x01\x02", ">"+get, "<"+noContent); len(h.requests) != 1 || !slices.Equal(h.answers, []int{204}) {
		t.Errorf("%q answered by %v", h.requests, h.answers)
	}
	// What has a name goes on as that.
	for _, steps := range [][]string{{">SSH-2.0-x\r\n", "<SSH-2.0-y\r\n"}, {">EHLO a\r\n", "<\x01"}} {
		if h := new(hearing).hear(steps...).hear(">"+get, "<"+noContent); h.a.Protocol() != Other || len(h.requests) > 0 {
			t.Errorf("%q: %d, %q", steps, h.a.Protocol(), h.requests)
		}
	}
	if h := new(hearing).hear(">SSH-2.0-x\r\n", ">"+get, "<"+noContent); len(h.requests) > 0 {
		t.Errorf("behind SSH: %q", h.requests)
	}
}

// What is not read here is told of at once, with its name if it has one; where the begin was not seen
// what comes may yet be something.
func TestForeignTells(t *testing.T) {
	for _, x := range []struct {
		claim string
		steps []string
		name  string
		is    bool
	}{
		{"nothing yet", nil, "", false},
		{"a name", []string{">SSH-2.0-x\r\n"}, "ssh", true},
		{"both have one", []string{">SSH-2.0-x\r\n", "<SSH-2.0-y\r\n"}, "ssh", true},
		{"the first one counts", []string{"<220 (vsFTPd)\r\n", ">EHLO a\r\n"}, "ftp", true},
		{"the second, if the first has none", []string{"<\x01\x02", ">EHLO a\r\n"}, "smtp", true},
		{"none", []string{">\x01\x02"}, "", true},
		{"HTTP after all", []string{">\x01\x02", "<" + noContent}, "", false},
		{"TLS after all", []string{">\x01\x02", "<" + serverHello}, "", false},
		{"HTTP", []string{">" + get}, "", false},
		{"its begin was not seen", []string{">~", ">SSH-2.0-x\r\n"}, "", false},
		{"a part of it was seen", []string{"<+OK", "<?20"}, "pop3", true},
		{"a part that has no name", []string{"<FO", "<?20"}, "", false},
		{"a part in the midst of it", []string{"<~", "<+OK", "<?20"}, "", false},
		{"a part, and the other half has told", []string{">SSH-2.0-x\r\n", "<+OK", "<?20"}, "ssh", true},
		{"tried often", append([]string{">~"}, slices.Repeat([]string{">\x05"}, maxTries)...), "", false},
		{"tried too often", append([]string{">~"}, slices.Repeat([]string{">\x05"}, maxTries+1)...), "", true},
	} {
		if name, is := new(hearing).hear(x.steps...).a.Foreign(); name != x.name || is != x.is {
			t.Errorf("%s: %q, %v; want %q, %v", x.claim, name, is, x.name, x.is)
		}
	}
}

// What another protocol says is content once it has a name, or was looked at too often.
func TestContentOfAnotherProtocol(t *testing.T) {
	for _, x := range []struct {
		name  string
		tries int
		want  int64
	}{{"", maxTries, 0}, {"", maxTries + 1, math.MaxInt64}, {"ssh", 1, math.MaxInt64}} {
		a := Layer{proto: Other, foreignName: x.name}
		if a.first[1].tries = x.tries; a.Content(1) != x.want {
			t.Errorf("%q, after %d tries: %d", x.name, x.tries, a.Content(1))
		}
	}
}

// A proxy's header may have more bytes than were captured, or than say something. What looks like the begin
// of one may be a request.
func TestProxyHeaderWithGaps(t *testing.T) {
	const version2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x40\xc0\x00\x02\x07\x0a\x00\x00\x02\xc3\x50\x01\xbb"
	header := version2 + strings.Repeat("x", 24) // 52 bytes of 80
	const old = ">GET /old\n"                    // HTTP/0.9 is believed only where a stream begins
	for _, x := range []struct {
		claim string
		steps []string
		want  int
	}{
		{"all of it", []string{">" + header + strings.Repeat("x", 28), old}, 1},
		{"the rest of it is missing", []string{">" + header, ">?28", old}, 1},
		{"in parts", []string{">" + header, ">?20", ">xxx", ">?5", old}, 1},
		{"in parts that were captured", []string{">" + header, ">" + strings.Repeat("x", 20), ">" + strings.Repeat("x", 8), old}, 1},
		{"and a byte more", []string{">" + header, ">?29", old}, 0},
		{"a request with that method, and the end", []string{">PROXY / HTTP/1.1\n\n", ">."}, 1},
		{"a request with that method, and a gap", []string{">PROXY / HTTP/1.1\n", ">?9"}, 1},
		{"the end where it is clear what is spoken", []string{">PU", ">T / HTTP/1.1\n\n", ">."}, 1},
		{"nothing at the end", []string{">."}, 0},
		{"a part of a method at the end", []string{">PRO", ">."}, 0},
	} {
		o := &proxiedHearing{}
		o.a.Begin(o, o, new(Readers), false)
		o.packet++
		if o.hear(x.steps...); len(o.requests) != x.want {
			t.Errorf("%s: %d requests, want %d", x.claim, len(o.requests), x.want)
		}
	}
}

// A proxiedHearing believes whom a proxy speaks for.
type proxiedHearing struct{ hearing }

func (*proxiedHearing) Proxied(int, proxy.Header) bool { return true }

// What a connection came to is known for sure where it was read, and has bounds elsewhere.
func TestBoundsAndBasis(t *testing.T) {
	read := Layer{proto: HTTP1, sums: transaction.Sums{Requests: 5}}
	sealed := Layer{proto: Sealed, sums: transaction.Sums{Requests: 5, Low: 3, High: 8}}
	for _, x := range []struct {
		claim        string
		a            Layer
		fewest, most int64
		basis        transaction.Basis
	}{
		{"plain text", read, 5, 5, transaction.Parsed},
		{"TLS with keys", Layer{proto: TLS, opened: &tlsResult{payload: read}}, 5, 5, transaction.Decrypted},
		{"TLS some of whose records did not open", Layer{proto: TLS, opened: &tlsResult{payload: read, hidden: 2}}, 5, 7, transaction.Inferred},
		{"TLS without keys", Layer{proto: TLS, opened: &tlsResult{payload: sealed}}, 3, 8, transaction.Inferred},
	} {
		fewest, most := x.a.Bounds()
		if basis := x.a.Basis(); fewest != x.fewest || most != x.most || basis != x.basis {
			t.Errorf("%s: %d to %d, %s; want %d to %d, %s", x.claim, fewest, most, basis, x.fewest, x.most, x.basis)
		}
	}
}

// HTTP/2 is declined by who was offered it and chose another.
func TestDeclinedHTTP2(t *testing.T) {
	for _, x := range []struct {
		info tls.Info
		want bool
	}{
		{tls.Info{OffersH2: true, ALPN: "http/1.1"}, true}, {tls.Info{OffersH2: true, ALPN: "h2"}, false},
		{tls.Info{OffersH2: true}, false}, {tls.Info{ALPN: "http/1.1"}, false},
	} {
		if a := (Layer{opened: &tlsResult{info: x.info}}); a.DeclinedHTTP2() != x.want {
			t.Errorf("%+v: %v", x.info, !x.want)
		}
	}
	if new(Layer).DeclinedHTTP2() {
		t.Error("without TLS")
	}
}

// What a Layer is asked while it reads, and after it has, in each protocol.
func TestLayerWhileItReadsAndAfter(t *testing.T) {
	for _, x := range []struct {
		claim   string
		steps   []string
		waiting int
		tls     bool
		sealed  bool
	}{
		{"nothing yet", nil, 0, false, false},
		{"plain text", []string{">" + get}, 1, false, false},
		{"TLS", []string{">" + clientHello, "<" + serverHello}, 0, true, false},
		{"TLS that cannot be opened", []string{">~", "<~", ">" + record, "<" + record}, 1, true, true},
	} {
		h := new(hearing).hear(x.steps...)
		a := &h.a
		got := fmt.Sprint(len(a.PayloadLayer().Waiting()), a.TLSInfo() != nil, a.Sealed())
		if want := fmt.Sprint(x.waiting, x.tls, x.sealed); got != want {
			t.Errorf("%s: %s, want %s", x.claim, got, want)
		}
		if _, at := a.Goodbye(); at.Packet != 0 {
			t.Errorf("%s: somebody has said goodbye in packet %d", x.claim, at.Packet)
		}
		a.Release()
		if fewest, most := a.Bounds(); (a.TLSInfo() != nil) != x.tls || a.Waiting() != nil || int(most) < x.waiting || fewest > int64(x.waiting) {
			t.Errorf("%s: released, TLS %v, %d to %d requests", x.claim, a.TLSInfo(), fewest, most)
		}
	}
}

// An Upgrade header alone changes nothing: the answer does (RFC 7540 section 3.2, RFC 2817 section 3.3).
func TestUpgrade(t *testing.T) {
	const asks, granted = ">GET / HTTP/1.1\nUpgrade: h2c\n\n", "<HTTP/1.1 101 x\nUpgrade: "
	for _, x := range []struct {
		steps   []string
		want    Protocol
		changes bool
	}{
		{[]string{asks}, HTTP1, false}, {[]string{asks, "<" + noContent}, HTTP1, false},
		{[]string{asks, granted + "h2c\n\n"}, HTTP2, true}, {[]string{asks, granted + "TLS/1.2, HTTP/1.1\n\n"}, Undecided, true},
		{[]string{asks, granted + "websocket\n\n"}, HTTP1, false},
		{[]string{">" + preface}, HTTP2, false}, {nil, Undecided, false},
	} {
		h := new(hearing).hear(x.steps...)
		if a := h.a.Upgrade(); h.a.Protocol() != x.want || (a != nil) != x.changes {
			t.Errorf("%q: %d, want %d", x.steps, h.a.Protocol(), x.want)
		}
	}
}

// What the server's settings say holds for the client that speaks HTTP/2 after them.
func TestSettingsBeforeThePreface(t *testing.T) {
	const seven = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x07" // SETTINGS_MAX_CONCURRENT_STREAMS
	const headers = "\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x86\x84"           // GET http /
	if h := new(hearing).hear("<"+seven, ">"+preface+headers); h.streams != 7 || len(h.requests) != 1 {
		t.Errorf("%d streams of %q", h.streams, h.requests)
	}
}

// A client that speaks SOCKS is followed to where its proxy has connected it (RFC 1928).
func TestTunnelThroughSOCKS(t *testing.T) {
	const greeting, ask, chosen, done = "\x05\x01\x00", "\x05\x01\x00\x01\xc6\x33\x64\x50\x00\x50", "\x05\x00", "\x05\x00\x00\x01\x0a\x00\x00\x01\xc3\x50"
	all := []string{">" + greeting, "<" + chosen, ">" + ask, "<" + done, ">" + get, "<" + noContent}
	for _, x := range []struct {
		claim   string
		steps   []string
		hops    int
		starts  []int64
		answers int
		foreign string
	}{
		{"step by step", all, 1, []int64{5}, 1, ""},
		{"the client does not wait", []string{">" + greeting + ask + get, "<" + chosen + done + noContent}, 1, []int64{1}, 1, ""},
		{"its request is behind", []string{">" + greeting, ">" + ask, ">" + get, "<" + chosen, "<" + done, "<" + noContent}, 1, []int64{3}, 1, ""},
		{"refused", []string{">" + greeting, "<\x05\xff"}, 0, nil, 0, "socks"},
		{"the proxy's answers are missing", []string{">" + greeting + ask, "<?12", ">" + get, "<" + noContent}, 1, []int64{3}, 1, ""},
		{"a part of them", []string{">" + greeting + ask, "<\x05", "<?11", ">" + get, "<" + noContent}, 1, []int64{4}, 1, ""},
		{"what the client asked is missing", []string{">" + greeting, ">?10", ">" + get, "<" + noContent}, 0, []int64{3}, 1, ""},
		{"it ends before an answer", []string{">" + greeting + ask, ">."}, 1, nil, 0, ""},
		{"it ends before it has asked", []string{">" + greeting, ">."}, 0, nil, 0, ""},
		{"its begin was not seen", append([]string{">~"}, all...), 0, []int64{6}, 1, ""},
		{"the server does not begin so", []string{"<" + greeting + ask, "<?12", "<" + get, ">" + noContent}, 0, []int64{3}, 1, ""},
		{"nor does it speak first", []string{"<\x01\x02", ">" + greeting + ask, ">."}, 0, nil, 0, ""},
		{"nor does it come after something else", []string{">\x01\x02", ">" + greeting + ask, ">."}, 0, nil, 0, ""},
		{"as much is kept", []string{">" + greeting + ask + strings.Repeat("x", maxWaiting-13)}, 0, nil, 0, ""},
		{"and no more", []string{">" + greeting + ask + strings.Repeat("x", maxWaiting-12)}, 1, nil, 0, ""},
	} {
		for _, clientIsB := range []bool{false, true} {
			h := new(hearing)
			h.clientIsB = clientIsB
			for _, s := range x.steps {
				if clientIsB {
					s = string('<'+'>'-s[0]) + s[1:]
				}
				h.hear(s)
			}
			name, _ := h.a.Foreign()
			if h.hops != x.hops || !slices.Equal(h.starts, x.starts) || len(h.answers) != x.answers || name != x.foreign {
				t.Errorf("%s, the other way %v: %d hops, requests in %v, %d answers, %q; want %d, %v, %d, %q", x.claim, clientIsB, h.hops,
					h.starts, len(h.answers), name, x.hops, x.starts, x.answers, x.foreign)
			}
		}
	}
	var a Layer // inside another connection nobody speaks it
	a.Begin(new(hearing), nil, new(Readers), false)
	if a.Bytes(0, []byte(greeting), segment.Mark{Packet: 1}); a.socks != nil {
		t.Error("SOCKS is looked for inside another connection")
	}
}

// What a Layer keeps is counted, wherever it is kept.
func TestMemoryOfALayer(t *testing.T) {
	const n = 700
	long := strings.Repeat("x", n)
	for claim, x := range map[string][2][]string{
		"what is not clear yet":      {nil, {">FOO /" + long}},
		"that of the other half":     {nil, {"<FOO /" + long}},
		"a handshake with a proxy":   {nil, {">\x05\x01\x00\x05\x01\x00\x01\xc6\x33\x64\x50\x00\x50", ">" + long}},
		"the marks of one in pieces": {{">\x05\xff"}, slices.Repeat([]string{">\x00"}, n/16)},
		"a head":                     {{">" + get}, {">GET / HTTP/1.1\nX: " + long}},
		"TLS":                        {nil, {">" + clientHello}},
		"a record":                   {{">" + clientHello}, {">\x17\x03\x03\x10\x00" + long}},
	} {
		h := new(hearing).hear(x[0]...)
		if h.packet == 0 {
			h.a.Begin(h, h, new(Readers), false)
		}
		before := h.a.Memory()
		if h.hear(x[1]...); h.a.Memory()-before < n {
			t.Errorf("%s: %d bytes more, want %d at least", claim, h.a.Memory()-before, n)
		}
	}
	h := new(hearing).hear(">"+clientHello, "<"+serverHello)
	before := h.a.Memory()
	h.a.tlsLayer.Data(true, []byte("GET / HTTP/1.1\nX: "+long), segment.Mark{})
	if n := h.a.Memory() - before; n < len(long) {
		t.Errorf("a head in TLS: %d bytes more", n)
	}
}

// Readers serve again, and so many wait to do so. A Layer without any reads alike.
func TestReadersServeAgain(t *testing.T) {
	r := Readers{MostFree: 3}
	for range r.MostFree + 1 {
		r.putTLSLayer(new(tlsLayer))
	}
	if len(r.tlsLayers) != r.MostFree {
		t.Errorf("%d wait", len(r.tlsLayers))
	}
	for _, steps := range [][]string{{">" + get}, {">" + preface}, {">" + clientHello}} {
		h := new(hearing)
		h.a.Begin(h, h, nil, false)
		h.packet++
		h.hear(steps...)
		if h.a.Protocol() == Undecided {
			t.Errorf("%q: not clear", steps)
		}
		h.a.Release()
	}
}

// Records of the client that do not open though others do may hold requests; so may gaps in what it
// says.
func TestHiddenRecords(t *testing.T) {
	keys := tls.NewKeys()
	if err := keys.Add(strings.NewReader("CLIENT_TRAFFIC_SECRET_0 " + strings.Repeat("72", 32) + " " + strings.Repeat("ab", 32))); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		claim string
		r     tls.Record
		want  int64
	}{
		{"data of the client", tls.Record{FromClient: true, Type: tls.RecordData}, 1},
		{"an alert of the client", tls.Record{FromClient: true, Type: tls.RecordAlert}, 0},
		{"data of the server", tls.Record{Type: tls.RecordData}, 0},
	} {
		h := new(hearing)
		h.a.Begin(h, h, &Readers{Keys: keys}, false)
		h.packet++
		h.hear(">" + clientHello)
		h.a.tlsLayer.Record(x.r)
		h.a.Release()
		if fewest, most := h.a.Bounds(); fewest != 0 || most != x.want {
			t.Errorf("%s: %d to %d requests, want 0 to %d", x.claim, fewest, most, x.want)
		}
	}
	for _, client := range []bool{false, true} {
		h := new(hearing).hear(">" + clientHello)
		h.a.tlsLayer.Gap(client, 9, segment.Mark{})
		h.a.Release()
		if _, most := h.a.Bounds(); (most == 1) != client {
			t.Errorf("a gap of the client's, %v: %d requests at most", client, most)
		}
	}
}

// Who closes TLS is told where it can be seen, and inferred where not.
func TestGoodbyeOfTLS(t *testing.T) {
	h := new(hearing).hear(">"+clientHello, "<"+serverHello)
	h.a.tlsLayer.Notify(true, segment.Mark{Packet: 3})
	if client, at := h.a.Goodbye(); h.goodbyes != 1 || client || at.Packet != 0 {
		t.Errorf("told %d times, and inferred in packet %d", h.goodbyes, at.Packet)
	}
	h = new(hearing).hear(">~", "<~", ">"+record, "<"+record)
	h.a.tlsLayer.Record(tls.Record{FromClient: true, Type: tls.RecordAlert, Start: segment.Mark{Packet: 9}})
	if client, at := h.a.Goodbye(); !client || at.Packet != 9 {
		t.Errorf("the client's %v, in packet %d", client, at.Packet)
	}
	var a Layer // what runs inside another has no owner
	a.Begin(h, nil, new(Readers), false)
	a.Bytes(0, []byte(clientHello), segment.Mark{Packet: 1})
	a.tlsLayer.Notify(true, segment.Mark{Packet: 2})
}

func TestBrowserByItsFirstRequest(t *testing.T) {
	if new(Layer).Browser() {
		t.Error("before anything is read")
	}
	if h := new(hearing).hear(">GET / HTTP/1.1\nUser-Agent: Mozilla/5.0 (X11) Gecko/20100101 Firefox/128.0\n\n"); !h.a.Browser() {
		t.Error("Firefox is none")
	}
}
