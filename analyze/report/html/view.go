package html

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/report/timeline"
)

// A view is what the template shows.
type view struct {
	*text.Content
	Policy   string
	Title    string
	Shares   []share
	Pools    []poolView
	Unlisted string // what the overview leaves out, "" if nothing
	Frames   string // what packet numbers count, where that is not plain
	Data     data

	full, still int // pools that are told in full; of these, those with lanes that need no script
}

// A share is a part of the requests, in per cent.
type share struct {
	Class, X, Width, Label string
}

// A poolView is what the template shows of a pool.
type poolView struct {
	text.PoolContent
	Reuse   string // in per cent, "-" where there was no request
	Filter  string
	Picture *picture
	Curve   *curve
	Opens   string // the path of how many connections were opened over time
	Full    bool   // it is told in full, with lanes
}

// data is what the script draws.
type data struct {
	Zero  report.Instant `json:"zero"`
	Until int64          `json:"until,omitempty"` // microseconds after it
	Pools []poolData     `json:"pools"`
}

type poolData struct {
	ID    int64   `json:"id"`
	Lanes []*lane `json:"lanes"`
	Total int64   `json:"total"` // connections, with those that are not among them

	// The axis of all lanes, in microseconds: where it begins, how long it is, and from where to where
	// time is cut out, drawn as how much.
	Zero int64      `json:"zero"`
	End  int64      `json:"end"`
	Cuts [][3]int64 `json:"cuts,omitempty"`

	Ideal [][]int64 `json:"ideal,omitempty"` // whose requests each connection of an ideal client carries
}

// mostDrawnPools is how many pools stand in the page with lanes, and mostListed in the table; the script draws
// the others' lanes too, and takes the legend from those.
const (
	mostDrawnPools = 10
	mostListed     = 2000
	mostPools      = 200 // that have a section, where nobody says how many
)

func newView(r *report.Report, recorded Recorded, o Options) *view {
	c := text.ContentOf(r)
	v := &view{Content: c, Shares: sharesOf(&r.Totals), Title: titleOf(c)}
	v.full, v.still = o.pools()
	d := &drawing{until: c.Until, redacted: r.Capture.Redacted, left: mostLanes,
		series: seriesOf(recorded.Windows), sequences: sequencesOf(recorded.Sequences)}
	if r.Capture.Start != nil {
		d.zero = *r.Capture.Start
	}
	for i, c := range r.Connections {
		if i == 0 || c.Start < d.zero {
			d.zero = c.Start
		}
	}
	v.Data = data{Zero: d.zero, Pools: []poolData{}}
	if c.Until > 0 {
		v.Data.Until = d.at(c.Until)
	}
	if len(r.Capture.Files) > 1 {
		v.Frames = "Packet numbers count over all files, in their order."
	}
	for i := range c.Pools {
		if i == mostListed {
			break
		}
		v.Pools = append(v.Pools, v.pool(&c.Pools[i], d, i))
	}
	v.Unlisted = unlisted(c.Count, int64(len(v.Pools)), int64(v.full))
	return v
}

// pools returns of how many pools a page tells in full, and of how many it draws lanes that need no script.
func (o Options) pools() (full, still int) {
	switch {
	case o.All:
		return mostListed, mostDrawnPools
	case o.Top > 0:
		return min(o.Top, mostListed), min(o.Top, mostPools)
	}
	return mostPools, mostDrawnPools
}

// unlisted says what of n pools the overview leaves out, of which it lists some, and what only it has.
func unlisted(n, listed, full int64) string {
	var all []string
	if more := n - listed; more > 0 {
		all = append(all, fmt.Sprintf("%d more, with less to gain, are not listed", more))
	}
	switch {
	case listed > full && full == 1:
		all = append(all, "the worst is told in full below")
	case listed > full:
		all = append(all, fmt.Sprintf("the worst %d are told in full below", full))
	}
	return strings.Join(all, "; ")
}

func titleOf(c *text.Content) string {
	if len(c.Sources) == 0 {
		return c.Word
	}
	return c.Word + ": " + c.Sources[0]
}

// pool is the view of the pool that is the nth worst.
func (v *view) pool(c *text.PoolContent, d *drawing, n int) poolView {
	p := poolView{PoolContent: *c, Reuse: "-", Filter: poolFilter(c.Pool, c.Kept, d.redacted),
		Curve: curveOf(c.Pool), Opens: opens(c.Kept, d, v.Data.Until), Full: n < v.full}
	if c.Transactions > 0 {
		p.Reuse = strconv.FormatInt(100*c.ReusedCount/c.Transactions, 10)
	}
	if !p.Full {
		return p
	}
	if lanes := d.lanes(c.Kept); len(lanes) > 0 {
		v.Data.Pools = append(v.Data.Pools, dataOf(c.Pool, lanes, d))
		if len(v.Data.Pools) <= v.still {
			p.Picture = draw(lanes, d, v.Data.Pools[len(v.Data.Pools)-1].Total)
		}
	}
	return p
}

// dataOf is what the script draws of p.
func dataOf(p *report.Pool, lanes []*lane, d *drawing) poolData {
	conns := make([]*report.Connection, len(lanes))
	for i, l := range lanes {
		conns[i] = l.connection
	}
	span := timeline.NewSpan(conns, d.until)
	a := timeline.NewAxis(span.Instants(conns), 120)
	data := poolData{ID: p.ID, Lanes: lanes, Total: max(p.Used, int64(len(lanes))), Zero: d.at(span.Zero), End: max(1, a.End/1000),
		Ideal: ideal(p, lanes)}
	for _, c := range a.Cuts {
		data.Cuts = append(data.Cuts, [3]int64{c.From / 1000, c.To / 1000, max(1, c.Drawn/1000)})
	}
	return data
}

// sharesOf parts the requests into those on a used connection and the first on each other, where these
// are all there are.
func sharesOf(t *report.Totals) []share {
	if t.Transactions == 0 || t.Reused+t.Used != t.Transactions || t.Needed+t.Avoidable != t.Used {
		return nil
	}
	var all []share
	var before int64
	for _, s := range []struct {
		n           int64
		class, what string
	}{{t.Reused, "reused", "on a used connection"}, {t.Needed, "needed", "first on a needed connection"},
		{t.Avoidable, "needless", "first on a connection too many"}} {
		if s.n > 0 {
			of := func(n int64) string { return percent(float64(n) / float64(t.Transactions)) }
			all = append(all, share{s.class, of(before), of(s.n), plural.Count(s.n, "request") + " " + s.what})
		}
		before += s.n
	}
	return all
}

// bins are how many parts of time the small picture of openings has.
const bins = 32

// opens is the path of a picture, bins wide and ten high, of how many connections were opened over time.
func opens(conns []*report.Connection, d *drawing, until int64) string {
	var n [bins]int64
	var most int64
	for _, c := range conns {
		i := 0
		if until > 0 {
			i = int(min(bins-1, max(0, float64(d.at(c.Start))*bins/float64(until))))
		}
		n[i]++
		most = max(most, n[i])
	}
	var b strings.Builder
	for i, k := range n {
		if k > 0 {
			h := max(1, k*10/most)
			fmt.Fprintf(&b, "M%d 10v-%dh1v%dz", i, h, h)
		}
	}
	return b.String()
}

// alike are the connections that were opened for the same cause as one that is told in full.
type alike struct {
	More    int64
	Kept    []likewise // some of those that are kept
	Packets []int64    // that opened them
}

type likewise struct {
	ID, Packet    int64
	Request, Text string
}

// mostAlike is how many connections of one cause are listed.
const mostAlike = 50

// alikeOf returns the others of r, nil if there are none.
func alikeOf(r text.Reason) *alike {
	if r.N < 2 {
		return nil
	}
	a := &alike{More: r.N - 1}
	for _, c := range r.Connections[1:min(len(r.Connections), mostAlike+1)] {
		a.Kept = append(a.Kept, likewise{c.ID, c.FirstPacket, text.RequestOf(c), text.Statement(c.OpenedBecause.Text)})
		a.Packets = append(a.Packets, c.FirstPacket)
	}
	return a
}

// list is packets as a person reads them.
func list(packets []int64) string {
	packets = slices.Compact(slices.Sorted(slices.Values(packets)))
	var b strings.Builder
	for i, n := range packets {
		if i == mostNamed {
			fmt.Fprintf(&b, " and %d more", len(packets)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}

// mostNamed is how many packets are listed.
const mostNamed = 12
