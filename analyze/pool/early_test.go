package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/event"
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
			return j.Open(0, &event.Opening{ID: id, Time: at(ms), Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
		}
		tell := func(c *pool.Conn, kind event.Kind, n int32, ms int) {
			packet++
			j.Handle(c, &event.Event{Kind: kind, N: n, Name: "a", Time: at(ms), Packet: packet, SetupRoundTrips: 3, RTT: time.Millisecond})
		}
		one := open(1, 0)
		tell(one, event.Requested, 1, 1)
		tell(one, event.Answered, 1, 5)
		two := open(2, 6)
		tell(two, event.Requested, 1, 7)
		if x.early {
			tell(one, event.Requested, 2, x.again)
		}
		tell(two, event.Answered, 1, 9)
		if !x.early {
			tell(one, event.Requested, 2, x.again)
		}
		tell(one, event.Answered, 2, x.again+2)
		j.Finish()
		for _, p := range j.Pools() {
			trips, cost, avoidable := int64(3), time.Millisecond, int64(1) // from SYN to the request
			if x.early {
				trips, cost, avoidable = 0, 0, 0
			}
			if p.Cold.RoundTrips != trips || p.Cold.Time != cost || p.Avoidable != avoidable || p.Needed != 2-avoidable || p.Causes.Of(pool.Early) != 1-avoidable {
				t.Errorf("used again at %d ms: %d round trips, %v, needed %d, avoidable %d, %v; want %d, %v and %d avoidable", x.again, p.Cold.RoundTrips, p.Cold.Time, p.Needed, p.Avoidable, p.Causes, trips, cost, avoidable)
			}
		}
	}
}

// Of several idle connections of HTTP/2 it is the one that has become idle last that the ideal
// client takes, as of HTTP/1.1's.
func TestLatestIdleOfHTTP2(t *testing.T) {
	j := pool.New(0)
	at := func(ms int) segment.Time { return segment.Time(ms) * segment.Time(time.Millisecond) }
	conns := map[int64]*pool.Conn{}
	packet := int64(0)
	for _, s := range []struct {
		ms   int
		conn int64
		kind string
		n    int32
	}{
		{0, 1, "open", 0}, {0, 1, "asks", 1}, {0, 1, "asks", 2}, {1, 2, "open", 0}, {1, 2, "asks", 1},
		{5, 1, "done", 1}, {5, 1, "done", 2}, {6, 2, "done", 1}, {30, 3, "open", 0}, {30, 3, "asks", 1}, {31, 3, "done", 1},
	} {
		packet++
		e := event.Event{N: s.n, Name: "a", Time: at(s.ms), Packet: packet, StreamLimit: 2}
		switch s.kind {
		case "open":
			conns[s.conn] = j.Open(0, &event.Opening{ID: s.conn, Time: e.Time, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(s.conn)}, Server: segment.Endpoint{Port: 80}})
			continue
		case "done":
			e.Kind = event.Answered
		}
		j.Handle(conns[s.conn], &e)
	}
	j.Finish()
	instead := map[int64]int64{}
	j.Decisions(func(d *pool.Decision) { instead[d.Conn] = d.InsteadOf })
	if len(instead) != 3 || instead[2] != 0 || instead[3] != 2 {
		t.Errorf("opened instead of: %v, want the third instead of the second", instead)
	}
}
