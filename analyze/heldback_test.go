package analyze

import (
	"fmt"
	"strings"
	"testing"
)

// What is held back while a reset is in doubt has a bound, and what was beyond it is missing:
// what came later is not read as if it followed at once.
func TestHeldBackGapsAreBounded(t *testing.T) {
	const pieces = 1200 // of ten bytes, and as many that the capture lacks
	piece := `+0.0001 < . + ack 29 "0123456789"
~+0.0001 < . + ack 29 "0123456789"
+0.0001 > . 29:29(0) ack +
`
	r := runScript(t, handshake+`+0 > P. 1:29(28) ack + "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 > R 57:57(0)
`+fmt.Sprintf(`+0.01 < P. + ack 29 "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
`, 20*pieces+1)+strings.Repeat(piece, pieces)+`+1.1 < P. + ack 29 "."
+0.01 > . 29:29(0) ack +
+0.01 > P. 29:57(28) ack + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
+0.01 < P. + ack 57 "HTTP/1.1 204 No Content\r\n\r\n"
+0 > . 57:57(0) ack +
`, Options{})
	list := r.Connections[0].Transactions
	if len(list) != 2 || !list[0].Complete || list[1].Status != 204 {
		t.Fatalf("transactions are %+v", list)
	}
}
