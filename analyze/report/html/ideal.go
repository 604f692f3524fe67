package html

import (
	"cmp"
	"slices"

	"tcpwarm/analyze/report"
)

// ideal returns, for each connection that an ideal client would have opened, whose requests it carries:
// those of a needless connection are put on the one that could have served. It is nil where that does not
// show: connections are missing, as many are needed as the report does not say how to spare, or two
// requests would meet on a connection that carries one at a time.
func ideal(p *report.Pool, lanes []*lane) [][]int64 {
	if p.Avoidable == 0 || p.PerhapsNeeded > 0 || p.PerhapsAvoidable > 0 {
		return nil
	}
	group, used := map[int64]int{}, int64(0)
	var groups [][]*lane
	for _, l := range lanes { // what could have served comes before what was opened instead
		if len(l.Exchanges) == 0 || l.Omitted > 0 {
			continue
		}
		used++
		i, ok := len(groups), false
		if l.Opening != nil && l.Opening.Needless {
			i, ok = group[l.Opening.Instead]
			if !ok {
				return nil
			}
		}
		if !ok {
			i = len(groups)
			groups = append(groups, nil)
		}
		group[l.ID] = i
		groups[i] = append(groups[i], l)
	}
	if used != p.Used || int64(len(groups)) != p.Needed {
		return nil
	}
	ids := make([][]int64, len(groups))
	for i, g := range groups {
		if p.Protocol != "http/2" && meet(g) {
			return nil
		}
		for _, l := range g {
			ids[i] = append(ids[i], l.ID)
		}
	}
	return ids
}

// meet reports whether two requests of lanes are under way at once.
func meet(lanes []*lane) bool {
	var all []exchange
	for _, l := range lanes {
		all = append(all, l.Exchanges...)
	}
	slices.SortFunc(all, func(a, b exchange) int { return cmp.Compare(a.Start, b.Start) })
	for i := 1; i < len(all); i++ {
		if all[i].Start < all[i-1].End {
			return true
		}
	}
	return false
}
