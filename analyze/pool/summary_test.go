package pool

import "testing"

// Where transactions are only bounded, a verdict stands if it would for all that
// they may be.
func TestVerdictWithinBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Pool
		want Verdict
	}{
		{"two requests at least", Pool{Sums: Sums{Used: 1, Transactions: 5, Reused: 4, Needed: 1, MaxOver: 3, MaxUnder: 2}}, Reused},
		{"perhaps one request", Pool{Sums: Sums{Used: 1, Transactions: 5, Reused: 4, Needed: 1, MaxOver: 4}}, NotKnown},
		{"one request, perhaps more", Pool{Sums: Sums{Used: 1, Transactions: 1, Needed: 1, MaxUnder: 1}}, NotKnown},
		{"one request", Pool{Sums: Sums{Used: 1, Transactions: 1, Needed: 1}}, NoOpportunity},
		{"one on each connection", Pool{Sums: Sums{Used: 3, Transactions: 3, Needed: 1, Avoidable: 2}}, NotReused},
		{"none on one of them, perhaps", Pool{Sums: Sums{Used: 3, Transactions: 3, Needed: 1, Avoidable: 2, MaxOver: 1}}, NotKnown},
	} {
		if got, why := c.p.verdict(); got != c.want || (got == NotKnown) != (why != "") {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}
