package text

import (
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
)

// footer says what was read and what of it could not be used.
func (p *page) footer(r *report.Report) {
	c := r.Capture
	seen := []string{plural.Count(c.Packets, "packet"), lost(c)}
	for _, p := range c.Problems {
		if p.Kind == "one-direction-only" {
			seen = append(seen, plural.Count(p.Count, "connection")+" in one direction only")
		}
	}
	if c.QUICPackets > 0 {
		seen = append(seen, plural.Count(c.QUICPackets, "QUIC packet")+" not judged")
	} else {
		seen = append(seen, "no QUIC")
	}
	if n := r.Totals.Ignored; n > 0 {
		seen = append(seen, plural.Count(n, "request")+" ignored")
	}
	if c.Redacted {
		seen = append(seen, "with stand-ins for addresses and names")
	}
	p.line("")
	p.wrap("seen   ", 7, strings.Join(seen, ", "))
	for _, pr := range c.Problems {
		if segment.Lacking(pr.Kind) { // stands at the top
			continue
		}
		at := ""
		if pr.FirstPacket > 0 {
			at = fmt.Sprintf(", first packet %d", pr.FirstPacket)
		}
		text := fmt.Sprintf("%s: %d%s", name(pr.Kind), pr.Count, at)
		if pr.Text != "" {
			text += ": " + statement(pr.Text)
		}
		p.wrap("note   ", 7, text)
	}
}

// lost is what the capture misses. Packets that the kernel dropped may have held
// anything, so with them nothing is said to be complete.
func lost(c report.Capture) string {
	missing, dropped := c.MissingBytes, false
	for _, p := range c.Problems {
		if missing == 0 && p.Kind == "bytes-missing" {
			missing = p.Count
		}
		dropped = dropped || strings.Contains(p.Kind, "dropped")
	}
	switch {
	case missing > 0:
		return plural.Count(missing, "byte") + " missing"
	case dropped:
		return "some dropped"
	case slices.ContainsFunc(c.Lacking(), leavesOut):
		return "not the whole"
	}
	return "none lost"
}

// leavesOut reports whether a problem that is lacking something means packets.
func leavesOut(p report.Problem) bool {
	return p.Kind != segment.NotWritten && p.Kind != segment.FilesOverlap
}
