package text

import (
	"fmt"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict"
)

// label is a verdict as it is shown: its words in capitals.
func label(v pool.Verdict) string {
	if v == pool.ServerPrevents {
		return "SERVER PREVENTS REUSE"
	}
	return strings.ToUpper(strings.ReplaceAll(name(string(v)), "-", " "))
}

func verdictStyle(v pool.Verdict) style {
	switch v {
	case pool.NotReused:
		return red
	case pool.PartlyReused, pool.ServerPrevents, pool.NotKnown:
		return yellow
	case pool.Reused:
		return green
	}
	return plain
}

// verdict writes the line that decides: a word, then the counts it rests on.
// Where a user demanded something, the word says whether it held.
func (p *page) verdict(r *report.Report) {
	word, st := headline(r)
	p.wrap(word+"   ", len(word)+3, sentence(r), mark{word, st})
}

// headline is the word that decides.
func headline(r *report.Report) (string, style) {
	if r.Outcome != "" {
		return outcome(r.Outcome)
	}
	return label(r.Verdict), verdictStyle(r.Verdict)
}

// outcome is what the demands came to, as it is shown.
func outcome(o verdict.Outcome) (string, style) {
	switch o {
	case verdict.Passed:
		return "PASS", green
	case verdict.Failed:
		return "FAIL", red
	}
	return "UNDECIDED", yellow
}

// setbacks writes why what follows is not the whole, if it is not. whose says of what
// report they are.
func (p *page) setbacks(whose string, r *report.Report) {
	for _, s := range r.Setbacks() {
		p.wrap("  !  ", 5, whose+statement(s.Text), mark{"  !  ", red})
	}
}

// notRead continues a sentence with what was met and not read, if anything was.
func notRead(c *report.Capture) string {
	if names := c.NotRead(); names != "" {
		return ": " + statement(names)
	}
	return ""
}

// sentence is the verdict in words a manager understands.
func sentence(r *report.Report) string {
	t := r.Totals
	if r.Unjudged != "" {
		return statement(r.Unjudged) + "."
	}
	if c := r.Capture; c.Segments == 0 && c.Unread > 0 {
		return fmt.Sprintf("no TCP connection was seen, but %d of %s could not be looked into%s.",
			c.Unread, plural.Count(c.Packets, "packet"), notRead(&c))
	}
	if c := r.Capture; c.Segments == 0 && c.Filtered > 0 {
		return filteredOut(&c)
	}
	if t.Transactions == 0 && r.Verdict != pool.NotKnown {
		if t.Connections == 0 {
			return "no TCP connection was seen" + notRead(&r.Capture) + "."
		}
		if t.Ignored > 0 {
			return plural.Count(t.Ignored, "request") + ", all to be ignored."
		}
		n := t.Connections
		return fmt.Sprintf("%s, no request seen on %s.", plural.Count(n, "connection"), plural.Them(n))
	}
	used := fmt.Sprintf("%s used %s", plural.Count(t.Transactions, "request"), plural.Count(t.Used, "connection"))
	// No claim about all clients where something could not be read.
	least := "no client could do with less"
	if t.Inexact > 0 {
		least = "none of them is known to be avoidable"
	}
	if t.Used == 0 && t.Transactions == 0 {
		used = plural.Count(t.Connections, "connection")
	}
	switch r.Verdict {
	case pool.Reused:
		return used + "; " + least + "."
	case pool.ServerPrevents:
		if endedForHTTP10(r) {
			return fmt.Sprintf("%s; the server ended %d of them, for HTTP/1.0 knows no other end of a response without a length: "+
				"a client that asks by HTTP/1.1 may need fewer.", used, t.ServerEnded)
		}
		if t.ServerEnded == 0 {
			return used + "; " + least + ": the server had said it would end them."
		}
		return fmt.Sprintf("%s; %s: the server ended %d of them.", used, least, t.ServerEnded)
	case pool.NoOpportunity:
		return used + "; there was none to reuse."
	case pool.NotKnown:
		return used + "; " + withheld(r)
	}
	needed := fmt.Sprintf("%s; %s %s needed", used, t.NeededBounds(), plural.Were(t.Needed))
	if several(r) {
		needed = fmt.Sprintf("%d of %s reused a connection; %d opened, %s needed, %s too many",
			t.Reused, plural.Count(t.Transactions, "request"), t.Used, t.NeededBounds(), t.AvoidableBounds())
	}
	for _, e := range r.Expectations {
		if e.Note != "" {
			return needed + "; " + statement(e.Note) + "."
		}
	}
	return needed + "."
}

// endedForHTTP10 reports whether connections had to end because HTTP/1.0 knows no other end of a
// response without a length (RFC 9112 section 6.3).
func endedForHTTP10(r *report.Report) bool {
	for _, p := range r.WorstFirst() {
		if p.OldEnds > 0 && p.Causes[pool.ServerSaidClose] > 0 {
			return true
		}
	}
	return false
}

// filteredOut says that the filter left no TCP of c.
func filteredOut(c *report.Capture) string {
	shown := name(c.Filter)
	if c.Filtered < c.Packets {
		return fmt.Sprintf("the filter %q let %d of %s through, and no TCP was among them.",
			shown, c.Packets-c.Filtered, plural.Count(c.Packets, "packet"))
	}
	return fmt.Sprintf("the filter %q let none of %s through.", shown, plural.Count(c.Packets, "packet"))
}

// withheld is why no verdict can be given, by the first pool that says so.
func withheld(r *report.Report) string {
	for _, pl := range r.WorstFirst() {
		if pl.Verdict == pool.NotKnown && pl.WithheldBecause != "" {
			return "not judged: " + strings.TrimSuffix(statement(pl.WithheldBecause), ".") + "."
		}
	}
	return "the capture does not show enough to judge them."
}

// expectations writes each demand with its mark and what was measured.
func (p *page) expectations(all []report.Expectation) {
	width := 0
	for _, e := range all {
		width = max(width, min(printable.Columns(printable.Clean(e.Text)), 30))
	}
	for _, e := range all {
		sign, st := "? ", yellow
		switch {
		case e.Held == nil:
		case *e.Held:
			sign, st = "ok", green
		default:
			sign, st = "x ", red
		}
		text := statement(e.Text)
		text += strings.Repeat(" ", max(0, width-printable.Columns(text))) + "  " + statement(e.Measured)
		if e.Note != "" {
			text += "  (" + statement(e.Note) + ")"
		}
		s := "  " + sign + " " + text
		if printable.Columns(s) <= p.width {
			p.line(s, mark{"  " + sign + " ", st})
		} else {
			p.wrap("  "+sign+" ", 5, text, mark{"  " + sign + " ", st})
		}
	}
}
