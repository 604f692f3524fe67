package transaction

import (
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze/app/tls"
)

// A client opens streams with odd numbers, each higher than those before (RFC 9113 section
// 5.1.1). Fields on another stream begin no request: they are the trailers of one that has
// ended, or nonsense.
func TestStreamsOpenInOrder(t *testing.T) {
	l, m, client, server := conversation()
	client.headers(4, true, get("/even")...)
	client.headers(5, true, get("/5")...)
	server.headers(5, true, ":status", "200")
	client.headers(3, true, get("/lower")...)
	client.headers(5, true, get("/again")...)
	client.headers(7, true, get("/7")...)
	if want := "requested 1 GET a.example of 2147483647\nbegan 1 200\nanswered 1 done=true reset=false 200\nrequested 2 GET a.example of 2147483647\n"; l.String() != want {
		t.Error(l.String())
	}
	if s := m.Totals(); s.Requests != 2 {
		t.Errorf("%+v", s)
	}
}

// Lengths of frames: settings are six bytes each (RFC 9113 section 6.5.1), six at most are
// taken for one frame; an acknowledgement, an update of a window, a ping, or both of the first
// may come along with them.
func TestLengthsOfFrames(t *testing.T) {
	var settings []int
	for n := range 100 {
		if isSettings(n) {
			settings = append(settings, n)
		}
	}
	var want []int
	for _, more := range []int{0, 9, 13, 17, 22} {
		for k := range 7 {
			want = append(want, 9+6*k+more)
		}
	}
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(settings, want) {
		t.Errorf("settings have %v bytes, want %v", settings, want)
	}
	for n := range 200 {
		if got, want := isPreface(n), n == 24 || n > 24 && isSettings(n-24); got != want {
			t.Errorf("%d bytes may be a preface: %v", n, got)
		}
		frame := n == 9 || n == 13 || n == 17
		if isControl(n, 4095) != frame || isControl(n, 4096) != (frame || n%13 == 0 && n <= 104) {
			t.Errorf("%d bytes only steer: %v; after 4 KB: %v", n, isControl(n, 4095), isControl(n, 4096))
		}
		if got, want := isServerControl(n), frame || n == 22; got != want {
			t.Errorf("%d bytes of the server only steer: %v", n, got)
		}
	}
}

// What is too short for "GET / HTTP/1.0" and an empty line, 18 bytes, is no request; nor, in
// HTTP/2, what is too short for the frame of a few indexed fields.
func TestLeastRequest(t *testing.T) {
	v13 := tls.Info{Version: 0x0304, Suite: 0x1301} // adds 17 bytes
	for records, want := range map[string]int64{
		"<53 >53 >120 <900 >34 <900": 1, "<53 >53 >120 <900 >35 <900": 2,
	} {
		if s := infer(t, v13, records).Totals(); s.Requests != want {
			t.Errorf("%s: %d requests, want %d", records, s.Requests, want)
		}
	}
	h2 := tls.Info{Version: 0x0304, Suite: 0x1301, OffersH2: true, ALPN: "h2"}
	for records, want := range map[string]int64{
		">81 <56 <26 >26 >120 <900 >29 <900": 1, ">81 <56 <26 >26 >120 <900 >31 <900": 2,
	} {
		if s := infer(t, h2, records).Totals(); s.Requests != want {
			t.Errorf("HTTP/2, %s: %d requests, want %d", records, s.Requests, want)
		}
	}
}

// The last record of a side tells whether it said goodbye: an alert is two bytes long. Who
// said it first has closed.
func TestGoodbye(t *testing.T) {
	v13 := tls.Info{Version: 0x0304, Suite: 0x1301}
	for _, x := range []struct {
		records string
		client  bool
		packet  int64 // 0: nobody
	}{
		{"<53 >53 >120 <900", false, 0},
		{"<53 >53 >120 <900 >19", true, 5},
		{"<53 >53 >120 <900 <19", false, 5},
		{"<53 >53 >120 <900 >19 <19", true, 5},
		{"<53 >53 >120 <900 <19 >19", false, 5},
		{"<53 >53 >120 <900 >19 >120 <900", false, 0},
		{"<53 >53 >120 <900 >18", false, 0},
		{"<53 >53 >120 <900 >20", false, 0},
	} {
		client, at := infer(t, v13, x.records).Goodbye()
		if at.Packet != x.packet || x.packet != 0 && client != x.client {
			t.Errorf("%s: client %v in packet %d, want %v in %d", x.records, client, at.Packet, x.client, x.packet)
		}
	}
}

// A response on a stream higher than all that were opened is to a request that was not
// captured: it is nobody's, and counted once. One on a lower stream may be the trailers of what
// has ended. What the server has pushed nobody has asked for.
func TestResponsesToNobody(t *testing.T) {
	l, m, client, server := conversation()
	server.headers(1, true, ":status", "404")
	client.headers(5, true, get("/5")...)
	server.headers(3, true, ":status", "200")
	server.headers(2, true, ":status", "200")
	server.headers(5, true, ":status", "200")
	server.headers(7, false, ":status", "200")
	server.headers(7, true, "x-trailer", "1")
	client.headers(7, true, "x-trailer", "1")
	client.headers(9, true, get("/9")...)
	if want := "requested 1 GET a.example of 2147483647\nbegan 1 200\nanswered 1 done=true reset=false 200\nrequested 2 GET a.example of 2147483647\n"; l.String() != want {
		t.Error(l.String())
	}
	if s := m.Totals(); s.Orphans != 2 || s.Pushed != 1 || s.Responses != 3 || s.Requests != 2 {
		t.Errorf("%+v", s)
	}
}

// Of a method so much is kept as any that is registered has, and more.
func TestLongMethodIsCut(t *testing.T) {
	whole := strings.Repeat("M", maxMethod)
	for m, want := range map[string]string{"GET": "GET", whole: whole, whole + "M": whole + "..."} {
		if got := method([]byte(m)); got != want {
			t.Errorf("%s is kept as %s, want %s", m, got, want)
		}
	}
}

// By the length of EncryptedExtensions a server of TLS 1.3 has chosen HTTP/2, or HTTP/1.1, also where
// its records are padded.
func TestChosenByLength(t *testing.T) {
	for _, x := range []struct {
		lengths []int
		want    choice
	}{
		{[]int{15, 19, 23, 15 + padding, 19 + padding, 23 + padding}, choiceHTTP2},
		{[]int{6, 10, 48, 21, 25, 29, 25 + padding, 29 + padding}, choiceHTTP1},
		{[]int{5, 17, 27, 50, 51, 900}, choiceHidden},
	} {
		for _, n := range x.lengths {
			if got := chosen(n); got != x.want {
				t.Errorf("%d bytes: %d, want %d", n, got, x.want)
			}
		}
	}
}

// What a response carries is added up over its records, without what TLS adds to each.
func TestInferredBytes(t *testing.T) {
	f := infer(t, tls.Info{Version: 0x0304, Suite: 0x1301}, "<53 >53 >120 <900 <500")
	if w := f.Waiting(); len(w) != 1 || w[0].RequestBytes != 120-17 || w[0].ResponseBytes != 900-17+500-17 {
		t.Errorf("%+v", w)
	}
}

// A server's Upgrade names what the connection changes to first, in letters of any case; h2c has no version, TLS has one.
func TestUpgradeOf(t *testing.T) {
	for field, want := range map[string]string{
		"h2c": "h2c", " H2C ": "h2c", "h2c/1": "", "TLS/1.0": UpgradeTLS, "tls/1.2, HTTP/1.1": UpgradeTLS, "TLS": "",
		"websocket": "", "HTTP/2.0": "", "websocket, h2c": "", "": "", "h2c, websocket": "h2c", "other/tls": "",
	} {
		if got := upgradeOf([]byte(field)); got != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
}
