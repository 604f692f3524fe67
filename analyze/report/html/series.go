package html

import (
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/report/timeline"
)

// mostSeries is how many series a page has: those with the most to see.
const mostSeries = 24

type seriesKey struct {
	connection int64
	byClient   bool
}

func seriesOf(windows *growth.Recorder) map[seriesKey]*growth.Series {
	all := map[seriesKey]*growth.Series{}
	for _, s := range windows.Longest(mostSeries) {
		all[seriesKey{s.Connection, s.ByClient}] = s
	}
	return all
}

// A series is how a window grew, in columns. Times are microseconds since the page's zero, sizes bytes,
// round trips microseconds; 0 is what is not known. Words stand where they begin to hold.
type series struct {
	At      []int64    `json:"t"`
	Least   []int      `json:"a"`
	Most    []int      `json:"b"`
	Low     []int      `json:"l"`
	High    []int      `json:"h"`
	Flight  []int      `json:"f"`
	Offered []int      `json:"o"`
	RTT     []int64    `json:"r"`
	Basis   []wordAt   `json:"k"`
	Phase   []wordAt   `json:"p"`
	Limit   []wordAt   `json:"m"`
	Events  []eventAt  `json:"e"`
	Samples int        `json:"n"`
	Kernel  []kernelAt `json:"q,omitempty"`
}

// A kernelAt is what the sender's own kernel said of its window as a transaction's content began.
type kernelAt struct {
	At    int64 `json:"t"`
	Bytes int64 `json:"b"`
}

type wordAt struct {
	Point int    `json:"i"`
	Word  string `json:"w"`
}

type eventAt struct {
	At   int64  `json:"t"`
	Name string `json:"w"`
}

func (d *drawing) draw(g *growth.Series) *series {
	s := &series{Samples: g.Samples, Events: []eventAt{}}
	for _, p := range g.Points {
		s.At = append(s.At, d.at(report.Instant(p.At)))
		s.Least, s.Most = append(s.Least, p.Least), append(s.Most, p.Most)
		s.Low, s.High = append(s.Low, p.Low), append(s.High, p.High)
		s.Flight, s.Offered = append(s.Flight, p.Flight), append(s.Offered, max(0, p.Offered))
		s.RTT = append(s.RTT, int64(p.RTT*1e6))
		s.Basis = begins(s.Basis, len(s.At)-1, p.Basis)
		s.Phase = begins(s.Phase, len(s.At)-1, p.Phase)
		s.Limit = begins(s.Limit, len(s.At)-1, p.Limited)
	}
	for _, e := range g.Events {
		s.Events = append(s.Events, eventAt{d.at(report.Instant(e.At)), text.Name(e.Name)})
	}
	return s
}

// kernelOf is what kernels said as the content of c's transactions began that one side sent.
func (d *drawing) kernelOf(c *report.Connection, byClient bool) (list []kernelAt) {
	for _, t := range c.Transactions {
		if w := t.KernelWindowAtStart; w != nil && byClient == t.ByClient() {
			at := t.Start
			if !byClient {
				at, _ = timeline.Response(t)
			}
			list = append(list, kernelAt{d.at(at), w.Best})
		}
	}
	return list
}

// begins adds a word where it is another than before.
func begins(list []wordAt, point int, word string) []wordAt {
	if n := len(list); n > 0 && list[n-1].Word == word {
		return list
	}
	return append(list, wordAt{point, word})
}
