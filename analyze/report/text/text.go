package text

import (
	"io"
	"slices"

	"tcpwarm/analyze/report"
)

// Options say how Write lays a report out.
type Options struct {
	Width int  // columns; 0 is 80, less than 40 is 40
	Color bool // the verdict and marks, nothing else
	Limit int  // pools listed and told in full; 0 is DefaultLimit
	All   bool // all pools are told in full, those that are fine too, with all that is known of their windows
}

// DefaultLimit is how many pools are listed and told in full. A reader who did not find
// it in ten will ask for one server, and JSON has them all.
const DefaultLimit = 10

// Write writes r for a person at a terminal: the verdict first, and what was read. Of several
// pools an overview follows, the worst first, and only those that are not fine have a block each.
func Write(w io.Writer, r *report.Report, o Options) error {
	p := newPage(w, o.Width, o.Color)
	pools, x := r.WorstFirst(), newIndex(r)
	x.all = o.All
	limit := p.summary(r, x, &o)
	detailed := pools
	if several(r) && !o.All {
		detailed = troubled(pools)
	}
	detailed = detailed[:min(limit, len(detailed))]
	for _, pl := range detailed {
		p.line("")
		p.pool(pl, x)
	}
	if several(r) && !o.All {
		p.alsoFound(slices.DeleteFunc(slices.Clone(pools), func(pl *report.Pool) bool { return slices.Contains(detailed, pl) }), x)
	}
	p.findings(x.findings[0], x)
	p.footer(r)
	return p.flush()
}

// WriteSummary writes what Write begins with: the verdict, what was read and is missing of it, the
// expectations, and how all pools do where there are several.
func WriteSummary(w io.Writer, r *report.Report, o Options) error {
	p := newPage(w, o.Width, o.Color)
	p.summary(r, newIndex(r), &o)
	return p.flush()
}

// summary writes it, and returns how many pools are listed and told at most.
func (p *page) summary(r *report.Report, x *index, o *Options) (limit int) {
	if limit = o.Limit; limit <= 0 {
		limit = DefaultLimit
	}
	if o.All {
		limit = len(r.WorstFirst())
	}
	p.verdict(r)
	p.source(r)
	p.setbacks("", r)
	p.expectations(r.Expectations)
	if several(r) {
		p.overview(r, x, limit)
	}
	return limit
}

// An index finds the connections and findings of a pool.
type index struct {
	connections map[int64][]*report.Connection // by pool
	findings    map[int64][]report.Finding     // by pool; 0 holds those of no pool, or of a connection
	about       map[int64][]report.Finding     // by pool, with those of its connections
	agents      map[int64]string               // what clients call themselves, by pool
	pools       map[int64]int64                // by connection, of those kept
	sayVerdict  bool                           // each block says its own verdict
	vantage     report.Vantage
	loopback    bool
	oneClient   bool
	all         bool // nothing that is known is left out

	until report.Instant // the capture lasted, 0: not known, or not all connections were followed to there
}

func newIndex(r *report.Report) *index {
	x := &index{
		connections: make(map[int64][]*report.Connection),
		findings:    make(map[int64][]report.Finding),
		about:       make(map[int64][]report.Finding),
		agents:      make(map[int64]string),
		pools:       make(map[int64]int64),
		sayVerdict:  several(r) || r.Outcome != "",
		vantage:     r.Capture.Vantage,
		loopback:    r.Capture.Loopback,
		oneClient:   r.Capture.OneClient,
	}
	gaveUp := slices.ContainsFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "connections-given-up" })
	if r.Capture.End != nil && !gaveUp {
		x.until = *r.Capture.End
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
		x.about[x.poolOf(&f)] = append(x.about[x.poolOf(&f)], f)
	}
	return x
}

// poolOf returns the pool that f is about, or whose connection it is about, 0 if that is not known.
func (x *index) poolOf(f *report.Finding) int64 {
	if f.Pool == 0 && len(f.Connections) > 0 {
		return x.pools[f.Connections[0]]
	}
	return f.Pool
}

// advice returns to whom f's remedy speaks.
func (x *index) advice(f *report.Finding) advice { return advice{x.agents[x.poolOf(f)], x.vantage} }
