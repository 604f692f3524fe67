package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// An ACK tells of duplicates by its first block alone, if that lies below what it acknowledges or within the second
// (RFC 2883 section 4).
func TestDuplicates(t *testing.T) {
	const mss, ack = 100, 1000
	within := segment.Block{Start: 1100, End: 1300}
	for _, x := range []struct {
		name   string
		blocks []segment.Block
		want   int
	}{
		{"no block", nil, 0},
		{"below", []segment.Block{{Start: 500, End: 600}}, 1},
		{"a part is a packet", []segment.Block{{Start: 500, End: 750}}, 3},
		{"up to the acknowledgement", []segment.Block{{Start: 900, End: ack}}, 1},
		{"beyond", []segment.Block{{Start: 901, End: ack + 1}}, 0},
		{"beyond, before another", []segment.Block{{Start: 1500, End: 1600}, within}, 0},
		{"the beginning of the second", []segment.Block{{Start: 1100, End: 1200}, within}, 1},
		{"the end of the second", []segment.Block{{Start: 1200, End: 1300}, within}, 1},
		{"from before the second", []segment.Block{{Start: 1099, End: 1200}, within}, 0},
		{"to behind the second", []segment.Block{{Start: 1200, End: 1301}, within}, 0},
		{"empty", []segment.Block{{Start: 500, End: 500}}, 0},
		{"the second tells of none", []segment.Block{{Start: 1500, End: 1600}, {Start: 500, End: 600}}, 0},
	} {
		for _, base := range []segment.Seq{0, 1<<32 - 950} {
			var blocks []segment.Block
			for _, b := range x.blocks {
				blocks = append(blocks, segment.Block{Start: base + b.Start, End: base + b.End})
			}
			if n := duplicates(base+ack, blocks, mss); n != x.want {
				t.Errorf("%s: %d, want %d", x.name, n, x.want)
			}
		}
	}
}

// An ACK tells of an original segment where one that was sent once, before the reduction, ends within what it tells of.
func TestOriginal(t *testing.T) {
	for _, x := range []struct {
		claim      string
		start, end segment.Seq
		resent     bool // the second of three
		sacked     bool
		want       bool
	}{
		{"just one", 2000, 3000, false, false, true},
		{"a part of one", 2000, 2999, false, false, false},
		{"one that was sent again", 2000, 3000, true, false, false},
		{"one that is known to have arrived", 2000, 3000, false, true, false},
		{"one behind one that was sent again", 2000, 4000, true, false, true},
		{"one sent after the reduction", 4000, 5000, false, false, false},
		{"none", 3000, 3000, false, false, false},
	} {
		s := Sender{recoverAt: 4000}
		for end := segment.Seq(2000); end <= 5000; end += 1000 {
			if s.out.isFull() {
				s.out.makeRoom()
			}
			s.out.push(sentSegment{end: end, resent: x.resent && end == 3000})
		}
		if x.sacked {
			s.sacked.add(2000, 3000)
		}
		if s.original(x.start, x.end) != x.want {
			t.Errorf("%s: %v", x.claim, !x.want)
		}
	}
}
