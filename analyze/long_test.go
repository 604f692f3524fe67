package analyze

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"tcpwarm/capture"
	"tcpwarm/pcaps/script"
)

// Of a target or a name that is no one's, only so much is kept: what a capture can make
// the report hold does not grow with it.
func TestLongTextsAreCut(t *testing.T) {
	const long = 20_000
	head := fmt.Sprintf("GET /%s HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n", strings.Repeat("x", long), strings.Repeat("h", long))
	s, err := script.Parse(`0 > S 0:0(0) <mss 1460>
+0.01 < S. 0:0(0) ack 1 <mss 1460>
+0 > . 1:1(0) ack 1
+0 > P. + ack + "` + head + `"
+0.01 < P. + ack + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
+0 > . +(0) ack +
`)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := s.WritePcap(&buf); err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenReader("long", &buf)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	target, name := r.Connections[0].Transactions[0].Target, r.Pools[0].Name
	if len(target) != 8<<10+len("...") || !strings.HasSuffix(target, "x...") || len(name) != maxName {
		t.Errorf("a target of %d bytes is kept with %d, a name of %d with %d", long+1, len(target), long, len(name))
	}
}
