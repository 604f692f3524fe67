package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// What waits for its acknowledgement is the first segment from SND.UNA on; what had been acknowledged when it was
// captured waits for none, nor does a pure ACK.
func TestUnackedBeginsAtUna(t *testing.T) {
	const una = 1000
	for _, x := range []struct {
		what    string
		seq     segment.Seq
		n       int
		outside bool
	}{
		{"the first", una, 10, false}, {"one that reaches over it", una - 5, 10, false}, {"by a byte", una - 9, 10, false},
		{"acknowledged before", una - 10, 10, true}, {"behind others", una + 1, 10, true}, {"a pure ACK", una, 0, true},
	} {
		var u Unacked
		s := segment.Segment{Packet: 7, Seq: x.seq, Len: x.n}
		u.note(&s, una, false)
		if (u.First.Packet == 0) != x.outside {
			t.Errorf("%s: %+v", x.what, u)
		}
		if u.note(&s, una, false); u.Resends != 1 && !x.outside {
			t.Errorf("%s, sent again: %+v", x.what, u)
		}
	}
}
