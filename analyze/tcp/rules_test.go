package tcp_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

const mss = 1000

// A flow sends segments of 1000 bytes to an estimator, and acknowledges them. It counts
// in segments; its numbers wrap around.
type flow struct {
	*testing.T
	tcp.Sender
	at        segment.Time
	base      segment.Seq
	next, una int
	window    int // offered, in segments
}

// newFlow begins a flow with a round trip of 100 ms: its retransmission timeout is 300 ms.
func newFlow(t *testing.T) *flow {
	f := &flow{T: t, at: segment.Time(time.Hour), base: 1<<32 - 5500, window: 1000}
	f.Reset(mss, f.window*mss)
	f.Handshake(100 * time.Millisecond)
	return f
}

func (f *flow) seq(n int) segment.Seq { return f.base.Add(n * mss) }

func (f *flow) wait(d time.Duration) *flow { f.at = f.at.Add(d); return f }

// send sends n segments, 10 µs apart.
func (f *flow) send(n int) *flow {
	for range n {
		f.Sent(f.seq(f.next), mss, f.at)
		f.next++
		f.wait(10 * time.Microsecond)
	}
	return f
}

// again sends segment n again.
func (f *flow) again(n int) *flow {
	f.Sent(f.seq(n), mss, f.at)
	return f.wait(10 * time.Microsecond)
}

// ack acknowledges n segments more, with segments that have come beyond.
func (f *flow) ack(n int, sacked ...int) *flow {
	f.una += n
	var blocks []segment.Block
	for _, k := range sacked {
		blocks = append(blocks, segment.Block{Start: f.seq(k), End: f.seq(k + 1)})
	}
	f.Acked(f.seq(f.una), blocks, f.seq(f.una+f.window), false, true, f.at)
	return f.wait(5 * time.Microsecond)
}

// round acknowledges all that is out, a segment each, and sends so many after each.
func (f *flow) round(each int) *flow {
	f.wait(100 * time.Millisecond)
	for n := f.next - f.una; n > 0; n-- {
		f.ack(1).send(each).wait(time.Millisecond)
	}
	return f
}

// quiet acknowledges all that is out and sends nothing more.
func (f *flow) quiet() *flow {
	f.wait(100 * time.Millisecond).ack(f.next - f.una)
	return f
}

// holds checks the window, in segments.
func (f *flow) holds(what string, want int) {
	f.Helper()
	if e := f.Estimate(); e.Best != want*mss {
		f.Errorf("%s: the window is %d in %d..%d (%s, %s), want %d", what, e.Best, e.Low, e.High, e.Basis, e.Phase, want*mss)
	}
}

// starts checks the window that the latest flight began with.
func (f *flow) starts(what string, low, best, high int) {
	f.Helper()
	if s := f.Start; s.Low != low*mss || s.Best != best*mss || s.High != high*mss {
		f.Errorf("%s: it began with %d in %d..%d, want %d in %d..%d", what, s.Best, s.Low, s.High, best*mss, low*mss, high*mss)
	}
}

// Slow start adds what an ACK acknowledges (RFC 5681 section 3.1, RFC 3465 as Linux has
// it): twice the window after a round trip.
func TestSlowStartDoubles(t *testing.T) {
	f := newFlow(t).send(10)
	f.holds("the initial window (RFC 6928)", 10)
	f.round(2)
	f.holds("after a round", 20)
	f.round(2)
	f.holds("after two", 40)
}

// Nothing sent is no flight.
func TestNothingIsNoFlight(t *testing.T) {
	f := newFlow(t)
	f.Sent(f.seq(0), 0, f.at)
	if f.Started() || f.Start.N != 0 {
		t.Error("a flight has begun with nothing")
	}
}

// Whether the window was halved for a timeout in which nothing was sent is not known for a
// pause about as long as one: a first flight of half the window tells. Of a sender at the
// other end of the path the timeout is not known so well: it may be as short as Linux's
// least, 200 ms. After a shorter pause the flight is something else's.
func TestIdleAboutATimeout(t *testing.T) {
	for _, x := range []struct {
		idle      time.Duration
		remote    bool
		flight    int
		restarted bool
	}{
		{300 * time.Millisecond, false, 40, false},
		{315 * time.Millisecond, false, 40, true},
		{315 * time.Millisecond, false, 50, true},
		{315 * time.Millisecond, false, 51, false},
		{190 * time.Millisecond, true, 40, false},
		{220 * time.Millisecond, true, 40, true},
	} {
		f := newFlow(t)
		f.Remote = x.remote
		f.send(10).round(2).round(2)
		f.quiet().holds("before", 80)
		f.wait(x.idle - 100*time.Millisecond).send(x.flight).wait(100 * time.Millisecond).ack(1).send(2).wait(time.Millisecond).ack(1)
		if f.Start.Restarted != x.restarted {
			t.Errorf("idle for %v, remote %v, then a flight of %d of 80: restarted %v", x.idle, x.remote, x.flight, f.Start.Restarted)
		}
	}
}

// Where ACKs are seen before they reach the sender, those that may have come by the end of
// the first flight may have let out a part of it: for sure there is only what was sent before
// the first of them.
func TestSurePartOfAFlight(t *testing.T) {
	second := func() *flow {
		f := newFlow(t)
		f.Remote = true
		f.NoDelays()
		return f.send(4).quiet().wait(time.Millisecond)
	}
	f := second().send(2)
	f.Perhaps(f.seq(f.una)) // nothing new
	f.send(2)
	f.Perhaps(f.seq(f.una + 1))
	f.send(2)
	f.Perhaps(f.seq(f.una + 2)) // the first has told already
	f.send(2).wait(50 * time.Millisecond).ack(1).send(2).ack(1)
	f.starts("8 sent, the first 4 for sure", 4, 8, 11)
	f = second().send(8).wait(50 * time.Millisecond).ack(1).send(2).ack(1)
	f.starts("8 sent, no ACK between", 8, 8, 11)
}

// An idle sender's window is halved for each timeout that has passed, down to the initial
// window (RFC 2861 section 3.1; Linux's tcp_cwnd_restart).
func TestIdleRestart(t *testing.T) {
	for _, x := range []struct {
		idle time.Duration // beyond the first timeout
		want int
	}{
		{20 * time.Millisecond, 40},
		{300 * time.Millisecond, 40},
		{330 * time.Millisecond, 20},
		{620 * time.Millisecond, 20},
		{650 * time.Millisecond, 10},
		{time.Minute, 10},
	} {
		f := newFlow(t).send(10).round(2).round(2).quiet()
		f.wait(216*time.Millisecond + x.idle).send(1) // the timeout is 317 ms
		f.holds(x.idle.String(), x.want)
		if !f.Start.Restarted {
			t.Errorf("%v: no restart", x.idle)
		}
	}
}

// More in flight than an idle restart leaves, by as much as slow start may have added, shows
// that there was none: this sender keeps its window (net.ipv4.tcp_slow_start_after_idle = 0),
// and does so the next time.
func TestIdleRestartRefuted(t *testing.T) {
	for _, x := range []struct {
		flight    int
		restarted bool
	}{{80, true}, {81, false}} {
		f := newFlow(t).send(10).round(2).round(2).quiet()
		f.wait(236 * time.Millisecond).send(x.flight)
		f.quiet().wait(time.Millisecond).ack(0) // what an ACK lets out is known with the next
		if f.Start.Restarted != x.restarted {
			t.Errorf("a flight of %d after a restart to 40: restarted %v", x.flight, f.Start.Restarted)
		}
		f.wait(time.Minute).send(1)
		if f.Start.Restarted != x.restarted {
			t.Errorf("and the next time: restarted %v", f.Start.Restarted)
		}
	}
}

// Without SACK each duplicate ACK has told of a segment that has left (RFC 6582 section
// 3.2): three of them, and the oldest is sent again and the window is reduced. A partial ACK
// takes back what the duplicates had told of.
func TestDuplicatesTellOfSegments(t *testing.T) {
	f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1)
	flight := func(what string, want int) {
		t.Helper()
		if got := f.Estimate().Flight; got != want*mss {
			t.Errorf("%s: %d in flight, want %d", what, got, want*mss)
		}
	}
	flight("nine are out", 9)
	f.wait(time.Millisecond).ack(0)
	flight("one duplicate", 8)
	f.ack(0).ack(0).ack(0)
	flight("four duplicates", 5)
	f.again(f.una)
	if p := f.Estimate().Phase; p != "recovery" {
		t.Errorf("sent again after four duplicates: %s", p)
	}
	flight("the oldest is sent again", 5)
	f.wait(100 * time.Millisecond).ack(3)
	flight("three are acknowledged, of them two that the duplicates told of", 3)
}
