package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// sums are what a pool has added up whoever its connections were judged beside.
type sums struct {
	connections, unused, opaque, gaps, fewer, more, used, transactions, reused, promised, shared, serverEnded, saved int64
	warmths                                                                                                          pool.Warmths
	cost                                                                                                             time.Duration
	judged                                                                                                           int64
}

func sumsOf(p *pool.Pool) sums {
	return sums{p.Connections, p.Unused, p.Opaque, p.Gaps, p.Fewer, p.More, p.Used, p.Transactions, p.Reused, p.Promised, p.Shared, p.ServerEnded, p.SavedTrips,
		p.Warmths, p.SavedCost, p.Needed + p.Avoidable}
}

// Names that turn out to be one pool's, for a connection is used for both, come to what one
// name would have come to; whichever has more.
func TestJoinedNamesAddUp(t *testing.T) {
	run := func(names [3]string) sums {
		j := pool.New(0)
		id, packet, now := int64(0), int64(0), segment.Time(0)
		conn := func(end pool.Ending, by pool.Side, to ...string) {
			id++
			next := func() segment.Time { packet, now = packet+1, now.Add(10*time.Millisecond); return now }
			c := j.Open(0, &pool.Opening{ID: id, Time: next(), Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
			for k, name := range to {
				j.Handle(c, &pool.Event{Kind: pool.Requested, N: int32(k + 1), Name: name, Time: next(), Packet: packet, Promises: true, Trips: 1, RTT: time.Millisecond})
				j.Handle(c, &pool.Event{Kind: pool.Answered, N: int32(k + 1), Time: next(), Packet: packet})
			}
			j.Handle(c, &pool.Event{Kind: pool.ConnClosing, By: by, Time: next(), Packet: packet})
			j.Handle(c, &pool.Event{Kind: pool.ConnEnded, Time: now, Packet: packet, End: &end})
		}
		a, b, both := names[0], names[1], names[2]
		conn(pool.Ending{Fewer: 1, Warmth: pool.Warmths{Cold: 1}}, pool.Client, a, a)
		conn(pool.Ending{More: 2, Gaps: true}, pool.Server, a)
		conn(pool.Ending{More: 1}, pool.Client) // carried what could not be read
		conn(pool.Ending{Fewer: 2, Warmth: pool.Warmths{Warm: 2, Cooled: 1}}, pool.Server, b, b, b)
		conn(pool.Ending{More: 1}, pool.Client)
		conn(pool.Ending{Gaps: true}, pool.Client, b)
		conn(pool.Ending{}, pool.Client, both, b)
		conn(pool.Ending{}, pool.Client, b, a)
		j.Finish()
		list := j.Pools()
		if len(list) != 1 {
			t.Fatalf("%v: %d pools", names, len(list))
		}
		return sumsOf(list[0])
	}
	want := run([3]string{"a", "a", "a"})
	if want.connections != 8 || want.used != 6 || want.transactions != 11 || want.opaque != 2 || want.gaps != 2 || want.serverEnded != 2 || want.judged != 6 {
		t.Errorf("one name: %+v", want)
	}
	for _, names := range [][3]string{{"a", "b", "a"}, {"b", "a", "b"}} {
		if got := run(names); got != want {
			t.Errorf("%v: %+v, want %+v", names, got, want)
		}
	}
}

// So do doubts: reuse in vain, openings that may have been needed, and needs that may not.
func TestJoinedDoubtsAddUp(t *testing.T) {
	j := pool.New(0)
	id, packet, now := int64(0), int64(0), segment.Time(0)
	c := (*pool.Conn)(nil)
	open := func() {
		id, packet, now = id+1, packet+1, now.Add(time.Second)
		c = j.Open(0, &pool.Opening{ID: id, Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
	}
	event := func(e pool.Event) {
		packet, now = packet+1, now.Add(time.Millisecond)
		e.Time, e.Packet = now, packet
		j.Handle(c, &e)
	}
	ended := func() { event(pool.Event{Kind: pool.ConnEnded, End: &pool.Ending{}}) }
	for _, name := range []string{"a", "b", "b"} {
		open() // closed by the client after what may have said close
		event(pool.Event{Kind: pool.Requested, N: 1, Name: name, Inferred: true})
		event(pool.Event{Kind: pool.Answered, N: 1, Unread: true})
		event(pool.Event{Kind: pool.ConnClosing, By: pool.Client})
		ended()
		open() // so this one may have been needed; it is closed by the server, perhaps for the client had asked
		event(pool.Event{Kind: pool.Requested, N: 1, Name: name, Hidden: true})
		event(pool.Event{Kind: pool.Answered, N: 1})
		event(pool.Event{Kind: pool.ConnClosing, By: pool.Server})
		ended()
		open() // and this one may not; its second request is in vain
		event(pool.Event{Kind: pool.Requested, N: 1, Name: name})
		event(pool.Event{Kind: pool.Answered, N: 1})
		event(pool.Event{Kind: pool.Requested, N: 2, Name: name})
		event(pool.Event{Kind: pool.ConnClosing, By: pool.Server})
		event(pool.Event{Kind: pool.Answered, N: 2, Outcome: pool.Unanswered})
		ended()
	}
	for ward := range pool.Wards {
		j.Advance(ward, now.Add(time.Minute))
	}
	open()
	for k, name := range []string{"a", "b"} {
		event(pool.Event{Kind: pool.Requested, N: int32(k + 1), Name: name})
		event(pool.Event{Kind: pool.Answered, N: int32(k + 1)})
	}
	ended()
	j.Finish()
	list := j.Pools()
	if len(list) != 1 {
		t.Fatalf("%d pools", len(list))
	}
	if p := list[0]; p.Excused != 3 || p.Unsure != 3 || p.InVain != 3 || p.Connections != 10 {
		t.Errorf("excused %d, unsure %d, in vain %d, want 3 of each; %d connections", p.Excused, p.Unsure, p.InVain, p.Connections)
	}
}
