package html

import (
	"strconv"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/timeline"
)

// Measures of a lane in pixels, which the style knows too.
const (
	laneHeight = 22
	barTop     = 3
	barHeight  = 16
)

// mostDrawn is how many lanes of a pool stand in the page: as many as text draws.
const mostDrawn = 12

// A picture is lanes over one axis of time. Places on it are in per cent, so that it takes any width.
type picture struct {
	Lanes  []drawnLane
	Arrows []arrow
	Ticks  []tick
	Cuts   []bar
	Unit   string
	Height int
	Others int64 // connections that are not drawn
}

type drawnLane struct {
	*lane
	Idle bar
	Bars []bar
}

// A bar is of a class, which has its colour and its height.
type bar struct {
	Class    string
	X, Width string
	Y, H     int
	Title    string
}

// An arrow leads from where an idle connection could have been used to the one that was opened instead.
type arrow struct {
	X1, X2   string
	Y1, Y2   int
	From, To int64 // IDs
	First    bool
	Gone     bool // the connection had been closed by then
}

type tick struct{ X, Label string }

// draw draws some of lanes, which have a common zero.
func draw(lanes []*lane, d *drawing, total int64) *picture {
	byID := map[int64]*lane{}
	var conns []*report.Connection
	for _, l := range lanes {
		byID[l.ID] = l
		conns = append(conns, l.connection)
	}
	chosen := timeline.Choose(conns, mostDrawn)
	if len(chosen) == 0 {
		return nil
	}
	span := timeline.NewSpan(chosen, d.until)
	a := timeline.NewAxis(span.Instants(chosen), 120)
	zero := d.at(span.Zero)
	place := func(t int64) float64 { return a.Place((t - zero) * 1000) }
	p := &picture{Height: len(chosen) * laneHeight, Others: max(0, total-int64(len(chosen)))}
	rows := map[int64]int{}
	for i, c := range chosen {
		rows[c.ID] = i
		p.Lanes = append(p.Lanes, byID[c.ID].draw(place))
	}
	for _, l := range p.Lanes {
		p.arrow(l.lane, rows, byID, place)
	}
	var unit int64
	p.Unit, unit = a.Unit()
	for _, t := range a.Ticks() {
		p.Ticks = append(p.Ticks, tick{percent(a.Place(t)), strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64)})
	}
	for _, s := range a.Cuts {
		p.Cuts = append(p.Cuts, newBar("cut", a.Place(s.From), a.Place(s.To), 0, p.Height))
	}
	return p
}

func (l *lane) draw(place func(int64) float64) drawnLane {
	d := drawnLane{lane: l, Idle: newBar("idle", place(l.Start), place(l.End), laneHeight/2-1, 1)}
	add := func(class string, from, to int64, y, h int, title string) {
		b := newBar(class, place(from), place(to), y, h)
		b.Title = title
		d.Bars = append(d.Bars, b)
	}
	if l.Handshake > 0 {
		add("handshake", l.Start, l.Handshake, barTop+barHeight/4, barHeight/2, "handshake, packet "+strconv.FormatInt(l.First, 10))
	}
	if l.TLS > l.Handshake {
		add("tls", l.Handshake, l.TLS, barTop+barHeight/4, barHeight/2, "TLS handshake, until the first request")
	}
	h := barHeight / max(1, l.Rows)
	for _, e := range l.Exchanges {
		title, y := e.title(), barTop+e.Row*h
		if e.Sent > e.Start {
			add("request", e.Start, e.Sent, y+h/4, h/2, title)
		}
		add("wait", e.Sent, e.Answer, y+h/8, h*3/4, title)
		if e.End > e.Answer {
			add("receive", e.Answer, e.End, y, h, title)
		}
	}
	if l.Ending != open {
		add("closed", l.End, l.End, barTop, barHeight, l.Ending)
	}
	return d
}

func (e *exchange) title() string {
	s := e.Request
	if e.Status != "" {
		s += " " + e.Status
	}
	return s + ", packet " + strconv.FormatInt(e.StartPacket, 10)
}

// arrow adds what leads to l, if it was needless and what it was opened instead of is drawn.
func (p *picture) arrow(l *lane, rows map[int64]int, byID map[int64]*lane, place func(int64) float64) {
	if l.Opening == nil || !l.Opening.Needless {
		return
	}
	from, ok := rows[l.Opening.Instead]
	if !ok {
		return
	}
	instead := byID[l.Opening.Instead]
	x1 := min(max(instead.Start, l.Start), instead.End)
	p.Arrows = append(p.Arrows, arrow{
		X1: percent(place(x1)), Y1: from*laneHeight + laneHeight/2, From: instead.ID,
		X2: percent(place(l.Start)), Y2: rows[l.ID]*laneHeight + barTop, To: l.ID,
		First: len(p.Arrows) == 0, Gone: instead.End < l.Start,
	})
}

// leastWidth keeps a bar in the picture: a rectangle of no width is not drawn, and not outlined either.
const leastWidth = 0.0001

func newBar(class string, from, to float64, y, h int) bar {
	return bar{Class: class, X: percent(from), Width: percent(max(leastWidth, to-from)), Y: y, H: h}
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 2, 64) + "%" }
