package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// A senderClock is the sender's, as the timestamps of its data show it to the receiver. They count milliseconds, as those of
// Linux and most others do; what counts slower tells nothing (RFC 7323 section 5.4 has no faster ones).
type senderClock struct {
	on    bool
	first uint32       // stamp of the first data
	began segment.Time // when that was sent, as it seemed then
	at    segment.Time // and by the data that came with the least delay: the base delay of RFC 6817 section 3.4
}

// sent returns when data with a stamp was sent, at the earliest, which was sent at latest if nothing kept it on its way; 0 if
// that is not known.
func (c *senderClock) sent(stamp uint32, latest segment.Time) segment.Time {
	if !c.on {
		*c = senderClock{on: true, first: stamp, began: latest, at: latest}
	}
	since := time.Duration(int32(stamp-c.first)) * time.Millisecond
	if c.at = min(c.at, latest.Add(-since)); c.began.Sub(c.at) > time.Second { // it counts faster
		return 0
	}
	return c.at.Add(since)
}
