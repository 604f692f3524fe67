package conn

import (
	"testing"

	"tcpwarm/capture/segment"
)

// A SYN-ACK belongs to a connection that has ended if it acknowledges something that was sent on it: the SYN at least.
func TestSYNACKOfWhatHasEnded(t *testing.T) {
	const isn, nxt = segment.Seq(1<<32 - 10), segment.Seq(90)
	f := Finished{isn: [2]segment.Seq{isn, 5000}, nxt: [2]segment.Seq{nxt, 6000}, sawSYN: [2]bool{true, false}}
	for ack, want := range map[segment.Seq]bool{isn: false, isn + 1: true, nxt: true, nxt + 1: false, isn - 1: false} {
		s := segment.Segment{Dir: 1, Flags: segment.SYN | segment.ACK, Seq: 77, Ack: ack, Time: 1}
		if f.Has(&s) != want {
			t.Errorf("ACK %d of what was sent from %d to %d: %v", ack, isn, nxt, !want)
		}
	}
}
