package stream

import (
	"testing"
	"unsafe"

	"tcpwarm/capture/segment"
)

// What was handed on is not handed on again, nor what waits; bytes that wait win over those that come
// later (as a receiver's kernel has it). Where the snap length cut a segment off, the rest is a gap.
func TestOverlaps(t *testing.T) {
	type piece struct {
		from, n int
		b       string // as far as captured
		fresh   int
	}
	for _, x := range []struct {
		claim  string
		pieces []piece
		want   string
		holes  bool
	}{
		{"in order", []piece{{0, 3, "abc", 3}, {3, 2, "de", 2}}, "abcde", false},
		{"repeated", []piece{{0, 3, "abc", 3}, {0, 3, "xyz", 0}}, "abc", false},
		{"a part of it repeated", []piece{{0, 3, "abc", 3}, {1, 2, "xy", 0}}, "abc", false},
		{"repeated with more", []piece{{0, 3, "abc", 3}, {0, 5, "xyzde", 2}}, "abcde", false},
		{"repeated with more, and cut", []piece{{0, 3, "abc", 3}, {0, 5, "xyzd", 2}}, "abcd?", false},
		{"cut before what is new", []piece{{0, 3, "abc", 3}, {0, 5, "xy", 2}}, "abc??", false},
		{"no bytes", []piece{{0, 0, "", 0}, {5, 0, "", 0}}, "", false},
		{"a hole", []piece{{0, 1, "a", 1}, {3, 2, "de", 2}}, "a", true},
		{"filled", []piece{{3, 2, "de", 2}, {0, 3, "abc", 3}}, "abcde", false},
		{"filled with more", []piece{{3, 2, "de", 2}, {0, 4, "abcx", 3}}, "abcde", false},
		{"filled in parts", []piece{{3, 2, "de", 2}, {1, 2, "bc", 2}, {0, 1, "a", 1}}, "abcde", false},
		{"what waits is not new", []piece{{3, 2, "de", 2}, {3, 2, "xy", 0}, {0, 3, "abc", 3}}, "abcde", false},
		{"nor is a part of it", []piece{{3, 3, "def", 3}, {4, 1, "x", 0}, {0, 3, "abc", 3}}, "abcdef", false},
		{"nor its end", []piece{{3, 3, "def", 3}, {4, 2, "xy", 0}, {0, 3, "abc", 3}}, "abcdef", false},
		{"it reaches behind what waits", []piece{{3, 2, "de", 2}, {4, 3, "xfg", 2}, {0, 3, "abc", 3}}, "abcdefg", false},
		{"and is cut there", []piece{{3, 2, "de", 2}, {4, 3, "xf", 2}, {0, 3, "abc", 3}}, "abcdef?", false},
		{"or before", []piece{{3, 2, "de", 2}, {4, 3, "", 2}, {0, 3, "abc", 3}}, "abcde??", false},
		{"it reaches from before what waits", []piece{{3, 2, "de", 2}, {1, 3, "bcx", 2}, {0, 1, "a", 1}}, "abcde", false},
		{"it covers what waits", []piece{{3, 1, "d", 1}, {1, 5, "bcxef", 4}, {0, 1, "a", 1}}, "abcdef", false},
		{"it covers two, and what lies between", []piece{{2, 1, "c", 1}, {4, 1, "e", 1}, {1, 5, "bxdyf", 3}, {0, 1, "a", 1}}, "abcdef", false},
		{"and ends with them", []piece{{2, 1, "c", 1}, {4, 1, "e", 1}, {1, 4, "bxdy", 2}, {0, 1, "a", 1}}, "abcde", false},
		{"and is cut between them", []piece{{2, 1, "c", 1}, {4, 1, "e", 1}, {1, 5, "b", 3}, {0, 1, "a", 1}}, "abc?e?", false},
		{"between two that wait", []piece{{2, 1, "c", 1}, {6, 1, "g", 1}, {4, 1, "e", 1}, {3, 1, "d", 1}, {5, 1, "f", 1}, {0, 2, "ab", 2}}, "abcdefg", false},
	} {
		var st Stream
		var got record
		st.Start(isn)
		for _, p := range x.pieces {
			if fresh := st.Add(isn.Add(p.from), p.n, []byte(p.b), Mark{}, &got); fresh != p.fresh {
				t.Errorf("%s: %d bytes at %d are new, want %d", x.claim, fresh, p.from, p.fresh)
			}
		}
		if got.String() != x.want || st.Holes() != x.holes {
			t.Errorf("%s: %q, want %q; holes: %v", x.claim, got.String(), x.want, st.Holes())
		}
	}
}

// A stream that has not begun has no place for a gap.
func TestNotBegun(t *testing.T) {
	var st Stream
	var got record
	st.Acked(9, Mark{}, &got)
	st.Acked(9, Mark{Time: segment.Time(2 * Grace)}, &got)
	if st.AssumeAcked(9, Mark{}, &got); got.Len() != 0 || st.Started() {
		t.Errorf("%q", got.String())
	}
}

// Holes that are given up are counted, and the room of what waited goes.
func TestHolesGivenUp(t *testing.T) {
	var st Stream
	var got record
	st.Start(isn)
	st.GiveUpHoles(Mark{}, &got)
	none := st.Memory()
	st.Add(isn.Add(1), 1000, pattern(1000), Mark{}, &got)
	st.Add(isn.Add(1002), 1000, pattern(1000), Mark{}, &got)
	waits := st.Memory()
	st.GiveUpHoles(Mark{}, &got)
	if st.Overflows() != 2 || st.Missing != 2 || none != 0 || waits < 2000+2*int(unsafe.Sizeof(chunk{})) || st.Memory() > 200 {
		t.Errorf("%d overflows, %d missing; %d, %d and then %d bytes", st.Overflows(), st.Missing, none, waits, st.Memory())
	}
}

// Of the room that waiting took some is kept for the next hole, and not all.
func TestRoomForTheNextHole(t *testing.T) {
	var st Stream
	st.Start(isn)
	for i := range 20 {
		st.Add(isn.Add(1+i), 1, pattern(1), Mark{}, nothing{})
	}
	if st.Add(isn, 1, pattern(1), Mark{}, nothing{}); len(st.free) != 16 {
		t.Errorf("room for %d segments is kept", len(st.free))
	}
}

// A marker notes where gaps were seen.
type marker struct {
	nothing
	packets []int64
}

func (m *marker) Gap(_ int64, at Mark) { m.packets = append(m.packets, at.Packet) }

// A gap is where the segment came that was the first to acknowledge all of it.
func TestGapIsWhereItWasAcknowledged(t *testing.T) {
	var st Stream
	var m marker
	st.Start(isn)
	for packet, n := range []int{5, 10, 10, 7} {
		st.Acked(isn.Add(n), Mark{Packet: int64(packet)}, &m)
	}
	if st.Tick(Mark{Packet: 9, Time: segment.Time(2 * Grace)}, &m); len(m.packets) != 1 || m.packets[0] != 1 {
		t.Errorf("a gap in packets %v, want 1", m.packets)
	}
}

// A counter counts calls.
type counter struct{ bytes, gaps int }

func (c *counter) Bytes([]byte, Mark) { c.bytes++ }
func (c *counter) Gap(int64, Mark)    { c.gaps++ }

func (*counter) Again([]byte, int, Mark) {}
func (*counter) Differs(Mark, Mark)      {}

// Nobody is told of no bytes, nor of a gap of none.
func TestNothingIsNotTold(t *testing.T) {
	for _, x := range []struct{ captured, bytes, gaps int }{{0, 0, 1}, {1, 1, 1}, {2, 1, 0}} {
		var st Stream
		var c counter
		st.Start(isn)
		if st.Add(isn, 2, pattern(x.captured), Mark{}, &c); c.bytes != x.bytes || c.gaps != x.gaps {
			t.Errorf("%d of 2 bytes captured: told %d times of bytes, %d of gaps", x.captured, c.bytes, c.gaps)
		}
	}
}

// Where nothing is missing an acknowledgement changes nothing, whenever it comes; what was acknowledged ahead
// of its capture and has come is no gap.
func TestAcknowledgedInOrder(t *testing.T) {
	late := Mark{Time: segment.Time(2 * Grace)}
	for _, x := range []struct {
		claim string
		do    func(st *Stream, to Sink)
		want  string
	}{
		{"all that has come", func(st *Stream, to Sink) { st.Acked(isn.Add(3), Mark{}, to); st.Acked(isn.Add(3), late, to) }, "abc"},
		{"a byte beyond", func(st *Stream, to Sink) { st.Acked(isn.Add(4), Mark{}, to); st.Acked(isn.Add(4), late, to) }, "abc?"},
		{"it comes in time", func(st *Stream, to Sink) {
			st.Acked(isn.Add(4), Mark{}, to)
			st.Add(isn.Add(3), 1, []byte("d"), Mark{}, to)
			st.Tick(late, to)
			st.Acked(isn.Add(5), late, to) // of which the time has just begun
			st.Tick(late, to)
		}, "abcd"},
		{"more is acknowledged in time", func(st *Stream, to Sink) {
			st.Acked(isn.Add(4), Mark{}, to)
			st.Acked(isn.Add(5), Mark{}, to)
			st.Acked(isn.Add(4), Mark{}, to)
			st.Tick(late, to)
		}, "abc??"},
		{"assumed, up to what has come", func(st *Stream, to Sink) { st.AssumeAcked(isn.Add(3), late, to) }, "abc"},
		{"assumed, a byte beyond", func(st *Stream, to Sink) { st.AssumeAcked(isn.Add(4), late, to) }, "abc?"},
		{"assumed, less than was acknowledged", func(st *Stream, to Sink) {
			st.Acked(isn.Add(5), Mark{}, to)
			st.AssumeAcked(isn.Add(4), Mark{}, to)
			st.Tick(late, to)
		}, "abc??"},
		{"assumed, and nothing was acknowledged", func(st *Stream, to Sink) {
			st.AssumeAcked(isn.Add(4), Mark{}, to)
			st.Tick(late, to)
			st.Flush(late, to)
		}, "abc?"},
		{"holes given up", func(st *Stream, to Sink) {
			st.GiveUpHoles(late, to)
			st.Add(isn.Add(4), 1, []byte("e"), Mark{}, to)
			st.GiveUpHoles(late, to)
		}, "abc?e"},
	} {
		var st Stream
		var got record
		st.Start(isn)
		st.Add(isn, 3, []byte("abc"), Mark{}, &got)
		if x.do(&st, &got); got.String() != x.want {
			t.Errorf("%s: %q, want %q", x.claim, got.String(), x.want)
		}
		if int64(len(got.String())) != st.Delivered+st.Missing {
			t.Errorf("%s: %d delivered, %d missing of %q", x.claim, st.Delivered, st.Missing, got.String())
		}
	}
}

// What comes while a stream is paused waits, in order or not, and is handed on when it goes on, at its end, or where too
// much waits; and a hole behind it stays one.
func TestPause(t *testing.T) {
	for _, x := range []struct {
		what string
		then func(st *Stream, to Sink)
		want string
	}{
		{"goes on", func(st *Stream, to Sink) { st.Resume(to) }, "abcd"},
		{"goes on twice", func(st *Stream, to Sink) { st.Resume(to); st.Resume(to) }, "abcd"},
		{"ends", func(st *Stream, to Sink) { st.Flush(Mark{}, to) }, "abcd??gh"},
		{"is acknowledged", func(st *Stream, to Sink) { st.AssumeAcked(9, Mark{}, to) }, "abcd??gh"},
		{"gives up", func(st *Stream, to Sink) { st.GiveUpHoles(Mark{}, to) }, "abcd??gh"},
		{"is filled", func(st *Stream, to Sink) { st.Add(5, 2, []byte("ef"), Mark{}, to) }, ""},
		{"is filled, and goes on", func(st *Stream, to Sink) { st.Add(5, 2, []byte("ef"), Mark{}, to); st.Resume(to) }, "abcdefgh"},
	} {
		var st Stream
		var to record
		st.Start(1)
		st.Pause()
		st.Add(3, 2, []byte("cd"), Mark{}, &to)
		st.Add(1, 2, []byte("ab"), Mark{}, &to)
		st.Add(7, 2, []byte("gh"), Mark{}, &to)
		if to.Len() > 0 {
			t.Fatalf("%q was handed on", to.String())
		}
		if x.then(&st, &to); to.String() != x.want {
			t.Errorf("%s: %q, want %q", x.what, to.String(), x.want)
		}
	}
	var st Stream
	var to record
	st.Start(0)
	st.Pause()
	for i := range MaxHeld/1000 + 1 {
		st.Add(segment.Seq(1000*i), 1000, make([]byte, 1000), Mark{}, &to)
	}
	if to.Len() <= MaxHeld-1000 || st.Overflows() != 0 || st.Missing != 0 {
		t.Errorf("%d bytes handed on, %d holes given up", to.Len(), st.Overflows())
	}
}
