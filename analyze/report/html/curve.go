package html

import (
	"strconv"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
)

// A curve says how many connections a client would open that keeps more idle ones.
type curve struct {
	Points []point
	Today  int64 // connections that were opened
}

type point struct {
	report.CurvePoint
	Idle  string // the idle timeout it takes
	Share string // of the most, in per cent
	Today bool   // the fewest idle ones with which as few are opened as today
	Would bool   // the fewest idle ones that do: more help no more
}

// curveOf returns p's curve, nil where there is nothing to gain.
func curveOf(p *report.Pool) *curve {
	if p.Avoidable == 0 || len(p.Curve) < 2 {
		return nil
	}
	c := &curve{Today: p.Used}
	var most int64 = 1
	least, today := p.Curve[0].Connections, false
	for _, x := range p.Curve {
		most, least = max(most, x.Connections), min(least, x.Connections)
	}
	would := false
	for _, x := range p.Curve {
		q := point{CurvePoint: x, Idle: segment.SpanUp(time.Duration(x.IdleTimeout)),
			Share: strconv.FormatFloat(100*float64(x.Connections)/float64(most), 'f', 1, 64) + "%"}
		if !today && x.Connections <= p.Used {
			q.Today, today = true, true
		}
		if !would && x.Connections == least {
			q.Would, would = true, true
		}
		c.Points = append(c.Points, q)
	}
	return c
}
