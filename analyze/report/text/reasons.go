package text

import (
	"fmt"
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict/explain"
)

// mostAlike is how many further cases of one cause or finding are listed.
const mostAlike = 5

// reasons explains why connections were opened that were avoidable, or that the
// server made necessary. Equal causes are told once: the first case in full.
func (p *page) reasons(conns []*report.Connection) {
	var order []pool.Cause
	byCause := map[pool.Cause][]*report.Connection{}
	for _, c := range conns {
		if c.OpenedBecause == nil || !explain.Actionable(c.OpenedBecause.Cause) {
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
		p.reason(byCause[cause])
	}
}

// reason tells the first of the connections opened for one cause, and lists the
// others.
func (p *page) reason(all []*report.Connection) {
	c := all[0]
	b := c.OpenedBecause
	why := explain.Because(b.Cause, b.InsteadOf)
	p.wrap("  ", 5, fmt.Sprintf("#%d was opened (packet %d) because %s  %s",
		c.ID, c.FirstPacket, why, grade(name(string(b.Cause)), b.Confidence)))
	p.evidence(b.Text, nil, b.RefutedBy)
	p.remedy(string(b.Cause), "")
	if rest := all[1:]; len(rest) > 0 {
		p.wrap("     ", 5, fmt.Sprintf("and %d more like it: %s", len(rest), alike(rest)))
	}
}

// grade is "[missed, certain]".
func grade(id string, c pool.Confidence) string {
	if c == "" {
		return "[" + id + "]"
	}
	return "[" + id + "," + tie + name(string(c)) + "]"
}

// alike lists connections with the packet that opened each.
func alike(rest []*report.Connection) string {
	var list []string
	for i, c := range rest {
		if i == mostAlike {
			list = append(list, "...")
			break
		}
		list = append(list, fmt.Sprintf("#%d%s(packet%[2]s%[3]d)", c.ID, tie, c.FirstPacket))
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

// remedy writes advice, always hedged: packets do not name a library. own is
// the finding's own remedy, if it has one.
func (p *page) remedy(id, own string) {
	e, ok := explain.Lookup(id)
	if own == "" {
		own = e.Remedy
	}
	if own != "" {
		p.wrap("     ", 5, statement(own))
	}
	if !ok {
		return
	}
	more := "(tcpwarm" + tie + "explain" + tie + id + ")"
	if len(e.Knobs) == 0 {
		p.wrap("       ", 7, more)
		return
	}
	p.wrap("       ", 9, e.Knobs[0].Library()+"  "+e.Knobs[0].Setting()+"   "+more)
}
