package analyze_test

import (
	"fmt"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

// flights is a response in flights of so many segments, each let out by the ACK of the one
// before, 50 ms later; captured at the server.
func flights(b *strings.Builder, n ...int) {
	total := 0
	for _, k := range n {
		total += 1000 * k
	}
	head := fmt.Sprintf(`"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" ...`, total-len("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"))
	for _, k := range n {
		for range k {
			fmt.Fprintf(b, "+0.00001 < . +(1000) ack + %s\n", head)
			head = ""
		}
		b.WriteString("+0.05 > . +(0) ack + win 60000\n")
	}
}

// A response on a reused connection finds the window that idling has left (RFC 2861 section
// 3.1): it is told where that cost a round trip, of a response begun once the one before was
// complete.
func TestWindowLostAfterIdle(t *testing.T) {
	const open = `0 > S 0:0(0) win 60000 <mss 1000, sackOK, wscale 8>
+0.00001 < S. 0:0(0) ack 1 win 60000 <mss 1000, sackOK, wscale 8>
+0.05 > . 1:1(0) ack 1 win 60000
`
	const get = ` > P. + ack + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"` + "\n"
	for _, x := range []struct {
		what   string
		idle   string
		second []int
		want   string
	}{
		{"ten seconds", "10", []int{10, 20}, "after 10.1 s idle, transaction 2 (packet 78) began with a window of 10 segments and took 2 rounds"},
		{"as much as fits", "10", []int{10}, ""},
		{"not long enough", "0.1", []int{30}, ""},
		{"more than the window then", "0.1", []int{80, 20}, ""},
	} {
		var b strings.Builder
		b.WriteString(open + "+0" + get)
		flights(&b, 10, 20, 40)
		b.WriteString("+" + x.idle + get)
		flights(&b, x.second...)
		r := reportOf(t, b.String(), segment.Totals{})
		got := ""
		for _, f := range r.Findings {
			if f.ID == "window-lost-after-idle" {
				got = f.Text
			}
		}
		if (got == "") != (x.want == "") || !strings.Contains(got, x.want) {
			t.Errorf("%s: %q, want %q", x.what, got, x.want)
		}
	}
}
