package analyze

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// sized is a trickle of a known size that cancels a context once so many segments were
// read.
type sized struct {
	*trickle
	size, at int
	cancel   func()
}

func (s *sized) Fill(b *segment.Batch) error {
	err := s.trickle.Fill(b)
	if s.size-len(s.left) >= s.at {
		s.cancel()
	}
	return err
}

func (s *sized) Progress() (read, size int64) { return int64(s.size - len(s.left)), int64(s.size) }

// How far it came is told as a share where the size is known; a part passes nowhere, and
// the whole does without a signal.
func TestInterrupted(t *testing.T) {
	for _, x := range []struct {
		at      int
		says    string
		outcome verdict.Outcome
	}{
		{0, "interrupted after 5 % of the input (", verdict.Undecided},
		{8, "interrupted after 47 % of the input (", verdict.Undecided},
		{1000, "", verdict.Passed},
	} {
		src, err := capture.Open("../pcaps/node-shared-agent.pcap")
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		slow := newTrickle(t, src)
		demands := &verdict.Demands{Expect: []verdict.Expectation{{Metric: "connections", Op: "<=", Value: 1}}}
		r, err := Run(ctx, &sized{slow, len(slow.left), x.at, cancel}, Options{Demands: demands})
		var i *Interrupted
		switch {
		case x.says == "" && err != nil, x.says != "" && (!errors.As(err, &i) || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), x.says)):
			t.Errorf("at %d: %v", x.at, err)
		case r.Outcome != x.outcome || (len(r.Capture.Problems) > 0) != (x.says != ""):
			t.Errorf("at %d: %s, %+v", x.at, r.Outcome, r.Capture.Problems)
		}
		for _, p := range r.Capture.Problems {
			if err != nil && (p.Kind != segment.Interrupted || p.Text != err.Error()) {
				t.Errorf("at %d: %+v", x.at, p)
			}
		}
	}
}
