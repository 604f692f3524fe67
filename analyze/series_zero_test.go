package analyze

import (
	"context"
	"strings"
	"testing"

	"tcpwarm/pcaps/script"
)

// A window that the receiver has closed is a window of 0: a column left empty says that it is
// not known, as where the scale is not.
func TestSeriesOfAClosedWindow(t *testing.T) {
	for name, last := range map[string]string{"wscale 2": "0", "": ""} {
		syn := map[string]string{"wscale 2": " > S 0:0(0) win 20000 <mss 1000, wscale 2>\n+0.01 < S. 0:0(0) ack 1 <mss 1000, wscale 2>\n+0.01", "": ""}[name]
		a, err := script.ParseArchive("A closed window.\n-- trace --\n0" + syn + " > P. 1:11(10) ack 1 win 5000\n" +
			"+0 < . 1:1001(1000) ack 11\n+0.01 > . 11:11(0) ack 1001 win 0\n+1 < . 1001:1002(1) ack 11\n")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := Run(context.Background(), &segments{list: a.Script.Segments(), size: 10}, Options{Series: &b}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if f := strings.Split(lines[len(lines)-1], ","); f[6] != "window" || f[15] != last {
			t.Errorf("SYNs with %q: %q, want %q in the end", name, lines[len(lines)-1], last)
		}
	}
}
