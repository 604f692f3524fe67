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
	var order []string
	byID := map[string][]report.Finding{}
	for _, f := range all {
		if _, own := verdict.Lookup(f.ID); isCause(f.ID) && !own {
			continue
		}
		if len(byID[f.ID]) == 0 {
			order = append(order, f.ID)
		}
		byID[f.ID] = append(byID[f.ID], f)
	}
	for _, id := range order {
		p.line("")
		p.finding(byID[id], x)
	}
}

func (p *page) finding(all []report.Finding, x *index) {
	f := all[0]
	p.wrap("  ", 5, strings.TrimSpace(statement(f.Title))+"  "+grade(name(f.ID), f.Confidence))
	p.evidence(f.Text, f.Packets, f.RefutedBy)
	p.remedy(name(f.ID), f.Remedy, x.advice(&f))
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
