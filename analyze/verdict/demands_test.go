package verdict

import (
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

func reused(change func(*pool.Pool)) []*pool.Pool {
	p := &pool.Pool{Name: "a.example", Servers: []segment.Endpoint{{Port: 80}}, Sums: pool.Sums{Connections: 1, Used: 1, Transactions: 5, Reused: 4, Needed: 1,
		Causes: pool.Causes{{Cause: pool.First, N: 1}}}}
	change(p)
	return []*pool.Pool{p}
}

func TestJudge(t *testing.T) {
	five, err := ParseExpectation("transactions==5")
	if err != nil {
		t.Fatal(err)
	}
	folded := &pool.Pool{Sums: pool.Sums{Connections: 9, Used: 9, Transactions: 9, Needed: 9}}
	for _, c := range []struct {
		name  string
		d     Demands
		pools []*pool.Pool
		want  Outcome
	}{
		{"reused", Demands{}, reused(func(*pool.Pool) {}), Passed},
		{"avoidable", Demands{}, reused(func(p *pool.Pool) { p.Used, p.Avoidable = 2, 1; p.Causes.Add(pool.Missed, 1) }), Failed},
		{"avoidable, but allowed", Demands{Allow: []string{"missed"}}, reused(func(p *pool.Pool) { p.Used, p.Avoidable = 2, 1; p.Causes.Add(pool.Missed, 1) }), Passed},
		{"idle timeout is allowed", Demands{}, reused(func(p *pool.Pool) { p.Used, p.Avoidable = 2, 1; p.Causes.Add(pool.ClientIdleTimeout, 1) }), Passed},
		{"avoidable, if a request that was not read asked for the end", Demands{}, reused(func(p *pool.Pool) { p.Used, p.Needed, p.PerhapsAvoidable = 2, 2, 1 }), Undecided},
		{"avoidable, unless a response that was not read said close", Demands{}, reused(func(p *pool.Pool) {
			p.Used, p.Avoidable, p.PerhapsNeeded = 2, 1, 1
			p.Causes.Add(pool.ClientClosed, 1)
		}), Undecided},
		{"allowed, but perhaps needed", Demands{Allow: []string{"client-closed"}, Expect: []Expectation{{"needed", "<=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Needed, p.Avoidable, p.PerhapsNeeded = 2, 1, 1, 1
			p.Causes.Add(pool.ClientClosed, 1)
		}), Undecided},
		{"warm enough", Demands{Expect: []Expectation{{"warm", ">=", 3}, {"cooled", "<=", 1}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3, Cooled: 1} }), Passed},
		{"cooled", Demands{Expect: []Expectation{{"cooled", "==", 0}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3, Cooled: 1} }), Failed},
		{"of one the warmth is not known", Demands{Expect: []Expectation{{"cooled", "==", 0}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3} }), Undecided},
		{"nothing to reuse", Demands{}, reused(func(p *pool.Pool) { p.Transactions, p.Reused = 1, 0 }), Undecided},
		{"nothing seen", Demands{}, nil, Undecided},
		{"encrypted beside it", Demands{}, reused(func(p *pool.Pool) { p.Opaque = 1 }), Undecided},
		{"counted", Demands{Expect: []Expectation{five}}, reused(func(*pool.Pool) {}), Passed},
		{"requests may hide in a gap", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.Gaps = 1 }), Undecided},
		{"inferred, and the bounds straddle it", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.MaxOver, p.MaxUnder = 1, 1 }), Undecided},
		{"inferred, and the bounds exclude it", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.Transactions, p.Reused, p.MaxOver, p.MaxUnder = 9, 8, 3, 1 }), Failed},
		{"inferred, and reused all the same", Demands{}, reused(func(p *pool.Pool) { p.MaxOver = 3 }), Passed},
		{"another server", Demands{Server: "b.example"}, reused(func(*pool.Pool) {}), Undecided},
		{"this server", Demands{Server: "A.example:80"}, reused(func(*pool.Pool) {}), Passed},
		{"pools not kept may be of the server", Demands{Server: "a.example"}, append(reused(func(*pool.Pool) {}), folded), Undecided},
		{"forbidden, and pools not kept", Demands{Server: "a.example", Forbid: []string{"missed"}}, append(reused(func(*pool.Pool) {}), folded), Undecided},
	} {
		if _, got := c.d.Judge(c.pools, nil); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
