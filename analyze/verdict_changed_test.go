package analyze

import (
	"context"
	"io"
	"slices"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// While a capture goes on, each change of a verdict is told, once.
func TestVerdictsTurn(t *testing.T) {
	for name, want := range map[string][]pool.Verdict{
		"axios-two-agents":  {pool.NoOpportunity, pool.NotReused},
		"node-shared-agent": {pool.Reused},
	} {
		src, err := capture.Open("../pcaps/" + name + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		var got []pool.Verdict
		last := pool.Verdict("")
		_, err = Run(context.Background(), newTrickle(t, src), Options{Workers: 1, VerdictChanged: func(_ *pool.Pool, _ segment.Time, was, is pool.Verdict) {
			if was != last {
				t.Errorf("%s: was %q, told before %q", name, was, last)
			}
			got, last = append(got, is), is
		}})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

// trickle hands on a segment at a time, as a quiet interface does.
type trickle struct {
	Source
	left []segment.Segment
}

func (s *trickle) Fill(b *segment.Batch) error {
	b.Segments = b.Segments[:0]
	if len(s.left) == 0 {
		return io.EOF
	}
	b.Segments, s.left = append(b.Segments, s.left[0]), s.left[1:]
	return nil
}

// newTrickle reads all of src.
func newTrickle(t *testing.T, src Source) *trickle {
	s := &trickle{Source: src}
	for {
		var b segment.Batch
		err := src.Fill(&b)
		s.left = append(s.left, b.Segments...)
		if err == io.EOF {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
