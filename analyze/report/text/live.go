package text

import (
	"fmt"
	"net"
	"strconv"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// OpenedLine says in one line why a connection was opened, for a capture that goes
// on.
func OpenedLine(d *pool.Decision) string {
	return printable.Clean(fmt.Sprintf("%s  %s > %s  #%d  %s, %s: %s",
		clock(d.At), d.From, d.To, d.Conn, d.Cause, d.Confidence, d.Text()))
}

// clock is the time of day, where the reader is.
func clock(t segment.Time) string { return t.Std().Local().Format("15:04:05.000") }

// VerdictLine says in one line that a pool's verdict has changed.
func VerdictLine(p *pool.Pool, now segment.Time, was, is pool.Verdict) string {
	to := p.Name
	if len(p.Servers) > 0 {
		if to == "" {
			to = p.Servers[0].Addr.String()
		}
		to = net.JoinHostPort(to, strconv.Itoa(int(p.Servers[0].Port)))
	}
	s := fmt.Sprintf("%s  %s > %s  %s", clock(now), p.Client, to, label(is))
	if was != "" {
		s += ", was " + label(was)
	}
	return printable.Clean(fmt.Sprintf("%s: %s on %s, %d needed", s,
		plural.Count(p.Transactions, "request"), plural.Count(p.Used, "connection"), p.Needed))
}
