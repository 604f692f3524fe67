package perfetto

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
)

// Kinds of tracks, in the upper bits of their numbers: below are the ID of what they are of, and the number of
// the lane.
const (
	rootTrack uint64 = iota + 1
	poolTrack
	laneTrack
	windowTrack
)

const (
	kindShift = 56
	idShift   = 16
	lastLane  = 1<<idShift - 1
)

func number(kind uint64, id int64, lane int) uint64 {
	return kind<<kindShift | uint64(id)<<idShift&(1<<kindShift-1) | uint64(min(lane, lastLane))
}

// mostFindings is how many findings are told with a pool.
const mostFindings = 20

// Write writes r as a trace. Connections of pools that were not asked for, and those that are not judged, are
// left out.
func Write(w io.Writer, r *report.Report) error {
	t := newTrace(w, r)
	t.root()
	pools := r.WorstFirst()
	for i, p := range pools {
		t.pool(p, int64(i+1))
	}
	if len(t.byPool[0]) > 0 {
		t.w.track(track{id: number(poolTrack, 0, 0), parent: number(rootTrack, 0, 0), name: "of no pool",
			order: orderByTime, rank: int64(len(pools) + 1)})
		t.connections(t.byPool[0])
	}
	return t.w.w.Flush()
}

// A trace is what is known while one is written.
type trace struct {
	w      *writer
	r      *report.Report
	byPool map[int64][]*report.Connection // 0: of no pool that is told
	byID   map[int64]*report.Connection
	found  map[int64][]*report.Finding // by pool
	from   report.Instant
	until  report.Instant
}

func newTrace(w io.Writer, r *report.Report) *trace {
	t := &trace{w: &writer{w: bufio.NewWriter(w)}, r: r, byPool: map[int64][]*report.Connection{},
		byID: map[int64]*report.Connection{}, found: map[int64][]*report.Finding{}}
	known := map[int64]*report.Pool{}
	for _, p := range r.Pools {
		known[p.ID] = p
	}
	for _, c := range r.Connections {
		p := known[c.Pool]
		if c.Other || p != nil && p.Other {
			continue
		}
		id := c.Pool
		if p == nil {
			id = 0
		}
		t.byPool[id] = append(t.byPool[id], c)
		t.byID[c.ID] = c
		if len(t.byID) == 1 {
			t.from = c.Start
		}
		t.from, t.until = min(t.from, c.Start), max(t.until, c.End)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		id := f.Pool
		if known[id] == nil {
			id = 0
		}
		t.found[id] = append(t.found[id], f)
	}
	if r.Capture.Start != nil && r.Capture.End != nil {
		t.from, t.until = *r.Capture.Start, max(t.until, *r.Capture.End)
	}
	return t
}

// root writes the track that all others are below, with what there is to say of all.
func (t *trace) root() {
	all := &t.r.Totals
	word := string(t.r.Verdict)
	if t.r.Outcome != "" {
		word = string(t.r.Outcome)
	}
	id := number(rootTrack, 0, 0)
	t.w.clocks(t.from)
	t.w.track(track{id: id, name: "tcpwarm: " + word, order: orderByRank})
	notes := []note{{name: "requests", number: all.Transactions}, {name: "opened", number: all.Used},
		{name: "needed", text: all.NeededBounds().String()}, {name: "too many", text: all.AvoidableBounds().String()},
		{name: "packets", number: t.r.Capture.Packets}}
	for _, s := range t.r.Setbacks() {
		notes = append(notes, note{name: "problem: " + s.Name, text: s.Text})
	}
	for _, e := range t.r.Expectations {
		notes = append(notes, note{name: "expected: " + e.Text, text: cmp.Or(e.Measured, "-")})
	}
	notes = append(notes, findings(t.found[0])...)
	t.w.slice(t.from, t.until, event{track: id, name: word, category: "verdict", notes: notes})
}

func findings(list []*report.Finding) (notes []note) {
	for _, f := range list[:min(mostFindings, len(list))] {
		notes = append(notes, note{name: f.ID, text: f.Title + ": " + f.Text})
	}
	if n := len(list) - mostFindings; n > 0 {
		notes = append(notes, note{name: "findings beyond these", number: int64(n)})
	}
	return notes
}

// pool writes the track of a pool, and those of its connections below it.
func (t *trace) pool(p *report.Pool, rank int64) {
	conns := t.byPool[p.ID]
	id := number(poolTrack, p.ID, 0)
	label := p.Client + " > " + p.Authority().Label(func(s string) string { return s })
	t.w.track(track{id: id, parent: number(rootTrack, 0, 0), name: label, order: orderByTime, rank: rank})
	from, until := t.from, t.until
	for i, c := range conns {
		if i == 0 {
			from, until = c.Start, c.End
		}
		from, until = min(from, c.Start), max(until, t.closedAt(c))
	}
	notes := []note{{name: "requests", number: p.Transactions}, {name: "opened", number: p.Used},
		{name: "needed", number: p.Needed}, {name: "too many", number: p.Avoidable}}
	for _, cause := range slices.Sorted(maps.Keys(p.Causes)) {
		notes = append(notes, note{name: "opened: " + string(cause), number: p.Causes[cause]})
	}
	for _, x := range []note{{name: "not judged", text: p.WithheldBecause}, {name: "client", text: p.UserAgent}} {
		if x.text != "" {
			notes = append(notes, x)
		}
	}
	for i := range p.Blamed {
		b := &p.Blamed[i].OpenedBecause
		notes = append(notes, note{name: fmt.Sprintf("#%d, %s", p.Blamed[i].Connection, b.Cause), text: b.Text})
	}
	name := string(p.Verdict)
	if p.Avoidable > 0 {
		name += fmt.Sprintf(": %d too many", p.Avoidable)
	}
	notes = append(notes, findings(t.found[p.ID])...)
	t.w.slice(from, until, event{track: id, name: name, category: "pool", notes: notes})
	t.connections(conns)
}

// connections writes the tracks of connections. Flows begin before what they lead to: of events at one
// instant the viewer takes the first that is written for the first.
func (t *trace) connections(conns []*report.Connection) {
	for _, c := range conns {
		t.describe(c)
	}
	for _, c := range conns {
		t.flow(c)
	}
	for _, c := range conns {
		t.connection(c)
		t.window(c, 0, "client to server", c.ClientToServer.Window)
		t.window(c, 1, "server to client", c.ServerToClient.Window)
	}
}

// describe writes the first track of c.
func (t *trace) describe(c *report.Connection) {
	parent := int64(0)
	if p := t.byPool[c.Pool]; len(p) > 0 {
		parent = c.Pool
	}
	t.w.track(track{id: number(laneTrack, c.ID, 0), parent: number(poolTrack, parent, 0),
		name: fmt.Sprintf("#%d %s", c.ID, c.Client)})
}

// insteadOf is the connection that could have served instead of c, nil where there is none.
func (t *trace) insteadOf(c *report.Connection) *report.Connection {
	if b := c.OpenedBecause; b != nil && b.Cause.Avoidable() {
		return t.byID[b.InsteadOf]
	}
	return nil
}

// flow begins the flow that ends at c.
func (t *trace) flow(c *report.Connection) {
	if other := t.insteadOf(c); other != nil {
		at := max(other.Start, min(c.Start, t.closedAt(other)))
		t.w.event(event{kind: instantEvent, track: number(laneTrack, other.ID, 0), at: at, category: "missed", flow: c.ID,
			name: fmt.Sprintf("#%d was opened instead", c.ID)})
	}
}

// closedAt is when c was closed, or last seen: what nobody has closed is open to the end.
func (t *trace) closedAt(c *report.Connection) report.Instant {
	switch {
	case c.Closed.At != nil:
		return *c.Closed.At
	case c.Closed.How == "open":
		return max(c.End, t.until)
	}
	return c.End
}

// connection writes c's slice and those within it.
func (t *trace) connection(c *report.Connection) {
	list := spans(c)
	until := max(c.Start, t.closedAt(c))
	for _, s := range list {
		until = max(until, s.to)
	}
	id := number(laneTrack, c.ID, 0)
	e := event{kind: sliceBegin, track: id, at: c.Start, category: "connection", notes: about(c)}
	e.name = fmt.Sprintf("#%d", c.ID)
	if b := c.OpenedBecause; b != nil {
		e.name += " " + string(b.Cause)
	} else if c.TransactionCount == 0 {
		e.name += " unused"
	}
	if t.insteadOf(c) != nil {
		e.flowEnds = c.ID
	}
	t.w.event(e)
	lanes := laneCount(list)
	if rtt := c.ClientToServer.RTT; rtt != nil && rtt.Handshake != nil && *rtt.Handshake > 0 && c.Handshake == "full" {
		if done := c.Start + report.Instant(*rtt.Handshake); done <= until && (len(list) == 0 || done <= list[0].from) {
			t.w.slice(c.Start, done, event{track: id, name: "handshake", category: "connection"})
		}
	}
	for i, s := range list {
		if s.lane == 0 {
			t.transaction(id, s)
			next := until
			if i+1 < len(list) {
				next = list[i+1].from
			}
			if lanes == 1 && next > s.to {
				t.w.slice(s.to, next, event{track: id, name: "idle", category: "idle"})
			}
		}
	}
	t.w.end(id, until)
	t.lanes(c, list)
}

// lanes writes the transactions of c that were under way while others were.
func (t *trace) lanes(c *report.Connection, list []span) {
	slices.SortStableFunc(list, func(a, b span) int { return cmp.Compare(a.lane, b.lane) })
	lane := 0
	for _, s := range list {
		id := number(laneTrack, c.ID, s.lane)
		if s.lane > lane {
			lane = s.lane
			t.w.track(track{id: id, parent: number(laneTrack, c.ID, 0),
				name: fmt.Sprintf("#%d, at the same time (%d)", c.ID, lane)})
		}
		if lane > 0 {
			t.transaction(id, s)
		}
	}
}

// about is what there is to say of c.
func about(c *report.Connection) []note {
	closed := c.Closed.How
	if c.Closed.First != "none" && c.Closed.First != "" {
		closed = c.Closed.First + ", " + closed
	}
	notes := []note{{name: "client", text: c.Client}, {name: "server", text: c.Server},
		{name: "protocol", text: c.Protocol}, {name: "requests", number: c.TransactionCount},
		{name: "first packet", number: c.FirstPacket}, {name: "closed", text: closed}}
	if c.Name != "" {
		notes = append(notes, note{name: "name", text: c.Name})
	}
	if b := c.OpenedBecause; b != nil {
		notes = append(notes, note{name: "opened because", text: fmt.Sprintf("%s (%s): %s", b.Cause, b.Confidence, b.Text)},
			note{name: "packets", text: packets(b.Packets)})
		if b.RefutedBy != "" {
			notes = append(notes, note{name: "refuted if", text: b.RefutedBy})
		}
	}
	return slices.DeleteFunc(notes, func(n note) bool { return n.text == "" && n.number == 0 && n.name != "requests" })
}

// packets is a display filter for packets by number.
func packets(list []int64) string {
	if len(list) == 0 {
		return ""
	}
	return "frame.number in {" + strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]") + "}"
}

// transaction writes a transaction's slice, and within it for what time was spent.
func (t *trace) transaction(id uint64, s span) {
	x := s.of
	name := strings.TrimSpace(x.Method + " " + x.Target)
	if name == "" {
		name = fmt.Sprintf("request %d", x.N)
	}
	notes := []note{{name: "number", number: x.N}, {name: "packet", number: x.StartPacket},
		{name: "request bytes", number: x.RequestBytes}, {name: "response bytes", number: x.ResponseBytes}}
	if x.Status > 0 {
		notes = append(notes, note{name: "status", number: int64(x.Status)})
	}
	if x.Warmth != "" {
		notes = append(notes, note{name: "window", text: string(x.Warmth)})
	}
	if w := x.WindowAtStart; w != nil {
		size := fmt.Sprintf("%s (%d to %d, %s)", plural.Count(w.Best, "byte"), w.Low, w.High, w.Basis)
		notes = append(notes, note{name: "window at start", text: size})
	}
	t.w.event(event{kind: sliceBegin, track: id, at: s.from, name: name, category: "transaction", notes: notes})
	if s.head > s.from {
		t.w.slice(s.from, s.head, event{track: id, name: "waiting", category: "transaction"})
	}
	if s.to > s.head {
		t.w.slice(s.head, s.to, event{track: id, name: "receiving", category: "transaction"})
	}
	t.w.end(id, s.to)
}

// window writes how the window of one direction went, where more is known of it than what senders
// begin with.
func (t *trace) window(c *report.Connection, dir int, which string, w *report.HalfWindow) {
	if w == nil || w.Basis == "assumed" && w.Max == w.Initial || len(w.Phases) == 0 {
		return
	}
	id := number(windowTrack, c.ID, dir)
	t.w.track(track{id: id, parent: number(laneTrack, c.ID, 0), counter: true,
		name: fmt.Sprintf("#%d window, %s", c.ID, which)})
	at, last := report.Instant(-1), int64(-1)
	point := func(when report.Seconds, v int64) {
		if now := c.Start + report.Instant(when); now >= at && v != last {
			at, last = now, v
			t.w.event(event{kind: counterValue, track: id, at: now, value: v})
		}
	}
	for _, p := range w.Phases {
		point(p.Start, p.From)
		point(p.End, p.To)
	}
}
