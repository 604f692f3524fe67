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

// A Standing is how a capture stands that goes on.
type Standing struct {
	Packets, Dropped, PerSecond int64
	pools, bad                  int64 // with requests; those of them that open too many
	requests, opened, tooMany   int64
	worst                       string // of the pools
	most                        int64  // too many of it
}

// Add adds a pool.
func (s *Standing) Add(p *pool.Pool) {
	if p.Transactions == 0 {
		return
	}
	s.AddSums(&p.Sums)
	s.pools++
	if p.Avoidable == 0 {
		return
	}
	s.bad++
	if p.Avoidable > s.most {
		s.most = p.Avoidable
		s.worst = fmt.Sprintf("worst %s: %d of %d", called(p), p.Avoidable, p.Used)
	}
}

// AddSums adds what pools come to that are kept no more.
func (s *Standing) AddSums(of *pool.Sums) {
	s.requests += of.Transactions
	s.opened += of.Used
	s.tooMany += of.Avoidable
}

// Line says it in one line: what matters most comes first, for it may be cut.
func (s *Standing) Line() string {
	dropped := "none dropped"
	if s.Dropped > 0 {
		dropped = fmt.Sprintf("%d dropped", s.Dropped)
	}
	packets := fmt.Sprintf("   %s (%d/s), %s", plural.Count(s.Packets, "packet"), s.PerSecond, dropped)
	if s.requests == 0 {
		return "no request so far" + packets
	}
	line := fmt.Sprintf("%s on %s, ", plural.Count(s.requests, "request"), plural.Count(s.opened, "connection"))
	switch {
	case s.tooMany == 0:
		return line + "none too many" + packets
	case s.worst == "":
		return fmt.Sprintf("%s%d too many%s", line, s.tooMany, packets)
	}
	return printable.Clean(fmt.Sprintf("%s%d too many%s   %d of %s; %s",
		line, s.tooMany, packets, s.bad, plural.Count(s.pools, "pool"), s.worst))
}

// called is what a pool is called while a capture goes on: its client, and its server.
func called(p *pool.Pool) string {
	servers := make([]string, len(p.Servers))
	for i, e := range p.Servers {
		servers[i] = e.String()
	}
	return fmt.Sprintf("%s > %s", p.Client, report.AuthorityOf(p.Name, servers).Label(name))
}

// VerdictLine says in one line that a pool's verdict has changed.
func VerdictLine(p *pool.Pool, now segment.Time, was, is pool.Verdict) string {
	s := fmt.Sprintf("%s  %s  %s", clock(now), called(p), label(is))
	if was != "" {
		s += ", was " + label(was)
	}
	return printable.Clean(fmt.Sprintf("%s: %s on %s, %d needed", s,
		plural.Count(p.Transactions, "request"), plural.Count(p.Used, "connection"), p.Needed))
}
