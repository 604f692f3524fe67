package text

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/capture/segment"
)

// pool writes one pool: who talked to whom, the counts, the drawing, and why.
func (p *page) pool(pl *report.Pool, x *index) {
	conns := x.connections[pl.ID]
	p.heading(pl, conns, x)
	p.counts(pl)
	p.lanes(conns, pl.Used, x.until)
	if x.all || windowsMattered(conns) {
		p.transactions(pl, conns)
		p.window(conns)
	}
	p.curve(pl)
	p.margin(pl)
	p.reasons(pl.Opened(conns), pl.Causes, x.about[pl.ID], advice{pl.UserAgent, x.vantage})
	p.findings(x.findings[pl.ID], x)
}

// heading names client, server, protocol, and where the capture was taken.
func (p *page) heading(pl *report.Pool, conns []*report.Connection, x *index) {
	who := x.client(pl) + " -> " + pl.Authority().Label(name)
	values := x.circumstances(pl, conns)
	var marks []mark
	if x.sayVerdict {
		who += "   " + label(pl.Verdict)
		marks = append(marks, mark{label(pl.Verdict), verdictStyle(pl.Verdict)})
	}
	if s := who + "   " + strings.Join(values, ", "); printable.Columns(s) <= p.width {
		p.line(s, marks...)
	} else {
		p.wrap("", 7, who, marks...)
		p.wrap("       ", 7, strings.Join(values, ", "), marks...)
	}
	for _, s := range identity(pl) {
		p.wrap("       ", 7, s)
	}
}

// client names a pool's client.
func (x *index) client(pl *report.Pool) string {
	if x.oneClient {
		return "client " + name(pl.Client) + " and others"
	}
	return "client " + name(pl.Client)
}

// circumstances are what was spoken and where it was captured.
func (x *index) circumstances(pl *report.Pool, conns []*report.Connection) []string {
	values := []string{protocol(pl, conns), where(x)}
	switch {
	case len(conns) > 0 || pl.Protocol != "":
	case pl.Used == 0:
		values[0] = "no request seen"
	default:
		values[0] = "none of its connections kept in full"
	}
	return values
}

// identity says what is known of who a pool's client is.
func identity(pl *report.Pool) (all []string) {
	if pl.UserAgent != "" {
		all = append(all, "the client calls itself "+name(pl.UserAgent))
	}
	if pl.ToldBy != "" {
		all = append(all, "one of several clients at this address, told by: "+name(pl.ToldBy))
	}
	return all
}

// A Fact is a label and what is known of it.
type Fact struct {
	Label  string
	Values []string
	Wrong  string // what of it is not as it should be, "" if nothing
}

// counts writes the facts of a pool, one a line.
func (p *page) counts(pl *report.Pool) {
	for _, f := range facts(pl) {
		if f.Wrong == "" {
			p.facts(f.Label, f.Values)
			continue
		}
		p.wrong(f)
	}
}

// wrong writes a fact with what is wrong about it, to the right of it where there is room.
func (p *page) wrong(f Fact) {
	values, warning := strings.Join(f.Values, "   "), "<- "+f.Wrong
	room := p.width - labelColumns - printable.Columns(values) - len(warning)
	if room >= 1 {
		gap := strings.Repeat(" ", min(room, 7))
		p.line(fmt.Sprintf("  %-*s%s%s%s", labelColumns-2, f.Label, values, gap, warning), mark{warning, red})
		return
	}
	p.facts(f.Label, append(f.Values, warning), mark{warning, red})
}

// facts are the counts of a pool.
func facts(pl *report.Pool) (all []Fact) {
	add := func(label string, values ...string) { all = append(all, Fact{Label: label, Values: values}) }
	requests := []string{fmt.Sprintf("%-2d", pl.Transactions)}
	if pl.TransactionLow != nil && pl.TransactionHigh != nil && *pl.TransactionLow != *pl.TransactionHigh {
		requests[0] = fmt.Sprintf("%d (%d to %d)", pl.Transactions, *pl.TransactionLow, *pl.TransactionHigh)
	}
	add("requests", append(requests, fmt.Sprintf("on a used connection   %d", pl.ReusedCount))...)
	if pl.Used == 0 {
		why := "none carried a request"
		if pl.Verdict == pool.NotKnown {
			why = "no request was read"
		}
		add("connections", fmt.Sprintf("%-2d", pl.Unused), why)
		return append(all, withheldFact(pl)...)
	}
	conns := []string{
		fmt.Sprintf("%-2d", pl.Used),
		"needed " + pl.NeededBounds().String(),
		fmt.Sprintf("avoidable %d%s", pl.Avoidable, causeList(pl.Causes, pool.Cause.Avoidable)),
		fmt.Sprintf("ended by the server %d", pl.ServerEnded),
	}
	if pl.Unused > 0 {
		conns = append(conns, unused(pl))
	}
	add("connections", conns...)
	if opened := causeList(pl.Causes, func(c pool.Cause) bool { return !c.Avoidable() }); opened != "" &&
		pl.Causes[pool.First] != pl.Needed {
		add("needed", strings.Trim(opened, " ()"))
	}
	return slices.Concat(all, headers(pl), cost(pl), withheldFact(pl))
}

// unused says how many connections carried no request, and why a client opens such: before it
// knows that it will speak HTTP/2 it dials one for each request that waits.
func unused(pl *report.Pool) string {
	s := fmt.Sprintf("%d more carried no request", pl.Unused)
	switch {
	case pl.Speculative == 0:
	case pl.Protocol == "http/2":
		s += fmt.Sprintf(": %d opened before the first was known to speak HTTP/2, for %s",
			pl.Speculative, plural.Count(pl.Speculative, "handshake"))
	default:
		s += fmt.Sprintf(": %d speculative, opened before the first request, for %s",
			pl.Speculative, plural.Count(pl.Speculative, "handshake"))
	}
	return s
}

// withheldFact says why there is no verdict, if there is none.
func withheldFact(pl *report.Pool) []Fact {
	if pl.Verdict == pool.NotKnown && pl.WithheldBecause != "" {
		return []Fact{{Label: "not judged", Values: []string{statement(pl.WithheldBecause)}}}
	}
	return nil
}

// causeList is " (missed)", or " (3 missed, 2 undrained)", of the causes that
// fit; empty if none does.
func causeList(causes map[pool.Cause]int64, fits func(pool.Cause) bool) string {
	var list []pool.Cause
	for c, n := range causes {
		if n > 0 && fits(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.SortFunc(list, func(a, b pool.Cause) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]), cmp.Compare(a, b))
	})
	if len(list) == 1 && list[0].Avoidable() {
		return " (" + string(list[0]) + ")"
	}
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = fmt.Sprintf("%d %s", causes[c], name(string(c)))
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// headers holds the promise against the wire.
func headers(pl *report.Pool) []Fact {
	if pl.Promised == 0 {
		return nil
	}
	s := fmt.Sprintf("%d of %d said keep-alive, %d shared a connection", pl.SaidKeepAlive, pl.Transactions, pl.Shared)
	if pl.SaidKeepAlive == 0 {
		s = fmt.Sprintf("%d of %d persist by default (HTTP/1.1), %d shared a connection", pl.Promised, pl.Transactions, pl.Shared)
	}
	f := Fact{Label: "headers", Values: []string{s}}
	if pl.SaidKeepAlive > 0 && pl.Shared == 0 && pl.Used >= 2 && pl.Avoidable > 0 {
		f.Wrong = "the header lies"
	}
	return []Fact{f}
}

// comparedPath is the round trip the cost is also shown at: loopback makes every
// cost look small, and a path between two regions has about this.
const comparedPath = 50 * time.Millisecond

// cost is what the avoidable connections cost, or what reuse saved.
func cost(pl *report.Pool) (all []Fact) {
	if pl.Avoidable > 0 && pl.ColdRoundTrips > 0 {
		here := ""
		if pl.ColdCost != nil {
			here = segment.Span(time.Duration(*pl.ColdCost)) + " here, "
		}
		there := segment.Span(time.Duration(pl.ColdRoundTrips) * comparedPath)
		all = append(all, Fact{Label: "cost", Values: []string{fmt.Sprintf("%s = %s: %s%s at a 50 ms path",
			plural.Count(pl.Avoidable, "handshake"), plural.Count(pl.ColdRoundTrips, "round trip"), here, there)}})
	}
	if pl.SavedRoundTrips > 0 {
		s := plural.Count(pl.SavedRoundTrips, "round trip")
		if pl.SavedCost != nil {
			s += ", about " + segment.Span(time.Duration(*pl.SavedCost))
		}
		all = append(all, Fact{Label: "saved", Values: []string{s}})
	}
	return all
}

// curve says how a client that keeps more idle connections would have done.
func (p *page) curve(pl *report.Pool) {
	if pl.Avoidable == 0 || len(pl.Curve) < 2 {
		return
	}
	for points := range slices.Chunk(pl.Curve, max(1, (p.width-27)/6)) {
		kept, opened := "  idle connections kept    ", "  connections then opened  "
		for _, c := range points {
			kept += fmt.Sprintf("%6d", c.IdleKept)
			opened += fmt.Sprintf("%6d", c.Connections)
		}
		p.line("")
		p.line(kept)
		p.line(opened)
	}
	p.wrap("  ", 2, enough(pl))
}

// enough says how many idle connections would have done.
func enough(pl *report.Pool) string {
	last := pl.Curve[len(pl.Curve)-1]
	idle := "one idle connection"
	if last.IdleKept != 1 {
		idle = plural.Count(last.IdleKept, "idle connection")
	}
	would := "would have been enough."
	if last.Connections > pl.Needed {
		would = fmt.Sprintf("would have done with %s.", plural.Count(last.Connections, "connection"))
	}
	return fmt.Sprintf("%s, kept %s, %s", idle, segment.SpanUp(time.Duration(last.IdleTimeout)), would)
}

// margin writes how close reuse came to the server's idle timeout.
func (p *page) margin(pl *report.Pool) {
	if s := marginOf(pl); s != "" {
		p.facts("margin", []string{s})
	}
}

// marginOf is how close reuse came to the server's idle timeout, "" where that is not known.
func marginOf(pl *report.Pool) string {
	if pl.LongestIdle == nil {
		return ""
	}
	s := "longest idle used " + spanOf(pl.LongestIdle)
	switch {
	case pl.ServerClosed != nil && (pl.ServerTimeout == nil || *pl.ServerClosed < *pl.ServerTimeout):
		// What was seen counts, not what was said.
		s += "; the server closed after " + spanOf(pl.ServerClosed)
		if pl.ServerTimeout != nil {
			s += fmt.Sprintf(", though it says timeout=%s", strconv.FormatFloat(time.Duration(*pl.ServerTimeout).Seconds(), 'f', -1, 64))
		}
	case pl.ServerTimeout != nil:
		left, words := time.Duration(*pl.ServerTimeout-*pl.LongestIdle), "to spare"
		if left < 0 { // servers often wait longer than they say
			left, words = -left, "beyond it"
		}
		s += fmt.Sprintf("; server says timeout=%s: %s %s",
			strconv.FormatFloat(time.Duration(*pl.ServerTimeout).Seconds(), 'f', -1, 64), segment.Span(left), words)
	}
	return s
}
