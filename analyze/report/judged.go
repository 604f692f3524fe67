package report

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
)

// Judged returns the transactions of c that count in its pool: what ran inside a tunnel,
// if anything did, instead of its CONNECT.
func (c *Connection) Judged() []*Transaction {
	if t := c.JudgedTunnel(); t != nil {
		return t.Transactions
	}
	return c.Transactions
}

// Forget gives up the transactions of c; how many they were stays.
func (c *Connection) Forget() {
	c.Transactions = []*Transaction{}
	if c.Tunnel != nil {
		c.Tunnel.Transactions = nil
	}
}

// JudgedTunnel returns the tunnel whose transactions are judged, nil if none is.
func (c *Connection) JudgedTunnel() *Tunnel {
	if t := c.Tunnel; t != nil && t.Counts {
		return t
	}
	return nil
}

// Held returns what r was held against: the user's expectations, or if there
// were none the verdict, as an expectation that connections are reused.
func (r *Report) Held() []Expectation {
	if len(r.Expectations) > 0 {
		return r.Expectations
	}
	e := Expectation{Text: "connections are reused", Measured: string(r.Verdict)}
	good := r.Verdict == pool.Reused
	switch {
	case good && len(r.Setbacks()) == 0, r.Verdict == pool.PartlyReused, r.Verdict == pool.NotReused:
		e.Held = &good
	}
	return []Expectation{e}
}

// Summary says in a sentence or two what was measured for e, and where to look
// first.
func (r *Report) Summary(e *Expectation) string {
	if r.Unjudged != "" {
		return e.Text + ": " + r.Unjudged
	}
	t := &r.Totals
	s := fmt.Sprintf("%s: measured %s; %s used %s, %s needed, %d avoidable", e.Text, e.Measured,
		plural.Count(t.Transactions, "request"), plural.Count(t.Used, "connection"), t.NeededBounds(), t.Avoidable)
	first := map[int64]*Connection{} // by pool
	for _, c := range r.Connections {
		if b := c.OpenedBecause; b != nil && b.Cause.Avoidable() && first[c.Pool] == nil {
			first[c.Pool] = c
		}
	}
	for _, p := range r.WorstFirst() {
		c := first[p.ID]
		if c == nil && len(p.Blamed) > 0 {
			c = p.Blamed[0].bare()
		}
		if c != nil {
			b := c.OpenedBecause
			return s + fmt.Sprintf("; first: #%d (packet %d), %s: %s", c.ID, c.FirstPacket, b.Cause, b.Text)
		}
	}
	return s
}

// bare is the connection of o as far as it is known.
func (o *Opening) bare() *Connection {
	return &Connection{ID: o.Connection, FirstPacket: o.FirstPacket, OpenedBecause: &o.OpenedBecause}
}

// Opened returns those of conns, which are p's, whose opening has a cause, and the openings of which
// there is no more, by ID.
func (p *Pool) Opened(conns []*Connection) []*Connection {
	var all []*Connection
	for _, c := range conns {
		if c.OpenedBecause != nil {
			all = append(all, c)
		}
	}
	for i := range p.Blamed {
		all = append(all, p.Blamed[i].bare())
	}
	slices.SortStableFunc(all, func(a, b *Connection) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// WorstFirst returns r's pools by verdict, then by what there is to gain; of those only that
// were asked for.
func (r *Report) WorstFirst() []*Pool {
	sorted := slices.DeleteFunc(slices.Clone(r.Pools), func(p *Pool) bool { return p.Other })
	slices.SortStableFunc(sorted, func(a, b *Pool) int {
		return cmp.Or(
			cmp.Compare(a.Verdict.Severity(), b.Verdict.Severity()),
			cmp.Compare(b.Avoidable, a.Avoidable),
			cmp.Compare(b.Transactions, a.Transactions),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return sorted
}
