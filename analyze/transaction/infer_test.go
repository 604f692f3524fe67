package transaction

import (
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/capture/segment"
)

// records reads a connection as ">53 >120 <266 <266 <900": lengths of the
// client's and the server's records on the wire.
func infer(t *testing.T, info tls.Info, records string) *Inferrer {
	t.Helper()
	f := &Inferrer{}
	f.Reset(&listener{}, &info)
	for i, r := range strings.Fields(records) {
		n, err := strconv.Atoi(r[1:])
		if err != nil {
			t.Fatal(err)
		}
		at := segment.Mark{Packet: int64(i + 1), Time: segment.Time(i)}
		f.Record(&tls.Record{FromClient: r[0] == '>', Type: 23, Version: info.Version, Length: n, Start: at, At: at})
	}
	return f
}

func TestInferrer(t *testing.T) {
	v13 := tls.Info{Version: 0x0304, Suite: 0x1301}
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
		{"SHA-384", v13, "<800 <69 >69 >120 <900", 1, 1, 1},
		{"a client certificate", v13, "<800 <53 >900 >281 >53 >120 <900", 1, 1, 1},
		{"the handshake alone", v13, "<800 <53 >53 <266 <266 >19", 0, 0, 0},
		{"tickets before a request", v13, "<53 >53 <266 <266 >120 <900", 1, 1, 1},
		{"tickets in the middle of one", v13, "<53 >53 >120 <266 <266 >4000 <900", 1, 1, 2},
		{"tickets: near, of other lengths", v13, "<53 >53 >120 <266 <267 >4000 <900", 2, 2, 3},
		{"100 Continue", v13, "<53 >53 >120 <42 >4000 <900", 1, 1, 2},
		{"100 Continue: near", v13, "<53 >53 >120 <43 >4000 <900", 2, 2, 2},
		{"100 Continue of TLS 1.2", gcm12, ">140 <49 >4000 <900", 1, 1, 2},
		{"KeyUpdate", v13, "<53 >53 >120 <900 >22 <22 >120 <900", 2, 2, 2},
		{"too short for a request", v13, "<53 >53 >120 <900 >25 <25", 1, 1, 2},
		{"may be pipelined", v13, "<53 >53 >400 <300 <300 <300", 1, 1, 3},
		{"may be HTTP/2", h2, "<53 >53 >90 >120 <60 >26 <26 <200 >80 <200", 2, 1, 19},
		{"HTTP/2's settings alone", h2, "<53 >53 >90 <60 >26", 1, 0, 6},
		{"HTTP/2 was not chosen", tls.Info{Version: 0x0303, Suite: 0xc02f, OffersH2: true, ALPN: "http/1.1"}, ">120 <900", 1, 1, 1},
	} {
		f := infer(t, c.info, c.records)
		if s := f.Came(); s.Requests != c.count || s.Low != c.low || s.High != c.top {
			t.Errorf("%s: %d (%d to %d), want %d (%d to %d)", c.name, s.Requests, s.Low, s.High, c.count, c.low, c.top)
		}
	}
}
