package text

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// source writes what was read: the files, from when to when, and what of it was used.
func (p *page) source(r *report.Report) {
	values := sources(r)
	if len(values) == 0 {
		return
	}
	line, empty := "", true
	for _, v := range values {
		switch {
		case empty:
			line = v
		case printable.Columns(line)+3+printable.Columns(v) <= p.width:
			line += "   " + v
		default:
			p.wrap("", 2, line)
			line = "  " + v
		}
		empty = false
	}
	p.wrap("", 2, line)
}

// sources says what was read, a fact each.
func sources(r *report.Report) []string {
	c := &r.Capture
	var values []string
	if len(c.Files) == 0 && c.Start == nil && c.Filter == "" {
		return nil
	}
	switch n := len(c.Files); {
	case n == 0:
	case n == 1:
		values = append(values, fileName(c.Files[0]))
	default:
		values = append(values, fmt.Sprintf("%s and %s", fileName(c.Files[0]), plural.Count(int64(n-1), "more file")))
	}
	if c.Start != nil && c.End != nil {
		values = append(values, between(time.Unix(0, int64(*c.Start)), time.Unix(0, int64(*c.End))))
	}
	if several(r) {
		values = append(values, plural.Count(c.Packets, "packet")+", "+lost(*c))
	}
	if c.Filter != "" {
		values = append(values, fmt.Sprintf("filter %q let %d through", name(c.Filter), c.Packets-c.Filtered))
	}
	return values
}

// fileName is a file as it is shown: without the folders, and standard input by its name.
func fileName(s string) string {
	if s == "-" {
		return "standard input"
	}
	return name(filepath.Base(s))
}

// between is a span of time as it is shown, in UTC, so that a report reads the same everywhere: the
// days only where there are several.
func between(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	const clock, day = "15:04:05", "2006-01-02 15:04:05"
	layout := clock
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		layout = day
	}
	when := from.Format(layout)
	if end := to.Format(layout); end != when {
		when += " to " + end
	}
	return fmt.Sprintf("%s UTC (%s)", when, segment.Span(to.Sub(from)))
}

// footer says what of what was read could not be used. Of several pools the packets are told above.
func (p *page) footer(r *report.Report) {
	if seen := seenOf(r); len(seen) > 0 {
		p.line("")
		p.wrap("seen   ", 7, strings.Join(seen, ", "))
	}
	for _, note := range notes(&r.Capture) {
		p.wrap("note   ", 7, note)
	}
}

// seenOf is what was seen besides what was judged, a fact each.
func seenOf(r *report.Report) []string {
	c := r.Capture
	var seen []string
	if !several(r) {
		seen = append(seen, plural.Count(c.Packets, "packet"), lost(c))
	}
	for _, p := range c.Problems {
		if p.Kind == "one-direction-only" {
			seen = append(seen, plural.Count(p.Count, "connection")+" in one direction only")
		}
	}
	if c.QUICPackets > 0 {
		seen = append(seen, plural.Count(c.QUICPackets, "QUIC packet")+" not judged")
	} else if !several(r) {
		seen = append(seen, "no QUIC")
	}
	if n := r.Totals.Ignored; n > 0 {
		seen = append(seen, plural.Count(n, "request")+" ignored")
	}
	if c.Redacted {
		seen = append(seen, "with stand-ins for addresses and names")
	}
	return seen
}

// notes are the problems of c that do not lack anything: the others stand at the top.
func notes(c *report.Capture) []string {
	var all []string
	for _, pr := range c.Problems {
		if segment.Lacking(pr.Kind) {
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
		all = append(all, text)
	}
	return all
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
