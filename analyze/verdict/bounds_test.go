package verdict

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// An expectation holds if it does for all that the metric may be, fails if it does for none.
func TestHoldsForAllOrNone(t *testing.T) {
	ops := map[string]func(x, v float64) bool{
		"<=": func(x, v float64) bool { return x <= v }, "<": func(x, v float64) bool { return x < v },
		">=": func(x, v float64) bool { return x >= v }, ">": func(x, v float64) bool { return x > v },
		"==": func(x, v float64) bool { return x == v }, "!=": func(x, v float64) bool { return x != v },
	}
	for op, holds := range ops {
		for low := range 5 {
			for high := low; high < 5; high++ {
				for v := range 5 {
					all, none := true, true
					for x := 2 * low; x <= 2*high; x++ { // in halves
						h := holds(float64(x)/2, float64(v))
						all, none = all && h, none && !h
					}
					e := Expectation{Op: op, Value: float64(v)}
					if held, ok := e.Holds(Interval{float64(low), float64(high)}); held != all || ok != (all || none) {
						t.Errorf("%d to %d %s %d: held %v, decided %v; want %v, %v", low, high, op, v, held, ok, all, all || none)
					}
				}
			}
		}
	}
}

// What was not read may be more, what is inferred may be more or fewer: metrics are bounds.
func TestMetricsAreBounds(t *testing.T) {
	for _, x := range []struct {
		what   string
		change func(*pool.Pool)
		want   map[string]string
	}{
		{"all is known", func(*pool.Pool) {}, map[string]string{"transactions": "5", "reused": "4", "reuse": "0.8", "needed": "1", "avoidable": "0", "used": "1", "unused": "0", "connections": "1"}},
		{"one too many or too few", func(p *pool.Pool) { p.MaxOver, p.MaxUnder = 1, 1 }, map[string]string{"transactions": "4 to 6", "reused": "3 to 5", "reuse": "0 to 1"}},
		{"one too few, of which the warmth is not known", func(p *pool.Pool) { p.MaxUnder, p.Warmths = 1, event.Warmths{Cold: 1, Warm: 4} }, map[string]string{"transactions": "5 to 6", "cold": "1 to 2", "warm": "4 to 5"}},
		{"begun before", func(p *pool.Pool) { p.Causes = pool.Causes{{Cause: pool.Unknown, N: 1}} }, map[string]string{"transactions": "5", "reused": "4 to 5", "reuse": "0.8 to 1"}},
		{"encrypted beside it", func(p *pool.Pool) { p.Connections, p.Unused, p.Opaque = 3, 2, 1 }, map[string]string{"used": "1 to 2", "unused": "1 to 2", "needed": "1 to 2", "avoidable": "0 to 1", "transactions": "5 or more", "cold": "0 or more", "cooled": "0 or more"}},
		{"a gap", func(p *pool.Pool) { p.Gaps, p.Warmths = 1, event.Warmths{Cold: 1, Warm: 4} }, map[string]string{"cold": "1 or more", "warm": "4 or more", "cooled": "0 or more"}},
		{"pools summed up", func(p *pool.Pool) { p.Servers = nil }, map[string]string{"findings": "0 or more"}},
		{"asked for perhaps", func(p *pool.Pool) { p.PerhapsAvoidable = 1 }, map[string]string{"needed": "0 to 1", "avoidable": "0 to 1"}},
		{"excused perhaps", func(p *pool.Pool) {
			p.Used, p.Avoidable = 2, 1
			p.Causes.Add(pool.ClientClosed, 1)
			p.PerhapsNeeded.Add(pool.ClientClosed, 1)
		}, map[string]string{"needed": "1 to 2", "avoidable": "0 to 1"}},
		{"not known", func(p *pool.Pool) { p.Used, p.Needed, p.Unjudged, p.Verdict = 2, 2, 1, pool.NotKnown }, map[string]string{"needed": "1 to 2", "avoidable": "0 to 1", "findings": "0 or more"}},
		{"not known of one connection", func(p *pool.Pool) { p.Verdict = pool.NotKnown }, map[string]string{"needed": "1", "avoidable": "0"}},
		{"warmth", func(p *pool.Pool) { p.Warmths = event.Warmths{Cold: 1, Warm: 2, Cooled: 1} }, map[string]string{"cold": "1 to 2", "warm": "2 to 3", "cooled": "1 to 2"}},
	} {
		var d Demands
		m := d.measure(reused(x.change), Counts{})
		for name, want := range x.want {
			if got := m[name].String(); got != want {
				t.Errorf("%s: %s %s, want %s", x.what, name, got, want)
			}
		}
	}
}

// What the capture lacks is said once, with the first few connections that it concerns.
func TestWhatIsLacking(t *testing.T) {
	k := NewCollector(10)
	for id := range int64(10) {
		k.Connection(&Conn{ID: id + 1, First: segment.Mark{Packet: id + 1}, Transactions: id % 3, Unseen: Unseen{OneWay: id%2 == 0, Midstream: id > 6, Missing: 100 * (id / 8)}})
	}
	k.Connection(&Conn{ID: 20})
	k.Conclude(nil)
	var f Found
	for _, f = range k.Found() {
		if f.ID == "capture-incomplete" {
			break
		}
	}
	const want = "connections opened before the capture began: 2; captured in one direction only: 5; lacking bytes: 2 (200 bytes)"
	if f.Text != want || fmt.Sprint(f.Connections) != "[1 3 5 7 8 9 10]" || len(f.Packets) != 7 {
		t.Errorf("%q of %v, want %q", f.Text, f.Connections, want)
	}
	for id := range int64(10) {
		k.Connection(&Conn{ID: id + 30, Unseen: Unseen{OneWay: true}})
	}
	k.Conclude(nil)
	all := k.Found()
	if f = all[len(all)-1]; len(f.Connections) != 8 || !strings.Contains(f.Text, "in one direction only: 15") {
		t.Errorf("%q of %v, want 15, and 8 of them", f.Text, f.Connections)
	}
}

// The two legs of a relay: the origin's lies within the client's, and its end brings the
// other's end, at once or a little later.
func TestLegsOfARelay(t *testing.T) {
	at := atMS
	relay, client, server := segment.Addr{Lo: 1}, segment.Addr{Lo: 2}, segment.Addr{Lo: 3}
	legs := func() (front, origin Conn) {
		front = Conn{ID: 1, Client: client, Server: relay, First: at(0), Transactions: 2, Messages: Messages{LastEnd: at(100), Ignored: at(200), LastPromised: true}, Closing: Closing{Closed: at(5000), ClosedBy: event.Server}}
		origin = Conn{ID: 2, Client: relay, Server: server, First: at(10), Transactions: 1, Messages: Messages{LastEnd: at(90), LastComplete: true, LastPromised: true}, Closing: Closing{Closed: at(5000), ClosedBy: event.Server}}
		return front, origin
	}
	for _, x := range []struct {
		what   string
		change func(front, origin *Conn)
		want   bool
	}{
		{"as it is", func(_, _ *Conn) {}, true},
		{"opened at one instant", func(_, o *Conn) { o.First = at(0) }, false},
		{"opened before", func(f, _ *Conn) { f.First = at(11) }, false},
		{"another relay", func(_, o *Conn) { o.Client = client }, false},
		{"answered at one instant", func(_, o *Conn) { o.LastEnd = at(100) }, true},
		{"answered before the origin had", func(_, o *Conn) { o.LastEnd = at(101) }, false},
		{"asked as the origin closed", func(f, _ *Conn) { f.Ignored = at(5000) }, false},
		{"closed before the origin", func(_, o *Conn) { o.Closed = at(5001) }, false},
		{"closed a little later", func(f, _ *Conn) { f.Closed.Time = at(5000).Time.Add(relayLag) }, true},
		{"closed later", func(f, _ *Conn) { f.Closed.Time = at(5000).Time.Add(relayLag + 1) }, false},
		{"closed a round trip later", func(f, _ *Conn) { f.RTT = time.Second; f.Closed = at(6000) }, true},
		{"closed more than a round trip later", func(f, _ *Conn) { f.RTT = time.Second; f.Closed = at(6001) }, false},
		{"the client closed", func(f, _ *Conn) { f.ClosedBy = event.Client }, false},
		{"the client closed the origin's", func(_, o *Conn) { o.ClosedBy = event.Client }, false},
		{"as short as an idle timeout may be", func(f, _ *Conn) { f.LastEnd, f.Ignored = at(4900), at(4950) }, true},
		{"too short for an idle timeout", func(f, _ *Conn) { f.LastEnd, f.Ignored = at(4901), at(4950) }, false},
		{"no promise", func(f, _ *Conn) { f.LastPromised = false }, false},
		{"the origin's carried two", func(_, o *Conn) { o.Transactions = 2 }, false},
		{"the origin's response was cut short", func(_, o *Conn) { o.LastComplete = false }, false},
	} {
		for _, frontFirst := range []bool{true, false} { // they end in any order
			front, origin := legs()
			x.change(&front, &origin)
			k := NewCollector(10)
			if frontFirst {
				k.Connection(&front)
				k.Connection(&origin)
			} else {
				k.Connection(&origin)
				k.Connection(&front)
			}
			if got := k.Counts.Of["blind-proxy"] > 0; got != x.want {
				t.Errorf("%s, the front first: %v: found %v", x.what, frontFirst, got)
			}
		}
	}
}

// Of pauses equally long the first is shown.
func TestFirstOfTheLongestPauses(t *testing.T) {
	var p tcp.Pauses
	for i, d := range []time.Duration{3, 5, 4, 5} {
		p.Add(d, segment.Mark{Packet: int64(i + 1)})
	}
	if p.N != 4 || p.Total != 17 || p.Longest != 5 || p.At.Packet != 2 {
		t.Errorf("%+v", p)
	}
}
