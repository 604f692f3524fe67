package stream

import (
	"testing"

	"tcpwarm/capture/segment"
)

// However small they are, just so many segments wait for a hole as the bound says: one more,
// and the hole is a gap.
func TestManySmallSegmentsWait(t *testing.T) {
	var st Stream
	var got record
	st.Start(isn)
	for i := range maxChunks + 1 {
		if st.Overflows() != 0 || got.Len() != 0 {
			t.Fatalf("%d segments wait, and %d bytes were given: %d overflows", i, got.Len(), st.Overflows())
		}
		st.Add(isn.Add(1+2*i), 1, pattern(1), Mark{}, &got) // a hole before each
	}
	if st.Overflows() != 1 || got.String() != "?a" || st.Missing != 1 {
		t.Errorf("%d overflows, %q given, %d missing; want the first hole to be a gap", st.Overflows(), got.String(), st.Missing)
	}
}

// Just so many bytes wait as the bound says.
func TestManyBytesWait(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		var st Stream
		st.Start(isn)
		b := pattern(MaxHeld/2 + beyond)
		st.Add(isn.Add(1), MaxHeld/2, b[:MaxHeld/2], Mark{}, nothing{})
		st.Add(isn.Add(1+MaxHeld/2), len(b), b, Mark{}, nothing{})
		if st.Overflows() != int64(beyond) {
			t.Errorf("%d bytes beyond the bound wait: %d overflows", beyond, st.Overflows())
		}
	}
}

// What was acknowledged and never captured is a gap up to the acknowledgement, and no
// further: what is missing beyond it may still come. Where nothing waits it is a gap, too.
func TestGapEndsAtTheAcknowledgement(t *testing.T) {
	b := pattern(30)
	for _, x := range []struct {
		name      string
		held      int // segment of 5 that waits, 0: none
		gap, rest string
	}{
		{"a segment waits beyond", 20, "??????????", string(b[10:15]) + "?????" + string(b[20:25])},
		{"a segment waits at the end of it", 10, "??????????" + string(b[10:15]), ""},
		{"a segment waits before its end", 5, "?????" + string(b[5:10]), ""},
		{"nothing waits", 0, "??????????", ""},
	} {
		var st Stream
		var got record
		st.Start(isn)
		if x.held > 0 {
			st.Add(isn.Add(x.held), 5, b[x.held:x.held+5], Mark{}, &got)
		}
		st.Acked(isn.Add(10), Mark{}, &got)
		st.Tick(Mark{Time: 5e6}, &got)
		if got.Len() != 0 {
			t.Errorf("%s: %q within the time in which they may yet come", x.name, got.String())
		}
		st.Tick(Mark{Time: 5e6 + 1}, &got)
		if got.String() != x.gap {
			t.Errorf("%s: %q, want %q", x.name, got.String(), x.gap)
		}
		if x.held == 20 {
			got.Reset()
			st.Add(isn.Add(10), 5, b[10:15], Mark{Time: 6e6}, &got)
			st.Flush(Mark{Time: 7e6}, &got)
			if got.String() != x.rest {
				t.Errorf("%s: then %q, want %q", x.name, got.String(), x.rest)
			}
		}
	}
}

// For a while after an acknowledgement what it covers may yet come: captured later, though
// sent before. Then the next one tells as well as time does.
func TestNextAcknowledgementSettles(t *testing.T) {
	for _, later := range []segment.Time{0, 1} {
		var st Stream
		var got record
		st.Start(isn)
		st.Acked(isn.Add(10), Mark{}, &got)
		st.Acked(isn.Add(20), Mark{Time: segment.Time(Grace) + later}, &got)
		if want := 20 * int(later) / 2; got.Len() != want {
			t.Errorf("the next one comes %d ns after the time is over: %d bytes are given up, want %d", later, got.Len(), want)
		}
	}
}

// What waits is counted, and so is the room that it has left behind.
func TestMemoryOfWhatWaits(t *testing.T) {
	var st Stream
	st.Start(isn)
	if n := st.Memory(); n != 0 {
		t.Errorf("%d bytes where nothing has ever waited", n)
	}
	st.Add(isn.Add(1), 1000, pattern(1000), Mark{}, nothing{})
	waits := st.Memory()
	st.Add(isn, 1, pattern(1), Mark{}, nothing{})
	if left := st.Memory(); waits < 1000 || left < 1000 || st.Holes() {
		t.Errorf("%d bytes while 1000 wait, %d afterwards", waits, left)
	}
}
