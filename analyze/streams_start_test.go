package analyze

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tcpwarm/pcaps/script"
)

// Of streams that are open at once each has the window that its own response began with: one that began with
// the connection was cold, however late it ends, and those that began in one flight share what its first ACK shows.
func TestStartsOfStreams(t *testing.T) {
	frame := func(kind, flags byte, stream uint32, n int) string {
		return fmt.Sprintf(`\x%02x\x%02x\x%02x\x%02x\x%02x\x00\x00\x00\x%02x`, n>>16, n>>8&0xff, n&0xff, kind, flags, stream)
	}
	answer := func(stream uint32, flags byte, n int) string {
		return frame(1, 4, stream, 1) + `\x88` + frame(0, flags, stream, n)
	}
	ask := func(stream uint32) string { return frame(1, 5, stream, 9) + `\x82\x84\x86\x01\x04\x61\x2e\x74\x31` }
	var b strings.Builder
	b.WriteString(`0 > S 0:0(0) win 60000 <mss 1000, sackOK, wscale 8>
+0.00001 < S. 0:0(0) ack 1 win 60000 <mss 1000, sackOK, wscale 8>
+0.05 > . 1:1(0) ack 1 win 60000
+0 > P. + ack + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n` + frame(4, 0, 0, 0) + ask(1) + ask(3) + ask(5) + ask(7) + `"` + "\n")
	flight := func(segments int, heads ...string) {
		for i := range segments {
			head := ""
			if i < len(heads) {
				head = `"` + heads[i] + `" ...`
			}
			fmt.Fprintf(&b, "+0.00001 < . +(1000) ack + %s\n", head)
		}
		b.WriteString("+0.05 > . +(0) ack + win 60000\n")
	}
	// 1 begins with the first flight, and has not ended when 3 begins; 5 and 7 begin in one after a pause, the
	// first ACK of which shows that it was the window.
	flight(10, answer(1, 0, 9981))
	flight(16, answer(3, 1, 15981))
	b.WriteString("+0.1 > . +(0) ack + win 60000\n")
	flight(20, answer(5, 1, 981), answer(7, 0, 15981+2991-19))
	flight(1, frame(0, 1, 1, 991))
	s, err := script.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), &segments{list: s.Segments(), size: 100}, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]string{}
	for _, x := range r.Connections[0].Transactions {
		got[int64(x.N)] = fmt.Sprint(x.Warmth)
		if w := x.WindowAtStart; w != nil {
			got[int64(x.N)] += fmt.Sprintf(" %d to %d %s", w.Low/1000, w.High/1000, w.Basis)
		}
	}
	for n, want := range map[int64]string{
		1: "cold 10 to 10 assumed", 2: "warm 10 to 20 assumed", 3: "warm 20 to 20 observed", 4: "warm 20 to 20 observed",
	} {
		if got[n] != want {
			t.Errorf("%d: %s, want %s", n, got[n], want)
		}
	}
}
