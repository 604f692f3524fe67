package transaction

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	h2 "tcpwarm/analyze/app/http2"
	"tcpwarm/capture/segment"
)

// A peer writes one side's frames into a Multiplexer.
type peer struct {
	m      *Multiplexer
	client bool
	buf    bytes.Buffer
	framer *http2.Framer
	fields bytes.Buffer
	enc    *hpack.Encoder
	packet *int64
}

func newPeer(m *Multiplexer, client bool, packet *int64) *peer {
	p := &peer{m: m, client: client, packet: packet}
	if client {
		p.buf.WriteString(h2.Preface)
	}
	p.framer, p.enc = http2.NewFramer(&p.buf, nil), hpack.NewEncoder(&p.fields)
	return p
}

// sends writes with f and gives what it wrote to the Multiplexer.
func (p *peer) sends(f func(w *http2.Framer)) {
	f(p.framer)
	*p.packet++
	p.m.Bytes(p.client, p.buf.Bytes(), segment.Mark{Packet: *p.packet, Time: segment.Time(*p.packet)})
	p.buf.Reset()
}

func (p *peer) headers(stream uint32, end bool, list ...string) {
	p.sends(func(w *http2.Framer) {
		p.fields.Reset()
		for i := 0; i < len(list); i += 2 {
			p.enc.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]})
		}
		w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndStream: end, EndHeaders: true, BlockFragment: p.fields.Bytes()})
	})
}

func (p *peer) data(stream uint32, end bool, n int) {
	p.sends(func(w *http2.Framer) { w.WriteData(stream, end, make([]byte, n)) })
}

// A listener writes down what it is told.
type listener struct{ strings.Builder }

func (l *listener) HasRead(*Transaction) bool { return true }
func (l *listener) Crosses(*Transaction) bool { return false }
func (l *listener) Requested(t *Transaction, name []byte) {
	fmt.Fprintf(l, "requested %d %s %s of %d\n", t.N, t.Method, name, t.Streams)
}
func (l *listener) Began(t *Transaction) { fmt.Fprintf(l, "began %d %d\n", t.N, t.Status) }
func (l *listener) Answered(t *Transaction) {
	fmt.Fprintf(l, "answered %d done=%v reset=%v %d\n", t.N, t.ResponseDone, t.StreamReset, t.Status)
}
func (l *listener) Tunnel(bool, []byte, segment.Mark)   {}
func (l *listener) TunnelGap(bool, int64, segment.Mark) {}
func (l *listener) GoAway(client bool, last uint32, code h2.Code, debug []byte, _ segment.Mark) {
	fmt.Fprintf(l, "goaway client=%v\n", client)
}

func (l *listener) StreamReset(*Transaction, bool, h2.Code, segment.Mark) {}

func conversation() (*listener, *Multiplexer, *peer, *peer) {
	l, m, packet := &listener{}, &Multiplexer{}, new(int64)
	m.Reset(l, false, false)
	return l, m, newPeer(m, true, packet), newPeer(m, false, packet)
}

func get(path string) []string {
	return []string{":method", "GET", ":path", path, ":authority", "A.Example:8080"}
}

func TestStreamsAreTransactions(t *testing.T) {
	l, m, client, server := conversation()
	client.sends(func(w *http2.Framer) { w.WriteSettings() })
	client.headers(1, true, get("/1")...)
	server.sends(func(w *http2.Framer) {
		w.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10})
	})
	client.headers(3, false, append(get("/2"), "content-type", "application/grpc+proto")...)
	client.headers(5, true, get("/3")...)
	client.data(3, true, 100)
	server.headers(5, false, ":status", "103")
	server.headers(5, true, ":status", "204")
	server.headers(3, false, ":status", "200")
	server.data(3, false, 1000)
	server.headers(3, true, "grpc-status", "0")
	client.sends(func(w *http2.Framer) { w.WriteRSTStream(1, http2.ErrCodeCancel) })
	server.sends(func(w *http2.Framer) { w.WriteGoAway(5, http2.ErrCodeNo, nil) })
	client.headers(7, true, get("/4")...)
	want := `requested 1 GET a.example of 2147483647
requested 2 GET a.example of 10
requested 3 GET a.example of 10
began 3 204
answered 3 done=true reset=false 204
began 2 200
answered 2 done=true reset=false 200
answered 1 done=false reset=true 0
goaway client=false
requested 4 GET a.example of 10
`
	if l.String() != want {
		t.Error(l.String())
	}
	if s := m.Totals(); s.Requests != 4 || s.Responses != 2 || s.GRPC != 1 || s.Minor != 2 || len(m.Waiting()) != 1 {
		t.Errorf("%+v, %d wait", s, len(m.Waiting()))
	}
}

// A push is nobody's transaction; trailers begin no second one.
func TestPushAndTrailers(t *testing.T) {
	l, m, client, server := conversation()
	client.headers(1, false, get("/1")...)
	client.headers(1, true, "x-trailer", "1")
	server.headers(2, true, ":status", "200")
	server.headers(1, true, ":status", "200")
	if want := "requested 1 GET a.example of 2147483647\nbegan 1 200\nanswered 1 done=true reset=false 200\n"; l.String() != want {
		t.Error(l.String())
	}
	if s := m.Totals(); s.Requests != 1 || s.Pushed != 1 || s.Orphans != 0 {
		t.Errorf("%+v", s)
	}
}

func TestOpenStreamsAreBounded(t *testing.T) {
	l, m, client, _ := conversation()
	for i := range uint32(maxOpen + 100) {
		client.headers(2*i+1, true, get("/")...)
	}
	if len(m.Waiting()) != maxOpen || len(m.open) != maxOpen || !strings.Contains(l.String(), "answered 100 done=false") {
		t.Errorf("%d wait", len(m.Waiting()))
	}
}

// What a client calls itself comes from its first request, whatever later ones say.
func TestMultiplexerAgent(t *testing.T) {
	for _, x := range []struct {
		fields  []string
		agent   string
		browser bool
	}{
		{[]string{"user-agent", "grpc-go/1.64.0"}, "grpc-go/1.64.0", false},
		{[]string{"via", "2 relay", "user-agent", "curl/8"}, "curl/8", false},
		{[]string{"via", "2 relay"}, "2 relay", false},
		{nil, "", false},
		{[]string{"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"},
			"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", true},
		{[]string{"user-agent", "Mozilla/5.0 (compatible; bot/1.0)"}, "Mozilla/5.0 (compatible; bot/1.0)", false},
	} {
		m, packet := new(Multiplexer), int64(0)
		m.Reset(new(listener), false, false)
		client := newPeer(m, true, &packet)
		client.headers(1, true, append([]string{":method", "GET", ":path", "/", ":authority", "a"}, x.fields...)...)
		client.headers(3, true, ":method", "GET", ":path", "/", ":authority", "a", "user-agent", "another/1")
		if s := m.Totals(); s.Agent != x.agent || s.Browser != x.browser || s.Requests != 2 {
			t.Errorf("%q: %q, browser %v, of %d requests", x.fields, s.Agent, s.Browser, s.Requests)
		}
	}
}
