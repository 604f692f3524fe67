package text

import (
	"fmt"
	"io"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
)

// Options say how Write lays a report out.
type Options struct {
	Width int  // columns; 0 is 80, less than 40 is 40
	Color bool // the verdict and marks, nothing else
	Limit int  // pools shown in full; 0 is 10
}

// defaultLimit is how many pools are shown in full. A reader who did not find
// it in ten will filter, and JSON has them all.
const defaultLimit = 10

// Write writes r for a person at a terminal: the verdict first, then a block per
// pool, the worst first, and last what could not be seen.
func Write(w io.Writer, r *report.Report, o Options) error {
	p := newPage(w, o.Width, o.Color)
	p.verdict(r)
	p.verdicts(r.Totals.Verdicts)
	p.setbacks("", r)
	p.expectations(r.Expectations)
	limit := o.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	pools := r.WorstFirst()
	shown := pools[:min(limit, len(pools))]
	x := newIndex(r)
	for _, pl := range shown {
		p.line("")
		p.pool(pl, x)
	}
	p.morePools(pools[len(shown):])
	p.findings(x.findings[0], x)
	p.footer(r)
	return p.flush()
}

// An index finds the connections and findings of a pool.
type index struct {
	connections map[int64][]*report.Connection // by pool
	findings    map[int64][]report.Finding     // by pool; 0 holds those of no pool
	agents      map[int64]string               // what clients call themselves, by pool
	pools       map[int64]int64                // by connection, of those kept
	sayVerdict  bool                           // each block says its own verdict
	vantage     report.Vantage
	loopback    bool
	oneClient   bool
}

func newIndex(r *report.Report) *index {
	x := &index{
		connections: make(map[int64][]*report.Connection),
		findings:    make(map[int64][]report.Finding),
		agents:      make(map[int64]string),
		pools:       make(map[int64]int64),
		sayVerdict:  len(r.WorstFirst()) > 1 || r.Outcome != "",
		vantage:     r.Capture.Vantage,
		loopback:    r.Capture.Loopback,
		oneClient:   r.Capture.OneClient,
	}
	for _, c := range r.Connections {
		x.connections[c.Pool] = append(x.connections[c.Pool], c)
		x.pools[c.ID] = c.Pool
	}
	known := map[int64]bool{}
	for _, pl := range r.Pools {
		known[pl.ID] = true
		x.agents[pl.ID] = pl.UserAgent
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

// advice returns to whom f's remedy speaks.
func (x *index) advice(f *report.Finding) advice {
	id := f.Pool
	if id == 0 && len(f.Connections) > 0 {
		id = x.pools[f.Connections[0]]
	}
	return advice{x.agents[id], x.vantage}
}

// morePools sums up the pools beyond the limit.
func (p *page) morePools(rest []*report.Pool) {
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
	p.wrap("", 2, fmt.Sprintf("and %s: %s used %s, %d avoidable.", plural.Count(int64(len(rest)), "more pool"),
		plural.Count(requests, "request"), plural.Count(used, "connection"), avoidable))
}
