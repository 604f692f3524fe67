package tcp

import (
	"testing"
	"time"

	"tcpwarm/capture/segment"
)

// counted counts the events of a name.
type counted struct {
	name string
	n    int
}

func (c *counted) Window(segment.Time, Estimate, *Sender) {}
func (c *counted) Event(_ segment.Time, name string, _, _ int, _ *Sender) {
	if name == c.name {
		c.n++
	}
}

// Timeouts are of one episode until a write has ended: what was out at the first may not have
// arrived before.
func TestTimeoutsOfOneEpisode(t *testing.T) {
	for _, x := range []struct {
		ended bool // a write, between the two
		told  int
	}{{false, 1}, {true, 2}} {
		var s Sender
		s.Reset(1000, 100000)
		s.AtReceiver = true
		s.Handshake(100 * time.Millisecond)
		told := &counted{name: "timeout"}
		s.Watch(told)
		at := segment.Time(time.Hour)
		for n := range 3 {
			s.Sent(segment.Seq(1+1000*n), 1000, at)
			s.waiting, s.tailLost = true, s.tailLost && !x.ended
			at = at.Add(100 * time.Millisecond)
			s.Acked(segment.Seq(1001+1000*n), nil, segment.Seq(100000), false, true, at)
			at = at.Add(time.Second)
		}
		if told.n != x.told || s.Sums.Timeouts != 2 {
			t.Errorf("a write has ended: %v: told of %d, %d timeouts", x.ended, told.n, s.Sums.Timeouts)
		}
	}
}
