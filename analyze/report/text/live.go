package text

import (
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
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
	servers := make([]string, len(p.Servers))
	for i, e := range p.Servers {
		servers[i] = e.String()
	}
	s := fmt.Sprintf("%s  %s > %s  %s", clock(now), p.Client, report.AuthorityOf(p.Name, servers).Label(name), label(is))
	if was != "" {
		s += ", was " + label(was)
	}
	return printable.Clean(fmt.Sprintf("%s: %s on %s, %d needed", s,
		plural.Count(p.Transactions, "request"), plural.Count(p.Used, "connection"), p.Needed))
}
