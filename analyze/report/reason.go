package report

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/capture/segment"
)

// mostAlike is how many further cases of one cause or finding are listed.
const mostAlike = 5

// reasons explains why connections were opened that were avoidable, or that the
// server made necessary. Equal causes are told once: the first case in full.
func (p *page) reasons(conns []*Connection) {
	var order []pool.Cause
	byCause := map[pool.Cause][]*Connection{}
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
func (p *page) reason(all []*Connection) {
	c := all[0]
	b := c.OpenedBecause
	p.wrap("  ", 5, fmt.Sprintf("#%d was opened (packet %d) because %s  ", c.ID, c.FirstPacket, explain.Because(b.Cause, b.InsteadOf))+grade(name(string(b.Cause)), b.Confidence))
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
func alike(rest []*Connection) string {
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

// mostEvidence is how many columns of a statement are shown: a target in it may
// be of any length. JSON has it whole.
const mostEvidence = 600

// evidence writes what a statement rests on and what would refute it.
func (p *page) evidence(text string, pkts []int64, refuted string) {
	text = cut(clean(text), mostEvidence)
	if s := packets(pkts); s != "" {
		text += "  (" + s + ")"
	}
	if text != "" {
		p.wrap("     ", 5, text)
	}
	if refuted != "" {
		p.wrap("     ", 5, "Refuted if: "+strings.TrimSuffix(cut(clean(refuted), mostEvidence), ".")+".")
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
		p.wrap("     ", 5, cut(clean(own), mostEvidence))
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

// findings writes findings that are no causes; the causes were told with their
// connections. Equal ones are told once.
func (p *page) findings(all []Finding) {
	var order []string
	byID := map[string][]Finding{}
	for _, f := range all {
		if isCause(f.ID) {
			continue
		}
		if len(byID[f.ID]) == 0 {
			order = append(order, f.ID)
		}
		byID[f.ID] = append(byID[f.ID], f)
	}
	for _, id := range order {
		p.line("")
		p.finding(byID[id])
	}
}

// looseFindings are those of no pool.
func (p *page) looseFindings(all []Finding) { p.findings(all) }

func (p *page) finding(all []Finding) {
	f := all[0]
	p.wrap("  ", 5, strings.TrimSpace(cut(clean(f.Title), mostEvidence))+"  "+grade(name(f.ID), f.Confidence))
	p.evidence(f.Text, f.Packets, f.RefutedBy)
	p.remedy(name(f.ID), f.Remedy)
	if rest := all[1:]; len(rest) > 0 {
		var pkts []int64
		for _, g := range rest {
			if len(g.Packets) > 0 {
				pkts = append(pkts, g.Packets[0])
			}
		}
		s := fmt.Sprintf("and %d more like it", len(rest))
		if list := packets(pkts); list != "" {
			s += ": " + list
		}
		p.wrap("     ", 5, s)
	}
}

// isCause reports whether a finding's ID is a cause that reasons tells.
func isCause(id string) bool { return explain.Actionable(pool.Cause(id)) }

// TurnedLine says in one line that a pool's verdict has changed.
func TurnedLine(p *pool.Pool, now segment.Time, was, is pool.Verdict) string {
	to := p.Name
	if len(p.Servers) > 0 {
		if to == "" {
			to = p.Servers[0].Addr.String()
		}
		to = net.JoinHostPort(to, strconv.Itoa(int(p.Servers[0].Port)))
	}
	s := fmt.Sprintf("%s  %s > %s  %s", now.Std().Local().Format("15:04:05.000"), p.Client, to, label(is))
	if was != "" {
		s += ", was " + label(was)
	}
	return clean(fmt.Sprintf("%s: %s on %s, %d needed", s, plural.Count(p.Transactions, "request"), plural.Count(p.Used, "connection"), p.Needed))
}

// OpenedLine says in one line why a connection was opened, for a capture that goes
// on.
func OpenedLine(d *pool.Decision) string {
	return clean(fmt.Sprintf("%s  %s > %s  #%d  %s, %s: %s", d.At.Std().Local().Format("15:04:05.000"), d.From, d.To, d.Conn, d.Cause, d.Confidence, d.Text()))
}
