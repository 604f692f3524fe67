package verdict

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/pool"
)

// A Found is one finding.
type Found struct {
	ID          string
	Connections []int64
	Pool        int64 // 0 if it concerns none
	Evidence
}

// A Collector applies the rules as connections and pools come in and keeps the
// first findings of each kind.
type Collector struct {
	limit  int
	found  map[string][]Found
	Counts map[string]int64 // by ID, those not kept included
	lacks  incomplete
	relays relays
	resume resumption
}

// NewCollector returns a Collector that keeps at most limit findings of one
// kind.
func NewCollector(limit int) *Collector {
	return &Collector{limit: limit, found: map[string][]Found{}, Counts: map[string]int64{}}
}

// Connection applies the rules for connections.
func (k *Collector) Connection(c *Conn) {
	for i := range connRules {
		if r := &connRules[i]; r.holds(c) && k.counts(r.id) {
			k.keep(Found{ID: r.id, Connections: []int64{c.ID}, Evidence: r.evidence(c)})
		}
	}
	if f, ok := k.relays.note(c); ok {
		k.add(f)
	}
	k.resume.note(c)
	k.lacks.note(c)
}

// Pools applies the rules for pools, once all is decided.
func (k *Collector) Pools(pools []*pool.Pool) {
	for _, p := range pools {
		for i := range poolRules {
			if f, ok := poolRules[i].find(p); ok {
				f.ID, f.Pool = poolRules[i].id, p.ID
				k.add(f)
			}
		}
	}
	k.resume.find(k.add)
	if f, ok := k.lacks.find(); ok {
		k.add(f)
	}
}

func (k *Collector) add(f Found) {
	if k.counts(f.ID) {
		k.keep(f)
	}
}

// counts counts a finding and reports whether it is one of those to keep.
func (k *Collector) counts(id string) bool {
	k.Counts[id]++
	return len(k.found[id]) < k.limit
}

func (k *Collector) keep(f Found) { k.found[f.ID] = append(k.found[f.ID], f) }

// Found returns the findings kept, by ID and first packet.
func (k *Collector) Found() []Found {
	var all []Found
	for _, list := range k.found {
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(first(a.Packets), first(b.Packets)), slices.Compare(a.Connections, b.Connections))
	})
	return all
}

func first(p []int64) int64 {
	if len(p) == 0 {
		return 0
	}
	return p[0]
}
