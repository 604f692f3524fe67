package conn

import (
	"strings"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// Responses that the client does not acknowledge wait only until there are too many.
func TestPendingResponsesAreBounded(t *testing.T) {
	const asked = 3 * maxPending
	exchange := `+0.01 > P. + ack 1 "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
`
	s, err := script.Parse(`0 > S 0:0(0) <mss 1460>
+0.01 < S. 0:0(0) ack 1 <mss 1460>
+0 > . 1:1(0) ack 1
` + strings.Repeat(exchange, asked))
	if err != nil {
		t.Fatal(err)
	}
	f := newFed()
	s.Each(func(g *segment.Segment) {
		if f.segment(g); len(f.http.pending) > maxPending {
			t.Fatalf("packet %d: %d responses wait", g.Packet, len(f.http.pending))
		}
	}, nil)
	told := 0
	for _, e := range f.events {
		if e.Kind == event.Answered {
			told++
		}
	}
	if told == 0 || told+len(f.http.pending) != asked {
		t.Errorf("%d responses are told of and %d wait, want %d", told, len(f.http.pending), asked)
	}
}
