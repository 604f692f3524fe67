package transaction

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"tcpwarm/analyze/app/http1"
	"tcpwarm/capture/segment"
)

// A dialog is what two sides of HTTP/1 say, each step a packet, and what a Pairer makes of it.
type dialog struct {
	listener
	p       Pairer
	packet  int64
	ended   []Transaction
	tunnel  []string
	unread  bool // the server is not seen to have read requests
	crosses bool // what the server says crosses requests
}

func (d *dialog) HasRead(*Transaction) bool { return !d.unread }
func (d *dialog) Crosses(*Transaction) bool { return d.crosses }
func (d *dialog) Answered(t *Transaction)   { d.ended = append(d.ended, *t) }
func (d *dialog) Tunnel(client bool, b []byte, _ segment.Mark) {
	d.tunnel = append(d.tunnel, map[bool]string{true: ">", false: "<"}[client]+string(b))
}

// say takes steps: > is what the client sends, < what the server does; ? and a number are so many
// bytes missing, and a dot alone is the end.
func (d *dialog) say(steps ...string) *dialog {
	if d.packet == 0 {
		d.p.Reset(d, false, false)
	}
	for _, s := range steps {
		d.packet++
		at := segment.Mark{Packet: d.packet, Time: segment.Time(d.packet)}
		client, what := s[0] == '>', s[1:]
		if n, is := strings.CutPrefix(what, "?"); is {
			n, _ := strconv.Atoi(n)
			d.p.Gap(client, int64(n), at)
		} else if what == "." {
			d.p.Close(client, at)
		} else {
			d.p.Bytes(client, []byte(what), at)
		}
	}
	return d
}

func (d *dialog) statuses() (list []int) {
	for i := range d.ended {
		list = append(list, d.ended[i].Status)
	}
	return list
}

// What both sides say of how long the connection lasts: HTTP/1.1 persists unless somebody says close,
// HTTP/1.0 only where somebody says keep-alive (RFC 9112 section 9.3). What was not captured says nothing.
func TestPersistence(t *testing.T) {
	const get, none = ">GET / HTTP/1.1\n\n", "<HTTP/1.1 204 x\n\n"
	for _, x := range []struct {
		steps []string
		want  string
	}{
		{[]string{get, none}, "promises answer-promises"},
		{[]string{">GET / HTTP/1.1\nConnection: close\n\n", none}, "asks-close answer-promises"},
		{[]string{">GET / HTTP/1.1\nConnection: keep-alive\n\n", none}, "promises says-keep-alive answer-promises"},
		{[]string{">GET / HTTP/1.0\n\n", none}, "asks-close answer-promises"},
		{[]string{">GET / HTTP/1.0\nConnection: keep-alive\n\n", none}, "promises says-keep-alive answer-promises"},
		{[]string{">GET / HTTP/1.0\nX", ">?9", none}, "answer-promises"},
		{[]string{">GET / HTTP/1.1\nX", ">?9", none}, "answer-promises"},
		{[]string{">GET / HTTP/1.0\nConnection: keep-alive\nX", ">?9", none}, "promises says-keep-alive answer-promises"},
		{[]string{">GET / HTTP/1.1\nConnection: close\nX", ">?9", none}, "asks-close answer-promises"},

		{[]string{get, "<HTTP/1.1 204 x\nConnection: close\n\n"}, "promises says-close"},
		{[]string{get, "<HTTP/1.1 204 x\nConnection: keep-alive\n\n"}, "promises answer-promises answer-keep-alive"},
		{[]string{get, "<HTTP/1.1 204 x\nKeep-Alive: timeout=0\n\n"}, "promises answer-promises answer-keep-alive"},
		{[]string{get, "<HTTP/1.0 204 x\n\n"}, "promises says-close"},
		{[]string{get, "<HTTP/1.0 204 x\nConnection: keep-alive\n\n"}, "promises answer-promises answer-keep-alive"},
		{[]string{get, "<HTTP/1.1 204 x\nConnection: close\nKeep-Alive: timeout=5\n\n"}, "promises says-close"},
		{[]string{get, "<HTTP/1.1 200 x\n\n", "<."}, "promises says-close until-close"},
		{[]string{get, "<HTTP/1.0 200 x\nX", "<?9", "<."}, "promises"},
		{[]string{get, "<HTTP/1.1 200 x\nConnection: keep-alive\nX", "<?9", "<."}, "promises answer-promises answer-keep-alive"},
		{[]string{get, "<HTTP/1.1 200 x\nConnection: close\nX", "<?9", "<."}, "promises says-close"},

		{[]string{">GET / HTTP/1.1\nConnection: close\n\n", "<HTTP/1.1 204 x\nConnection: close\n\n"}, "asks-close"},
		{[]string{">GET / HTTP/1.0\n\n", "<HTTP/1.0 200 x\n\n", "<."}, "asks-close until-close old-ends"},
		{[]string{">GET / HTTP/1.0\n\n", "<HTTP/1.0 200 x\nContent-Length: 0\n\n"}, "asks-close"},
		{[]string{">GET /\n", "<a body", "<."}, "asks-close until-close"}, // HTTP/0.9
	} {
		d := new(dialog).say(x.steps...)
		if len(d.ended) != 1 {
			t.Errorf("%q: %d have ended", x.steps, len(d.ended))
			continue
		}
		a := &d.ended[0]
		var said []string
		for _, f := range []struct {
			is   bool
			name string
		}{
			{a.AsksClose, "asks-close"}, {a.Promises, "promises"}, {a.SaysKeepAlive, "says-keep-alive"}, {a.SaysClose, "says-close"},
			{a.ResponsePromises, "answer-promises"}, {a.ResponseKeepAlive, "answer-keep-alive"}, {a.UntilClose, "until-close"}, {a.OldEnds, "old-ends"},
		} {
			if f.is {
				said = append(said, f.name)
			}
		}
		if got := strings.Join(said, " "); got != x.want {
			t.Errorf("%q: %s; want %s", x.steps, got, x.want)
		}
	}
}

// A transaction begins with its request's first byte and ends with its response's last one. What the
// server says meanwhile belongs to it (RFC 9110 section 15.2).
func TestOneTransaction(t *testing.T) {
	d := new(dialog).say(">POST /a HTTP/1.1\nContent-Length: 5\n\nab", ">cde", "<HTTP/1.1 100 Continue\n\n", "<HTTP/1.1 103 x\n\n",
		"<HTTP/1.1 200 x\nContent-Length: 3\n\na", "<bc")
	if len(d.ended) != 1 {
		t.Fatalf("%d have ended", len(d.ended))
	}
	a := d.ended[0]
	got := fmt.Sprint(a.N, a.Method, a.Status, " ", a.Start.Packet, a.RequestEnd.Packet, a.RequestBytes, a.RequestDone,
		a.FirstByte.Packet, a.LastByte.Packet, a.ResponseBytes, a.ResponseDone)
	if want := fmt.Sprint(1, "POST", 200, " ", 1, 2, 36+5, true, 5, 6, 23+16+34+3, true); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s := d.p.Totals(); s.Requests != 1 || s.Responses != 1 || s.Orphans != 0 || s.Minor != 1 {
		t.Errorf("%+v", s)
	}
}

// Responses answer requests in their order (RFC 9112 section 9.3.2).
func TestPairingOfResponses(t *testing.T) {
	get := func(n int) string { return fmt.Sprintf(">GET /%d HTTP/1.1\n\n", n) }
	answer := func(n int) string { return fmt.Sprintf("<HTTP/1.1 %d x\nContent-Length: 0\n\n", 200+n) }
	for _, x := range []struct {
		claim   string
		d       dialog
		steps   []string
		want    []int // statuses of those that have ended
		waiting int
		orphans int64
		hidden  bool // responses may be in a hole
	}{
		{claim: "one after the other", steps: []string{get(1), answer(1), get(2), answer(2)}, want: []int{201, 202}},
		{claim: "pipelined", steps: []string{get(1), get(2), answer(1), answer(2)}, want: []int{201, 202}},
		{claim: "not yet", steps: []string{get(1), get(2), answer(1)}, want: []int{201}, waiting: 1},
		{claim: "answered before the request has ended", steps: []string{">PUT / HTTP/1.1\nContent-Length: 3\n\na", answer(1), ">bc"}, want: []int{201}},
		{claim: "and it does not end", steps: []string{">PUT / HTTP/1.1\nContent-Length: 3\n\na", answer(1)}, waiting: 1},
		{claim: "HEAD is answered without a body", steps: []string{">HEAD / HTTP/1.1\n\n", "<HTTP/1.1 201 x\nContent-Length: 9\n\n", get(2), answer(2)}, want: []int{201, 202}},
		{claim: "a body that ends with the connection", steps: []string{get(1), "<HTTP/1.1 200 x\n\nabc", "<."}, want: []int{200}},
		{claim: "one that a reset cuts short", steps: []string{get(1), "<HTTP/1.1 200 x\nContent-Length: 9\n\nabc", "<."}, waiting: 1},
		{claim: "HTTP/1.0 has no response without a head", steps: []string{">GET / HTTP/1.0\n\n", "<a body", "<."}, waiting: 1, hidden: true},
		{claim: "RFC 9110 section 10.1.1: a body that was not asked for stays away",
			steps: []string{">PUT / HTTP/1.1\nExpect: 100-continue\nContent-Length: 17\n\n", answer(1), get(2), answer(2)}, want: []int{201, 202}},
		{claim: "another's answer does not keep it away",
			steps: []string{get(1), ">PUT / HTTP/1.1\nExpect: 100-continue\nContent-Length: 17\n\n", answer(1), get(2), answer(2)}, want: []int{201, 202}},
		{claim: "nobody asked", steps: []string{answer(1)}, orphans: 1},
		{claim: "nobody asked any more", steps: []string{get(1), answer(1), answer(2)}, want: []int{201}, orphans: 1},
		{claim: "the answer crosses a request", d: dialog{crosses: true}, steps: []string{get(1), answer(1), get(2), answer(8)}, want: []int{201}, waiting: 1, orphans: 1},
		{claim: "nothing crosses the first one", d: dialog{crosses: true}, steps: []string{get(1), answer(1)}, want: []int{201}},

		{claim: "a response cut by the snap length ends as the client asks again",
			steps: []string{get(1), "<HTTP/1.1 201 x\nX", "<?50", get(2)}, want: []int{201}, waiting: 1, hidden: true},
		{claim: "one that was captured ends by itself",
			steps: []string{get(1), "<HTTP/1.1 201 x\nContent-Length: 5\n\nab", get(2), "<cde"}, want: []int{201}, waiting: 1},

		{claim: "a response lies in a hole: the client has asked again since",
			steps: []string{get(1), "<?50", get(2), answer(2)}, want: []int{0, 202}, hidden: true},
		{claim: "the server has not read what it asked", d: dialog{unread: true},
			steps: []string{get(1), "<?50", get(2), answer(1)}, want: []int{201}, waiting: 1, hidden: true},
		{claim: "what it asked has not ended",
			steps: []string{get(1), "<?50", ">PUT / HTTP/1.1\nContent-Length: 5\n\nab", answer(1)}, want: []int{201}, waiting: 1, hidden: true},
		{claim: "it asks nothing", steps: []string{get(1), "<?50", answer(1)}, want: []int{201}, hidden: true},
		{claim: "it asked all before the hole", steps: []string{get(1), get(2), "<?50", answer(1)}, want: []int{201}, waiting: 1, hidden: true},
		{claim: "two lie in a hole", steps: []string{get(1), get(2), "<?50", get(3), answer(3)}, want: []int{0, 0, 203}, hidden: true},
		{claim: "one since may be answered by what follows", steps: []string{get(1), "<?50", get(2), get(3), answer(2)}, want: []int{0, 202}, waiting: 1, hidden: true},
		{claim: "the end of a response lies in a hole: it has no other head",
			steps: []string{get(1), get(2), "<HTTP/1.1 201 x\nTransfer-Encoding: chunked\n\n9\nabc", "<?50", answer(2)}, want: []int{201, 202}, hidden: true},
		{claim: "a hole that a body's length fills hides nothing",
			steps: []string{get(1), "<HTTP/1.1 201 x\nContent-Length: 50\n\n", "<?50", get(2)}, want: []int{201}, waiting: 1},
		{claim: "nobody waits for what is in a hole", steps: []string{get(1), answer(1), "<?50", get(2), answer(2)}, want: []int{201, 202}},
		{claim: "it stays so", steps: []string{get(1), "<?50", get(2), answer(2), "<?50"}, want: []int{0, 202}, hidden: true},
	} {
		d := &x.d
		d.say(x.steps...)
		if !slices.Equal(d.statuses(), x.want) || len(d.p.Waiting()) != x.waiting || d.p.Orphans != x.orphans || d.p.ResponsesHidden != x.hidden {
			t.Errorf("%s: %v have ended, %d wait, %d are nobody's, hidden %v; want %v, %d, %d, %v", x.claim, d.statuses(), len(d.p.Waiting()),
				d.p.Orphans, d.p.ResponsesHidden, x.want, x.waiting, x.orphans, x.hidden)
		}
	}
}

// A request is read to its end, whichever is answered meanwhile.
func TestAnsweredWhileAnotherIsRead(t *testing.T) {
	d := new(dialog).say(">GET / HTTP/1.1\n\n", ">PUT / HTTP/1.1\nContent-Length: 3\n\na", "<HTTP/1.1 204 x\n\n", ">bc", "<HTTP/1.1 204 x\n\n")
	if len(d.ended) != 2 || !d.ended[1].RequestDone || d.ended[1].RequestEnd.Packet != 4 {
		t.Errorf("%+v", d.ended)
	}
}

// Where a response lies in a hole is where the hole was seen; where only its end does, its beginning is known.
func TestHiddenResponseEndsInTheHole(t *testing.T) {
	d := new(dialog).say(">GET / HTTP/1.1\n\n", "<?50", ">GET / HTTP/1.1\n\n", "<HTTP/1.1 200 x\nTransfer-Encoding: chunked\n\n9\na", "<?50",
		">GET / HTTP/1.1\n\n", "<HTTP/1.1 204 x\n\n")
	var got []int64
	for i := range d.ended {
		got = append(got, d.ended[i].FirstByte.Packet, d.ended[i].LastByte.Packet)
	}
	if want := []int64{2, 2, 4, 5, 7, 7}; !slices.Equal(got, want) {
		t.Errorf("they begin and end with %v, want %v", got, want)
	}
}

// Of what nobody asked for the first is kept, and whether it crosses a request.
func TestOrphan(t *testing.T) {
	d := new(dialog).say("<HTTP/1.0 408 x\nContent-Length: 0\n\n", "<HTTP/1.1 400 x\nContent-Length: 0\n\n")
	if want := (Orphan{408, segment.Mark{Packet: 1, Time: 1}, false}); d.p.Orphan != want || d.p.Orphans != 2 || d.p.Responses != 2 {
		t.Errorf("%+v of %d, %d responses", d.p.Orphan, d.p.Orphans, d.p.Responses)
	}
	d = &dialog{crosses: true}
	d.say(">GET / HTTP/1.1\n\n", "<HTTP/1.1 204 x\n\n", ">GET / HTTP/1.1\n\n", "<HTTP/1.1 408 x\n\n")
	if !d.p.Orphan.Crossed || d.p.Orphan.Status != 408 {
		t.Errorf("%+v", d.p.Orphan)
	}
}

// After 101, and after a 2xx to CONNECT, all is a tunnel's (RFC 9110 sections 15.2.2 and 9.3.6).
func TestTunnels(t *testing.T) {
	for _, x := range []struct {
		claim, request, answer string
		consumes, next         bool
		tunnel                 []string
		upgrade, target        string
	}{
		{"a WebSocket", "GET / HTTP/1.1\nUpgrade: websocket\n\n", "HTTP/1.1 101 x\nUpgrade: WebSocket\n\n", true, false, []string{"<a", ">b"}, "websocket", ""},
		{"CONNECT", "CONNECT a.example:443 HTTP/1.1\n\n", "HTTP/1.1 200 x\n\n", true, false, []string{"<a", ">b"}, "", "a.example:443"},
		{"CONNECT, another 2xx", "CONNECT a.example:443 HTTP/1.1\n\n", "HTTP/1.1 299 x\n\n", true, false, []string{"<a", ">b"}, "", "a.example:443"},
		{"CONNECT refused", "CONNECT a.example:443 HTTP/1.1\n\n", "HTTP/1.1 407 x\nContent-Length: 1\n\n", false, false, nil, "", "a.example:443"},
		{"no CONNECT", "GET / HTTP/1.1\n\n", "HTTP/1.1 200 x\nContent-Length: 1\n\n", false, false, nil, "", ""},
		{"RFC 7540 section 3.2: HTTP/2", "GET / HTTP/1.1\nUpgrade: h2c\n\n", "HTTP/1.1 101 x\nUpgrade: H2C\n\n", false, true, []string{"<a", ">b"}, "", ""},
		{"RFC 2817 section 3.3: TLS", "GET / HTTP/1.1\nUpgrade: TLS/1.2\n\n", "HTTP/1.1 101 x\nUpgrade: TLS/1.2, HTTP/1.1\n\n", false, true, []string{"<a", ">b"}, "tls", ""},
		{"HTTP/2 refused", "GET / HTTP/1.1\nUpgrade: h2c\n\n", "HTTP/1.1 200 x\nUpgrade: h2c\nContent-Length: 1\n\n", false, false, nil, "", ""},
	} {
		d := new(dialog).say(">"+x.request, "<"+x.answer, "<a", ">b")
		if d.p.Consumed != x.consumes || (d.p.Next != nil) != x.next || !slices.Equal(d.tunnel, x.tunnel) || d.p.Upgrade != x.upgrade || d.p.Target != x.target {
			t.Errorf("%s: consumed %v, HTTP/2 %v, tunnel %q to %q, %q", x.claim, d.p.Consumed, d.p.Next != nil, d.tunnel, d.p.Upgrade, d.p.Target)
		}
		if len(d.ended) > 0 && d.ended[0].Consumes != x.consumes || (len(d.ended) == 0) != x.next {
			t.Errorf("%s: %+v", x.claim, d.ended)
		}
	}
	if d := new(dialog).say("<HTTP/1.1 101 x\nUpgrade: h2c\n\n"); d.p.Next != nil || d.p.Orphans != 1 {
		t.Errorf("nobody asked for HTTP/2: %+v", d.p.Sums)
	}
}

// A request to a proxy has its target in absolute form (RFC 9112 section 3.2.2).
func TestProxiedTargets(t *testing.T) {
	for line, want := range map[string]bool{
		"GET http://a.example/": true, "GET /": false, "OPTIONS *": false, "CONNECT a.example:443": false, "POST": false,
	} {
		d := new(dialog).say(">" + line + " HTTP/1.1\n\n")
		if w := d.p.Waiting(); len(w) != 1 || w[0].Proxied != want || w[0].Connect != strings.HasPrefix(line, "CONNECT") {
			t.Errorf("%s: %+v", line, w)
		}
	}
}

// Nobody pipelines more requests than are kept: with one more the oldest is given up.
func TestManyWait(t *testing.T) {
	d := new(dialog)
	for i := range maxWaiting + 1 {
		if len(d.ended) > 0 {
			t.Fatalf("one of %d is given up", i)
		}
		d.say(">GET / HTTP/1.1\n\n")
	}
	if len(d.ended) != 1 || d.ended[0].N != 1 || len(d.p.Waiting()) != maxWaiting {
		t.Errorf("%d are given up, %d wait", len(d.ended), len(d.p.Waiting()))
	}
}

// A name is the Host field's without its port, brackets and final dot, in lower case (RFC 9110 section
// 7.2); a tunnel's is its target.
func TestAuthority(t *testing.T) {
	for b, want := range map[string]string{
		"aZ.EXAMPLE": "az.example", "a.example:8080": "a.example", "a.example.": "a.example", "[2001:DB8::1]": "2001:db8::1",
		"[2001:db8::1]:80": "2001:db8::1", ":80": "", "": "", strings.Repeat("x", maxAuthority+1): strings.Repeat("x", maxAuthority),
	} {
		if got := string(appendAuthority([]byte("+"), []byte(b), false)); got != "+"+want {
			t.Errorf("%q: %q, want %q", b, got, want)
		}
	}
	if got := string(appendAuthority(nil, []byte("A.example:443"), true)); got != "a.example:443" {
		t.Errorf("a tunnel leads to %q", got)
	}
}

// What is longer than what is kept ends in dots.
func TestKeptTexts(t *testing.T) {
	if a, b := target("abc", 3), target("abcd", 3); a != "abc" || b != "abc..." {
		t.Errorf("%q, %q", a, b)
	}
}

func TestEventStreamByItsMediaType(t *testing.T) {
	for s, want := range map[string]bool{
		"text/event-stream": true, "Text/Event-Stream;charset=utf-8": true, "text/event-strea": false, "text/html": false, "": false,
	} {
		if isEventStream([]byte(s)) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// A client calls itself what its first request says; a browser tells by its engine, too.
func TestBrowsersCallThemselvesSo(t *testing.T) {
	for agent, want := range map[string]bool{
		"Mozilla/5.0 (X11) Gecko/20100101 Firefox/128.0":                                          true,
		"Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36": true,
		"Mozilla/5.0 (compatible; bot/2.1)":                                                       false,
		"like (KHTML, like Gecko)":                                                                false,
		"curl/8.8.0":                                                                              false,
	} {
		d := new(dialog).say(">GET / HTTP/1.1\nUser-Agent: "+agent+"\n\n", ">GET / HTTP/1.1\nUser-Agent: another\n\n")
		if d.p.Browser != want || d.p.Agent == "" || d.p.Agent == "another" {
			t.Errorf("%s: a browser: %v, called %q", agent, d.p.Browser, d.p.Agent)
		}
	}
}

// What a Pairer holds is counted: heads that have not ended, names, and transactions with their targets,
// those that will serve again as well.
func TestMemoryOfAPairer(t *testing.T) {
	const many = 1000
	for claim, x := range map[string]struct {
		steps []string
		least int
	}{
		"a request's head":  {[]string{">GET / HTTP/1.1\nX: " + strings.Repeat("x", many)}, many},
		"a response's head": {[]string{"<HTTP/1.1 200 x\nX: " + strings.Repeat("x", many)}, many},
		"a name":            {[]string{">GET / HTTP/1.1\nHost: " + strings.Repeat("x", 500) + "\n\n"}, 500},
		"a target":          {[]string{">GET /" + strings.Repeat("x", many) + " HTTP/1.1\n\n"}, many},
		"those that wait":   {slices.Repeat([]string{">GET / HTTP/1.1\n\n"}, many), many * (int(unsafe.Sizeof(Transaction{})) + 2*8)},
		"those that waited": {append(slices.Repeat([]string{">GET / HTTP/1.1\n\n"}, many), slices.Repeat([]string{"<HTTP/1.1 204 x\n\n"}, many)...), many * (int(unsafe.Sizeof(Transaction{})) + 2*8)},
	} {
		d := new(dialog).say()
		d.p.KeepText = true
		before := d.p.Memory()
		if d.say(x.steps...); d.p.Memory()-before < x.least {
			t.Errorf("%s: %d bytes more, want %d at least", claim, d.p.Memory()-before, x.least)
		}
		if before < int(unsafe.Sizeof(d.p)) {
			t.Errorf("%d bytes, less than itself", before)
		}
	}
}

// What most connections need is kept for the next one, and no more.
func TestTrimmedPairer(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		p := &Pairer{waiting: make([]*Transaction, 0, usualOpen+beyond), host: make([]byte, 0, usualName+beyond)}
		p.Trim()
		if (cap(p.waiting) > 1) != (beyond == 0) || (cap(p.host) > 0) != (beyond == 0) {
			t.Errorf("%d beyond what is usual: room for %d and %d is kept", beyond, cap(p.waiting), cap(p.host))
		}
		list := append(make([]*Transaction, 0, usualOpen+beyond), &Transaction{Target: "/"}, &Transaction{})
		if got := trimmed(list); len(got) != 2 || got[0].Target != "" || (cap(got) >= usualOpen) != (beyond == 0) {
			t.Errorf("%d beyond what is usual: %d transactions in room for %d", beyond, len(got), cap(got))
		}
	}
}

// A connection's first transaction needs no room but the Pairer's own, for most have no second at once.
func TestFirstTransactionDoesNotAllocate(t *testing.T) {
	list := make([]Pairer, 102)
	request, answer := []byte("GET / HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 204 x\r\n\r\n")
	head, to := new(http1.Head), &quiet{}
	if n := testing.AllocsPerRun(100, func() {
		p := &list[0]
		list = list[1:]
		p.Head = head
		p.Reset(to, false, false)
		p.Bytes(true, request, segment.Mark{Packet: 1})
		p.Bytes(false, answer, segment.Mark{Packet: 2})
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// A quiet one listens and notes nothing.
type quiet struct{ listener }

func (*quiet) Requested(*Transaction, []byte) {}
func (*quiet) Began(*Transaction)             {}
func (*quiet) Answered(*Transaction)          {}
