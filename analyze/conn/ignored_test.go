package conn

import (
	"fmt"
	"strings"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/transaction"
	"tcpwarm/pcaps/script"
)

// Nobody is told of what is ignored at a connection's begin: neither that it was asked nor how
// it ended. What is ignored later occupies the connection, and is told.
func TestIgnoredAtTheBegin(t *testing.T) {
	health, err := transaction.ParsePattern("target=/h")
	if err != nil {
		t.Fatal(err)
	}
	const open = "0 > S 0:0(0)\n+0.01 < S. 0:0(0) ack 1\n+0 > . 1:1(0) ack 1\n"
	for _, x := range []struct {
		asked    string // a target each
		answered int    // how many of them
		want     string // numbers asked and answered
	}{
		{"h", 1, ""}, {"h", 0, ""}, {"x", 1, "asked 1 answered 1 "}, {"hx", 2, "asked 2 answered 2 "},
		{"hhx", 3, "asked 3 answered 3 "}, {"hhx", 2, "asked 3 answered 3 "}, {"xh", 2, "asked 1 answered 1 asked 2 answered 2 "},
	} {
		text := open
		for i := range x.asked {
			from, to, back := 1+27*i, 28+27*i, 1+38*i
			text += fmt.Sprintf("+0.1 > P. %d:%d(27) ack %d \"GET /%c HTTP/1.1\\r\\nHost:h\\r\\n\\r\\n\"\n", from, to, back, x.asked[i])
			if i < x.answered {
				text += fmt.Sprintf("+0.1 < P. %d:%d(38) ack %d \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\"\n", back, back+38, to)
			}
		}
		s, err := script.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		f := newFed()
		f.env.Readers.Ignore = transaction.Patterns{health}
		for _, g := range s.Segments() {
			f.segment(&g)
		}
		f.End()
		var got strings.Builder
		for _, e := range f.events {
			switch e.Kind {
			case event.Requested:
				fmt.Fprintf(&got, "asked %d ", e.N)
			case event.Answered:
				fmt.Fprintf(&got, "answered %d ", e.N)
			}
		}
		if got.String() != x.want {
			t.Errorf("%s, %d answered: told %q, want %q", x.asked, x.answered, got.String(), x.want)
		}
	}
}
