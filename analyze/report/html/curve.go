package html

import (
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
)

// A curve says how many connections a client would open that keeps more idle ones.
type curve struct {
	Points []point
	Today  int64  // connections that were opened
	Share  string // that of the most, in per cent
}

type point struct {
	report.CurvePoint
	Idle  string // the idle timeout it takes
	Share string // of the most, in per cent
	Today bool   // the fewest idle ones with which as many are opened as today
	Would bool   // the fewest idle ones that do: more help no more
}

// curveOf returns p's curve, nil where there is nothing to gain.
func curveOf(p *report.Pool) *curve {
	if p.Avoidable == 0 || len(p.Curve) < 2 {
		return nil
	}
	c := &curve{Today: p.Used}
	most := max(1, p.Used)
	least, today := p.Curve[0].Connections, false
	for _, x := range p.Curve {
		most, least = max(most, x.Connections), min(least, x.Connections)
	}
	share := func(n int64) string { return percent(float64(n) / float64(most)) }
	c.Share = share(p.Used)
	would := false
	for _, x := range p.Curve {
		q := point{CurvePoint: x, Idle: segment.SpanUp(time.Duration(x.IdleTimeout)), Share: share(x.Connections)}
		if !today && x.Connections == p.Used {
			q.Today, today = true, true
		}
		if !would && x.Connections == least {
			q.Would, would = true, true
		}
		c.Points = append(c.Points, q)
	}
	return c
}
