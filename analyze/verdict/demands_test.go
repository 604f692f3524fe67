package verdict

import (
	"maps"
	"math"
	"strings"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
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
	evicted := &pool.Pool{Sums: pool.Sums{Connections: 9, Used: 9, Transactions: 9, Needed: 9}}
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
			p.Used, p.Avoidable = 2, 1
			p.Causes.Add(pool.ClientClosed, 1)
			p.PerhapsNeeded.Add(pool.ClientClosed, 1)
		}), Undecided},
		{"allowed, but perhaps needed", Demands{Allow: []string{"client-closed"}, Expect: []Expectation{{"needed", "<=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Needed, p.Avoidable = 2, 1, 1
			p.Causes.Add(pool.ClientClosed, 1)
			p.PerhapsNeeded.Add(pool.ClientClosed, 1)
		}), Undecided},
		{"forbidden, but perhaps needed", Demands{Forbid: []string{"missed"}, Expect: []Expectation{{"connections", ">=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Avoidable = 2, 1
			p.Causes.Add(pool.Missed, 1)
			p.PerhapsNeeded.Add(pool.Missed, 1)
		}), Undecided},
		{"forbidden, and more than perhaps needed", Demands{Forbid: []string{"missed"}, Expect: []Expectation{{"connections", ">=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Avoidable = 3, 2
			p.Causes.Add(pool.Missed, 2)
			p.PerhapsNeeded.Add(pool.Missed, 1)
		}), Failed},
		{"forbidden, though others are perhaps needed", Demands{Forbid: []string{"missed"}, Expect: []Expectation{{"connections", ">=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Avoidable = 3, 2
			p.Causes.Add(pool.Missed, 1)
			p.Causes.Add(pool.ClientClosed, 1)
			p.PerhapsNeeded.Add(pool.ClientClosed, 1)
		}), Failed},
		{"avoidable for sure, though what is allowed is perhaps needed", Demands{Allow: []string{"client-closed"}}, reused(func(p *pool.Pool) {
			p.Used, p.Avoidable = 3, 2
			p.Causes.Add(pool.Missed, 1)
			p.Causes.Add(pool.ClientClosed, 1)
			p.PerhapsNeeded.Add(pool.ClientClosed, 1)
		}), Failed},
		{"reused in vain", Demands{}, reused(func(p *pool.Pool) { p.Transactions, p.Reused, p.ReusedUnanswered = 2, 1, 1 }), Undecided},
		{"forbidden, where the verdict is not known", Demands{Forbid: []string{"missed"}}, reused(func(p *pool.Pool) {
			p.Used, p.Needed, p.Verdict = 2, 2, pool.NotKnown
		}), Undecided},
		{"warm enough", Demands{Expect: []Expectation{{"warm", ">=", 3}, {"cooled", "<=", 1}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3, Cooled: 1} }), Passed},
		{"cooled", Demands{Expect: []Expectation{{"cooled", "==", 0}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3, Cooled: 1} }), Failed},
		{"of one the warmth is not known", Demands{Expect: []Expectation{{"cooled", "==", 0}}}, reused(func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 3} }), Undecided},
		{"nothing to reuse", Demands{}, reused(func(p *pool.Pool) { p.Transactions, p.Reused = 1, 0 }), Undecided},
		{"nothing seen", Demands{}, nil, Undecided},
		{"encrypted beside it", Demands{}, reused(func(p *pool.Pool) { p.Opaque = 1 }), Undecided},
		{"nothing seen, whatever is expected", Demands{Expect: []Expectation{{"connections", "<=", 1}, {"cold", "==", 0}, {"findings", "==", 0}}}, nil, Undecided},
		{"nothing seen that would fail", Demands{Expect: []Expectation{{"connections", ">=", 1}}}, nil, Undecided},
		{"nothing seen of what is forbidden", Demands{Forbid: []string{"missed"}}, nil, Undecided},
		{"another server, whatever is expected", Demands{Server: "b.example", Expect: []Expectation{{"connections", "<=", 1}}}, reused(func(*pool.Pool) {}), Undecided},
		{"a connection without a request", Demands{Expect: []Expectation{{"connections", "<=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Unused, p.Transactions, p.Reused, p.Needed = 0, 1, 0, 0, 0
		}), Undecided},
		{"more connections than expected, without a request", Demands{Expect: []Expectation{{"connections", "<=", 1}}}, reused(func(p *pool.Pool) {
			p.Connections, p.Used, p.Unused, p.Transactions, p.Reused, p.Needed = 2, 0, 2, 0, 0, 0
		}), Failed},
		{"a connection that cannot be read counts", Demands{Expect: []Expectation{{"connections", "<=", 1}}}, reused(func(p *pool.Pool) {
			p.Used, p.Unused, p.Opaque, p.Transactions, p.Reused, p.Needed = 0, 1, 1, 0, 0, 0
		}), Passed},
		{"counted", Demands{Expect: []Expectation{five}}, reused(func(*pool.Pool) {}), Passed},
		{"requests may hide in a gap", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.Gaps = 1 }), Undecided},
		{"inferred, and the bounds straddle it", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.MaxOver, p.MaxUnder = 1, 1 }), Undecided},
		{"inferred, and the bounds exclude it", Demands{Expect: []Expectation{five}}, reused(func(p *pool.Pool) { p.Transactions, p.Reused, p.MaxOver, p.MaxUnder = 9, 8, 3, 1 }), Failed},
		{"inferred, and reused all the same", Demands{}, reused(func(p *pool.Pool) { p.MaxOver = 3 }), Passed},
		{"another server", Demands{Server: "b.example"}, reused(func(*pool.Pool) {}), Undecided},
		{"this server", Demands{Server: "A.example:80"}, reused(func(*pool.Pool) {}), Passed},
		{"pools not kept may be of the server", Demands{Server: "a.example"}, append(reused(func(*pool.Pool) {}), evicted), Undecided},
		{"forbidden, and pools not kept", Demands{Server: "a.example", Forbid: []string{"missed"}}, append(reused(func(*pool.Pool) {}), evicted), Undecided},
	} {
		if _, got, _ := c.d.Judge(c.pools, Counts{}, Seen{}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Beside what is avoidable stands how much of it is allowed, if any.
func TestAllowedIsSaid(t *testing.T) {
	for _, x := range []struct {
		causes pool.Causes
		want   string
	}{
		{nil, ""},
		{pool.Causes{{Cause: pool.Undrained, N: 1}}, ""},
		{pool.Causes{{Cause: pool.Missed, N: 1}}, "avoidable 1, all allowed: missed"},
		{pool.Causes{{Cause: pool.Missed, N: 1}, {Cause: pool.ClientIdleTimeout, N: 1}}, "avoidable 2, all allowed: client-idle-timeout, missed"},
		{pool.Causes{{Cause: pool.Missed, N: 1}, {Cause: pool.Undrained, N: 1}}, "avoidable 2, 1 allowed: missed"},
	} {
		d := Demands{Allow: []string{"missed"}}
		all, _, _ := d.Judge(reused(func(p *pool.Pool) {
			for _, c := range x.causes {
				p.Used, p.Avoidable = p.Used+c.N, p.Avoidable+c.N
				p.Causes.Add(c.Cause, c.N)
			}
		}), Counts{}, Seen{})
		if last := all[len(all)-1]; last.Text != "avoidable == 0" || last.Note != x.want {
			t.Errorf("%v: %s, %q, want %q", x.causes, last.Text, last.Note, x.want)
		}
	}
}

// Where nothing was judged it is said why, and what was there instead.
func TestNothingJudged(t *testing.T) {
	two := append(reused(func(*pool.Pool) {}), reused(func(p *pool.Pool) { p.Name = "b.example" })...)
	ignored := reused(func(p *pool.Pool) { p.Used, p.Unused, p.Transactions, p.Reused, p.Needed = 0, 1, 0, 0, 0 })
	var many []*pool.Pool
	for range 9 {
		many = append(many, &pool.Pool{Servers: []segment.Endpoint{{Port: uint16(80 + len(many))}}, Sums: pool.Sums{Connections: 1}})
	}
	for want, x := range map[string]struct {
		d     Demands
		pools []*pool.Pool
		seen  Seen
	}{
		"": {Demands{}, two, Seen{Packets: 9}},
		"no server matches c.example; there were a.example:80, b.example:80":                                               {Demands{Server: "c.example"}, two, Seen{Packets: 9}},
		"no server matches c; there were [::]:80, [::]:81, [::]:82, [::]:83, [::]:84 and 4 more":                           {Demands{Server: "c"}, many, Seen{}},
		"no server matches the one asked for; there were a.example:80, b.example:80":                                       {Demands{Server: "c.example", Redact: redact.New()}, two, Seen{}},
		`the filter "port 9" let none of 7 packets through`:                                                                {Demands{Filter: "port 9"}, nil, Seen{Packets: 7, Filtered: 7}},
		`no packet came that the filter "port 9" lets through`:                                                             {Demands{Filter: "port 9", Command: true}, nil, Seen{}},
		"no TCP connection to judge; seen instead: 2 packets, 2 QUIC packets, which are not judged":                        {Demands{Filter: "udp"}, nil, Seen{Packets: 7, Filtered: 5, QUIC: 2}},
		"2 requests, all to be ignored":                                                                                    {Demands{}, ignored, Seen{Packets: 9, Ignored: 2}},
		"the command opened no TCP connection that was captured; seen instead: 9 packets, 1 connection of another program": {Demands{Command: true}, nil, Seen{Packets: 9, Others: 1}},
		"no TCP connection to judge; seen instead: 3 packets, 3 packets that could not be looked into":                     {Demands{}, nil, Seen{Packets: 3, Unread: 3}},
		"no TCP connection to judge; seen instead: 3 packets, namely 3 packets: IP protocol 17 (UDP)":                      {Demands{}, nil, Seen{Packets: 3, NotRead: "3 packets: IP protocol 17 (UDP)"}},
	} {
		if _, _, got := x.d.Judge(x.pools, Counts{}, x.seen); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What could be reused is counted without what the server ended instead of answering, by both bounds.
func TestReusable(t *testing.T) {
	all, _, _ := (&Demands{}).Judge(reused(func(p *pool.Pool) {
		p.Transactions, p.Reused, p.ReusedUnanswered, p.MaxOver, p.MaxUnder = 9, 8, 2, 1, 3
	}), Counts{}, Seen{})
	for _, h := range all {
		if strings.HasPrefix(h.Text, "some transaction could be reused") {
			if h.Measured.Low != 5 || h.Measured.High != 9 {
				t.Errorf("%+v of 8 to 12 transactions, 1 needed, 2 unanswered", h.Measured)
			}
			return
		}
	}
	t.Errorf("%+v", all)
}

// Where bytes came in two versions nothing that was read is sure: not even how many connections were to a server, though
// how many there were is. What was avoidable for sure stays.
func TestNothingReadIsTrusted(t *testing.T) {
	for _, x := range []struct {
		server      string
		connections Interval
	}{{"", Interval{3, 3}}, {"a.example", Interval{0, math.Inf(1)}}} {
		m := map[string]Interval{"connections": {3, 3}, "avoidable": {1, 2}, "cold": {2, 2}}
		(&Demands{Server: x.server}).trustNone(m)
		if want := (map[string]Interval{"connections": x.connections, "avoidable": {1, math.Inf(1)}, "cold": {0, math.Inf(1)}}); !maps.Equal(m, want) {
			t.Errorf("server %q: %v, want %v", x.server, m, want)
		}
	}
}

// That no request was seen is held against connections alone.
func TestNoRequestOfNoConnection(t *testing.T) {
	d := Demands{Expect: []Expectation{{"connections", "<=", 1}}}
	for connections, want := range map[float64]int{0: 1, 1: 2} {
		m := map[string]Interval{"connections": Exactly(connections), "transactions": Exactly(0.)}
		if all := d.check(nil, Counts{}, m); len(all) != want {
			t.Errorf("%v connections: %v", connections, all)
		}
	}
}
