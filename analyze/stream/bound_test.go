package stream

import (
	"testing"
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
