package transaction

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/net/http2"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// An ender keeps the transactions that have ended.
type ender struct {
	listener
	ended []Transaction
}

func (e *ender) Answered(t *Transaction) { e.ended = append(e.ended, *t) }

func talkHTTP2() (*ender, *Multiplexer, *peer, *peer) {
	e, m, packet := &ender{}, &Multiplexer{}, new(int64)
	m.Reset(e, false, false)
	return e, m, newPeer(m, true, packet), newPeer(m, false, packet)
}

// A stream's bytes are those of its fields and data; it ends with the latest of them.
func TestStreamInFull(t *testing.T) {
	e, _, client, server := talkHTTP2()
	client.headers(1, false, get("/")...)                                           // 1
	client.data(1, false, 1000)                                                     // 2
	client.headers(1, false, "x-trailer", "1")                                      // 3
	client.data(1, true, 2000)                                                      // 4
	server.headers(1, false, ":status", "100")                                      // 5
	server.headers(1, false, ":status", "199")                                      // 6
	server.headers(1, false, ":status", "200", "content-type", "text/event-stream") // 7
	server.data(1, false, 10_000)                                                   // 8
	server.data(1, true, 20_000)                                                    // 9
	if len(e.ended) != 1 {
		t.Fatalf("%d have ended", len(e.ended))
	}
	a := e.ended[0]
	got := fmt.Sprint(a.Start.Packet, a.RequestEnd.Packet, a.RequestBytes/1000, a.RequestDone, a.FirstByte.Packet, a.LastByte.Packet, a.ResponseBytes/1000, a.ResponseDone, a.EventStream, a.Status)
	if want := fmt.Sprint(1, 4, 3, true, 7, 9, 30, true, true, 200); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Fields count with the frames that carry them.
func TestFieldsAreBytes(t *testing.T) {
	_, m, client, server := talkHTTP2()
	client.headers(1, false, get("/")...)
	first := m.Waiting()[0].RequestBytes
	client.headers(1, false, "x", strings.Repeat("\x01", 1000))
	server.headers(1, false, ":status", "200")
	server.headers(1, false, "x", strings.Repeat("\x01", 1000))
	if w := m.Waiting()[0]; first < 10 || w.RequestBytes-first < 1000 || w.ResponseBytes < 1000 || w.RequestEnd.Packet != 2 || w.LastByte.Packet != 4 {
		t.Errorf("%d bytes, then %+v", first, w)
	}
}

// A stream ends with its response, whatever the request lacks (RFC 9113 section 8.1); but a CONNECT's sides
// end one by one (section 8.5).
func TestStreamsEndWithTheResponse(t *testing.T) {
	for _, x := range []struct {
		fields        []string
		connect       bool
		before, after int
	}{
		{get("/"), false, 1, 1},
		{[]string{":method", "CONNECT", ":authority", "a.example:443"}, true, 0, 1},
		{[]string{":method", "CONNECT", ":authority", "a.example", ":protocol", "websocket", ":path", "/"}, false, 0, 1},
	} {
		e, m, client, server := talkHTTP2()
		client.headers(1, false, x.fields...)
		connect := m.Waiting()[0].Connect
		server.headers(1, true, ":status", "200")
		before := len(e.ended)
		if client.data(1, true, 1); before != x.before || len(e.ended) != x.after || connect != x.connect {
			t.Errorf("%q: %d have ended with the response, %d in the end; CONNECT %v", x.fields, before, len(e.ended), connect)
		}
	}
}

// A stream that is reset ends then; if the server has refused it, it was not processed (RFC 9113 section 8.7).
func TestResetStreams(t *testing.T) {
	for _, x := range []struct {
		client  bool
		code    http2.ErrCode
		refused bool
	}{{true, http2.ErrCodeCancel, false}, {true, http2.ErrCodeRefusedStream, false}, {false, http2.ErrCodeCancel, false}, {false, http2.ErrCodeRefusedStream, true}} {
		e, _, client, server := talkHTTP2()
		client.headers(1, true, get("/")...)
		server.headers(1, false, ":status", "200")
		by := map[bool]*peer{true: client, false: server}[x.client]
		by.sends(func(w *http2.Framer) { w.WriteRSTStream(1, x.code) })
		if len(e.ended) != 1 || !e.ended[0].StreamReset || e.ended[0].Refused != x.refused || e.ended[0].LastByte.Packet != 3 {
			t.Errorf("the client's %v, %v: %+v", x.client, x.code, e.ended)
		}
	}
}

// Where bytes of the server are missing responses may be; what is missing of the client hides none.
func TestGapsOfHTTP2(t *testing.T) {
	for _, x := range []struct{ client, want bool }{{true, false}, {false, true}} {
		_, m, client, server := talkHTTP2()
		client.headers(1, true, get("/")...)
		server.sends(func(w *http2.Framer) { w.WriteSettings() })
		m.Gap(x.client, 100, segment.Mark{Packet: 3})
		m.Gap(true, 100, segment.Mark{Packet: 4})
		if m.ResponsesHidden != x.want {
			t.Errorf("a gap of the client's %v: hidden %v", x.client, m.ResponsesHidden)
		}
	}
}

// Of targets only a little is kept where those that wait have many bytes of them, until they have ended.
func TestTargetsOfManyStreams(t *testing.T) {
	e, m, client, server := talkHTTP2()
	m.KeepText = true
	long := "/" + strings.Repeat("x", 7999)
	n := uint32(0)
	for ; m.text <= maxText; n++ {
		client.headers(2*n+1, true, get(long)...)
	}
	client.headers(2*n+1, true, get(long)...)
	w := m.Waiting()
	if k := len(w); len(w[k-2].Target) != 8000 || len(w[k-1].Target) != 128+len("...") || k != maxText/8000+2 {
		t.Errorf("%d wait, the last ones with %d and %d bytes", k, len(w[k-2].Target), len(w[k-1].Target))
	}
	for i := range n + 1 {
		server.headers(2*i+1, true, ":status", "204")
	}
	if m.text != 0 || len(e.ended) != int(n)+1 {
		t.Errorf("%d have ended, and %d bytes are counted", len(e.ended), m.text)
	}
}

// What a Multiplexer holds is counted, those that will serve again as well, and what most connections need is
// kept for the next one.
func TestMemoryOfAMultiplexer(t *testing.T) {
	const many = 100
	_, m, client, server := talkHTTP2()
	before := m.Memory()
	for i := range uint32(many) {
		client.headers(2*i+1, true, get("/")...)
	}
	waiting := m.Memory()
	for i := range uint32(many) {
		server.headers(2*i+1, true, ":status", "204")
	}
	least := many * (int(unsafe.Sizeof(Transaction{})) + 2*8)
	if after := m.Memory(); before < int(unsafe.Sizeof(*m)) || waiting-before < least+many*24 || after-before < least {
		t.Errorf("%d bytes, %d with those that wait, %d with those that waited; want %d more", before, waiting, after, least)
	}
	none := new(Multiplexer).Memory()
	for name, of := range map[string]*Multiplexer{"client": {client: m.client}, "server": {server: m.server}} {
		if n, want := of.Memory()-none, of.client.Memory()+of.server.Memory(); n != want || want <= 0 {
			t.Errorf("%d bytes for what is read of the %s, want %d", n, name, want)
		}
	}
	for _, beyond := range []int{0, 1} {
		m := &Multiplexer{waiting: make([]*Transaction, 0, usualOpen+beyond), host: make([]byte, 0, usualName+beyond)}
		if m.Trim(); (cap(m.waiting) > 0) != (beyond == 0) || (cap(m.host) > 0) != (beyond == 0) {
			t.Errorf("%d beyond what is usual: room for %d and %d is kept", beyond, cap(m.waiting), cap(m.host))
		}
	}
}

// Requests that are not to be judged are marked.
func TestIgnoredStreams(t *testing.T) {
	_, m, client, _ := talkHTTP2()
	p, err := ParsePattern("target=/health")
	if err != nil {
		t.Fatal(err)
	}
	m.Ignore = Patterns{p}
	client.headers(1, true, get("/health")...)
	client.headers(3, true, get("/")...)
	if w := m.Waiting(); !w[0].Ignored || w[1].Ignored {
		t.Errorf("%v, %v", w[0].Ignored, w[1].Ignored)
	}
}

// A record of KeyUpdate's length may be the last chunk of a body: a response ends with it. It is none of a
// request, nor of a response that has not begun.
func TestLastChunkOrKeyUpdate(t *testing.T) {
	for records, last := range map[string]int64{"<53 >53 >120 <900 <22": 5, "<53 >53 >120 <900 >22": 4, "<53 >53 >120 <22": 0} {
		if w := infer(t, tls.Info{Version: 0x0304, Suite: 0x1301}, records).Waiting(); len(w) != 1 || w[0].LastByte.Packet != last {
			t.Errorf("%s: %+v", records, w)
		}
	}
	if w := infer(t, tls.Info{Version: 0x0304, Suite: 0x1301}, "<53 >53 <22").Waiting(); len(w) != 0 {
		t.Errorf("nothing was asked: %+v", w)
	}
}

// In TLS 1.2 an alert that cannot be read is told by its type; of other types only data carry requests.
func TestRecordTypesOfTLS12(t *testing.T) {
	for typ, packet := range map[uint8]int64{tls.RecordAlert: 7, 22: 0, tls.RecordData: 0} {
		f := &Inferrer{}
		f.Reset(&listener{}, &tls.Info{Version: 0x0303, Suite: 0xc02f})
		f.Record(&tls.Record{FromClient: true, Type: typ, Version: 0x0303, Length: 200, Start: segment.Mark{Packet: 7}})
		if client, at := f.Goodbye(); at.Packet != packet || client != (packet != 0) || (f.Requests == 1) != (typ == tls.RecordData) {
			t.Errorf("type %d: goodbye of the client's %v in packet %d, %d requests", typ, client, at.Packet, f.Requests)
		}
	}
}

// What a record holds beside its content follows its version and its suite.
func TestContentByVersionAndSuite(t *testing.T) {
	var o overhead
	var got []int
	for _, x := range []struct{ version, suite uint16 }{{0x0304, 0x1301}, {0x0303, 0x1301}, {0x0303, 0xcca8}, {0x0303, 0xc02f}, {0x0304, 0xc02f}, {0x0304, 0xc02f}} {
		got = append(got, o.content(&tls.Record{Version: x.version, Length: 100}, x.suite).most)
	}
	if want := []int{83, 76, 84, 76, 83, 83}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A Finished has four bytes and the hash's (RFC 8446 section 4.4.4).
func TestFinishedByItsLength(t *testing.T) {
	for _, suite := range []uint16{0x1301, 0x1302, 0x1303} {
		want := 4 + 32
		if suite == 0x1302 {
			want = 4 + 48
		}
		for n := range 100 {
			if isFinished(n, suite) != (n == want) {
				t.Errorf("suite %#x, %d bytes", suite, n)
			}
		}
	}
}

// HTTP/2 is spoken where the server's choice says so, or its first records do; and only where it may be.
func TestHTTP2ByWhatIsSeen(t *testing.T) {
	offers := tls.Info{Version: 0x0304, OffersH2: true}
	for _, x := range []struct {
		claim     string
		f         Inferrer
		info      tls.Info
		maybe, is bool
	}{
		{"chosen in the clear", Inferrer{}, tls.Info{Version: 0x0303, ALPN: "h2"}, true, true},
		{"another was chosen", Inferrer{settings: true}, tls.Info{Version: 0x0303, ALPN: "http/1.1"}, false, false},
		{"offered", Inferrer{}, offers, true, false},
		{"not offered", Inferrer{settings: true}, tls.Info{Version: 0x0304}, false, false},
		{"no choice in TLS 1.2", Inferrer{settings: true}, tls.Info{Version: 0x0303, OffersH2: true}, false, false},
		{"chosen, by its length", Inferrer{choice: choiceHTTP2}, offers, true, true},
		{"the other, by its length", Inferrer{choice: choiceHTTP1}, offers, false, false},
		{"settings", Inferrer{settings: true}, offers, true, true},
		{"settings, and the other by its length", Inferrer{choice: choiceHTTP1, settings: true}, offers, true, true},
		{"settings acknowledged by both", Inferrer{ackedBy: [2]bool{true, true}}, offers, true, true},
		{"by one", Inferrer{ackedBy: [2]bool{true, false}}, offers, true, false},
		{"by the other", Inferrer{ackedBy: [2]bool{false, true}}, offers, true, false},
		{"no hello was seen", Inferrer{}, tls.Info{}, true, false},
		{"no hello, but settings", Inferrer{settings: true}, tls.Info{}, true, true},
	} {
		x.f.info = &x.info
		if maybe, is := x.f.MaybeHTTP2(), x.f.isHTTP2(); maybe != x.maybe || is != x.is {
			t.Errorf("%s: maybe %v, is %v", x.claim, maybe, is)
		}
	}
}

// A response that has begun ends with the server's side.
func TestInferredResponseEndsWithTheServer(t *testing.T) {
	v13 := tls.Info{Version: 0x0304, Suite: 0x1301}
	for _, x := range []struct {
		records string
		client  bool
		waiting int
	}{{"<53 >53 >120 <900", false, 0}, {"<53 >53 >120 <900", true, 1}, {"<53 >53 >120", false, 1}, {"<53 >53", false, 0}} {
		f := infer(t, v13, x.records)
		if f.Close(x.client, segment.Mark{}); len(f.Waiting()) != x.waiting || f.Responses != f.Requests-int64(x.waiting) {
			t.Errorf("%s, the client's end %v: %d wait, %d of %d answered", x.records, x.client, len(f.Waiting()), f.Responses, f.Requests)
		}
	}
}
