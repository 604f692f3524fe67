package engine

import (
	"testing"
	"time"

	"tcpwarm/analyze/conn"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// A late segment of a connection that has ended does not make it wait longer: it is let go as
// long after its end as if none had come.
func TestLateSegmentsExtendNoWait(t *testing.T) {
	const open = `
0      > S 0:0(0)
+0.02  < S. 0:0(0) ack 1
+0     > . 1:1(0) ack 1
`
	for _, x := range []struct {
		name, end, late string
		state           conn.State
	}{
		{"both FINs acknowledged", "+0.1 > F. 1:1(0) ack 1\n+0.02 < F. 1:1(0) ack 2\n+0 > . 2:2(0) ack 2\n", "+0.3 < . 2:2(0) ack 2\n", conn.FinsAcked},
		{"FINs, one not acknowledged", "+0.1 > F. 1:1(0) ack 1\n+0.02 < F. 1:1(0) ack 2\n", "+0.3 < F. 1:1(0) ack 2\n", conn.Closed},
		{"reset just now", "+0.1 < R. 1:1(0) ack 1\n", "+0.3 < R. 1:1(0) ack 1\n", conn.JustReset},
	} {
		s, err := script.Parse(open + x.end + x.late)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Workers: 1}
		o.Limits.setDefaults()
		w := newWorker(0, o, new(faults))
		b := batch{output: make([]workerOutput, 1)}
		w.out.workerOutput = &b.output[0]
		var since segment.Time
		all := s.Segments()
		for i := range all {
			g := &all[i]
			hash := g.Key.Hash()
			sh := &w.shards[shardOf(hash)]
			w.segment(sh, g, hash)
			e := sh.find(&g.Key, hash)
			if i < len(all)-2 {
				continue
			}
			list := map[conn.State]*waitList{conn.Closed: &sh.closed, conn.FinsAcked: &sh.acked, conn.JustReset: &sh.fresh}[x.state]
			if e == nil || e.list != list || e.State() != x.state {
				t.Fatalf("%s: it does not wait, or elsewhere, after segment %d", x.name, i+1)
			}
			if i == len(all)-2 {
				since = e.since
				continue
			}
			if e.since != since {
				t.Errorf("%s: it waits from %v later", x.name, time.Duration(e.since.Sub(since)))
			}
			if x.state != conn.JustReset {
				continue
			}
			w.batch = &b
			w.concludeResets(since.Add(resetGrace + 1)) // from then on as long as any other that has ended
			if e.list != &sh.reset || sh.due(e.since.Add(timeWaitFor+1)) != e {
				t.Errorf("%s: concluded, it does not wait", x.name)
			}
		}
	}
}

// The first of a list is due when it has waited for longer than that, or for long enough where more wait than need.
func TestDue(t *testing.T) {
	const second = segment.Time(time.Second)
	grace := segment.Time(leastGrace)
	for _, x := range []struct {
		n    int
		now  segment.Time
		want bool
	}{
		{0, 9 * second, false}, {1, second, false}, {1, second + 1, true}, {2, second, false}, {2, second + 1, true},
		{3, grace, false}, {3, grace + 1, true},
	} {
		l := waitList{n: x.n}
		if got := l.due(x.now, time.Second, 2); got != x.want {
			t.Errorf("%d wait, the first for %v: due is %v", x.n, x.now.Sub(0), got)
		}
	}
}
