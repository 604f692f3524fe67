package tcp_test

import (
	"fmt"
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
		f.AtReceiver = x.remote
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
		f.AtReceiver = true
		f.NoDelays()
		return f.send(4).quiet().wait(time.Millisecond)
	}
	f := second().send(2)
	f.MayHaveAcked(f.seq(f.una)) // nothing new
	f.send(2)
	f.MayHaveAcked(f.seq(f.una + 1))
	f.send(2)
	f.MayHaveAcked(f.seq(f.una + 2)) // the first has told already
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

// Until what follows the pause has shown it, the window may be what it was: also of a sender that is
// known to restart.
func TestIdleRestartIsNotSureAtOnce(t *testing.T) {
	f := newFlow(t).send(10).round(2).round(2).quiet()
	for range 2 {
		was := f.Estimate().Best
		f.wait(time.Minute).send(1)
		if e := f.Estimate(); e.Best != 10*mss || e.High < was {
			t.Errorf("after idling: %+v, of a window of %d before", e, was)
		}
		f.send(9).round(2).round(2).quiet() // its first flight was the window, then it grows again
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
		if got := f.Estimate().Pipe; got != want*mss {
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

// events notes what is told of a flow.
type events struct {
	names  []string
	values []int
}

func (e *events) Window(segment.Time, tcp.Estimate, *tcp.Sender) {}
func (e *events) Event(_ segment.Time, name string, value, _ int, _ *tcp.Sender) {
	e.names, e.values = append(e.names, name), append(e.values, value/mss)
}

func (e *events) of(name string) (value int, n int) {
	for i := range e.names {
		if e.names[i] == name {
			value, n = e.values[i], n+1
		}
	}
	return value, n
}

// CUBIC's slow start ends where ACKs have come close behind each other for half of the least
// round trip (Ha and Rhee, "Taming the elephants"; Linux's tcp_cubic.c): not below 16
// segments, nor where a gap of more than 2 ms breaks the train.
func TestSlowStartEndsByATrain(t *testing.T) {
	for _, x := range []struct {
		name   string
		first  int           // flight, acknowledged in one train
		gap    time.Duration // between ACKs
		pause  int           // ACK that comes 3 ms later than that, 0: none
		exited int           // window of the exit, 0: none
	}{
		{"half the round trip", 40, 2 * time.Millisecond, 0, 66}, // after 26 more
		{"just half of it and half a millisecond, then more", 60, 1010 * time.Microsecond, 0, 111},
		{"not so long", 40, time.Millisecond, 0, 0},
		{"gaps too long", 40, 2500 * time.Microsecond, 0, 0},
		{"broken early", 40, 2 * time.Millisecond, 5, 0},
		{"broken at the end", 40, 2 * time.Millisecond, 38, 66},
		{"few segments", 7, 10 * time.Millisecond, 0, 0},
	} {
		f := newFlow(t)
		told := &events{}
		f.Watch(told)
		f.send(x.first).wait(100 * time.Millisecond)
		for k := range x.first {
			f.ack(1).send(1)
			if f.Estimate().Phase == "slow-start" {
				f.send(1)
			}
			f.wait(x.gap - 25*time.Microsecond)
			if k+2 == x.pause {
				f.wait(3 * time.Millisecond)
			}
		}
		f.quiet()
		if at, n := told.of("slow-start-exit"); at != x.exited || n > 1 {
			t.Errorf("%s: an exit at %d (%d of them), want %d", x.name, at, n, x.exited)
		}
	}
}

// It ends, too, where the round trips of a round, eight at least, are longer than the
// least one by an eighth of it; by 4 ms at least, and 16 ms are always enough.
func TestSlowStartEndsByDelay(t *testing.T) {
	for _, x := range []struct {
		rtt, later time.Duration
		exits      bool
	}{
		{80 * time.Millisecond, 90 * time.Millisecond, false},
		{80 * time.Millisecond, 91 * time.Millisecond, true},
		{8 * time.Millisecond, 12 * time.Millisecond, false},
		{8 * time.Millisecond, 13 * time.Millisecond, true},
		{400 * time.Millisecond, 416 * time.Millisecond, false},
		{400 * time.Millisecond, 417 * time.Millisecond, true},
	} {
		for _, n := range []int{8, 9} { // ACKs of the round
			f := newFlow(t)
			f.Reset(mss, f.window*mss)
			f.Handshake(x.rtt)
			told := &events{}
			f.Watch(told)
			f.send(20).wait(x.later - 200*time.Microsecond)
			for range n - 1 {
				f.ack(1)
				f.wait(10*time.Microsecond - 5*time.Microsecond)
			}
			f.ack(1).send(1).quiet()
			want := 0
			if x.exits && n > 8 {
				want = 1
			}
			if _, n := told.of("slow-start-exit"); n != want {
				t.Errorf("round trips of %v after %v: %d exits, want %d", x.later, x.rtt, n, want)
			}
		}
	}
}

// suspected is a flow whose slow start is thought to have ended with a window of 66: its ACKs
// came in a train.
func suspected(t *testing.T) (*flow, *events) {
	f := newFlow(t)
	told := &events{}
	f.Watch(told)
	f.send(40).wait(100 * time.Millisecond)
	for range 28 {
		f.ack(1).send(2).wait(2*time.Millisecond - 25*time.Microsecond)
	}
	if p := f.Estimate().Phase; p != "congestion-avoidance" {
		t.Fatalf("a train of ACKs: %s", p)
	}
	return f, told
}

// That slow start has ended is only suspected: congestion avoidance adds at most half of what is
// acknowledged, so more in flight, by more than two segments, is slow start's, whenever it shows.
// The window is then what slow start has made of it meanwhile.
func TestExitIsDoubted(t *testing.T) {
	for _, x := range []struct {
		acked  int // in one, after the suspicion; two were before
		flight int
		cwnd   int
		told   bool // it is told of after a round trip; else what ends later
	}{
		{0, 69, 69, true}, {0, 70, 70, false},
		{40, 89, 89, true}, {40, 90, 108, false},
		{66, 102, 102, true}, {66, 103, 134, true},
	} {
		f, told := suspected(t)
		if x.acked > 0 {
			f.wait(100 * time.Millisecond).ack(x.acked)
		}
		f.send(x.flight - (f.next - f.una))
		f.holds("in flight", x.cwnd)
		want := map[bool]string{true: "congestion-avoidance", false: "slow-start"}[x.cwnd == x.flight && x.flight != 70]
		if p := f.Estimate().Phase; p != want {
			t.Errorf("%d in flight: %s, want %s", x.flight, p, want)
		}
		f.quiet().quiet()
		if at, n := told.of("slow-start-exit"); n > 1 || (at == 66) != x.told {
			t.Errorf("%d in flight: %d exits, at %d", x.flight, n, at)
		}
	}
}

// Whose slow start has gone on though ACKs came in a train ends none by delay (Reno); and once a
// loss has ended it no suspicion can be refuted.
func TestSuspicionRefutedOnce(t *testing.T) {
	f, _ := suspected(t)
	f.send(70 - (f.next - f.una))
	for range 10 {
		f.ack(1).send(2).wait(2*time.Millisecond - 25*time.Microsecond)
	}
	if p := f.Estimate().Phase; p != "slow-start" {
		t.Errorf("the train goes on: %s", p)
	}
	f, _ = suspected(t)
	f.wait(100*time.Millisecond).ack(0, f.una+1, f.una+2, f.una+3).again(f.una).wait(100 * time.Millisecond)
	f.ack(f.next - f.una).send(120)
	if p := f.Estimate().Phase; p != "congestion-avoidance" {
		t.Errorf("more in flight after a loss: %s", p)
	}
}

// A sender with a clock of its own (BBR) sends though no ACK has come: a quarter of its sends
// tell. Once hardly any of its sends are such it has none.
func TestClock(t *testing.T) {
	clocked := func(f *flow, n int) {
		for range n {
			f.send(1).wait(time.Millisecond)
		}
	}
	// Idling costs a window, not a rate.
	paced := func(f *flow) bool { return !f.quiet().wait(time.Minute).send(1).Start.Restarted }
	f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
	clocked(f, 5) // the first follows the ACK
	if paced(f) {
		t.Error("4 of 17 sends came by themselves: that is no clock")
	}
	f = newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
	clocked(f, 6)
	if !paced(f) {
		t.Error("5 of 18 sends came by themselves: that is a clock")
	}
	if e := f.Estimate(); e.Basis == tcp.Observed || e.Low != 23*mss || e.Best != 28*mss || e.High != 35*mss {
		t.Errorf("its window is %d to %d, %d, %v; want 28 segments, four fifths to five fourths of that, and not observed",
			e.Low, e.High, e.Best, e.Basis)
	}
	for _, x := range []struct {
		prompted int
		every    time.Duration
		clock    bool
	}{
		{46, 3 * time.Millisecond, true}, {47, 3 * time.Millisecond, false}, // of 64, and then more
		{200, time.Millisecond, true}, // at the clock's own times, which ACKs meet that come at the bottleneck's rate
	} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
		clocked(f, 6)
		for range x.prompted {
			f.wait(x.every).ack(1).send(1)
		}
		f.quiet().wait(time.Minute).send(1)
		if f.Start.Restarted == x.clock { // idling costs a window, not a rate
			t.Errorf("after %d sends that ACKs have brought about: an idle restart %v", x.prompted, f.Start.Restarted)
		}
	}
	f = newFlow(t).send(2).wait(100 * time.Millisecond).ack(1)
	clocked(f, 1)
	for range 20 {
		f.ack(1)
		clocked(f, 1)
	}
	if f.send(20).wait(time.Millisecond).ack(20); paced(f) {
		t.Error("two segments in flight: a delayed ACK may bring out each")
	}
}

// A clock may be one that an application has set, which the window does not follow: it may be twice what was in
// flight, however little of it the clock uses. In startup BBR fills its window, so there it is no more than that.
func TestClockOfAnApplication(t *testing.T) {
	f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
	for range 6 { // the first follows the ACK
		f.send(1).wait(time.Millisecond)
	}
	if e := f.Estimate(); e.Phase != "startup" || e.High > e.Best*5/4+mss {
		t.Errorf("%s: %d, up to %d", e.Phase, e.Best, e.High)
	}
	f.send(40) // once
	most := 0
	for range 400 { // then at a rate that never grows
		if f.wait(time.Millisecond).send(1); f.next-f.una > 30 {
			f.wait(time.Millisecond / 2).ack(2)
		}
		most = max(most, int(f.next-f.una))
	}
	if e := f.Estimate(); e.Phase != "probe-bandwidth" || e.High < 2*most*mss {
		t.Errorf("%s: %d, up to %d, with %d in flight once", e.Phase, e.Best/mss, e.High/mss, most)
	}
	f.wait(time.Millisecond).ack(25) // below twice that the window grows by all that an ACK covers
	if e := f.Estimate(); e.High < (2*most+20)*mss {
		t.Errorf("up to %d after an ACK of 25, with %d in flight once", e.High/mss, most)
	}
}

// In recovery what was delivered lets out as much, of BBR too (packet conservation): that is no sign that a sender
// has no clock. The same in the open is.
func TestClockInARecovery(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
		for range 6 {
			f.send(1).wait(time.Millisecond)
		}
		if lost {
			f.sacks(f.una+1, f.una+4).again(f.una)
		}
		last := f.next
		for range 100 {
			if f.wait(3 * time.Millisecond); lost {
				f.sacks(f.una+1, last+1)
				last++
			} else {
				f.ack(1)
			}
			f.send(1)
		}
		f.wait(time.Millisecond).ack(f.next - f.una)
		switch phase := f.Estimate().Phase; phase {
		case "startup", "drain", "probe-bandwidth":
			if !lost {
				t.Errorf("after 100 sends at ACKs: %s", phase)
			}
		default:
			if lost {
				t.Errorf("after a recovery with 100 sends at ACKs: %s", phase)
			}
		}
	}
}

// BBR's startup sends at ACKs once the pipe is full, for its window keeps it then: that is no sign that it has
// no clock. A window that lies elsewhere is one.
func TestClockThatItsWindowKeeps(t *testing.T) {
	for _, x := range []struct {
		part  float64 // of the model's window, that is in flight
		clock bool
	}{{1, true}, {0.92, true}, {0.85, false}, {0.5, false}} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
		for range 6 {
			f.send(1).wait(time.Millisecond)
		}
		for range 200 {
			f.wait(time.Millisecond).ack(1)
			for float64(f.next-f.una) < x.part*float64(f.Estimate().Best/mss) {
				f.send(1)
			}
		}
		phase := f.Estimate().Phase
		if clock := phase == "startup" || phase == "drain"; clock != x.clock {
			t.Errorf("%v of the window in flight: %s", x.part, phase)
		}
	}
}

// What follows part segments has only then been written: that is no clock, however much of it comes.
func TestPartsAreNoClock(t *testing.T) {
	for part, clock := range map[int]bool{mss: true, mss / 2: false} {
		var s tcp.Sender
		s.Reset(mss, 1000*mss)
		s.Handshake(100 * time.Millisecond)
		at, next := segment.Time(time.Hour), segment.Seq(1)
		send := func(n int) {
			s.Sent(next, n, at)
			next, at = next.Add(n), at.Add(time.Millisecond)
		}
		for range 10 {
			send(mss)
		}
		at = at.Add(100 * time.Millisecond)
		s.Acked(next, nil, next.Add(1000*mss), false, true, at)
		at = at.Add(time.Millisecond)
		for range 20 {
			send(part)
		}
		at = at.Add(100 * time.Millisecond)
		s.Acked(next, nil, next.Add(1000*mss), false, true, at)
		at = at.Add(time.Minute)
		if send(mss); s.Start.Restarted == clock {
			t.Errorf("parts of %d bytes: an idle restart %v", part, s.Start.Restarted)
		}
	}
}

// Bursts of more than twice what a clock lets out at once show that there is none, whatever else
// came by itself: three of them.
func TestBurstsAreNoClock(t *testing.T) {
	for bursts, clock := range map[int]bool{2: true, 3: false} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2)
		for range 12 {
			f.send(1).wait(time.Millisecond)
		}
		for range bursts {
			f.wait(time.Millisecond).send(40)
		}
		if f.quiet().wait(time.Minute).send(1); f.Start.Restarted == clock {
			t.Errorf("after %d bursts: an idle restart %v", bursts, f.Start.Restarted)
		}
	}
}

// Of a long life the windows of all rounds are kept thinned out, and what was done when as
// far as there is room.
func TestSumsAreThinnedOut(t *testing.T) {
	f := newFlow(t).send(10).wait(100*time.Millisecond).ack(0, 1, 2, 3).again(0).wait(100 * time.Millisecond).ack(10)
	for n := 8; n < 108; n++ { // congestion avoidance, from 7 on
		f.send(n).wait(100 * time.Millisecond).ack(n).wait(time.Millisecond)
	}
	g := f.Sums.Growth
	if n := len(g); n > 32 || n < 24 || g[n-1] < 102*mss {
		t.Errorf("the windows of %d of %d rounds, the last is %d", n, f.Sums.Rounds, g[n-1])
	}
	for i := 2; i < len(g); i++ {
		if g[i] <= g[i-1] || g[i] > g[i-1]+5*mss {
			t.Errorf("a round with a window of %d follows one with %d", g[i], g[i-1])
		}
	}
	f = newFlow(t).send(10)
	for range 100 { // a loss, and its end
		f.wait(100*time.Millisecond).ack(0, f.una+1, f.una+2, f.una+3, f.una+4).again(f.una).wait(100 * time.Millisecond)
		f.ack(f.next - f.una).send(10)
	}
	p := f.Sums.Phases
	if len(p) != 64 || p[63].Name != "several" || p[62].Name == "several" || p[63].End < f.at.Add(-time.Second) {
		t.Errorf("%d phases, the last %+v", len(p), p[len(p)-1])
	}
	for i := 1; i < len(p); i++ {
		if p[i].Start != p[i-1].End || p[i].From != p[i-1].To {
			t.Fatalf("phase %d, %+v, does not begin where the one before ended, %+v", i, p[i], p[i-1])
		}
	}
}

// What a transaction began with becomes known with the first ACK of that flight; what the next
// flight shows is none of it.
func TestStartOfATransaction(t *testing.T) {
	f := newFlow(t).send(1)
	f.MarkStart()
	f.send(5).wait(100 * time.Millisecond).ack(1).send(2).wait(time.Millisecond).ack(1)
	if k := f.Marked; k.N != 1 || k.Best != 6*mss || k.Basis != tcp.Observed {
		t.Errorf("after the first ACK: %d (%s), flight %d, want 6000, observed, of flight 1", k.Best, k.Basis, k.N)
	}
	f.quiet().wait(time.Millisecond).send(9).wait(100 * time.Millisecond).ack(1).send(2).wait(time.Millisecond).ack(1)
	if k := f.Marked; f.Start.N != 2 || k.N != 1 || k.Best != 6*mss {
		t.Errorf("after flight %d: %d of flight %d, want 6000 of flight 1", f.Start.N, k.Best, k.N)
	}
}

// The initial window is told in segments and in bytes, and whether it was seen: a first flight
// may end for want of data.
func TestInitialWindowIsTold(t *testing.T) {
	f := newFlow(t).send(4).wait(100 * time.Millisecond).ack(1).send(2).wait(time.Millisecond).ack(1)
	if n, bytes, exact := f.Initial(); n != 4 || bytes != 4*mss || !exact {
		t.Errorf("four sent, and more with the first ACK: %d segments, %d bytes, exact %v", n, bytes, exact)
	}
	f = newFlow(t).send(4).quiet().wait(time.Second).send(1)
	if n, bytes, exact := f.Initial(); n != 10 || bytes != 10*mss || exact {
		t.Errorf("four sent, and no more: %d segments, %d bytes, exact %v", n, bytes, exact)
	}
}

// After a timeout all that was out is taken for lost: in flight is what was sent again, and
// what is new.
func TestFlightAfterATimeout(t *testing.T) {
	f := newFlow(t).send(10).wait(time.Second).again(0)
	flight := func(what string, want int) {
		t.Helper()
		if e := f.Estimate(); e.Pipe != want*mss || e.Phase != "timeout" {
			t.Errorf("%s: %d in flight (%s), want %d", what, e.Pipe, e.Phase, want*mss)
		}
	}
	flight("the oldest is sent again", 1)
	f.holds("the loss window", 1)
	f.wait(100 * time.Millisecond).ack(1).again(1).again(2)
	flight("two more", 2)
	f.holds("slow start", 2)
	f.wait(100 * time.Millisecond).ack(7).send(2)
	flight("two new ones", 2)
}

// The train of ACKs tells nothing of a small window, nor once slow start is over.
func TestTrainIsOfLargeWindowsInSlowStart(t *testing.T) {
	f := newFlow(t)
	f.Reset(mss, f.window*mss)
	f.Handshake(8 * time.Millisecond)
	told := &events{}
	f.Watch(told)
	f.send(5).wait(8 * time.Millisecond)
	for range 5 { // longer than half a round trip
		f.ack(1).wait(2*time.Millisecond - 5*time.Microsecond)
	}
	f.send(1).quiet().quiet()
	if _, n := told.of("slow-start-exit"); n != 0 {
		t.Error("slow start ends below 16 segments")
	}
	f = newFlow(t).send(40).wait(100*time.Millisecond).ack(0, 1, 2, 3).again(0).wait(100 * time.Millisecond).ack(40)
	f.send(28).wait(100 * time.Millisecond)
	for range 28 {
		f.ack(1).send(1).wait(2*time.Millisecond - 15*time.Microsecond)
	}
	f.ack(0)
	if e := f.Estimate(); e.Phase != "congestion-avoidance" || e.Best != 28*mss || e.High > e.Best+3*mss {
		t.Errorf("in congestion avoidance: %+v, want 28000, and a twelfth more at most", e)
	}
}

// A first flight that ends with a part of a segment may have been all there was to send. If
// just what slow start makes room for follows the first ACK at once, after a pause, more had
// been waiting, and the flight was the window; not so at the other end of the path, where that
// is a guess.
func TestFlightThatEndsWithAPart(t *testing.T) {
	for _, x := range []struct {
		what   string
		pause  time.Duration // until the ACK
		acked  int           // bytes
		later  time.Duration // until what follows
		sent   int           // bytes
		remote bool
		window bool
	}{
		{"as much as is acknowledged", 100 * time.Millisecond, 2000, 100 * time.Microsecond, 2000, false, true},
		{"twice as much", 100 * time.Millisecond, 1000, 120 * time.Microsecond, 2000, false, true},
		{"less", 100 * time.Millisecond, 2000, 100 * time.Microsecond, 1000, false, false},
		{"more", 100 * time.Millisecond, 1000, 100 * time.Microsecond, 3000, false, false},
		{"later", 100 * time.Millisecond, 1000, 121 * time.Microsecond, 2000, false, false},
		{"no pause", 240 * time.Microsecond, 1000, 100 * time.Microsecond, 2000, false, false},
		{"a pause just long enough", 241 * time.Microsecond, 1000, 100 * time.Microsecond, 2000, false, true},
		{"captured at the other end", 100 * time.Millisecond, 2000, 100 * time.Microsecond, 2000, true, false},
	} {
		var s tcp.Sender
		s.Reset(mss, 1000*mss)
		s.AtReceiver = x.remote
		s.Handshake(100 * time.Millisecond)
		at, base := segment.Time(time.Hour), segment.Seq(1<<32-2000)
		next := 0
		send := func(n int) {
			for ; n > 0; n -= mss {
				s.Sent(base.Add(next), min(n, mss), at)
				next += min(n, mss)
			}
		}
		ack := func(n int) { s.Acked(base.Add(n), nil, base.Add(n+1000*mss), false, true, at) }
		send(3500)
		at = at.Add(x.pause)
		ack(x.acked)
		at = at.Add(x.later)
		send(x.sent)
		at = at.Add(time.Millisecond)
		ack(x.acked + mss)
		if n, _, exact := s.Initial(); exact != x.window || exact && n != 4 {
			t.Errorf("%s: %d segments, exact %v, want %v", x.what, n, exact, x.window)
		}
	}
}

// An ECN echo halves the window as a loss does, once for a window of data (RFC 3168 section
// 6.1.2), and no segment was lost; where nothing is in flight it is an old one. The window of data
// ends with the first ACK of what was sent after the echo (Linux's tcp_fastretrans_alert).
func TestECNEcho(t *testing.T) {
	f := newFlow(t)
	told := &events{}
	f.Watch(told)
	echo := func(n int) *flow {
		f.wait(time.Millisecond).una += n
		f.Acked(f.seq(f.una), nil, f.seq(f.una+f.window), true, true, f.at)
		return f.wait(5 * time.Microsecond)
	}
	f.send(20).wait(100 * time.Millisecond)
	echo(1)
	if e := f.Estimate(); e.Phase != "recovery" {
		t.Errorf("after the first echo: %+v", e)
	}
	for range 19 { // until what was out is acknowledged, and the peer has not been told yet
		if echo(1); f.next-f.una < 14 {
			f.send(1)
		}
	}
	if _, n := told.of("ecn"); n != 1 || f.Sums.Losses != 0 {
		t.Errorf("told of %d echoes, %d losses, want one and none", n, f.Sums.Losses)
	}
	if e := f.Estimate(); e.Phase != "recovery" {
		t.Errorf("until something is acknowledged that was sent after the echo: %+v", e)
	}
	f.wait(100 * time.Millisecond).ack(1)
	f.holds("CUBIC keeps 7/10 (RFC 9438 section 4.6)", 14)
	f.quiet()
	echo(0)
	if _, n := told.of("ecn"); n != 1 {
		t.Errorf("told of %d echoes with nothing in flight", n-1)
	}
	f.send(5).wait(100 * time.Millisecond)
	echo(1)
	if _, n := told.of("ecn"); n != 2 {
		t.Errorf("told of %d echoes, want a second one in the next window", n)
	}
}

// A window that is not used does not grow: while at most half of it is in flight (Linux's
// tcp_is_cwnd_limited).
func TestUnusedWindowDoesNotGrow(t *testing.T) {
	for flight, want := range map[int]int{4: 10, 5: 10, 6: 12, 8: 16, 9: 18} {
		f := newFlow(t).send(flight).wait(100 * time.Millisecond)
		for range flight {
			f.ack(1).wait(time.Millisecond)
		}
		f.holds("a flight of "+string(rune('0'+flight))+" of 10", want)
	}
}

// What was in flight in a window counts until all of it has been acknowledged, though less is in
// flight meanwhile (Linux's tcp_cwnd_validate): it still is more than half of the window.
func TestFlightOfAWindowCounts(t *testing.T) {
	f := newFlow(t).send(8).wait(100 * time.Millisecond)
	f.ack(4).send(1).wait(time.Millisecond).ack(1).wait(time.Millisecond).ack(0)
	f.holds("8 were in flight, 5 are acknowledged", 13)
}

// A SACK block of no bytes is nonsense: duplicate ACKs tell of segments as they do without SACK.
func TestEmptySACKBlock(t *testing.T) {
	f := newFlow(t).send(10).wait(100 * time.Millisecond)
	f.ack(0) // tells the window
	for range 3 {
		f.Acked(f.seq(0), []segment.Block{{Start: f.seq(3), End: f.seq(3)}}, f.seq(f.window), false, true, f.at)
	}
	if e := f.Estimate(); e.Pipe != 7*mss {
		t.Errorf("%d in flight after three duplicate ACKs, want %d", e.Pipe, 7*mss)
	}
}

// The oldest segment sent again before its timeout, though neither duplicate ACKs nor SACK were seen,
// was deemed lost all the same; another in its midst is none of fast recovery's (RFC 5681 section 3.2).
func TestOldestSentAgain(t *testing.T) {
	for n, losses := range map[int]int64{1: 1, 5: 0} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(1).send(2).wait(time.Millisecond).again(n)
		if f.Sums.Losses != losses || f.Sums.Timeouts != 0 {
			t.Errorf("segment %d sent again: %d losses, %d timeouts, want %d and none", n, f.Sums.Losses, f.Sums.Timeouts, losses)
		}
	}
}

// A segment that was sent again gives no round-trip time, and so does one of which only a part is
// acknowledged (RFC 6298 section 3).
func TestNoRoundTripOf(t *testing.T) {
	f := newFlow(t).send(1).wait(time.Second).again(0).wait(10 * time.Millisecond).ack(1)
	if f.SRTT() != 100*time.Millisecond {
		t.Errorf("of one sent again: %v", f.SRTT())
	}
	f = newFlow(t).send(1).wait(10 * time.Millisecond)
	f.Acked(f.seq(0).Add(mss/2), nil, f.seq(f.window), false, true, f.at)
	if f.SRTT() != 100*time.Millisecond {
		t.Errorf("of a part: %v", f.SRTT())
	}
	f.Acked(f.seq(1), nil, f.seq(f.window), false, true, f.at)
	if f.SRTT() >= 100*time.Millisecond {
		t.Errorf("of all of it after 10 ms: %v", f.SRTT())
	}
}

// Who was seen to lose its window by idling does not go by BBR, though a clock spreads what it
// sends afterwards (see TestClock for one of whom that is not known).
func TestNoBBRAfterAnIdleRestart(t *testing.T) {
	f := newFlow(t).send(10).wait(100 * time.Millisecond).ack(10).send(20).wait(100 * time.Millisecond).ack(20)
	f.wait(time.Minute).send(10).wait(100 * time.Millisecond).ack(1).send(2)
	for range 20 {
		f.wait(time.Millisecond).ack(1).wait(time.Millisecond).send(1)
	}
	f.quiet().wait(time.Minute).send(1)
	if !f.Start.Restarted {
		t.Error("idling costs it nothing")
	}
}

// In slow start a window grows by what an ACK is the first to tell of: also by what it tells of by
// SACK (Linux's acked_sacked), and not again once that is acknowledged.
func TestSlowStartGrowsByWhatIsDelivered(t *testing.T) {
	f := newFlow(t).send(10).wait(100*time.Millisecond).ack(1, 3, 4, 5) // of the second nothing is known
	f.holds("three are SACKed", 14)
	f.send(8) // 4 have left, and it has grown by 4
	f.ack(5)
	f.holds("they are acknowledged", 16)
}

// A window that was seen stays so while there is no more to send, until what was in flight then is acknowledged (Linux's
// is_cwnd_limited), and no longer than ACKs have added a tenth.
func TestWindowStaysSeenWhileWhatFilledItIsAcknowledged(t *testing.T) {
	tail := func(f *flow) *flow { // less than a segment: there is no more
		f.Sent(f.seq(f.next), mss/2, f.at)
		f.next++
		return f.wait(10 * time.Microsecond)
	}
	f := newFlow(t).send(10).round(2).round(2).wait(100 * time.Millisecond).ack(1).send(2).ack(1).send(2)
	tail(f.wait(time.Millisecond).ack(1).send(1))
	for n := range 8 {
		want := tcp.Observed
		if n >= 3 { // 43 were in flight, 47 may be
			want = tcp.Inferred
		}
		f.wait(time.Millisecond).ack(1)
		f.is(fmt.Sprintf("%d ACKs of a slow start", n), tcp.Application, want)
		if e := f.Estimate(); e.Low > 43*mss || e.High < e.Best {
			t.Errorf("%d ACKs: the window is %d in %d..%d", n, e.Best, e.Low, e.High)
		}
	}

	f = newFlow(t).send(40).wait(100*time.Millisecond).ack(0, 1).ack(0, 1, 2).ack(0, 1, 2, 3).again(0)
	f.wait(100 * time.Millisecond).ack(40).send(28).wait(100 * time.Millisecond).ack(1).send(1)
	end := f.next
	tail(f.wait(time.Millisecond).ack(1))
	for f.wait(time.Millisecond); f.una < end; f.wait(time.Millisecond) {
		f.ack(1)
		f.is("congestion avoidance", tcp.Application, tcp.Observed)
	}
	f.ack(1).wait(time.Millisecond).ack(0)
	f.is("all is acknowledged", tcp.Application, tcp.Inferred)
}
