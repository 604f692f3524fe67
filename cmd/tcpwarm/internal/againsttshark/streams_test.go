package againsttshark

import (
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"tcpwarm/analyze/stream"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// mostStreams bounds of how many connections of a capture the bytes are compared: tshark takes a
// while for each.
const mostStreams = 40

// streamsDiffer are captures of which tshark puts other bytes in order, and why.
var streamsDiffer = map[string]string{
	"derived/get-fcs-bits.pcap":       "the header tells of check sequences that the frames do not have: tshark cuts them off",
	"derived/get-reversed-order.pcap": "the end comes first: tshark leaves out what the client sent, as it comes after its FIN",
}

// The bytes of each direction of each connection come in the order in which tshark puts them.
func TestStreamsAsTshark(t *testing.T) {
	names := captures(t)
	compared := make([]int, len(names))
	var run atomic.Int64 // fewer than there are if a part of the tests was asked for
	t.Run("all", func(t *testing.T) {
		for i, name := range names {
			id, _ := filepath.Rel(corpus, name)
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				run.Add(1)
				ours, ok := ourStreams(name)
				if !ok {
					t.Skip("holes or packets cut short: tshark writes a text into the bytes")
				}
				ours, theirs := withBytes(ours), withBytes(dissect(name).streams)
				if why := streamsDiffer[id]; (why != "") == slices.Equal(ours, theirs) {
					t.Errorf("%+v, tshark has %+v; the reason stated is %q", ours, theirs, why)
				}
				for _, s := range ours {
					compared[i] += s.bytes[0] + s.bytes[1]
				}
			})
		}
	})
	sum, some := 0, 0
	for _, n := range compared {
		sum += n
		if n > 0 {
			some++
		}
	}
	if int(run.Load()) == len(names) && some < len(names)/2 {
		t.Errorf("bytes of only %d captures of %d were compared", some, len(names))
	}
	t.Logf("%d bytes of %d captures", sum, some)
}

// A streamed is what the two sides of a connection sent, in order: where from, how much, and its
// checksum.
type streamed struct {
	ends  [2]string
	bytes [2]int
	sums  [2]uint32
}

// inOrder puts that end first whose name comes first, as there is no telling who is the client of
// a connection that was captured from its middle on.
func (s streamed) inOrder() streamed {
	if s.ends[1] < s.ends[0] {
		s.ends[0], s.ends[1] = s.ends[1], s.ends[0]
		s.bytes[0], s.bytes[1] = s.bytes[1], s.bytes[0]
		s.sums[0], s.sums[1] = s.sums[1], s.sums[0]
	}
	return s
}

// withBytes returns those connections on which there were any: what of the others counts as
// one attempt is for TestCountsAsTshark.
func withBytes(all []streamed) []streamed {
	return slices.DeleteFunc(all, func(s streamed) bool { return s.bytes == [2]int{} })
}

// A collected is a connection whose bytes are being put in order.
type collected struct {
	streamed
	isn  segment.Seq
	half [2]collectedHalf
}

type collectedHalf struct {
	stream.Stream
	of     *collected
	dir    int
	broken bool // a hole
}

func (h *collectedHalf) Bytes(b []byte, _ segment.Mark) {
	h.of.bytes[h.dir] += len(b)
	h.of.sums[h.dir] = crc32.Update(h.of.sums[h.dir], crc32.IEEETable, b)
}

func (h *collectedHalf) Again([]byte, int, segment.Mark) {}
func (h *collectedHalf) Differs(_, _ segment.Mark)       {}

func (h *collectedHalf) Gap(n int64, _ segment.Mark) { h.broken = h.broken || n > 0 }

// ourStreams returns the first connections of a capture. It reports whether they have all of their
// bytes.
func ourStreams(name string) (list []streamed, ok bool) {
	src, err := capture.Open(name)
	if err != nil {
		return nil, true
	}
	defer src.Close()
	var all []*collected
	latest := map[segment.Key]*collected{}
	var b segment.Batch
	for err == nil {
		err = src.Fill(&b)
		for i := range b.Segments {
			s := &b.Segments[i]
			c := latest[s.Key]
			syn := s.Flags.Has(segment.SYN) && !s.Flags.Has(segment.ACK)
			if c == nil || syn && c.isn != s.Seq {
				c = &collected{isn: s.Seq}
				c.half[0].of, c.half[1].of, c.half[1].dir = c, c, 1
				c.ends = [2]string{fmt.Sprintf("%s:%d", s.Key.A.Addr, s.Key.A.Port), fmt.Sprintf("%s:%d", s.Key.B.Addr, s.Key.B.Port)}
				latest[s.Key], all = c, append(all, c)
			}
			h, seq := &c.half[s.Dir], s.Seq
			if s.Flags.Has(segment.SYN) {
				seq = seq.Add(1)
			}
			if !h.Started() && (s.Len > 0 || s.Flags.Has(segment.SYN)) {
				h.Start(seq)
			}
			if s.Len > 0 {
				h.Add(seq, s.Len, s.Payload, s.Mark(), h)
			}
		}
	}
	for _, c := range all[:min(len(all), mostStreams)] {
		for d := range c.half {
			c.half[d].Flush(segment.Mark{}, &c.half[d])
			if c.half[d].broken {
				return nil, false
			}
		}
		list = append(list, c.inOrder())
	}
	return list, true
}
