package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// TextOptions say how Text lays a report out.
type TextOptions struct {
	Width int  // columns; 0 is 80, less than 40 is 40
	Color bool // the verdict and marks, nothing else
	Limit int  // pools shown in full; 0 is 10
}

// defaultLimit is how many pools are shown in full. A reader who did not find
// it in ten will filter, and JSON has them all.
const defaultLimit = 10

// Text writes r for a person at a terminal: the verdict first, then a block per
// pool, the worst first, and last what could not be seen.
func Text(w io.Writer, r *Report, o TextOptions) error {
	p := newPage(w, o.Width, o.Color)
	p.verdict(r)
	p.setbacks("", r)
	p.expectations(r.Expectations)
	limit := o.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	pools := worstFirst(r.Pools)
	shown := pools[:min(limit, len(pools))]
	x := newIndex(r)
	for _, pl := range shown {
		p.line("")
		p.pool(pl, x)
	}
	p.morePools(pools[len(shown):])
	p.looseFindings(x.findings[0])
	p.footer(r)
	return p.flush()
}

// An index finds the connections and findings of a pool.
type index struct {
	byID        map[int64]*Connection
	connections map[int64][]*Connection // by pool
	findings    map[int64][]Finding     // by pool; 0 holds those of no pool
	sayVerdict  bool                    // each block says its own verdict
	vantage     Vantage
	loopback    bool
	oneClient   bool
}

func newIndex(r *Report) *index {
	x := &index{
		byID:        make(map[int64]*Connection, len(r.Connections)),
		connections: make(map[int64][]*Connection),
		findings:    make(map[int64][]Finding),
		sayVerdict:  len(r.Pools) > 1 || r.Outcome != "",
		vantage:     r.Capture.Vantage,
		loopback:    r.Capture.Loopback,
		oneClient:   r.Capture.OneClient,
	}
	for _, c := range r.Connections {
		x.byID[c.ID] = c
		x.connections[c.Pool] = append(x.connections[c.Pool], c)
	}
	known := map[int64]bool{}
	for _, pl := range r.Pools {
		known[pl.ID] = true
	}
	for _, f := range r.Findings {
		id := f.Pool
		if !known[id] {
			id = 0
		}
		x.findings[id] = append(x.findings[id], f)
	}
	return x
}

// severity orders verdicts, the worst first.
var severity = map[pool.Verdict]int{
	pool.NotReused:      0,
	pool.PartlyReused:   1,
	pool.ServerPrevents: 2,
	pool.NotKnown:       3,
	pool.Reused:         4,
	pool.NoOpportunity:  5,
}

// worstFirst sorts by verdict, then by what there is to gain.
func worstFirst(pools []*Pool) []*Pool {
	sorted := slices.Clone(pools)
	slices.SortStableFunc(sorted, func(a, b *Pool) int {
		return cmp.Or(
			cmp.Compare(severity[a.Verdict], severity[b.Verdict]),
			cmp.Compare(b.Avoidable, a.Avoidable),
			cmp.Compare(b.Transactions, a.Transactions),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return sorted
}

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
func (p *page) verdict(r *Report) {
	word, st := label(r.Verdict), verdictStyle(r.Verdict)
	if r.Outcome != "" {
		word, st = outcome(r.Outcome)
	}
	if word == "" {
		word = label(pool.NotKnown)
	}
	p.wrap(word+"   ", len(word)+3, sentence(r), mark{word, st})
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

// setbacks writes why what follows is not the whole, if it is not.
func (p *page) setbacks(whose string, r *Report) {
	for _, s := range r.setbacks() {
		p.wrap("  !  ", 5, whose+cut(clean(s.text), mostEvidence), mark{"  !  ", red})
	}
}

// sentence is the verdict in words a manager understands.
func sentence(r *Report) string {
	t := r.Totals
	if r.Unjudged != "" {
		return cut(clean(r.Unjudged), mostEvidence) + "."
	}
	if c := r.Capture; c.Segments == 0 && c.Unread > 0 {
		return fmt.Sprintf("no TCP connection was seen, but %d of %s could not be looked into.", c.Unread, count(c.Packets, "packet"))
	}
	if t.Transactions == 0 && r.Verdict != pool.NotKnown {
		if t.Connections == 0 {
			return "no TCP connection was seen."
		}
		if t.Ignored > 0 {
			return count(t.Ignored, "request") + ", all to be ignored."
		}
		return fmt.Sprintf("%s, no request seen on %s.", count(t.Connections, "connection"), itOrThem(t.Connections))
	}
	used := fmt.Sprintf("%s used %s", count(t.Transactions, "request"), count(t.Used, "connection"))
	switch r.Verdict {
	case pool.Reused:
		return used + "; no client could do with less."
	case pool.ServerPrevents:
		if t.ServerEnded == 0 {
			return used + "; no client could do with less: the server had said it would end them."
		}
		return fmt.Sprintf("%s; no client could do with less: the server ended %d of them.", used, t.ServerEnded)
	case pool.NoOpportunity:
		return used + "; there was none to reuse."
	case pool.NotKnown:
		return used + "; " + withheld(r)
	}
	return fmt.Sprintf("%s; %s %s needed.", used, needed(t.Needed, t.Perhaps, t.Excused), were(t.Needed))
}

// needed prints how many connections the ideal client opens, of which some are only
// perhaps needed, and of the others some perhaps.
func needed(n, perhaps, excused int64) string {
	if perhaps+excused == 0 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%d to %d", n-perhaps, n+excused)
}

func itOrThem(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// withheld is why no verdict can be given, by the first pool that says so.
func withheld(r *Report) string {
	for _, pl := range worstFirst(r.Pools) {
		if pl.Verdict == pool.NotKnown && pl.WithheldBecause != "" {
			return "not judged: " + strings.TrimSuffix(cut(clean(pl.WithheldBecause), mostEvidence), ".") + "."
		}
	}
	return "the capture does not show enough to judge them."
}

// expectations writes each demand with its mark and what was measured.
func (p *page) expectations(all []Expectation) {
	width := 0
	for _, e := range all {
		width = max(width, min(columns(clean(e.Text)), 30))
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
		text := name(e.Text)
		text += strings.Repeat(" ", max(0, width-columns(text))) + "  " + cut(clean(e.Measured), mostEvidence)
		if s := packets(e.Packets); s != "" {
			text += "  (" + s + ")"
		}
		s := "  " + sign + " " + text
		if columns(s) <= p.width {
			p.line(s, mark{"  " + sign + " ", st})
		} else {
			p.wrap("  "+sign+" ", 5, text, mark{"  " + sign + " ", st})
		}
	}
}

// packets lists packet numbers, at most eight.
func packets(ns []int64) string {
	if len(ns) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("packet")
	if len(ns) > 1 {
		b.WriteString("s")
	}
	for i, n := range ns {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more", len(ns)-i)
			break
		}
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d", n)
	}
	return b.String()
}

// morePools sums up the pools beyond the limit.
func (p *page) morePools(rest []*Pool) {
	if len(rest) == 0 {
		return
	}
	var requests, used, avoidable int64
	for _, pl := range rest {
		requests += pl.Transactions
		used += pl.Used
		avoidable += pl.Avoidable
	}
	p.line("")
	p.wrap("", 2, fmt.Sprintf("and %s: %s used %s, %d avoidable.", count(int64(len(rest)), "more pool"),
		count(requests, "request"), count(used, "connection"), avoidable))
}

// footer says what was read and what of it could not be used.
func (p *page) footer(r *Report) {
	c := r.Capture
	seen := []string{count(c.Packets, "packet"), lost(c)}
	for _, p := range c.Problems {
		if p.Kind == "one-direction-only" {
			seen = append(seen, count(p.Count, "connection")+" in one direction only")
		}
	}
	if c.QUICPackets > 0 {
		seen = append(seen, count(c.QUICPackets, "QUIC packet")+" not judged")
	} else {
		seen = append(seen, "no QUIC")
	}
	if n := r.Totals.Ignored; n > 0 {
		seen = append(seen, count(n, "request")+" ignored")
	}
	if c.Redacted {
		seen = append(seen, "with stand-ins for addresses and names")
	}
	p.line("")
	p.wrap("seen   ", 7, strings.Join(seen, ", "))
	for _, pr := range c.Problems {
		if segment.Lacking(pr.Kind) { // stands at the top
			continue
		}
		at := ""
		if pr.FirstPacket > 0 {
			at = fmt.Sprintf(", first packet %d", pr.FirstPacket)
		}
		text := fmt.Sprintf("%s: %d%s", name(pr.Kind), pr.Count, at)
		if pr.Text != "" {
			text += ": " + cut(clean(pr.Text), mostEvidence)
		}
		p.wrap("note   ", 7, text)
	}
}

// lost is what the capture misses. Packets that the kernel dropped may have held
// anything, so with them nothing is said to be complete.
func lost(c Capture) string {
	missing, dropped := c.MissingBytes, false
	for _, p := range c.Problems {
		if missing == 0 && p.Kind == "bytes-missing" {
			missing = p.Count
		}
		dropped = dropped || strings.Contains(p.Kind, "dropped")
	}
	switch {
	case missing > 0:
		return count(missing, "byte") + " missing"
	case dropped:
		return "some dropped"
	case slices.ContainsFunc(c.lacking(), func(p Problem) bool { return p.Kind != segment.NotWritten }):
		return "not the whole"
	}
	return "none lost"
}
