package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict/explain"
	"tcpwarm/capture/segment"
)

// several reports whether r is about more than one pool.
func several(r *report.Report) bool { return poolCount(r) > 1 }

// poolCount is how many pools r is about, those included of which there are only sums.
func poolCount(r *report.Report) (n int64) {
	for _, k := range r.Totals.Verdicts {
		n += k
	}
	return max(n, int64(len(r.WorstFirst())))
}

// troubled returns those of pools that are not fine: something was avoidable, the server ends
// connections, or they are not judged.
func troubled(pools []*report.Pool) []*report.Pool {
	return slices.DeleteFunc(slices.Clone(pools), func(p *report.Pool) bool {
		return p.Verdict == pool.Reused || p.Verdict == pool.NoOpportunity
	})
}

// overview writes how all pools do, those that are not fine as a table of at most limit rows, the
// worst first, and what to do about these.
func (p *page) overview(r *report.Report, x *index, limit int) {
	rest := troubled(r.WorstFirst())
	p.line("")
	p.wrap("", 0, tally(r))
	if len(rest) == 0 {
		return
	}
	shown := rest[:min(limit, len(rest))]
	p.line("")
	p.table(shown, x)
	p.moreRows(r, rest[len(shown):], int64(len(shown)))
	p.whatToDo(shown, x)
}

// tally says how many pools have which verdict: "4 of 50 destinations open too many, 46 are fine."
func tally(r *report.Report) string {
	of := r.Totals.Verdicts
	if len(of) == 0 {
		of = map[pool.Verdict]int64{}
		for _, p := range r.WorstFirst() {
			of[p.Verdict]++
		}
	}
	total, bad := poolCount(r), of[pool.NotReused]+of[pool.PartlyReused]
	var list []string
	for _, c := range []struct {
		n      int64
		before string
		after  string
	}{
		{bad, "", plural.Either(bad, "opens", "open") + " too many"},
		{of[pool.ServerPrevents], "the server ends the connections of ", ""},
		{of[pool.NotKnown], "", plural.Either(of[pool.NotKnown], "is", "are") + " not judged"},
		{of[pool.Reused], "", plural.Either(of[pool.Reused], "is", "are") + " fine"},
		{of[pool.NoOpportunity], "", "had nothing to reuse"},
	} {
		if c.n == 0 {
			continue
		}
		n := fmt.Sprint(c.n)
		if len(list) == 0 {
			n = fmt.Sprintf("%d of %s", c.n, plural.Count(total, destination(r)))
		}
		list = append(list, strings.TrimSpace(c.before+n+" "+c.after))
	}
	return strings.Join(list, ", ") + "."
}

// destination is what a pool of r is called: with one client each is one destination, with several
// the same one may be several clients'.
func destination(r *report.Report) string {
	pools := r.WorstFirst()
	if manyClients(pools) || int64(len(pools)) < poolCount(r) {
		return "pool"
	}
	return "destination"
}

// manyClients reports whether pools are of more than one client.
func manyClients(pools []*report.Pool) bool {
	return slices.ContainsFunc(pools, func(p *report.Pool) bool {
		return p.Client != pools[0].Client || p.ToldBy != pools[0].ToldBy
	})
}

// A Row is what the overview says of a pool that is not fine, in words from packets that are fit to be shown.
type Row struct {
	TooMany, Opened, Requests string
	Client, Destination       string
	Why                       string
	FirstSeen, Request        string // of the first that is blamed
}

// Overview returns how r's pools do in a sentence, what there is to say of those that are not fine, the worst first
// and at most limit of them, and how many more there are.
func Overview(r *report.Report, limit int) (sentence string, rows []Row, more int64) {
	x := newIndex(r)
	bad := troubled(r.WorstFirst())
	for _, pl := range bad[:min(limit, len(bad))] {
		w := x.row(pl)
		rows = append(rows, Row{w.tooMany, w.opened, w.requests, w.client, w.name, w.why, w.seen, w.request})
	}
	of := r.Totals.Verdicts
	total := of[pool.NotReused] + of[pool.PartlyReused] + of[pool.ServerPrevents] + of[pool.NotKnown]
	return tally(r), rows, max(total, int64(len(bad))) - int64(len(rows))
}

// A row of the table is what is said of a pool.
type row struct{ tooMany, opened, requests, client, name, why, seen, request string }

func (x *index) row(pl *report.Pool) row {
	w := row{tooMany: "-", opened: fmt.Sprint(pl.Used), requests: fmt.Sprint(pl.Transactions), client: name(pl.Client),
		name: pl.Authority().Label(name), why: whyBad(pl), seen: "-"}
	if pl.Avoidable > 0 {
		w.tooMany = fmt.Sprint(pl.Avoidable)
	}
	if c := firstBlamed(pl, pl.Opened(x.connections[pl.ID])); c != nil {
		w.seen, w.request = fmt.Sprintf("packet %d", c.FirstPacket), requestOf(c, mostTarget)
	}
	return w
}

// whyBad is the most frequent cause of pl's avoidable connections, or what the server does.
func whyBad(pl *report.Pool) string {
	avoidable := pl.Avoidable > 0
	switch {
	case !avoidable && pl.Verdict == pool.NotKnown:
		return "not judged"
	case !avoidable && pl.Causes[pool.ServerSaidClose] >= max(1, pl.Causes[pool.ServerClosed]):
		return "the server says close"
	case !avoidable && pl.Causes[pool.ServerClosed] > 0:
		return "the server closes"
	}
	cause, others := worstCause(pl, avoidable)
	if others > 0 {
		return fmt.Sprintf("%s and %d more", name(string(cause)), others)
	}
	return cmp.Or(name(string(cause)), "-")
}

// worstCause is the most frequent of pl's causes that are avoidable or not, and how many others
// there are.
func worstCause(pl *report.Pool, avoidable bool) (worst pool.Cause, others int) {
	var list []pool.Cause
	for c, n := range pl.Causes {
		if n > 0 && c.Avoidable() == avoidable && (avoidable || explain.Actionable(c)) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return "", 0
	}
	slices.SortFunc(list, func(a, b pool.Cause) int {
		return cmp.Or(cmp.Compare(pl.Causes[b], pl.Causes[a]), cmp.Compare(a, b))
	})
	return list[0], len(list) - 1
}

// firstBlamed is the first connection of pl that was avoidable; where none was, the first that the
// server made necessary. It is nil where none is kept.
func firstBlamed(pl *report.Pool, conns []*report.Connection) *report.Connection {
	for _, c := range conns {
		if b := c.OpenedBecause; b.Cause.Avoidable() == (pl.Avoidable > 0) && explain.Actionable(b.Cause) {
			return c
		}
	}
	return nil
}

// columns are the table's.
var columns = [...]string{"too many", "opened", "requests", "client", "destination", "why", "first seen"}

// Widths in the table: the numbers', and the least that a request is worth showing in.
const (
	numberColumns = 30
	openingColumn = 12 // where a second line begins
	leastRequest  = 16
	mostName      = 48
)

// table writes a row for each of pools. Where a line has no room for all of it, what belongs to the
// opening goes on in another: no column is lost.
func (p *page) table(pools []*report.Pool, x *index) {
	h := columns
	rows := []row{{h[0], h[1], h[2], h[3], h[4], h[5], h[6], ""}}
	for _, pl := range pools {
		rows = append(rows, x.row(pl))
	}
	clients := manyClients(pools)
	var client, where, why, seen int
	for _, w := range rows {
		client = max(client, printable.Columns(w.client))
		where = max(where, min(mostName, printable.Columns(w.name)))
		why = max(why, printable.Columns(w.why))
		seen = max(seen, printable.Columns(w.seen))
	}
	for i, w := range rows {
		numbers := fmt.Sprintf("%10s%8s%10s  ", w.tooMany, w.opened, w.requests)
		whose := pad(w.name, where)
		if clients {
			whose = pad(w.client, client) + "  " + whose
		}
		opening := pad(w.why, why) + "  " + pad(w.seen, seen)
		var marks []mark
		if i > 0 && w.tooMany != "-" {
			marks = append(marks, mark{fmt.Sprintf("%10s", w.tooMany), red})
		}
		one := numbers + whose + "  " + opening
		room := p.width - printable.Columns(numbers+whose) - 2 - why - 2 - seen - 2
		switch {
		case room+2 < 0:
			p.wrap(numbers, numberColumns, strings.TrimRight(whose, " "), marks...)
			p.wrap(strings.Repeat(" ", openingColumn), openingColumn, strings.TrimRight(opening+"  "+w.request, " "))
		case w.request == "":
			p.line(one, marks...)
		case room >= min(leastRequest, printable.Columns(w.request)):
			p.line(one+"  "+printable.Cut(w.request, room), marks...)
		default:
			p.line(one, marks...)
			p.wrap(strings.Repeat(" ", numberColumns), numberColumns, w.request)
		}
	}
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-printable.Columns(s))) }

// moreRows sums up the pools that the table has no row for: those of rest, and those of which there
// are only sums.
func (p *page) moreRows(r *report.Report, rest []*report.Pool, shown int64) {
	of := r.Totals.Verdicts
	total := of[pool.NotReused] + of[pool.PartlyReused] + of[pool.ServerPrevents] + of[pool.NotKnown]
	n := max(total-shown, int64(len(rest)))
	if n <= 0 {
		return
	}
	var used, avoidable int64
	for _, pl := range rest {
		used += pl.Used
		avoidable += pl.Avoidable
	}
	s := fmt.Sprintf("and %d more", n)
	if len(rest) > 0 {
		s += fmt.Sprintf(": %s, %d too many  (--top %d lists them)",
			plural.Count(used, "connection"), avoidable, shown+int64(len(rest)))
	}
	if sums := n - int64(len(rest)); sums > 0 {
		s += fmt.Sprintf("; of %d there are only sums", sums)
	}
	p.wrap("  ", 4, s)
}

// A Help is what would help pools that opened too many.
type Help struct {
	Names   []string // the pools'
	Text    string
	TooMany int64 // connections of all of them
}

// helps says of pools that opened too many what would help, equal advice once, and what their client
// calls itself, where all call themselves the same.
func helps(pools []*report.Pool, x *index) (groups []*Help, agent string) {
	agents := map[string]bool{}
	for _, pl := range pools {
		if pl.Avoidable == 0 {
			continue
		}
		text, label := x.help(pl), pl.Authority().Label(name)
		if text == "" {
			continue
		}
		agents[pl.UserAgent] = true
		i := slices.IndexFunc(groups, func(g *Help) bool { return g.Text == text })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &Help{Text: text})
		}
		g := groups[i]
		g.TooMany += pl.Avoidable
		if !slices.Contains(g.Names, label) {
			g.Names = append(g.Names, label)
		}
	}
	slices.SortStableFunc(groups, func(a, b *Help) int { return cmp.Compare(b.TooMany, a.TooMany) })
	for _, g := range groups {
		if n := len(g.Names); n > 3 {
			g.Names = append(g.Names[:2], fmt.Sprintf("%d more", n-2))
		}
	}
	if len(agents) == 1 {
		for one := range agents {
			agent = name(one)
		}
	}
	return groups, agent
}

// whatToDo writes what would help pools that opened too many.
func (p *page) whatToDo(pools []*report.Pool, x *index) {
	groups, agent := helps(pools, x)
	if len(groups) == 0 {
		return
	}
	head := "what to do"
	if agent != "" {
		head += "   (the client calls itself " + agent + ")"
	}
	p.line("")
	p.wrap("", 2, head)
	width := 0
	for _, g := range groups {
		width = max(width, min(p.width/3, printable.Columns(strings.Join(g.Names, ", "))))
	}
	for _, g := range groups {
		who := strings.Join(g.Names, ", ")
		say := g.Text + "   " + fmt.Sprint(g.TooMany) + tie + "too" + tie + "many"
		if printable.Columns(who) > width {
			p.wrap("  ", 4, who)
			p.wrap("    ", 4, say)
			continue
		}
		p.wrap("  "+pad(who, width)+"  ", width+4, say)
	}
}

// help is what would help against the most frequent cause of pl's avoidable connections, hedged as
// remedies are where no knob of the client that shows is known.
func (x *index) help(pl *report.Pool) string {
	cause, _ := worstCause(pl, true)
	id := cmp.Or(closerThan(&report.OpenedBecause{Cause: cause}, x.about[pl.ID]), string(cause))
	e, _ := explain.Lookup(id)
	knob, named := e.KnobFor(pl.UserAgent)
	text := strings.TrimSuffix(strings.TrimSuffix(statement(e.Remedy), ":"), ".")
	if named {
		text = knob.Setting()
	}
	if n := len(pl.Curve); n > 0 && cause == pool.ClientClosed && pl.Curve[n-1].IdleKept > 1 {
		last := pl.Curve[n-1]
		text += fmt.Sprintf("; %d idle ones, kept %s, would have been enough",
			last.IdleKept, segment.SpanUp(time.Duration(last.IdleTimeout)))
	}
	return text
}

// mostTarget is how many columns of a target are shown where it stands among other things.
const mostTarget = 60

// requestOf is the method and target of the first request on c, cut to most columns, "" if none was
// read.
func requestOf(c *report.Connection, most int) string {
	list := c.Judged()
	if len(list) == 0 || list[0].Method == "" {
		return ""
	}
	t := list[0]
	return strings.TrimSpace(name(t.Method) + " " + printable.Cut(printable.Clean(t.Target), most))
}

// alsoFound names the findings of pools that are not told in full.
func (p *page) alsoFound(pools []*report.Pool, x *index) {
	count, order := map[string]int{}, []string(nil)
	for _, pl := range pools {
		for _, f := range x.findings[pl.ID] {
			if isCause(f.ID) {
				continue
			}
			if count[f.ID]++; count[f.ID] == 1 {
				order = append(order, f.ID)
			}
		}
	}
	if len(order) == 0 {
		return
	}
	slices.Sort(order)
	for i, id := range order {
		order[i] = fmt.Sprintf("%s%s%d", name(id), tie, count[id])
	}
	p.line("")
	p.wrap("also found where connections are reused: ", 2, strings.Join(order, ", ")+"  (--all tells more)")
}
