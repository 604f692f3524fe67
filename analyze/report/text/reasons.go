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
	for _, r := range reasonsOf(conns, causes, found, to) {
		p.line("")
		p.reason(&r)
	}
}

// A Reason says why connections were opened, by the first of those that one cause opened.
type Reason struct {
	Cause       pool.Cause
	Connections []*report.Connection // those that are kept, the first told in full
	N           int64                // with those that are not kept
	Text        string               // of the first, a sentence without its end
	Confidence  pool.Confidence
	Evidence    string
	RefutedBy   string // "" if nothing is known to
	Closer      string // the ID of a finding whose advice counts instead, "" if there is none
	Remedy      Remedy
}

// reasonsOf tells of each cause that somebody can do something about.
func reasonsOf(conns []*report.Connection, causes map[pool.Cause]int64, found []report.Finding, to advice) []Reason {
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
	var all []Reason
	for _, cause := range order {
		c := exemplar(byCause[cause])
		b := c.OpenedBecause
		r := Reason{Cause: cause, Connections: byCause[cause], Confidence: b.Confidence, Evidence: statement(b.Text),
			RefutedBy: refutation(b.RefutedBy), Closer: closerThan(b, found), Remedy: remedyOf(string(cause), "", to)}
		r.N = max(causes[cause], int64(len(r.Connections)))
		r.Text = fmt.Sprintf("#%d was opened (packet %d%s) because %s", c.ID, c.FirstPacket, forRequest(c),
			explain.Because(cause, b.InsteadOf))
		all = append(all, r)
	}
	return all
}

// closerThan returns the ID of a finding that says more closely than a cause does what is the
// matter, "" if there is none: its advice counts then.
func closerThan(b *report.OpenedBecause, found []report.Finding) string {
	id := ""
	switch {
	case b.Cause == pool.Missed:
		id = "parallel-pools"
	case b.Provoked, b.LeftInUse: // no idle timeout of the server's is the matter
		id = "goaway"
	}
	if slices.ContainsFunc(found, func(f report.Finding) bool { return f.ID == id }) {
		return id
	}
	return ""
}

// exemplar puts first, and returns, the connection that is told of in full: one that the client's own error, or
// a GOAWAY in the middle of its requests, made necessary only where there is no other.
func exemplar(conns []*report.Connection) *report.Connection {
	if i := slices.IndexFunc(conns, func(c *report.Connection) bool {
		return !c.OpenedBecause.Provoked && !c.OpenedBecause.LeftInUse
	}); i > 0 {
		c := conns[i]
		copy(conns[1:i+1], conns[:i])
		conns[0] = c
	}
	return conns[0]
}

// reason tells the first of the connections opened for one cause, and lists the
// others.
func (p *page) reason(r *Reason) {
	p.wrap("  ", 5, r.Text+"  "+grade(name(string(r.Cause)), r.Confidence))
	p.evidence(r.Evidence, r.RefutedBy)
	if r.Closer != "" {
		p.wrap("     ", 5, "What helps says "+r.Closer+" below.")
	} else {
		p.remedy(&r.Remedy)
	}
	rest := r.Connections[1:]
	switch more := r.N - 1; {
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
func (p *page) evidence(text, refuted string) {
	if text != "" {
		p.wrap("     ", 5, text)
	}
	if refuted != "" {
		p.wrap("     ", 5, refuted)
	}
}

// refutation says what would refute a statement, "" if nothing is known to.
func refutation(by string) string {
	if by == "" {
		return ""
	}
	return "Refuted if: " + strings.TrimSuffix(statement(by), ".") + "."
}

// An advice is to whom a remedy speaks.
type advice struct {
	agent   string // what the client calls itself, "" if it does not say
	vantage report.Vantage
}

// A Remedy is advice, always hedged.
type Remedy struct {
	AtServer string // what the side can do that has captured, "" if it is the client's
	Text     string // "" if there is none
	Knob     string // of the client that the capture shows, "" if none is shown or known
	HasKnobs bool   // explain lists some
	Explain  string // the ID that explain takes, "" if it knows none
}

// remedyOf names a knob only of the client that the capture shows. own is the finding's own
// remedy, if it has one.
func remedyOf(id, own string, to advice) Remedy {
	e, ok := explain.Lookup(id)
	if own == "" {
		own = e.Remedy
	}
	var r Remedy
	if ok && to.vantage == report.AtServer {
		r.AtServer = e.AtServer
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
		r.Text = own
	}
	if ok {
		r.HasKnobs, r.Explain = len(e.Knobs) > 0, id
	}
	if ok && named {
		r.Knob = knob.Library() + "  " + knob.Setting()
	}
	return r
}

// remedy writes advice, first what the side can do that has captured.
func (p *page) remedy(r *Remedy) {
	for _, s := range []string{r.AtServer, r.Text} {
		if s != "" {
			p.wrap("     ", 5, s)
		}
	}
	explained := "tcpwarm" + tie + "explain" + tie + r.Explain
	switch {
	case r.Explain == "":
	case r.Knob != "":
		p.wrap("       ", 9, r.Knob+"   ("+explained+")")
	case r.HasKnobs:
		p.wrap("       ", 7, "how, by library and program: "+explained)
	default:
		p.wrap("       ", 7, "("+explained+")")
	}
}
