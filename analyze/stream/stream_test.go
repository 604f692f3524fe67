package stream

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// A record keeps what a stream gave; gaps are written as '?'.
type record struct {
	bytes.Buffer
	differs bool
}

func (r *record) Bytes(b []byte, _ Mark) { r.Write(b) }
func (r *record) Gap(n int64, _ Mark)    { r.Write(bytes.Repeat([]byte{'?'}, int(n))) }

// What is given again must be what was given.
func (r *record) Again(b []byte, back int, _ Mark) {
	was := r.Buffer.Bytes()
	if lacks := back - len(was); lacks > 0 { // they lie before the first byte that was given
		b, back = b[min(lacks, len(b)):], len(was)
	}
	r.differs = r.differs || !bytes.Equal(was[len(was)-back:][:len(b)], b)
}
func (r *record) Differs(_, _ Mark) { r.differs = true }

// isn lies so that the data wraps at 2^32.
const isn = segment.Seq(1<<32 - 50)

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + i%23)
	}
	return b
}

// Any order, overlap or repeat of the same bytes gives those bytes.
func TestAnyOrderGivesTheBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	want := pattern(400)
	for range 500 {
		var st Stream
		var got record
		st.Start(isn)
		covered := make([]bool, len(want))
		fresh := 0
		for left := len(want); left > 0; {
			i := r.IntN(len(want))
			n := min(1+r.IntN(60), len(want)-i)
			for k := i; k < i+n; k++ {
				if !covered[k] {
					covered[k], left = true, left-1
				}
			}
			fresh += st.Add(isn.Add(i), n, want[i:i+n], Mark{}, &got)
		}
		if !bytes.Equal(got.Buffer.Bytes(), want) || fresh != len(want) || st.Missing != 0 || st.Holes() || got.differs {
			t.Fatalf("got %q, %d fresh, %d missing, differing %t", got.String(), fresh, st.Missing, got.differs)
		}
	}
}

// That a segment has another byte than one before it is told of just where that byte has come before, be it handed on
// or waiting; and the first stays.
func TestOtherBytesAreToldOf(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		var st Stream
		var got record
		st.Start(isn)
		want := pattern(60)
		covered := make([]bool, len(want))
		for range 1 + r.IntN(12) {
			i := r.IntN(len(want))
			n := min(1+r.IntN(20), len(want)-i)
			st.Add(isn.Add(i), n, want[i:i+n], Mark{}, &got)
			for k := i; k < i+n; k++ {
				covered[k] = true
			}
		}
		i := r.IntN(len(want))
		n := min(1+r.IntN(20), len(want)-i)
		other := bytes.Clone(want[i : i+n])
		k := r.IntN(n)
		other[k] = '!'
		if r.IntN(2) == 0 {
			st.Compare(isn.Add(i), other, Mark{}, &got)
		} else {
			st.Add(isn.Add(i), n, other, Mark{}, &got)
		}
		if got.differs != covered[i+k] {
			t.Fatalf("byte %d, which had come before: %t; told of: %t", i+k, covered[i+k], got.differs)
		}
	}
}

func TestAcknowledgedHoleIsAGap(t *testing.T) {
	b := pattern(30)
	ms := func(n int) Mark { return Mark{Time: segment.Time(n) * segment.Time(time.Millisecond)} }
	var st Stream
	var got record
	st.Start(isn)
	st.Add(isn, 10, b[:10], ms(0), &got)
	st.Add(isn.Add(20), 10, b[20:], ms(1), &got)
	st.Acked(isn.Add(10), ms(1), &got)
	st.Acked(isn.Add(30), ms(2), &got)
	if got.String() != string(b[:10]) {
		t.Errorf("within the grace: %q", got.String())
	}
	st.Tick(ms(20), &got)
	if want := string(b[:10]) + "??????????" + string(b[20:]); got.String() != want || st.Missing != 10 {
		t.Errorf("got %q, %d missing, want %q", got.String(), st.Missing, want)
	}
}

// An ACK captured before its data is no gap.
func TestAckBeforeDataWithinGrace(t *testing.T) {
	b := pattern(10)
	var st Stream
	var got record
	st.Start(isn)
	st.Acked(isn.Add(10), Mark{Time: 0}, &got)
	st.Add(isn, 10, b, Mark{Time: 1000}, &got)
	st.Acked(isn.Add(10), Mark{Time: 1e9}, &got)
	st.Flush(Mark{Time: 2e9}, &got)
	if got.String() != string(b) || st.Missing != 0 {
		t.Errorf("got %q, %d missing", got.String(), st.Missing)
	}
}

func TestSnappedBytesAreAGapButNotMissing(t *testing.T) {
	var st Stream
	var got record
	st.Start(isn)
	st.Add(isn, 10, []byte("abc"), Mark{}, &got)
	st.Add(isn.Add(10), 2, []byte("de"), Mark{}, &got)
	if got.String() != "abc???????de" || st.Missing != 0 || st.Snapped != 7 {
		t.Errorf("got %q, missing %d, snapped %d", got.String(), st.Missing, st.Snapped)
	}
}

func TestHeldIsBounded(t *testing.T) {
	var st Stream
	var got record
	st.Start(0)
	b := pattern(1000)
	most := 0
	for i := range 10_000 {
		st.Add(segment.Seq(1+i*1000), 1000, b, Mark{}, &got)
		most = max(most, st.rare().heldBytes)
	}
	if most > MaxHeld+1000 || st.Overflows() != 1 || st.Missing != 1 {
		t.Errorf("held at most %d, %d overflows, %d missing", most, st.Overflows(), st.Missing)
	}
}

func TestInOrderDoesNotAllocate(t *testing.T) {
	var st Stream
	var sink nothing
	st.Start(0)
	b := pattern(1000)
	seq := segment.Seq(0)
	swap := func() {
		st.Add(seq.Add(1000), 1000, b, Mark{}, sink)
		st.Add(seq, 1000, b, Mark{}, sink)
		st.Add(seq.Add(2000), 1000, b, Mark{}, sink)
		seq = seq.Add(3000)
	}
	swap()
	if n := testing.AllocsPerRun(1000, swap); n != 0 {
		t.Errorf("%v allocations for three segments, want 0", n)
	}
}

type nothing struct{}

func (nothing) Bytes([]byte, Mark) {}
func (nothing) Gap(int64, Mark)    {}

func (nothing) Again([]byte, int, Mark) {}
func (nothing) Differs(Mark, Mark)      {}

// FuzzStream holds any sequence of calls to: never a panic, never more held
// than the limit, delivered and gaps add up to where the stream stands.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 10, 1, 5, 2, 0, 3, 9})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var st Stream
		var got record
		st.Start(isn)
		b := pattern(256)
		for i := 0; i+1 < len(ops); i += 2 {
			at := Mark{Time: segment.Time(i) * 1e6}
			off, n := int(ops[i]&0x3f)*4-16, int(ops[i+1])
			switch ops[i] >> 6 {
			case 0, 1:
				st.Add(st.next.Add(off), n, b[:n], at, &got)
			case 2:
				st.Acked(st.next.Add(off), at, &got)
			case 3:
				st.Tick(at, &got)
			}
			if got.Len() != st.next.Sub(isn) || st.rare().heldBytes > MaxHeld {
				t.Fatalf("%d bytes out, stream at %d, %d held", got.Len(), st.next.Sub(isn), st.heldBytes)
			}
		}
		st.Flush(Mark{Time: 1e18}, &got)
		if int64(got.Len()) != st.Delivered+st.Missing+st.Snapped {
			t.Fatalf("%d bytes out, %d delivered, %d missing", got.Len(), st.Delivered, st.Missing)
		}
	})
}
