package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// What can be decided is handed over as soon as time has passed, though no event comes any
// more: a report while the capture goes on waits for nothing else.
func TestTimeAloneDecides(t *testing.T) {
	j := pool.New(0)
	at := func(ms int) segment.Time { return segment.Time(ms) * segment.Time(time.Millisecond) }
	for id := range int64(2) {
		now := at(10 * int(id))
		c := j.Open(0, &event.Opening{ID: id + 1, Time: now, Packet: 10*id + 1, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
		j.Handle(c, &event.Event{Kind: event.Requested, N: 1, Name: "a", Time: now.Add(time.Millisecond), Packet: 10*id + 2})
		j.Handle(c, &event.Event{Kind: event.Answered, N: 1, Time: now.Add(2 * time.Millisecond), Packet: 10*id + 3})
	}
	decided := func() (ids []int64) {
		j.Decisions(func(d *pool.Decision) { ids = append(ids, d.Conn) })
		return ids
	}
	j.Advance(0, at(10)) // the second one's SYN comes just then
	if ids := decided(); len(ids) != 1 || ids[0] != 1 {
		t.Errorf("decided when the second is opened: %v, want the first", ids)
	}
	j.Advance(0, at(1000))
	for _, p := range j.Pools() {
		if p.Needed != 1 || p.Avoidable != 1 {
			t.Errorf("a second later: needed %d, avoidable %d, want one of each", p.Needed, p.Avoidable)
		}
	}
}

// Where the two sides' packets are seen at different distances, what one of them did by now may yet
// come: a decision waits for as long, and for no event beyond it.
func TestDecisionWaitsForTheOtherSide(t *testing.T) {
	j := pool.New(0)
	at := func(ms int) segment.Time { return segment.Time(ms) * segment.Time(time.Millisecond) }
	c := j.Open(0, &event.Opening{ID: 1, Packet: 1, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}}, Server: segment.Endpoint{Port: 80}})
	j.Handle(c, &event.Event{Kind: event.Requested, N: 1, Name: "a", Time: at(21), Packet: 2, ClockOffset: 5 * time.Millisecond})
	j.Handle(c, &event.Event{Kind: event.Answered, N: 1, Time: at(22), Packet: 3, ClockOffset: 5 * time.Millisecond})
	for _, x := range []struct{ ms, decided int }{{22, 0}, {26, 0}, {200, 1}, {1000, 0}} {
		j.Advance(0, at(x.ms))
		n := 0
		j.Decisions(func(*pool.Decision) { n++ })
		if n != x.decided {
			t.Errorf("%d decisions at %d ms, want %d", n, x.ms, x.decided)
		}
	}
}
