package verdict

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/pool"
)

// Counts says how often there were findings, by ID.
type Counts struct {
	Of  map[string]int64 // those not kept included
	Cut map[string]bool  // whether there may be more: a bound has left out what may have been found
}

// A Collector applies the rules as connections and pools come in. It counts all
// findings and keeps the first of each kind.
type Collector struct {
	Counts Counts

	limit       int
	doubtful    bool // a connection was inconsistent: see Unseen
	kept        map[string][]Found
	connections []*Finding // whose rule looks at one connection: many end, so they are not sought each time
	tracked     []tracked
}

// tracked is a finding whose rule looks across connections, and what it remembers.
type tracked struct {
	*Finding
	tracker
}

// NewCollector returns a Collector that keeps at most limit findings of one
// kind.
func NewCollector(limit int) *Collector {
	k := &Collector{Counts: Counts{map[string]int64{}, map[string]bool{}}, limit: limit, kept: map[string][]Found{}}
	for i := range table {
		switch f := &table[i]; {
		case f.rule.connection != nil:
			k.connections = append(k.connections, f)
		case f.rule.across != nil:
			k.tracked = append(k.tracked, tracked{f, f.rule.across()})
		}
	}
	return k
}

// Connection applies the rules to a connection that has ended. Connections come
// in the order of their ends.
func (k *Collector) Connection(c *Conn) {
	k.doubtful = k.doubtful || c.Inconsistent
	for _, f := range k.connections {
		if r := f.rule.connection; r.applies(c) && k.count(f.ID) {
			e := r.evidence(c)
			e.Connections = []int64{c.ID}
			e.doubt(c.Inconsistent)
			k.keep(Found{ID: f.ID, Evidence: e})
		}
	}
	for _, t := range k.tracked {
		if e, ok := t.note(c); ok {
			e.doubt(c.Inconsistent)
			k.add(Found{ID: t.ID, Evidence: e})
		}
	}
}

// ColdStart applies the rules to the first transaction of a connection that was
// opened without need.
func (k *Collector) ColdStart(s *ColdStart) {
	for i := range table {
		if f := &table[i]; f.rule.coldStart != nil {
			if e, ok := f.rule.coldStart(s); ok {
				k.add(Found{ID: f.ID, Evidence: e})
			}
		}
	}
}

// Conclude applies the rules to the pools, and those that need to know all
// connections. It is called once, when all is decided.
func (k *Collector) Conclude(pools []*pool.Pool) {
	for i := range table {
		if f := &table[i]; f.rule.pool != nil {
			for _, p := range pools {
				if e, ok := f.rule.pool(p); ok {
					e.doubt(p.Inconsistent > 0)
					k.add(Found{ID: f.ID, Pool: p.ID, Evidence: e})
				} else if f.rule.poolCut != nil && f.rule.poolCut(p) {
					k.Counts.Cut[f.ID] = true
				}
			}
		}
	}
	for _, t := range k.tracked {
		for _, e := range t.conclude() {
			e.doubt(k.doubtful)
			k.add(Found{ID: t.ID, Evidence: e})
		}
		if t.cut() {
			k.Counts.Cut[t.ID] = true
		}
	}
}

func (k *Collector) add(f Found) {
	if k.count(f.ID) {
		k.keep(f)
	}
}

// count counts a finding and reports whether it is one of those to keep.
func (k *Collector) count(id string) bool {
	k.Counts.Of[id]++
	return len(k.kept[id]) < k.limit
}

func (k *Collector) keep(f Found) { k.kept[f.ID] = append(k.kept[f.ID], f) }

// Found returns the findings kept, by ID and first packet.
func (k *Collector) Found() []Found {
	var all []Found
	for _, list := range k.kept {
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(
			cmp.Compare(a.ID, b.ID),
			cmp.Compare(firstPacket(a), firstPacket(b)),
			slices.Compare(a.Connections, b.Connections),
		)
	})
	return all
}

// firstPacket is 0 for a finding without packets.
func firstPacket(f Found) int64 {
	if len(f.Packets) == 0 {
		return 0
	}
	return f.Packets[0]
}
