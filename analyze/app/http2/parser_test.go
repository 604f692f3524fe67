package http2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A wire writes frames as a peer would.
type wire struct {
	bytes.Buffer
	*http2.Framer
	fields bytes.Buffer
	enc    *hpack.Encoder
}

func newWire(client bool) *wire {
	w := &wire{}
	if client {
		w.WriteString(Preface)
	}
	w.Framer = http2.NewFramer(&w.Buffer, nil)
	w.enc = hpack.NewEncoder(&w.fields)
	return w
}

func (w *wire) section(list ...string) []byte {
	w.fields.Reset()
	for i := 0; i < len(list); i += 2 {
		w.enc.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]})
	}
	return bytes.Clone(w.fields.Bytes())
}

func (w *wire) headers(stream uint32, end bool, list ...string) {
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndStream: end, EndHeaders: true, BlockFragment: w.section(list...)})
}

// A teller is a Sink that writes down what it is told.
type teller struct{ strings.Builder }

func (t *teller) Headers(h *Headers) {
	fmt.Fprintf(t, "headers %d end=%v known=%v %s %s %s %d\n", h.Stream, h.End, h.Known, h.Method, h.Target, h.Authority, h.Status)
}
func (t *teller) Data(s uint32, n int, end bool, _ Mark) {
	fmt.Fprintf(t, "data %d %d end=%v\n", s, n, end)
}
func (t *teller) Reset(s, code uint32, _ Mark) { fmt.Fprintf(t, "reset %d %d\n", s, code) }
func (t *teller) GoAway(last, code uint32, debug []byte, _ Mark) {
	fmt.Fprintf(t, "goaway %d %d %q\n", last, code, debug)
}
func (t *teller) Streams(n uint32) { fmt.Fprintf(t, "streams %d\n", n) }
func (t *teller) Table(n uint32)   { fmt.Fprintf(t, "table %d\n", n) }

// client is a client's direction with everything in it.
func client() []byte {
	w := newWire(true)
	w.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 7}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 8192})
	w.WriteWindowUpdate(0, 1000)
	w.headers(1, true, ":method", "GET", ":path", "/a", ":authority", "a.example")
	block := w.section(":method", "POST", ":path", "/b", ":authority", "a.example", "x", strings.Repeat("y", 100))
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block[:3], PadLength: 9, Priority: http2.PriorityParam{Weight: 3}})
	w.WriteContinuation(3, false, block[3:10])
	w.WriteContinuation(3, true, block[10:])
	w.WriteDataPadded(3, false, []byte("hello"), make([]byte, 30))
	w.WriteData(3, true, make([]byte, 5000))
	w.WritePing(false, [8]byte{})
	w.WriteRSTStream(1, http2.ErrCodeCancel)
	w.headers(5, true, ":method", "GET", ":path", "/a", ":authority", "a.example")
	w.WriteGoAway(0, http2.ErrCodeNo, []byte("bye"))
	return w.Bytes()
}

const clientTold = `streams 7
table 8192
headers 1 end=true known=true GET /a a.example 0
headers 3 end=false known=true POST /b a.example 0
data 3 5 end=false
data 3 5000 end=true
reset 1 8
headers 5 end=true known=true GET /a a.example 0
goaway 0 0 "bye"
`

func TestCutAnywhere(t *testing.T) {
	b := client()
	for _, size := range []int{1, 2, 3, 5, 9, 10, 100, len(b)} {
		var got teller
		p := new(Parser)
		p.Reset(true, &got)
		for rest := b; len(rest) > 0; {
			n := min(size, len(rest))
			p.Feed(rest[:n], Mark{})
			rest = rest[n:]
		}
		if got.String() != clientTold {
			t.Errorf("pieces of %d:\n%s", size, got.String())
		}
	}
}

func TestServerAndDetect(t *testing.T) {
	w := newWire(false)
	w.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
	w.WriteSettingsAck()
	w.headers(1, false, ":status", "103")
	w.headers(1, false, ":status", "200")
	w.WriteData(1, true, []byte("ok"))
	var got teller
	p := new(Parser)
	p.Reset(false, &got)
	p.Feed(w.Bytes(), Mark{})
	if want := "streams 100\nheaders 1 end=false known=true    103\nheaders 1 end=false known=true    200\ndata 1 2 end=true\n"; got.String() != want {
		t.Error(got.String())
	}
	for i := range headerLen {
		if DetectServer(w.Bytes()[:i]) != More {
			t.Errorf("server, %d bytes: not More", i)
		}
	}
	if DetectServer(w.Bytes()) != Yes || DetectClient(client()) != Yes || DetectClient([]byte("PRI")) != More {
		t.Error("not detected")
	}
	for n, want := range map[int]Answer{0: Yes, 6: Yes, 64 * 6: Yes, 65 * 6: No, 7: No} { // settings are six bytes each (RFC 9113 section 6.5)
		b := []byte{0, byte(n >> 8), byte(n), typeSettings, 0, 0, 0, 0, 0}
		if got := DetectServer(b); got != want {
			t.Errorf("settings of %d bytes: %d, want %d", n, got, want)
		}
	}
	for _, b := range []string{"\x01", "\x00\x00\x00\x05", "\x00\x00\x00\x04\x01", "\x00\x00\x00\x04\x00\x00\x00\x00\x01"} {
		if DetectServer([]byte(b)) != No {
			t.Errorf("%q begins settings", b)
		}
	}
	for _, other := range []string{"GET / HTTP/1.1\r\n", "\x16\x03\x01\x00\x50\x01", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "HTTP/1.1 200 OK\r\n"} {
		if DetectServer([]byte(other)) == Yes || DetectClient([]byte(other)) == Yes || DetectMidstream([]byte(other)) == Yes {
			t.Errorf("%q is no HTTP/2", other)
		}
	}
}

// Where the gap was in data, the rest is as before.
func TestGapInData(t *testing.T) {
	b := client()
	at := bytes.Index(b, make([]byte, 4000)) + 100
	var got teller
	p := new(Parser)
	p.Reset(true, &got)
	p.Feed(b[:at], Mark{})
	p.Gap(1000, Mark{})
	p.Feed(b[at+1000:], Mark{})
	if got.String() != clientTold {
		t.Error(got.String())
	}
}

// Elsewhere streams still count, but what fields say is not known.
func TestGapBetweenFrames(t *testing.T) {
	w := newWire(true)
	w.WriteSettings()
	w.headers(1, true, ":method", "GET", ":path", "/one", ":authority", "a.example")
	at := w.Len()
	w.headers(3, true, ":method", "GET", ":path", "/two", ":authority", "a.example")
	end := w.Len()
	w.headers(5, true, ":method", "GET", ":path", "/two", ":authority", "a.example")
	w.WriteWindowUpdate(0, 1000)
	var got teller
	p := new(Parser)
	p.Reset(true, &got)
	p.Feed(w.Bytes()[:at], Mark{})
	p.Gap(int64(end-at), Mark{})
	p.Feed(w.Bytes()[end:], Mark{})
	if want := "headers 1 end=true known=true GET /one a.example 0\nheaders 5 end=true known=false    0\n"; got.String() != want {
		t.Error(got.String())
	}
}

func TestMidway(t *testing.T) {
	w := newWire(true)
	w.headers(1, true, ":method", "GET", ":path", "/one", ":authority", "a.example")
	skip := w.Len() + 4
	w.WriteData(1, false, make([]byte, 50))
	w.headers(3, true, ":method", "GET", ":path", "/two", ":authority", "a.example")
	w.WriteWindowUpdate(0, 1000)
	var got teller
	p := new(Parser)
	p.Reset(true, &got)
	p.Midstream()
	p.Feed(w.Bytes()[skip:], Mark{})
	if want := "headers 3 end=true known=false    0\n"; got.String() != want {
		t.Error(got.String())
	}
}

// A PUSH_PROMISE may leave all its fields to the frames that continue it (RFC 9113 section 6.6):
// they are in the table that later sections refer to.
func TestPushWithoutFieldsOfItsOwn(t *testing.T) {
	w := newWire(false)
	w.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2})
	w.WriteContinuation(1, true, w.section(":method", "GET", ":path", "/pushed", "x", "y"))
	w.headers(1, true, ":status", "200", "x", "y")
	var got teller
	p := new(Parser)
	p.Reset(false, &got)
	p.Feed(w.Bytes(), Mark{})
	if want := "headers 1 end=true known=true    200\n"; got.String() != want {
		t.Error(got.String())
	}
}

// Nobody asks for frames longer than what all must take (RFC 9113 section 4.2): such a one is none, and
// all behind it is lost. Data is stepped over however long it is, and so is what nobody knows.
func TestTooLongFrames(t *testing.T) {
	const unknown = typeContinuation + 1
	for typ := byte(typeData); typ <= unknown; typ++ {
		for n, more := range map[int]bool{maxPayload: true, maxPayload + 1: typ == typeData || typ == unknown} {
			w := newWire(true)
			w.WriteRawFrame(http2.FrameType(typ), 0, 0, make([]byte, n))
			w.WritePing(false, [8]byte{})
			w.WriteRSTStream(5, http2.ErrCodeCancel)
			var got teller
			p := new(Parser)
			p.Reset(true, &got)
			p.Feed(w.Bytes(), Mark{})
			if strings.HasSuffix(got.String(), "reset 5 8\n") != more {
				t.Errorf("type %d, %d bytes: %q", typ, n, got.String())
			}
		}
	}
}

// Three digits are a status (RFC 9110 section 15), and nothing else is.
func TestStatusHasThreeDigits(t *testing.T) {
	for s, want := range map[string]int{"200": 200, "999": 999, "099": 99, "1000": 0, "2x0": 0, "20:": 0, "20/": 0, "": 0} {
		h := new(Headers)
		if h.field(hpack.HeaderField{Name: ":status", Value: s}); h.Status != want {
			t.Errorf("%q: %d, want %d", s, h.Status, want)
		}
	}
}

// Of a frame that is cut off its header says what it was: that a stream has begun, or has ended.
func TestCutFrames(t *testing.T) {
	frame := func(typ, flags byte, n int) []byte {
		return append([]byte{0, 0, byte(n), typ, flags, 0, 0, 0, 7}, make([]byte, n)...)
	}
	for _, x := range []struct {
		claim string
		b     []byte
		kept  int
		want  string
	}{
		{"fields", frame(typeHeaders, flagEndHeaders, 20), 15, "headers 7 end=false known=false    0\n"},
		{"fields that end the stream", frame(typeHeaders, flagEndHeaders|flagEndStream, 20), 15, "headers 7 end=true known=false    0\n"},
		{"fields, of which the header is all", frame(typeHeaders, flagEndHeaders, 20), 9, "headers 7 end=false known=false    0\n"},
		{"data that end the stream", frame(typeData, flagEndStream, 20), 15, "data 7 20 end=true\n"},
		{"data that do not", frame(typeData, 0, 20), 15, "data 7 20 end=false\n"},
		{"a header that is cut off itself", frame(typeHeaders, flagEndHeaders, 20), 8, ""},
		{"nothing", nil, 0, ""},
	} {
		var got teller
		p := new(Parser)
		p.Reset(false, &got)
		p.Feed(x.b[:x.kept], Mark{})
		p.Gap(100, Mark{})
		if got.String() != x.want || !p.Lost() {
			t.Errorf("%s: %q, want %q", x.claim, got.String(), x.want)
		}
	}
}

// Where bytes are missing matters: within data, up to their end, nothing else is lost; nor is anything if no
// byte is missing.
func TestGapsByTheirLength(t *testing.T) {
	data := append([]byte{0, 0, 20, typeData, flagEndStream, 0, 0, 0, 7}, make([]byte, 20)...)
	for _, x := range []struct {
		kept int
		gap  int64
		lost bool
		want string
	}{
		{12, 17, false, "data 7 20 end=true\n"}, {12, 16, false, ""}, {12, 18, true, "data 7 20 end=true\n"},
		{9, 20, false, "data 7 20 end=true\n"}, {8, 0, false, ""}, {8, 1, true, ""},
	} {
		var got teller
		p := new(Parser)
		p.Reset(false, &got)
		p.Feed(data[:x.kept], Mark{})
		if p.Gap(x.gap, Mark{}); got.String() != x.want || p.Lost() != x.lost {
			t.Errorf("%d bytes, then a gap of %d: %q, lost %v; want %q, %v", x.kept, x.gap, got.String(), p.Lost(), x.want, x.lost)
		}
	}
	for kept, gap := range []int64{24, 10, 1, 100} { // of the preface, or beyond: frames are looked for
		var got teller
		w := newWire(true)
		at := kept + int(gap)
		w.Write(bytes.Repeat([]byte{0xee}, 200))
		w.WriteRSTStream(5, http2.ErrCodeCancel)
		w.WritePing(false, [8]byte{})
		p := new(Parser)
		p.Reset(true, &got)
		p.Feed(w.Bytes()[:kept], Mark{})
		p.Gap(gap, Mark{})
		if p.Feed(w.Bytes()[at:], Mark{}); got.String() != "reset 5 8\n" {
			t.Errorf("a gap from %d to %d: %q", kept, at, got.String())
		}
	}
	var got teller // what is no HTTP/2 does not become it
	p := new(Parser)
	p.Reset(true, &got)
	p.Feed([]byte("GET / HTTP/1.1"), Mark{})
	p.Gap(5, Mark{})
	if p.Feed([]byte{0, 0, 4, typeReset, 0, 0, 0, 0, 5, 0, 0, 0, 8}, Mark{}); got.String() != "" || p.Lost() {
		t.Errorf("behind no preface: %q, lost %v", got.String(), p.Lost())
	}
}

// A GOAWAY has eight bytes at least (RFC 9113 section 6.8).
func TestShortGoAway(t *testing.T) {
	for n, want := range map[int]string{7: "", 8: "goaway 0 0 \"\"\n", 9: "goaway 0 0 \"\\x00\"\n"} {
		var got teller
		p := new(Parser)
		p.Reset(false, &got)
		p.Feed(append([]byte{0, 0, byte(n), typeGoAway, 0, 0, 0, 0, 0}, make([]byte, n)...), Mark{})
		if got.String() != want {
			t.Errorf("of %d bytes: %q, want %q", n, got.String(), want)
		}
	}
}

// A section's bytes are those of all its frames, and it begins with the first one.
func TestFieldsOverSeveralFrames(t *testing.T) {
	w := newWire(false)
	block := w.section(":status", "200", "x", strings.Repeat("y", 100))
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:5]})
	w.WriteContinuation(1, true, block[5:])
	var got Headers
	p := new(Parser)
	p.Reset(false, headersOnly{&got})
	for i, b := range w.Bytes() {
		p.Feed([]byte{b}, Mark{Packet: int64(i + 1)})
	}
	if got.Bytes != w.Len() || got.Start.Packet != 1 || got.At.Packet != int64(w.Len()) {
		t.Errorf("%d bytes from %d to %d, want all %d", got.Bytes, got.Start.Packet, got.At.Packet, w.Len())
	}
}

// headersOnly notes the latest field section.
type headersOnly struct{ h *Headers }

func (x headersOnly) Headers(h *Headers)                { *x.h = *h }
func (headersOnly) Data(uint32, int, bool, Mark)        {}
func (headersOnly) Reset(uint32, uint32, Mark)          {}
func (headersOnly) GoAway(uint32, uint32, []byte, Mark) {}
func (headersOnly) Streams(uint32)                      {}
func (headersOnly) Table(uint32)                        {}

// As much of a field section is kept as the bound says: beyond, its fields are not known. Nor are they if
// they end within one (RFC 7541 section 3.2).
func TestLongestFieldSection(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		var got Headers
		p := new(Parser)
		p.Reset(false, headersOnly{&got})
		block := bytes.Repeat([]byte{0x88}, maxBlock+beyond) // :status 200, by its index
		for i := 0; i < len(block); {
			n, typ, flags := min(maxPayload, len(block)-i), byte(typeContinuation), byte(0)
			if i == 0 {
				typ = typeHeaders
			}
			if i+n == len(block) {
				flags = flagEndHeaders
			}
			p.Feed([]byte{0, byte(n >> 8), byte(n), typ, flags, 0, 0, 0, 1}, Mark{})
			p.Feed(block[i:i+n], Mark{})
			i += n
		}
		if got.Known != (beyond == 0) {
			t.Errorf("%d bytes: known %v", len(block), got.Known)
		}
	}
	for _, block := range []string{"\x88\x00\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"} { // cut off; an index of no entry
		var got Headers
		p := new(Parser)
		p.Reset(false, headersOnly{&got})
		p.Feed([]byte{0, 0, byte(len(block)), typeHeaders, flagEndHeaders, 0, 0, 0, 1}, Mark{})
		if p.Feed([]byte(block), Mark{}); got.Stream != 1 || got.Known || got.Status != 0 {
			t.Errorf("%x: %+v", block, got)
		}
	}
}

// A peer may permit a larger table, before fields come and between them, up to a bound (RFC 7541 section 4.2).
func TestPermittedTable(t *testing.T) {
	update := func(size int) []byte { // a section that sets the table's size, and :status 200
		b := []byte{0x3f}
		for size -= 31; size >= 0x80; size >>= 7 {
			b = append(b, byte(size)|0x80)
		}
		return append(b, byte(size), 0x88)
	}
	for _, x := range []struct {
		permitted, used int
		want            bool
	}{{8192, 8192, true}, {8192, 8193, false}, {maxTable, maxTable, true}, {2 * maxTable, maxTable, true}, {2 * maxTable, maxTable + 1, false}} {
		for _, before := range []bool{false, true} {
			var got Headers
			p := new(Parser)
			p.Reset(false, headersOnly{&got})
			send := func(block []byte) {
				p.Feed([]byte{0, 0, byte(len(block)), typeHeaders, flagEndHeaders, 0, 0, 0, 1}, Mark{})
				p.Feed(block, Mark{})
			}
			if before {
				send([]byte{0x88})
			}
			p.AllowTable(uint32(x.permitted))
			if send(update(x.used)); got.Known != x.want {
				t.Errorf("%d bytes permitted, %d used, after other fields %v: known %v", x.permitted, x.used, before, got.Known)
			}
		}
	}
}

// What a parser has grown beyond what is usual is given back for the next connection, and all of it is
// counted.
func TestRoomForFrames(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		p := &Parser{buf: make([]byte, 0, usualSection+beyond), block: make([]byte, 0, usualSection+beyond)}
		if n := p.Memory(); n != 2*(usualSection+beyond) {
			t.Errorf("%d bytes are counted", n)
		}
		if p.Trim(); (cap(p.buf) > 0) != (beyond == 0) || (cap(p.block) > 0) != (beyond == 0) {
			t.Errorf("of %d bytes each %d and %d are kept", usualSection+beyond, cap(p.buf), cap(p.block))
		}
	}
}

// What a parser holds is counted with its table, which grows as far as the peer permits.
func TestTableIsCounted(t *testing.T) {
	w := newWire(true)
	w.headers(1, true, ":method", "GET", ":path", "/")
	few := w.Len()
	for i := range uint32(100) {
		w.headers(2*i+3, true, ":method", "GET", ":path", fmt.Sprintf("/%099d", i))
	}
	p := new(Parser)
	p.Reset(true, new(teller))
	p.Feed(w.Bytes()[:few], Mark{})
	before := p.Memory()
	p.Feed(w.Bytes()[few:], Mark{})
	if grown := p.Memory() - before; before <= 0 || grown < 3000 || grown > 5000 {
		t.Errorf("%d bytes, and %d more of a table of 4096", before, grown)
	}
}

// What comes after a gap is believed to be a frame's header if its type may have such a length, such
// flags and such a stream (RFC 9113 section 6).
func TestPlausibleFrames(t *testing.T) {
	for _, x := range []struct {
		typ, flags byte
		stream     uint32
		n          int
		want       bool
	}{
		{typeData, 9, 1, 100, true}, {typeData, 9, 0, 100, false}, {typeData, 2, 1, 100, false},
		{typeHeaders, 0x2d, 1, 1, true}, {typeHeaders, 4, 1, 0, false}, {typeHeaders, 4, 0, 1, false}, {typeHeaders, 2, 1, 1, false},
		{typePriority, 0, 1, 5, true}, {typePriority, 1, 1, 5, false}, {typePriority, 0, 0, 5, false}, {typePriority, 0, 1, 6, false},
		{typeReset, 0, 1, 4, true}, {typeReset, 1, 1, 4, false}, {typeReset, 0, 0, 4, false}, {typeReset, 0, 1, 5, false},
		{typeSettings, 0, 0, 12, true}, {typeSettings, 1, 0, 0, true}, {typeSettings, 1, 0, 6, false}, {typeSettings, 0, 1, 6, false}, {typeSettings, 0, 0, 5, false}, {typeSettings, 2, 0, 0, false},
		{typePush, 0xc, 1, 4, true}, {typePush, 4, 1, 3, false}, {typePush, 4, 0, 4, false}, {typePush, 1, 1, 4, false},
		{typePing, 1, 0, 8, true}, {typePing, 0, 0, 7, false}, {typePing, 0, 1, 8, false}, {typePing, 2, 0, 8, false},
		{typeGoAway, 0, 0, 8, true}, {typeGoAway, 0, 0, 7, false}, {typeGoAway, 0, 1, 8, false}, {typeGoAway, 1, 0, 8, false},
		{typeWindowUpdate, 0, 0, 4, true}, {typeWindowUpdate, 0, 7, 4, true}, {typeWindowUpdate, 0, 0, 5, false}, {typeWindowUpdate, 1, 0, 4, false},
		{typeContinuation, 4, 1, 9, true}, {typeContinuation, 0, 0, 9, false}, {typeContinuation, 1, 1, 9, false},
		{typeContinuation + 1, 0, 1, 9, false},
		{typeData, 0, 1, 1 << 14, true}, {typeData, 0, 1, 1<<14 + 1, false}, {typeData, 0, 1<<31 | 1, 100, false},
	} {
		b := binary.BigEndian.AppendUint32(nil, uint32(x.n)<<8|uint32(x.typ))
		b = binary.BigEndian.AppendUint32(append(b, x.flags), x.stream)
		b = append(b, make([]byte, x.n)...)
		if got := DetectMidstream(b) == Yes; got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
}

// A frame that is whole is believed if nothing follows it, or the header of another.
func TestFrameBeforeAnother(t *testing.T) {
	ping := append([]byte{0, 0, 8, typePing, 0, 0, 0, 0, 0}, make([]byte, 8)...)
	two := append(bytes.Clone(ping), ping...)
	for n, want := range map[int]bool{8: false, 16: false, 17: true, 18: false, 25: false, 26: true, 34: true} {
		if got := DetectMidstream(two[:n]) == Yes; got != want {
			t.Errorf("%d bytes: %v", n, got)
		}
	}
}

// Of the error codes some blame the other side (RFC 9113 section 7).
func TestBlame(t *testing.T) {
	var blame []string
	for c := range Code(0xe) {
		if c.BlamesPeer() {
			blame = append(blame, c.String())
		}
	}
	if got, want := strings.Join(blame, " "), "PROTOCOL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR COMPRESSION_ERROR ENHANCE_YOUR_CALM"; got != want {
		t.Errorf("%s blame the peer, want %s", got, want)
	}
	if c := Code(0xe); c.BlamesPeer() || c.String() != "error code 0xe" {
		t.Errorf("a code that has no name: %v, %s", c.BlamesPeer(), c)
	}
}

func FuzzParser(f *testing.F) {
	f.Add(client(), true)
	f.Add(client()[len(Preface):], false)
	f.Fuzz(func(t *testing.T, b []byte, isClient bool) {
		var got teller
		p := new(Parser)
		p.Reset(isClient, &got)
		DetectClient(b)
		DetectServer(b)
		DetectMidstream(b)
		for i := 0; len(b) > 0; i++ {
			n := min(int(b[0])+1, len(b))
			if i%11 == 7 {
				p.Gap(int64(n), Mark{})
			} else {
				p.Feed(b[:n], Mark{})
			}
			b = b[n:]
			if len(p.buf) > maxPayload+headerLen || len(p.block) > maxBlock {
				t.Fatal("kept too much")
			}
		}
	})
}

// Where a frame of data has begun, what is still to come of it is content; elsewhere nothing is known to be.
func TestContent(t *testing.T) {
	w := newWire(false)
	w.WriteSettings()
	w.WriteData(1, false, make([]byte, 100))
	w.WritePing(false, [8]byte{})
	p := new(Parser)
	p.Reset(false, &teller{})
	for i, b := range w.Bytes() {
		want := int64(0)
		if begun := i - 2*headerLen; begun >= 0 && begun < 100 { // behind the settings, which are a header alone
			want = int64(100 - begun)
		}
		if got := p.Content(); got != want {
			t.Fatalf("after %d bytes %d are content, want %d", i, got, want)
		}
		p.Feed([]byte{b}, Mark{})
	}
}
