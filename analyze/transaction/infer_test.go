package transaction

import (
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// infer reads a connection as ">53 >120 <266 <266 <900": lengths of the client's and
// the server's records on the wire. With ~ before it, a record comes before the
// server's hello; with !, so many bytes are missing.
func infer(t *testing.T, info tls.Info, records string) *Inferrer {
	t.Helper()
	f := &Inferrer{}
	f.Reset(&listener{}, &info)
	for i, r := range strings.Fields(records) {
		kind, length := r[:1], r[1:]
		if kind == "~" || kind == "!" {
			kind, length = r[:2], r[2:]
		}
		n, err := strconv.Atoi(length)
		if err != nil {
			t.Fatal(err)
		}
		at := segment.Mark{Packet: int64(i + 1), Time: segment.Time(i)}
		client := strings.HasSuffix(kind, ">")
		version := info.Version
		switch kind[0] {
		case '~':
			version = 0
		case '!':
			f.Gap(client, int64(n), at)
			continue
		}
		f.Record(&tls.Record{FromClient: client, Type: 23, Version: version, Length: n, Start: at, At: at})
	}
	return f
}

func TestInferrer(t *testing.T) {
	v13 := tls.Info{Version: 0x0304, Suite: 0x1301}
	sha384 := tls.Info{Version: 0x0304, Suite: 0x1302}
	cbc10 := tls.Info{Version: 0x0301, Suite: 0xc013}
	cbc12 := tls.Info{Version: 0x0303, Suite: 0xc013}
	gcm12 := tls.Info{Version: 0x0303, Suite: 0xc02f}
	h2 := tls.Info{Version: 0x0304, Suite: 0x1301, OffersH2: true}
	for _, c := range []struct {
		name            string
		info            tls.Info
		records         string
		count, low, top int64
	}{
		{"one", v13, "<42 <800 <281 <53 >53 >120 <900 >19 <19", 1, 1, 1},
		{"two", v13, "<800 <53 >53 >120 <900 >130 <900", 2, 2, 2},
		{"SHA-384", sha384, "<800 <69 >69 >120 <900", 1, 1, 1},
		{"a client certificate", v13, "<800 <53 >900 >281 >53 >120 <900", 1, 1, 1},
		{"the handshake alone", v13, "<800 <53 >53 <266 <266 >19", 0, 0, 0},
		{"tickets before a request", v13, "<53 >53 <266 <266 >120 <900", 1, 1, 1},
		{"tickets in the middle of one", v13, "<53 >53 >120 <266 <266 >4000 <900", 1, 1, 2},
		{"tickets: near, of other lengths", v13, "<53 >53 >120 <266 <267 >4000 <900", 2, 1, 3},
		{"100 Continue", v13, "<53 >53 >120 <42 >4000 <900", 1, 1, 2},
		{"100 Continue: near", v13, "<53 >53 >120 <43 >4000 <900", 2, 1, 2},
		{"100 Continue of TLS 1.2", gcm12, ">140 <49 >4000 <900", 1, 1, 2},
		{"KeyUpdate", v13, "<53 >53 >120 <900 >22 <22 >120 <900", 2, 2, 2},
		{"too short for a request", v13, "<53 >53 >120 <900 >25 <25", 1, 1, 2},
		{"may be pipelined", v13, "<53 >53 >400 <300 <300 <300", 1, 1, 3},
		{"pipelined and answered later", v13, "<53 >53 >74 >74 >222 <126 >74 <126 <126 <126 <126 <126", 2, 2, 8},
		{"a client certificate in one record with Finished", v13, "<53 >900 <266 <266 >120 <900", 1, 1, 1},
		{"the same, and a request before the server speaks", v13, "<53 >900 >120 <900 >120 <900", 2, 2, 2},
		{"padded as by Java", v13, "<53 >69 >136 <900 >35 <19", 1, 1, 1},
		{"not padded: SHA-384's Finished", sha384, "<69 >69 >120 <900 >19 <19", 1, 1, 1},
		{"100 Continue of CBC", cbc12, ">160 <64 >4000 <900", 1, 1, 2},
		{"100 Continue of CBC: near", cbc12, ">160 <80 >4000 <900", 2, 1, 2},
		{"records of TLS 1.0 split against BEAST", cbc10, ">32 >160 <32 <900 >32 >160 <32 <900", 2, 2, 4},
		{"an interim response's length", v13, "<53 >53 >120 <200 >4000 <900", 2, 1, 2},
		{"an interim response's length, but the next is like the first", v13, "<53 >53 >120 <200 >125 <200", 2, 2, 2},
		{"an upload that the server interrupts", v13, "<53 >53 >120 <900 >16401 <900", 2, 1, 2},
		{"tickets, then 100 Continue", v13, "<53 >53 >175 <139 <42 >257 >257 <235", 1, 1, 3},
		{"a request between two tickets", v13, "<53 >53 <250 >82 <250 >917 <128", 1, 1, 2},
		{"a request between two tickets: near, the second is none", v13, "<53 >53 <250 >82 <251 >917 <128", 2, 2, 2},
		{"a ticket before Finished, as Go sends it, and answers as long", v13, "<53 <139 >53 >225 <139 >225 <139", 2, 2, 2},
		{"a ticket alone?", v13, "<53 >53 >120 <266 >60 <900 >60 <900", 3, 2, 3},
		{"a ticket as long as can be", v13, "<53 >53 >120 <634 >4000 <900", 2, 1, 2},
		{"no ticket: a byte more", v13, "<53 >53 >120 <635 >4000 <900", 2, 2, 2},
		{"as many tickets as can be, and what is no answer", v13, "<53 >53 >120 <266 <266 <266 <266 <100 >4000 <900", 2, 1, 6},
		{"too many for tickets", v13, "<53 >53 >120 <266 <266 <266 <266 <100 <100 >4000 <900", 2, 2, 7},
		{"WebSocket", v13, "<53 >53 >240 <146 >30 <28 >30 <28 >200 <50", 1, 1, 7},
		{"WebSocket with short messages", v13, "<53 >53 >240 <146 >60 <90 >60 <90", 1, 1, 5},
		{"WebSocket, asked for in as few bytes as can be", v13, "<53 >53 >160 <146 >60 <90 >60 <90", 1, 1, 5},
		{"no WebSocket: a byte less", v13, "<53 >53 >159 <146 >60 <90 >60 <90", 3, 1, 3},
		{"HTTP/2, the preface and the settings in records of their own", h2, "<32 <53 >53 <56 >41 >44 >26 >120 <900", 1, 1, 12},
		{"HTTP/2, and what is missing has the preface: a request may be as long", h2, "<32 <53 >53 <56 !>500 >120 <900 >50 <900", 2, 1, 48},
		{"HTTP/2, and much of the client is missing", h2, ">81 <56 <26 >26 >120 <900 !>50000 >120 <900", 2, 1, 3862},
		{"HTTP/2, and leave to send on after what is missing of the server", h2, "<32 <53 >53 <56 >81 >26 >120 !<5000 >43 <900", 1, 1, 15},
		{"HTTP/2, and a request after what is missing of the server", h2, "<32 <53 >53 <56 >81 >26 >120 !<500 >43 <900", 2, 1, 15},
		{"WebSocket with long messages", v13, "<53 >53 >240 <146 >140 <90 >130 <50 >130 <50", 3, 1, 5},
		{"WebSocket, for a response is longer", v13, "<53 >53 >240 <146 >140 <72 >140 <90", 2, 1, 4},
		{"no WebSocket: just as long as a response", v13, "<53 >53 >240 <146 >140 <73 >140 <90", 3, 1, 3},
		{"no WebSocket: the answer is too long for that", v13, "<53 >53 >240 <2000 >60 <900 >100 <40", 3, 3, 3},
		{"no WebSocket: all requests are alike", v13, "<53 >53 >240 <146 >240 <146", 2, 2, 2},
		{"early data", v13, "~>120 <42 <53 <900 >21 >53 >120 <900", 2, 2, 2},
		{"early data refused", v13, "~>120 <42 <53 >53 >120 <900", 1, 1, 2},
		{"bytes of the client are missing", v13, "<53 >53 >120 <900 !>40 >120 <900", 2, 1, 4},
		{"bytes of the server are missing", v13, "<53 >53 >120 !<2000 >60 <900", 2, 1, 2},
		{"begun in the middle", tls.Info{}, ">5000 <900", 1, 0, 383},
		{"http/1.1 by the length of EncryptedExtensions", h2, "<38 <800 <53 >53 >120 <900", 1, 1, 1},
		{"no ALPN by that length", h2, "<23 <800 <53 >53 >120 <900", 1, 1, 1},
		{"http/1.1 by that length, but the server begins as HTTP/2 does", h2, "<38 <53 >53 <56 >87 >67 <1017", 1, 1, 9},
		{"HTTP/2 by that length", h2, "<32 <53 >53 <56 >81 <30 <26 >64 <76 <1026 >26 >43 <30 <1026 >40 <30 <1026", 3, 1, 13},
		{"HTTP/2 that nobody uses", h2, "<32 <53 >53 <56 >81 <26 >26 >34", 0, 0, 6},
		{"http/1.1 of a server that pads", h2, "<54 <69 >53 >120 <916", 1, 1, 1},
		{"HTTP/2 with leave to send on", h2, "<32 <53 >53 <56 >81 >64 <16401 <16401 >43 <16401 >30 <16401", 1, 1, 11},
		{"HTTP/2 with a ping, and a request before its answer", h2, "<32 <53 >53 <56 >81 >26 >52 <1044 >34 >52 <1044 <34", 2, 1, 12},
		{"HTTP/2 with requests as short as a ping", h2, "<32 <53 >53 <56 >81 >26 >34 <1044 >33 <1044 >34 <34", 2, 1, 9},
		{"may be HTTP/2", h2, "<53 >53 >90 >120 <60 >26 <26 <200 >80 <200", 2, 1, 19},
		{"HTTP/2's settings alone", h2, "<53 >53 >90 <60 >26", 1, 0, 6},
		{"HTTP/2 was not chosen", tls.Info{Version: 0x0303, Suite: 0xc02f, OffersH2: true, ALPN: "http/1.1"}, ">120 <900", 1, 1, 1},
	} {
		f := infer(t, c.info, c.records)
		if s := f.Totals(); s.Requests != c.count || s.Low != c.low || s.High != c.top {
			t.Errorf("%s: %d (%d to %d), want %d (%d to %d)", c.name, s.Requests, s.Low, s.High, c.count, c.low, c.top)
		}
	}
}

// Whatever the records, the count lies within its bounds and each transaction that
// was told of ends at most once.
func FuzzInferrer(f *testing.F) {
	f.Add(uint16(0x0304), true, []byte{0, 53, 128, 53, 0, 120, 129, 200})
	f.Add(uint16(0x0303), false, []byte{0, 120, 128, 40, 0, 250})
	f.Fuzz(func(t *testing.T, version uint16, h2 bool, b []byte) {
		var to listener
		var x Inferrer
		info := tls.Info{Version: version, Suite: 0xc013, OffersH2: h2}
		x.Reset(&to, &info)
		for i := 0; i+1 < len(b); i += 2 {
			at := segment.Mark{Packet: int64(i + 1), Time: segment.Time(i)}
			client, n := b[i] < 128, int(b[i]&63)<<8|int(b[i+1])
			if b[i]&64 != 0 {
				x.Gap(client, int64(n), at)
				continue
			}
			x.Record(&tls.Record{FromClient: client, Type: 23, Version: version, Length: n, Start: at, At: at})
		}
		x.Close(true, segment.Mark{})
		x.Close(false, segment.Mark{})
		s := x.Totals()
		if s.Low > s.Requests || s.Requests > s.High || s.Responses > s.Requests {
			t.Errorf("%d requests (%d to %d), %d responses", s.Requests, s.Low, s.High, s.Responses)
		}
	})
}

// Where the server's records are missing after a request, as where a snap length cuts their
// headers off, its response has begun: whatever they are. Before a request they begin nothing.
func TestResponseOfMissingRecords(t *testing.T) {
	info := tls.Info{Version: 0x0303, Suite: 0xc02f}
	for records, want := range map[string]string{
		">120 !<5000 !<300": "requested 1   of 0\nbegan 1 0\n",
		"!<300 >120 <900":   "requested 1   of 0\nbegan 1 0\n",
		">120":              "requested 1   of 0\n",
		"!<300":             "",
	} {
		f := infer(t, info, records)
		if got := f.to.(*listener).String(); got != want {
			t.Errorf("%s: %q, want %q", records, got, want)
		}
	}
	f := infer(t, info, ">120 !<5000 !<300")
	if x := f.current; x == nil || !x.HasStatus || x.ResponseBytes != 5300 || x.FirstByte.Packet != 2 || x.LastByte.Packet != 3 {
		t.Errorf("%+v", x)
	}
}
