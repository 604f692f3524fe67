package sockdiag

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// ms is an instant so many milliseconds after the beginning.
func ms(n int) segment.Time { return segment.Time(n) * segment.Time(time.Millisecond) }

func idOf(port int) identity {
	return identity{Ends{segment.Endpoint{Port: uint16(port)}, segment.Endpoint{Port: uint16(port >> 16)}}, 1}
}

// only returns the socket of a port, which is one.
func only(t *testing.T, l *Log, port int) *Socket {
	t.Helper()
	list := l.Of(idOf(port).Ends)
	if len(list) != 1 {
		t.Fatalf("%d sockets of port %d", len(list), port)
	}
	return list[0]
}

// A window that grows is kept answer by answer; of one that stands still with nothing sent,
// the first and the last.
func TestLogKeepsWhatChanges(t *testing.T) {
	l := newLog(nil)
	for i := range 10 {
		l.add(idOf(1), "cubic", &Answer{From: ms(50 * i), Until: ms(50 * i), Window: 10 + i, InFlight: 10})
		l.add(idOf(2), "reno", &Answer{From: ms(50 * i), Until: ms(50 * i), Window: 10, SinceSent: time.Second})
	}
	if s := only(t, l, 1); len(s.Answers) != 10 || s.Algorithm != "cubic" || s.Asked != 10 {
		t.Errorf("%+v", s)
	}
	s := only(t, l, 2)
	if got := s.Answers; len(got) != 2 || got[0].From != 0 || got[1].From != ms(450) || s.Asked != 10 {
		t.Errorf("%+v", got)
	}
}

// Where the same is said twice, but something was sent between, both are kept: a transaction may
// lie there.
func TestLogKeepsBothSidesOfASend(t *testing.T) {
	l := newLog(nil)
	for i := range 4 {
		l.add(idOf(1), "", &Answer{From: ms(50 * i), Until: ms(50 * i), Window: 10, SinceSent: 20 * time.Millisecond})
	}
	if n := len(only(t, l, 1).Answers); n != 4 {
		t.Errorf("%d answers kept, want 4", n)
	}
}

// A socket that says much is thinned: its first and latest answers stay, in order.
func TestLogThinsOneSocket(t *testing.T) {
	l := newLog(nil)
	const n = 3*mostOfOne + 1
	for i := range n {
		l.add(idOf(1), "", &Answer{From: ms(i), Until: ms(i), Window: i, InFlight: 1})
	}
	got := only(t, l, 1).Answers
	if len(got) > mostOfOne || len(got) < mostOfOne/2 || l.held != len(got) {
		t.Errorf("%d answers kept, %d counted", len(got), l.held)
	}
	if got[0].Window != 0 || got[len(got)-1].Window != n-1 {
		t.Errorf("from %d to %d", got[0].Window, got[len(got)-1].Window)
	}
	for i := 1; i < len(got); i++ {
		if got[i-1].From >= got[i].From {
			t.Fatalf("answer %d is not after the one before", i)
		}
	}
}

// Many sockets share what there is.
func TestLogIsBounded(t *testing.T) {
	l := newLog(nil)
	const sockets = 3000
	for i := range 100 {
		for s := range sockets {
			l.add(idOf(s), "", &Answer{From: ms(i), Until: ms(i), Window: i, InFlight: 1})
		}
	}
	held := 0
	for _, s := range l.sockets {
		held += len(s.Answers)
	}
	if held != l.held || held > mostAnswers || len(l.sockets) != sockets {
		t.Errorf("%d answers of %d sockets, %d counted", held, len(l.sockets), l.held)
	}
}

// Beyond so many sockets those that have gone make room; if none has, the new one is not noted.
func TestLogForgetsTheGone(t *testing.T) {
	l := newLog(nil)
	for i := range mostSockets {
		l.add(idOf(i), "", &Answer{From: ms(0), Until: ms(0), Window: 1})
	}
	l.add(idOf(mostSockets), "", &Answer{From: ms(1000), Until: ms(1000), Window: 2})
	if len(l.sockets) != mostSockets || l.sockets[idOf(mostSockets)] != nil {
		t.Errorf("%d sockets: a new one was noted while all others may still be open", len(l.sockets))
	}
	later := ms(int(2 * longest / time.Millisecond))
	l.add(idOf(0), "", &Answer{From: later, Until: later, Window: 1, InFlight: 1})
	l.add(idOf(mostSockets), "", &Answer{From: later, Until: later, Window: 2})
	if l.sockets[idOf(mostSockets)] == nil || l.sockets[idOf(0)] == nil || len(l.sockets) >= mostSockets {
		t.Errorf("%d sockets: the gone have not made room", len(l.sockets))
	}
	if len(l.byEnds) != len(l.sockets) {
		t.Errorf("%d sockets are found by their ends, %d are there", len(l.byEnds), len(l.sockets))
	}
}

// Ends may have one socket after another: they are found together, in order. Where they are called
// otherwise, they are found by that.
func TestLogFindsByEnds(t *testing.T) {
	other := Ends{Local: segment.Endpoint{Port: 9}}
	l := newLog(func(e Ends) []Ends { return []Ends{e, other} })
	for cookie := range uint64(3) {
		id := idOf(1)
		id.cookie = cookie
		l.add(id, "", &Answer{From: ms(int(100 - cookie)), Window: int(cookie)})
	}
	for _, e := range []Ends{idOf(1).Ends, other} {
		got := l.Of(e)
		if len(got) != 3 || got[0].Answers[0].Window != 2 || got[2].Answers[0].Window != 0 {
			t.Errorf("%v: %d sockets", e, len(got))
		}
	}
	if got := l.Of(idOf(2).Ends); len(got) != 0 {
		t.Errorf("%d sockets with ends that none has", len(got))
	}
}

// A message begins where payload comes after a while without: then the sockets are asked about.
func TestPollerLooksForMessages(t *testing.T) {
	p := &Poller{nudge: make(chan struct{}, 1)}
	look := func(at, size int) bool {
		p.Look(&segment.Batch{Segments: []segment.Segment{{Time: ms(at), Len: size}}})
		select {
		case <-p.nudge:
			return true
		default:
			return false
		}
	}
	for i, step := range []struct {
		at, size int
		asks     bool
	}{{1000, 0, false}, {1001, 100, true}, {1005, 100, false}, {1050, 0, false}, {1060, 100, true}} {
		if got := look(step.at, step.size); got != step.asks {
			t.Errorf("step %d: asks %v, want %v", i, got, step.asks)
		}
	}
}

func TestPhase(t *testing.T) {
	for want, a := range map[string]Answer{
		"slow-start":           {Window: 10},
		"congestion-avoidance": {Window: 10, Threshold: 10, State: Disorder},
		"recovery":             {Window: 10, Threshold: 10, State: Recovery},
		"timeout":              {Window: 1, Threshold: 10, State: Loss},
	} {
		if got := a.Phase(); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
}
