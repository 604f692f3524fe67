package text

import (
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict/explain"
)

// mostAlike is how many further cases of one cause or finding are listed.
const mostAlike = 5

// reasons explains why connections were opened that were avoidable, or that the
// server made necessary. Equal causes are told once: the first case in full.
func (p *page) reasons(conns []*report.Connection, causes map[pool.Cause]int64, found []report.Finding, to advice) {
	var order []pool.Cause
	byCause := map[pool.Cause][]*report.Connection{}
	for _, c := range conns {
		if !explain.Actionable(c.OpenedBecause.Cause) {
			continue
		}
		cause := c.OpenedBecause.Cause
		if len(byCause[cause]) == 0 {
			order = append(order, cause)
		}
		byCause[cause] = append(byCause[cause], c)
	}
	for _, cause := range order {
		p.line("")
		p.reason(byCause[cause], causes[cause], closerThan(cause, found), to)
	}
}

// closerThan returns the ID of a finding that says more closely than a cause does what is the
// matter, "" if there is none: its advice counts then.
func closerThan(cause pool.Cause, found []report.Finding) string {
	const parallel = "parallel-pools"
	if cause == pool.Missed && slices.ContainsFunc(found, func(f report.Finding) bool { return f.ID == parallel }) {
		return parallel
	}
	return ""
}

// reason tells the first of the connections opened for one cause, and lists the
// others, of which there are n with those that are not kept. closer is the finding whose advice counts instead, "" if there is none.
func (p *page) reason(all []*report.Connection, n int64, closer string, to advice) {
	c := all[0]
	b := c.OpenedBecause
	why := explain.Because(b.Cause, b.InsteadOf)
	p.wrap("  ", 5, fmt.Sprintf("#%d was opened (packet %d%s) because %s  %s",
		c.ID, c.FirstPacket, forRequest(c), why, grade(name(string(b.Cause)), b.Confidence)))
	p.evidence(b.Text, nil, b.RefutedBy)
	if closer != "" {
		p.wrap("     ", 5, "What helps says "+closer+" below.")
	} else {
		p.remedy(string(b.Cause), "", to)
	}
	rest := all[1:]
	switch more := max(n-1, int64(len(rest))); {
	case more == 0:
	case len(rest) == 0:
		p.wrap("     ", 5, fmt.Sprintf("and %d more like it", more))
	default:
		p.wrap("     ", 5, fmt.Sprintf("and %d more like it: %s", more, alike(rest, more)))
	}
}

// grade is "[missed, certain]".
func grade(id string, c pool.Confidence) string {
	if c == "" {
		return "[" + id + "]"
	}
	return "[" + id + "," + tie + name(string(c)) + "]"
}

// forRequest is ", for GET /x, status 200": the request that c was opened for, "" if it was not read.
func forRequest(c *report.Connection) string {
	s := requestOf(c, mostTarget)
	if s == "" {
		return ""
	}
	if status := c.Judged()[0].Status; status > 0 {
		s += fmt.Sprintf(", status %d", status)
	}
	return ", for " + s
}

// mostTargetListed is how many columns of a target are shown in a list.
const mostTargetListed = 24

// alike lists connections, of n in all, with the packet that opened each.
func alike(rest []*report.Connection, n int64) string {
	var list []string
	for _, c := range rest[:min(mostAlike, len(rest))] {
		asked := requestOf(c, mostTargetListed)
		if asked != "" {
			asked = ", " + asked
		}
		list = append(list, fmt.Sprintf("#%d%s(packet%[2]s%[3]d%s)", c.ID, tie, c.FirstPacket, strings.ReplaceAll(asked, " ", tie)))
	}
	if n > int64(len(list)) {
		list = append(list, "...")
	}
	return strings.Join(list, ", ")
}

// evidence writes what a statement rests on and what would refute it.
func (p *page) evidence(text string, pkts []int64, refuted string) {
	text = statement(text)
	if s := packets(pkts); s != "" {
		text += "  (" + s + ")"
	}
	if text != "" {
		p.wrap("     ", 5, text)
	}
	if refuted != "" {
		p.wrap("     ", 5, "Refuted if: "+strings.TrimSuffix(statement(refuted), ".")+".")
	}
}

// An advice is to whom a remedy speaks.
type advice struct {
	agent   string // what the client calls itself, "" if it does not say
	vantage report.Vantage
}

// remedy writes advice, always hedged: a knob only of the client that the capture shows, and
// first what the side can do that has captured. own is the finding's own remedy, if it has
// one.
func (p *page) remedy(id, own string, to advice) {
	e, ok := explain.Lookup(id)
	if own == "" {
		own = e.Remedy
	}
	if ok && to.vantage == report.AtServer && e.AtServer != "" {
		p.wrap("     ", 5, e.AtServer)
	}
	knob, named := e.KnobFor(to.agent)
	if len(e.Knobs) == 1 && !named { // there is nothing to choose from: a system's, or tcpwarm's own
		knob, named = e.Knobs[0], true
	}
	if own = statement(own); own != "" {
		if !named {
			own = strings.TrimSuffix(own, ":")
			own = strings.TrimSuffix(own, ".") + "."
		}
		p.wrap("     ", 5, own)
	}
	if !ok {
		return
	}
	more := "(tcpwarm" + tie + "explain" + tie + id + ")"
	switch {
	case named:
		p.wrap("       ", 9, knob.Library()+"  "+knob.Setting()+"   "+more)
	case len(e.Knobs) > 0:
		p.wrap("       ", 7, "how, by library and program: tcpwarm"+tie+"explain"+tie+id)
	default:
		p.wrap("       ", 7, more)
	}
}
