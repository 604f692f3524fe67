package tcp_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// is checks what keeps the sender and what the estimate rests on.
func (f *flow) is(what string, limit tcp.Limit, basis tcp.Basis) {
	f.Helper()
	if e := f.Estimate(); e.Limit != limit || e.Basis != basis {
		f.Errorf("%s: limited by %s, %s, want %s, %s", what, e.Limit, e.Basis, limit, basis)
	}
}

// recovering is a flow of 40 segments whose first was lost and has been sent again.
func recovering(t *testing.T) *flow {
	f := newFlow(t).send(40).wait(100*time.Millisecond).ack(0, 1).ack(0, 1, 2).ack(0, 1, 2, 3).again(0)
	return f.wait(time.Millisecond)
}

// sackedTo acknowledges nothing new and tells that what came after the first segment, until
// before n, has arrived.
func (f *flow) sackedTo(n int) *flow { return f.wait(time.Millisecond).sacks(f.una+1, n) }

// sacks acknowledges nothing new and tells that the segments from from until before to have
// arrived.
func (f *flow) sacks(from, to int) *flow {
	f.Acked(f.seq(f.una), []segment.Block{{Start: f.seq(from), End: f.seq(to)}}, f.seq(f.una+f.window), false, true, f.at)
	return f.wait(5 * time.Microsecond)
}

// In fast recovery, too, a sender may be kept by the window that its peer offers: its own is then
// what proportional rate reduction has made of it (RFC 6937 section 3), not what is in flight.
func TestReceiverKeepsARecovery(t *testing.T) {
	for _, x := range []struct {
		window int // offered, from the first segment on
		cwnd   int
		limit  tcp.Limit
		basis  tcp.Basis
	}{
		{46, 28, tcp.Receiver, tcp.Inferred},   // 7/10 of 40; 46 are out
		{47, 26, tcp.Congestion, tcp.Observed}, // one more would have been permitted
	} {
		f := recovering(t)
		f.window = x.window
		for n := 5; n <= 14; n++ { // half of what is delivered goes out
			if f.sackedTo(n); n%2 == 0 {
				f.send(1)
			}
		}
		f.sackedTo(21)
		f.send(f.una + 46 - f.next)
		f.sackedTo(21)
		f.holds("what is left", x.cwnd)
		f.is("what is left", x.limit, x.basis)
	}
}

// Who only sends again what was lost, and has nothing more to send, does not show its window; who
// has more that was lost to send again does.
func TestResendsShowNoWindow(t *testing.T) {
	f := recovering(t)
	for n := 5; n <= 40; n += 5 {
		f.sackedTo(n)
	}
	f.ack(0).again(0).ack(0)
	f.is("all else has arrived", tcp.Application, tcp.Inferred)

	f = newFlow(t).send(40).wait(100 * time.Millisecond)
	for n := 21; n <= 40; n++ { // the first 20 were lost
		if f.wait(time.Millisecond).sacks(20, n); n >= 24 {
			f.again(n - 24)
		}
	}
	f.ack(0)
	f.is("more is lost", tcp.Congestion, tcp.Observed)
}

// Reno halves its window (RFC 5681 section 3.2), CUBIC keeps 7/10 of it (RFC 9438 section 4.6):
// already in the midst of a recovery less in flight than that shows the one; not where so much
// was lost that little is left.
func TestHalvingShowsInRecovery(t *testing.T) {
	for _, x := range []struct {
		name string
		lost int // beside the first
		keep int // of ten segments delivered, how many are sent then
		want int
	}{{"half of what is delivered", 0, 5, 20}, {"7/10", 0, 7, 28}, {"15 are lost, 7/10", 15, 7, 21}} {
		f := newFlow(t).send(40).wait(100 * time.Millisecond)
		first := 1 + x.lost
		f.sacks(first, first+1).sacks(first, first+2).sacks(first, first+3).again(0)
		for n := first + 4; n <= 38; n++ {
			if f.wait(time.Millisecond).sacks(first, n); n*x.keep/10 > (n-1)*x.keep/10 {
				f.send(1)
			}
		}
		f.window = f.next
		f.wait(time.Millisecond).sacks(first, 39).sacks(first, 39)
		f.is(x.name, tcp.Receiver, tcp.Inferred)
		f.holds(x.name, x.want)
	}
}

// Without SACK a partial ACK tells of one segment that has arrived, the one that was lost; what it
// covers beyond, the duplicates have told of (RFC 6582 section 3.2).
func TestPartialACKDeliversOne(t *testing.T) {
	f := newFlow(t).send(40).wait(100 * time.Millisecond)
	f.window = 40 // no room
	for n := range 33 {
		if f.ack(0); n == 3 {
			f.again(0)
		}
	}
	for n := range 15 {
		f.window--
		f.wait(100 * time.Millisecond).ack(1).again(n + 1)
	}
	f.ack(0)
	f.is("15 partial ACKs", tcp.Receiver, tcp.Inferred)
	f.holds("15 partial ACKs, each lets out one", 28)
}

// What had been SACKed is delivered then, and not once more when it is acknowledged (RFC 6937 section 3, DeliveredData): the window of a
// recovery is the same, however many of the ACKs that told of it were lost.
func TestWhatWasSackedIsDeliveredOnce(t *testing.T) {
	for _, sacked := range []int{4, 7, 10} { // before, until
		f := recovering(t)
		f.window = 40 // no room
		for n := 5; n <= sacked; n++ {
			f.sackedTo(n)
		}
		f.window = 30
		f.wait(time.Millisecond).ack(10).ack(0)
		f.is("no room", tcp.Receiver, tcp.Inferred)
		f.holds("7 are delivered of 40", 34)
	}
}

// Who has seen something overtaken that was not lost waits in recovery for a quarter of the least round trip, here 25 ms: what was sent
// so much before something that has arrived is lost (RFC 8985 section 6.2 step 4), and not what was sent later.
func TestReorderingSeenGivesTimeInRecovery(t *testing.T) {
	for _, x := range []struct {
		what  string
		late  int // segments that overtook the first
		again bool
		lost  int
	}{
		{"nothing was overtaken", 0, false, 40},
		{"one came late", 2, false, 16},
		{"one was lost", 3, true, 40},
	} {
		f := newFlow(t).send(10).wait(100 * time.Millisecond)
		if x.late > 0 {
			f.sacks(1, 1+x.late)
		}
		if x.again {
			f.again(0).wait(100 * time.Millisecond)
		}
		f.ack(10)
		for range 60 {
			f.send(1).wait(990 * time.Microsecond)
		}
		f.wait(50*time.Millisecond).sacks(50, 52).again(10)
		if e := f.Estimate(); e.Pipe != (60-2-x.lost+1)*mss {
			t.Errorf("%s: %d in flight, want %d of 60: 2 have come, %d are lost, one was sent again", x.what, e.Pipe, 60-2-x.lost+1, x.lost)
		}
	}
}

// The window that the peer offers keeps a sender, too, before it is full: where it has less room
// than the sender's own, and the sender waits for more, as it may for a third of the window
// (Linux's tcp_tso_should_defer). Its own window goes on growing meanwhile (tcp_is_cwnd_limited:
// up to twice what was in flight), here until the round trips are longer (HyStart).
func TestReceiverKeepsBeforeItIsFull(t *testing.T) {
	for _, x := range []struct {
		name  string
		room  int // in the peer's window, with 30 of 50 in flight
		limit tcp.Limit
		basis tcp.Basis
		cwnd  int
	}{
		{"full", 0, tcp.Receiver, tcp.Inferred, 48},
		{"room for two", 2, tcp.Receiver, tcp.Inferred, 48},
		{"just less than a third", 14, tcp.Receiver, tcp.Inferred, 48},
		{"more", 17, tcp.Congestion, tcp.Observed, 30},
	} {
		f := newFlow(t).send(10).round(2).round(2) // 40 are out
		f.wait(100 * time.Millisecond)
		for range 10 {
			f.window = f.next + x.room - f.una - 1
			f.ack(1).wait(3 * time.Millisecond)
		}
		f.window = 30 + x.room
		for range 10 {
			f.ack(1).send(1).wait(3 * time.Millisecond)
		}
		f.ack(0)
		f.is(x.name, x.limit, x.basis)
		f.holds(x.name, x.cwnd)
	}
	f := newFlow(t).send(10).round(2)
	f.window = 25
	f.round(1).ack(0)
	f.is("its own window is full and the peer's is not", tcp.Congestion, tcp.Observed)
	f.holds("its own window is full and the peer's is not", 20)
}

// A window that is not used grows to twice what was in flight and no further, whatever has kept
// the sender: here its peer's, with room for two more (Linux's tcp_is_cwnd_limited).
func TestUnusedWindowStopsAtTwiceTheFlight(t *testing.T) {
	for room, want := range map[int]int{0: 40, 2: 42} { // two more until the peer's was the smaller one
		f := newFlow(t).send(10).round(2)
		f.window = 20 + room
		for range 6 {
			f.round(1)
		}
		f.holds("kept by the peer", want)
	}
}

// Nor does a window grow that a writer in pieces leaves unused, though each ends with a full
// segment; that is what keeps one that is used up.
func TestWriterInPiecesUsesNoWindow(t *testing.T) {
	for flight, limit := range map[int]tcp.Limit{8: tcp.Application, 38: tcp.Congestion} {
		f := newFlow(t).send(10).round(2).quiet().wait(time.Millisecond)
		f.holds("before", 40)
		f.send(flight).wait(100 * time.Millisecond).ack(1).wait(3 * time.Millisecond)
		for range 6 {
			f.ack(1).send(1).wait(3 * time.Millisecond)
		}
		f.ack(0)
		if e := f.Estimate(); e.Limit != limit || flight == 8 && e.Best != 40*mss {
			t.Errorf("a flight of %d of 40: %+v", flight, e)
		}
	}
}

// At the other end of the path, too, halving shows in a recovery. Only what a loss takes nothing from,
// or hardly anything, is a sender with a clock of its own.
func TestHalvingShowsAtTheReceiver(t *testing.T) {
	for _, x := range []struct {
		keep  int // of ten segments delivered, how many are sent then
		clock bool
	}{{5, false}, {7, false}, {10, true}} {
		f := newFlow(t).send(40).wait(100 * time.Millisecond)
		f.AtReceiver = true
		for range 4 { // one tells too little
			first, sent := f.una+1, f.next
			f.sacks(first, first+1).sacks(first, first+2).sacks(first, first+3).again(f.una)
			for n := 4; first+n <= sent; n++ {
				if f.wait(time.Millisecond).sacks(first, first+n); n*x.keep/10 > (n-1)*x.keep/10 {
					f.send(1)
				}
			}
			f.wait(100 * time.Millisecond).ack(sent - f.una).send(1).wait(time.Millisecond).ack(0)
			f.send(40 - (f.next - f.una)).wait(100 * time.Millisecond)
		}
		f.ack(f.next - f.una).wait(time.Minute).send(1)
		if f.Start.Restarted == x.clock {
			t.Errorf("%d of ten: an idle restart %v", x.keep, f.Start.Restarted)
		}
	}
}

// What was sent in a recovery and was lost, too, is missing when that ends: another begins at once (Linux's
// tcp_time_to_recover), though nothing is sent again then.
func TestRecoveryFollowsARecovery(t *testing.T) {
	for _, lost := range []bool{false, true} {
		f, told := newFlow(t), &events{}
		f.Watch(told)
		f.send(40).wait(100*time.Millisecond).ack(0, 1).ack(0, 1, 2).ack(0, 1, 2, 3).again(0)
		f.sackedTo(30).send(5).wait(time.Millisecond)
		if lost {
			f.sacks(41, 45).again(40)
		}
		f.wait(100 * time.Millisecond).ack(40)
		want := 1
		if lost {
			want = 2
			f.sacks(41, 45).ack(0)
		} else {
			f.ack(0)
		}
		if _, n := told.of("loss"); n != want {
			t.Errorf("lost in the recovery, too: %v: told of %d", lost, n)
		}
		if phase := f.Estimate().Phase; (phase == "recovery") != lost {
			t.Errorf("lost in the recovery, too: %v: %s", lost, phase)
		}
	}
}

// After a loss probe that an ACK has answered in part the timeout counts from when the oldest segment was sent
// (Linux's tcp_rto_delta_us), 385 ms before here, and not from the ACK.
func TestTimeoutAfterAProbe(t *testing.T) {
	for _, x := range []struct {
		probe    bool
		acked    int
		after    time.Duration
		timeouts int64
	}{
		{true, 1, 150 * time.Millisecond, 1},
		{true, 1, 100 * time.Millisecond, 0}, // the oldest is not old enough
		{true, 0, 150 * time.Millisecond, 0}, // the probe has set the clock anew
		{false, 1, 150 * time.Millisecond, 0},
	} {
		f := newFlow(t).send(10).wait(200 * time.Millisecond)
		if x.probe {
			f.again(9)
		}
		f.wait(20 * time.Millisecond).ack(x.acked).wait(x.after)
		f.again(f.una)
		if f.Sums.Timeouts != x.timeouts {
			t.Errorf("%+v: %d timeouts", x, f.Sums.Timeouts)
		}
	}
}

// inVain is a flow of 60 segments of which 11 to 20 and 31 to 40 were lost; 11 to 13 have been sent again when the timer goes off, twice,
// and then an ACK comes of so many: if it covers what was sent once, that was in vain, and a recovery begins again.
func inVain(t *testing.T, covers int) *flow {
	f := newFlow(t).send(60).wait(100 * time.Millisecond).ack(10)
	f.sacks(20, 24).again(10).again(11).again(12).sacks(20, 30).sacks(40, 50)
	f.wait(time.Second).again(10).wait(time.Second).again(10)
	return f.wait(20 * time.Millisecond).ack(covers)
}

// A timeout in vain takes back what was deemed lost, and nothing deems it lost again (Linux's tcp_undo_cwnd_reduction,
// tcp_rack_detect_loss): it is in flight until it is acknowledged or sent again, and the window is only inferred.
func TestTimeoutInVainLeavesWhatWasLostInFlight(t *testing.T) {
	f := inVain(t, 5) // 16 to 20 and 31 to 40, and 51 to 60
	pipe := func(what string, want int) {
		t.Helper()
		if e := f.Estimate(); e.Pipe != want*mss || e.Phase != "recovery" {
			t.Errorf("%s: %d in flight (%s), want %d", what, e.Pipe, e.Phase, want*mss)
		}
	}
	f.again(15)
	pipe("one of 16 to 20 is sent again", 5+10+10)
	f.sacks(50, 51)
	pipe("51 has arrived", 5+10+9)
	f.is("a guess", tcp.Congestion, tcp.Inferred)
	f.sacks(30, 33)
	pipe("31 to 33 have, too", 5+7+9)
	f.ack(18)
	pipe("all before 34 has", 7+9)
	f.again(33)
	pipe("34 is sent again", 7+9)
	f.wait(time.Second).again(33)
	if e := f.Estimate(); e.Pipe != mss || e.Phase != "timeout" {
		t.Errorf("another timeout: %d in flight (%s)", e.Pipe, e.Phase)
	}
}

// A timeout that was none in vain leaves in flight what is sent again, alone.
func TestTimeoutNotInVainLeavesNothingInFlight(t *testing.T) {
	f := inVain(t, 1).again(11)
	if e := f.Estimate(); e.Pipe != mss || e.Phase != "timeout" {
		t.Errorf("%d in flight (%s)", e.Pipe, e.Phase)
	}
}

// When the timer goes off, what the ACK before let out is over: until then the window was what it had been, and from then on it is
// one segment.
func TestTimeoutTellsFromWhenTheTimerGoesOff(t *testing.T) {
	f, told := newFlow(t), &windows{}
	f.Watch(told)
	f.send(10).wait(100 * time.Millisecond).ack(1).send(2)
	before := f.at - segment.Time(time.Millisecond)
	f.wait(time.Second)
	after := f.at
	f.again(1).wait(time.Second).again(1).wait(10 * time.Millisecond).ack(1)
	for i, at := range told.at {
		if at > before && at < f.at-segment.Time(time.Millisecond) && (told.best[i] == mss) != (at >= after) {
			t.Errorf("%v after the timer went off: a window of %d bytes", at.Sub(after), told.best[i])
		}
	}
}

// windows keeps what a Sender tells of its window.
type windows struct {
	at   []segment.Time
	best []int
}

func (w *windows) Window(at segment.Time, e tcp.Estimate, _ *tcp.Sender) {
	w.at, w.best = append(w.at, at), append(w.best, e.Best)
}

func (*windows) Event(segment.Time, string, int, int, *tcp.Sender) {}
