package tcp_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// Of a segment that repeats a part and adds another the part was sent again. One that lies
// before others and is new was overtaken; where it comes later than the path's round trip, or
// than 3 ms where that is not known, it was sent again, having been lost before the capture.
func TestSentAgain(t *testing.T) {
	for _, x := range []struct {
		what                    string
		seq, n, fresh           int
		later                   time.Duration
		again, bytes, reordered int64
	}{
		{"new", 200, 100, 100, time.Second, 0, 0, 0},
		{"a part repeated", 100, 200, 100, 0, 1, 100, 0},
		{"all repeated", 100, 100, 0, 0, 1, 100, 0},
		{"overtaken", 0, 100, 100, 3 * time.Millisecond, 0, 0, 1},
		{"lost before", 0, 100, 100, 3*time.Millisecond + 1, 1, 100, 0},
	} {
		var h, peer tcp.Half
		at := segment.Time(time.Hour)
		h.Sent(&segment.Segment{Seq: 1100, Len: 100, Flags: segment.ACK, Time: at, IPID: 1}, false, 0)
		h.Fresh(100, 100, at, &peer)
		at = at.Add(x.later)
		h.Sent(&segment.Segment{Seq: segment.Seq(1000 + x.seq), Len: x.n, Flags: segment.ACK, Time: at, IPID: 2}, false, 0)
		h.Fresh(x.n, x.fresh, at, &peer)
		if h.ResentSegments != x.again || h.ResentBytes != x.bytes || h.OutOfOrder != x.reordered {
			t.Errorf("%s: %d sent again with %d bytes, %d overtaken; want %d, %d, %d", x.what, h.ResentSegments, h.ResentBytes, h.OutOfOrder, x.again, x.bytes, x.reordered)
		}
	}
}
