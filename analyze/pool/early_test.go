package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A connection that turns out to have been opened only a moment early is taken back: it cost
// nothing that the ideal client would have saved.
func TestEarlyCostsNothing(t *testing.T) {
	for _, x := range []struct {
		again int // ms at which the first connection is used again
		early bool
	}{{8, true}, {20, false}} { // the second one's response ends at 9 ms
		j := pool.New(0)
		at := func(ms int) segment.Time { return segment.Time(ms) * segment.Time(time.Millisecond) }
		packet := int64(0)
		open := func(id int64, ms int) *pool.Conn {
			packet++
			return j.Open(0, &pool.Opening{ID: id, Time: at(ms), Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
		}
		event := func(c *pool.Conn, kind pool.Kind, n int32, ms int) {
			packet++
			j.Handle(c, &pool.Event{Kind: kind, N: n, Name: "a", Time: at(ms), Packet: packet, Trips: 3, RTT: time.Millisecond})
		}
		one := open(1, 0)
		event(one, pool.Requested, 1, 1)
		event(one, pool.Answered, 1, 5)
		two := open(2, 6)
		event(two, pool.Requested, 1, 7)
		if x.early {
			event(one, pool.Requested, 2, x.again)
		}
		event(two, pool.Answered, 1, 9)
		if !x.early {
			event(one, pool.Requested, 2, x.again)
		}
		event(one, pool.Answered, 2, x.again+2)
		j.Finish()
		for _, p := range j.Pools() {
			trips, cost, avoidable := int64(3), 3*time.Millisecond, int64(1)
			if x.early {
				trips, cost, avoidable = 0, 0, 0
			}
			if p.ColdTrips != trips || p.ColdCost != cost || p.Avoidable != avoidable || p.Needed != 2-avoidable || p.Causes.Of(pool.Early) != 1-avoidable {
				t.Errorf("used again at %d ms: %d round trips, %v, needed %d, avoidable %d, %v; want %d, %v and %d avoidable", x.again, p.ColdTrips, p.ColdCost, p.Needed, p.Avoidable, p.Causes, trips, cost, avoidable)
			}
		}
	}
}
