package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// A bottleneck carries the packets of a BBR sender, one a millisecond, to a peer 50 ms away.
type bottleneck struct {
	b         bbr
	now       segment.Time
	next, una int
	acks      []segment.Time // when the ACK of each packet from una on comes
	sentAt    []segment.Time
	busy      segment.Time
	credit    float64 // packets that pacing lets out
	written   bool    // each of them was only then
}

const (
	tripTime = 100 * time.Millisecond
	perBurst = time.Millisecond
)

func newBottleneck() *bottleneck {
	return &bottleneck{b: bbr{cwnd: initialSegs}, now: segment.Time(time.Hour)}
}

func (l *bottleneck) seqOf(n int) segment.Seq { return segment.Seq(n * 1000) }

// send sends a packet, which waits for those before it.
func (l *bottleneck) send() {
	l.b.sends(l.seqOf(l.next), l.next-l.una, l.written, l.now)
	l.busy = max(l.busy, l.now).Add(time.Millisecond)
	l.acks, l.sentAt = append(l.acks, l.busy.Add(tripTime-time.Millisecond)), append(l.sentAt, l.now)
	l.next++
}

// acked tells of packets, the newest of them sent at an instant.
func (l *bottleneck) acked(packets int, sent segment.Time, recovers bool, at segment.Time) {
	l.b.acked(&delivery{packets: packets, before: l.seqOf(l.una), sent: sent, inFlight: l.next - l.una, recovers: recovers, rtt: tripTime}, at)
}

// pace is the gain by which a sender sends (Linux's bbr_update_gains).
func (l *bottleneck) pace() float64 {
	switch {
	case !l.b.full:
		return bbrHigh
	case !l.b.drained:
		return 1 / bbrHigh
	}
	return 1
}

// run lets a sender that always has data go on for d.
func (l *bottleneck) run(d time.Duration) *bottleneck {
	for end := l.now.Add(d); l.now < end; l.now = l.now.Add(perBurst) {
		for len(l.acks) > 0 && l.acks[0] <= l.now {
			l.una++
			l.acked(1, l.sentAt[0], l.b.recovers, l.acks[0])
			l.acks, l.sentAt = l.acks[1:], l.sentAt[1:]
		}
		l.credit = min(l.credit+l.pace()*max(l.b.rate(), 100)/1000, 20)
		for ; l.credit >= 1 && l.next-l.una < l.b.cwnd; l.credit-- {
			l.send()
		}
	}
	return l
}

// In startup the window grows by what is acknowledged. Once the rate has not grown for three
// rounds, and what startup sent too much is gone, it is twice what the path holds, 100 packets,
// and three bursts of two.
func TestBBRWindow(t *testing.T) {
	l := newBottleneck().run(350 * time.Millisecond)
	if acked := l.una; l.b.full || l.b.cwnd != initialSegs+acked {
		t.Errorf("startup: a window of %d after %d ACKs, full %v", l.b.cwnd, acked, l.b.full)
	}
	l.run(5 * time.Second)
	if want := 206; !l.b.full || !l.b.drained || l.b.cwnd < want || l.b.cwnd > want+4 {
		t.Errorf("a window of %d, full %v, drained %v; want %d", l.b.cwnd, l.b.full, l.b.drained, want)
	}
	if r := l.b.rate(); r < 990 || r > 1010 {
		t.Errorf("%.0f packets a second, want 1000", r)
	}
}

// A loss costs a BBR sender nothing for long: it holds back for a round trip, and at the end has the
// window that it had.
func TestBBRWindowAfterALoss(t *testing.T) {
	l := newBottleneck().run(5 * time.Second)
	before := l.b.cwnd
	l.b.loses(l.next-l.una-1, 1, false)
	if l.b.cwnd != l.next-l.una {
		t.Errorf("a window of %d as the loss is found, %d in flight", l.b.cwnd, l.next-l.una-1)
	}
	l.una++
	l.acked(1, l.sentAt[0], false, l.now)
	if l.b.cwnd < before {
		t.Errorf("a window of %d after the recovery, %d before", l.b.cwnd, before)
	}
	l.b.loses(0, 0, true)
	if l.b.cwnd != 1 {
		t.Errorf("a window of %d after a timeout", l.b.cwnd)
	}
}

// Where little is sent at a time, the window grows until it is enough for what was delivered in a
// round trip, 2.89 times over, and three bursts of two: 4 packets make 18.
func TestBBRWindowOfSmallResponses(t *testing.T) {
	l := newBottleneck()
	for range 30 {
		for range 4 {
			l.b.sends(l.seqOf(l.next), l.next-l.una, l.next == l.una, l.now)
			l.next++
		}
		l.una = l.next
		l.acked(4, l.now, false, l.now.Add(tripTime))
		l.now = l.now.Add(time.Second)
	}
	if l.b.cwnd != 18 || l.b.full {
		t.Errorf("a window of %d, full %v; want 18", l.b.cwnd, l.b.full)
	}
}

// What is noted of what is in flight is bounded, and its room is used again.
func TestBBRMarksAreBounded(t *testing.T) {
	l := newBottleneck()
	l.b.cwnd = 1 << 20
	for range 5000 { // an ACK for every second packet: more and more are in flight
		l.send()
		l.send()
		l.una++
		l.acked(1, l.now, false, l.now)
		l.now = l.now.Add(time.Millisecond)
	}
	if n := len(l.b.marks); n > 2*mostMarks+1 {
		t.Errorf("%d marks", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		l.b.sends(l.seqOf(l.next), 1<<10, false, l.now)
		l.next++
		l.una++
		l.acked(1, l.now, false, l.now)
		l.now = l.now.Add(time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// Where a full send buffer, or the application, is what keeps the sender, a rate that does not grow says nothing of the
// pipe: startup goes on (tcp_rate_check_app_limited, bbr_check_full_bw_reached). Where the window is full it
// is no writer that keeps it.
func TestBBRStartupGoesOnWhileTheApplicationSetsTheRate(t *testing.T) {
	for _, written := range []bool{false, true} {
		l := newBottleneck()
		l.written = written
		for range 20 { // each round delivers twenty packets, and the window has room for more
			for range 20 {
				l.send()
			}
			l.now = l.now.Add(tripTime)
			l.una, l.acks = l.next, nil
			l.acked(20, l.now.Add(-tripTime), false, l.now)
		}
		if l.b.full == written {
			t.Errorf("written only then %v: startup is over %v", written, l.b.full)
		}
	}
	l := newBottleneck()
	l.written, l.b.cwnd = true, 10
	l.b.sends(l.seqOf(0), 10, true, l.now)
	if l.b.limited != 0 {
		t.Error("the application is said to set the rate of a sender whose window is full")
	}
	l.b.sends(l.seqOf(0), 9, true, l.now)
	if l.b.limited != 9 {
		t.Errorf("until %d packets are delivered the rate is the application's, want 9", l.b.limited)
	}
}

// What is sent beyond so many marks shares the latest.
func TestBBRMarksAreShared(t *testing.T) {
	b := bbr{on: true, cwnd: 1000}
	for i := range 2 * mostMarks {
		b.delivered++
		b.sends(segment.Seq(i), 1+i, false, segment.Time(i))
	}
	if len(b.marks) != mostMarks {
		t.Errorf("%d marks", len(b.marks))
	}
}

// A BBR sender has room while less than two thirds of its model's window are in flight.
func TestModelHasRoom(t *testing.T) {
	for packets, want := range map[int]bool{3: true, 4: false, 5: false} {
		var s Sender
		s.Reset(1000, 60_000)
		s.bbr = bbr{on: true, cwnd: 6}
		if s.Sent(1000, packets*1000, 1e9); s.bbr.room != want {
			t.Errorf("%d of 6: %v", packets, !want)
		}
	}
}
