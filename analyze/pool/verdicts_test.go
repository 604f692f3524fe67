package pool

import (
	"maps"
	"testing"

	"tcpwarm/capture/segment"
)

// The whole is judged by the sums of its pools: its verdict contradicts none of them.
func TestWhole(t *testing.T) {
	reuses := Pool{Verdict: Reused, Sums: Sums{Used: 1, Transactions: 40, Reused: 39, Needed: 1}}
	missed := Pool{Verdict: NotReused, Sums: Sums{Used: 2, Transactions: 2, Needed: 1, Avoidable: 1}}
	ended := Pool{Verdict: ServerPrevents, Sums: Sums{Used: 3, Transactions: 3, Needed: 3, ServerEnded: 2}}
	single := Pool{Verdict: NoOpportunity, Sums: Sums{Used: 1, Transactions: 1, Needed: 1}}
	hidden := Pool{Verdict: NotKnown, Sums: Sums{Used: 4, Transactions: 4, Needed: 2, Avoidable: 2, MaxOver: 3}}
	hiddenOne := Pool{Verdict: NotKnown, Sums: Sums{Used: 1, Transactions: 1, Needed: 1, Gaps: 1}}
	opaque := Pool{Verdict: NotKnown, Sums: Sums{Unused: 3, Opaque: 3}}
	opaqueOne := Pool{Verdict: NotKnown, Sums: Sums{Unused: 1, Opaque: 1}}
	bounded := Pool{Verdict: Reused, Sums: Sums{Used: 2, Transactions: 9, Reused: 7, Needed: 2, MaxUnder: 1}}
	boundedOne := Pool{Verdict: Reused, Sums: Sums{Used: 1, Transactions: 9, Reused: 8, Needed: 1, MaxUnder: 1}}
	for _, x := range []struct {
		name  string
		pools []Pool
		want  Verdict
		exact bool
	}{
		{"nothing", nil, NoOpportunity, true},
		{"one", []Pool{missed}, NotReused, true},
		{"reused elsewhere", []Pool{missed, reuses}, PartlyReused, true},
		{"avoidable whatever is not known", []Pool{missed, hidden}, NotReused, false},
		{"not known, several connections", []Pool{reuses, hidden}, NotKnown, false},
		{"not known alone", []Pool{hidden}, NotKnown, false},
		{"not known, but one connection", []Pool{reuses, hiddenOne}, Reused, false},
		{"one connection of which nothing is known", []Pool{hiddenOne}, NotKnown, false},
		{"not known beside nothing to reuse", []Pool{hiddenOne, single}, NotKnown, false},
		{"what a server ended is known", []Pool{hiddenOne, ended}, ServerPrevents, false},
		{"encrypted ones", []Pool{reuses, opaque}, NotKnown, false},
		{"an encrypted one", []Pool{reuses, opaqueOne}, Reused, false},
		{"reused, and ended by the server", []Pool{ended, reuses}, Reused, true},
		{"ended by the server", []Pool{ended, single}, ServerPrevents, true},
		{"bounded", []Pool{bounded}, Reused, false},
		{"bounded, with one connection", []Pool{boundedOne}, Reused, true},
	} {
		var all, first, rest Verdicts
		for i := range x.pools {
			all.Add(&x.pools[i])
			if i == 0 {
				first.Add(&x.pools[i])
			} else {
				rest.Add(&x.pools[i])
			}
		}
		if got := all.Whole(); got != x.want || (all.Inexact() == 0) != x.exact || all.Pools() != int64(len(x.pools)) {
			t.Errorf("%s: %s, exact %v; want %s, %v", x.name, got, all.Inexact() == 0, x.want, x.exact)
		}
		if first.Merge(&rest); first != all {
			t.Errorf("%s: merged %v, want %v", x.name, first, all)
		}
	}
	v := Verdicts{}
	v.Add(&missed)
	v.Add(&missed)
	v.Add(&reuses)
	if m := v.Map(); !maps.Equal(m, map[Verdict]int64{NotReused: 2, Reused: 1}) {
		t.Errorf("%v", m)
	}
}

// Where pools join, all that is counted of their connections adds up.
func TestStatesAddUp(t *testing.T) {
	var a, b connStates
	set := func(s *connStates, first int64) {
		s.firstRequest = segment.Time(first)
		for i, n := range []*int64{&s.diedNext, &s.otherUser, &s.refused, &s.midstream, &s.serverUnseen, &s.wentOn} {
			*n = first * int64(i+1)
		}
		s.live, s.open = 7*int32(first), 8*int32(first)
	}
	set(&a, 10)
	set(&b, 1)
	if a.add(&b); a != (connStates{firstRequest: 1, live: 77, open: 88, diedNext: 11, otherUser: 22, refused: 33, midstream: 44, serverUnseen: 55, wentOn: 66}) {
		t.Errorf("%+v", a)
	}
}
