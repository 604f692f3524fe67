package text

import (
	"fmt"
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/analyze/verdict/explain"
)

// findings writes findings that are no causes; the causes were told with their
// connections. Equal ones are told once.
func (p *page) findings(all []report.Finding, x *index) {
	for _, n := range notices(all, x) {
		p.line("")
		p.notice(&n)
	}
}

// A Notice is a finding that is no cause of an opening, by the first of those that are alike.
type Notice struct {
	ID         string
	Title      string
	Confidence pool.Confidence
	Evidence   string
	Packets    []int64 // of the first
	RefutedBy  string  // "" if nothing is known to
	Remedy     Remedy
	More       int     // alike
	MorePacket []int64 // the first packet of each of those that has one
}

// notices tells of findings, equal ones once.
func notices(found []report.Finding, x *index) []Notice {
	var order []string
	byID := map[string][]report.Finding{}
	for _, f := range found {
		if _, own := verdict.Lookup(f.ID); isCause(f.ID) && !own {
			continue
		}
		if len(byID[f.ID]) == 0 {
			order = append(order, f.ID)
		}
		byID[f.ID] = append(byID[f.ID], f)
	}
	var all []Notice
	for _, id := range order {
		f, rest := byID[id][0], byID[id][1:]
		n := Notice{ID: name(f.ID), Title: strings.TrimSpace(statement(f.Title)), Confidence: f.Confidence,
			Evidence: statement(f.Text), Packets: f.Packets, RefutedBy: refutation(f.RefutedBy),
			Remedy: remedyOf(name(f.ID), f.Remedy, x.advice(&f)), More: len(rest)}
		for _, g := range rest {
			if len(g.Packets) > 0 {
				n.MorePacket = append(n.MorePacket, g.Packets[0])
			}
		}
		all = append(all, n)
	}
	return all
}

func (p *page) notice(n *Notice) {
	p.wrap("  ", 5, n.Title+"  "+grade(n.ID, n.Confidence))
	text := n.Evidence
	if s := packets(n.Packets); s != "" {
		text += "  (" + s + ")"
	}
	p.evidence(text, n.RefutedBy)
	p.remedy(&n.Remedy)
	if n.More > 0 {
		s := fmt.Sprintf("and %d more like it", n.More)
		if list := packets(n.MorePacket); list != "" {
			s += ": " + list
		}
		p.wrap("     ", 5, s)
	}
}

// isCause reports whether a finding's ID is a cause that reasons tells.
func isCause(id string) bool { return explain.Actionable(pool.Cause(id)) }
