package analyze

import (
	"context"
	"errors"
	"slices"
	"testing"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// faulty returns the segments of threeClients. The n-th is one that no decoder makes: it
// says that it has more SACK blocks than there is room for.
func faulty(t *testing.T, n int) []segment.Segment {
	s, err := script.Parse(threeClients)
	if err != nil {
		t.Fatal(err)
	}
	list := s.Segments()
	if n > 0 {
		list[n-1].Options.SACKBlocks = 9
	}
	return list
}

// A panic while one connection is followed costs that connection, not the report.
func TestFaultGivesUpConnection(t *testing.T) {
	all := faulty(t, 0)
	met := 0
	for n := range all {
		list := faulty(t, n+1)
		r, err := Run(context.Background(), &segments{list: list, size: 4}, Options{Workers: 2})
		var fault *Fault
		if !errors.As(err, &fault) {
			continue // nobody looks at this one's SACK blocks
		}
		met++
		if fault.Packet < list[n].Packet || fault.Count != 1 { // later, where its ACK is looked at later
			t.Errorf("segment %d: fault %+v, want one at packet %d or after it", n, fault, list[n].Packet)
		}
		if len(r.Connections) < 3 || r.Verdict != pool.NotKnown {
			t.Errorf("segment %d: %d connections, verdict %s", n, len(r.Connections), r.Verdict)
		}
		if !slices.ContainsFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "internal-error" && p.FirstPacket == fault.Packet }) {
			t.Errorf("segment %d: problems %+v", n, r.Capture.Problems)
		}
		checkSums(t, r)
	}
	if met < 3 {
		t.Fatalf("%d faults: they come about in another way now", met)
	}
}

// A panic in what the collector does for one connection costs that connection, one in the
// source ends the reading there; either way the rest is reported. That one came about is told
// even if it did in the very last: what made openings avoidable is final when all has been read.
func TestFaultElsewhere(t *testing.T) {
	o := Options{Workers: 2, Judged: func(client, _ segment.Endpoint) bool {
		if client.Addr == segment.Addr4([]byte{10, 0, 0, 2}) {
			panic("who is that?")
		}
		return true
	}}
	r, err := Run(context.Background(), &segments{list: faulty(t, 0), size: 4}, o)
	var fault *Fault
	if !errors.As(err, &fault) || fault.Count != 1 || len(r.Connections) != 3 || r.Verdict != pool.NotKnown {
		t.Errorf("collector: %v, %d connections, verdict %s", err, len(r.Connections), r.Verdict)
	}
	o = Options{Workers: 2, OneClient: true, Watch: func(d *pool.Decision) {
		if d.Cause.Avoidable() {
			panic("not now")
		}
	}}
	r, err = Run(context.Background(), &segments{list: faulty(t, 0), size: 4}, o)
	isProblem := slices.ContainsFunc(r.Capture.Problems, func(p report.Problem) bool { return p.Kind == "internal-error" })
	if !errors.As(err, &fault) || !isProblem || len(r.Connections) != 3 {
		t.Errorf("last judging: %v, isProblem %t, %d connections", err, isProblem, len(r.Connections))
	}
	src := &brokenSource{segments{list: faulty(t, 0), size: 4}, 3}
	if r, err = Run(context.Background(), src, Options{}); !errors.As(err, &fault) || len(r.Connections) != 2 || r.Verdict != pool.NotKnown {
		t.Errorf("source: %v, %d connections, verdict %s", err, len(r.Connections), r.Verdict)
	}
}

// A brokenSource panics once it has given some batches.
type brokenSource struct {
	segments
	left int
}

func (b *brokenSource) Fill(to *segment.Batch) error {
	if b.left--; b.left < 0 {
		panic("out of batches")
	}
	return b.segments.Fill(to)
}
