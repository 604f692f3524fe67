package pool_test

import (
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// sums are what a pool has added up whoever its connections were judged beside.
type sums struct {
	connections, unused, opaque, gaps, fewer, more, used, transactions, reused, promised, shared, serverEnded, saved int64
	warmths                                                                                                          event.Warmths
	cost                                                                                                             time.Duration
	judged                                                                                                           int64
}

func sumsOf(p *pool.Pool) sums {
	return sums{p.Connections, p.Unused, p.Opaque, p.Gaps, p.MaxOver, p.MaxUnder, p.Used, p.Transactions, p.Reused, p.Promised, p.Shared, p.ServerEnded, p.Saved.RoundTrips,
		p.Warmths, p.Saved.Time, p.Needed + p.Avoidable}
}

// Names that turn out to be one pool's, for a connection is used for both, come to what one
// name would have come to; whichever has more.
func TestJoinedNamesAddUp(t *testing.T) {
	run := func(names [3]string) sums {
		j := pool.New(0)
		id, packet, now := int64(0), int64(0), segment.Time(0)
		conn := func(end event.Ending, by event.Side, to ...string) {
			id++
			next := func() segment.Time { packet, now = packet+1, now.Add(10*time.Millisecond); return now }
			c := j.Open(0, &event.Opening{ID: id, Time: next(), Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
			for k, name := range to {
				j.Handle(c, &event.Event{Kind: event.Requested, N: int32(k + 1), Name: name, Time: next(), Packet: packet, Promises: true, SetupRoundTrips: 1, RTT: time.Millisecond})
				j.Handle(c, &event.Event{Kind: event.Answered, N: int32(k + 1), Time: next(), Packet: packet})
			}
			j.Handle(c, &event.Event{Kind: event.ConnClosing, By: by, Time: next(), Packet: packet})
			j.Handle(c, &event.Event{Kind: event.ConnEnded, Time: now, Packet: packet, End: &end})
		}
		a, b, both := names[0], names[1], names[2]
		conn(event.Ending{MaxOver: 1, Warmth: event.Warmths{Cold: 1}}, event.Client, a, a)
		conn(event.Ending{MaxUnder: 2, Gaps: true}, event.Server, a)
		conn(event.Ending{MaxUnder: 1}, event.Client) // carried what could not be read
		conn(event.Ending{MaxOver: 2, Warmth: event.Warmths{Warm: 2, Cooled: 1}}, event.Server, b, b, b)
		conn(event.Ending{MaxUnder: 1}, event.Client)
		conn(event.Ending{Gaps: true}, event.Client, b)
		conn(event.Ending{}, event.Client, both, b)
		conn(event.Ending{}, event.Client, b, a)
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
		c = j.Open(0, &event.Opening{ID: id, Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, Server: segment.Endpoint{Port: 80}})
	}
	tell := func(e event.Event) {
		packet, now = packet+1, now.Add(time.Millisecond)
		e.Time, e.Packet = now, packet
		j.Handle(c, &e)
	}
	ended := func() { tell(event.Event{Kind: event.ConnEnded, End: &event.Ending{}}) }
	for _, name := range []string{"a", "b", "b"} {
		open() // closed by the client after what may have said close
		tell(event.Event{Kind: event.Requested, N: 1, Name: name, Inferred: true})
		tell(event.Event{Kind: event.Answered, N: 1, MayHideClose: true})
		tell(event.Event{Kind: event.ConnClosing, By: event.Client})
		ended()
		open() // so this one may have been needed; it is closed by the server, perhaps for the client had asked
		tell(event.Event{Kind: event.Requested, N: 1, Name: name, MayHideClose: true})
		tell(event.Event{Kind: event.Answered, N: 1})
		tell(event.Event{Kind: event.ConnClosing, By: event.Server})
		ended()
		open() // and this one may not; its second request is in vain
		tell(event.Event{Kind: event.Requested, N: 1, Name: name})
		tell(event.Event{Kind: event.Answered, N: 1})
		tell(event.Event{Kind: event.Requested, N: 2, Name: name})
		tell(event.Event{Kind: event.ConnClosing, By: event.Server})
		tell(event.Event{Kind: event.Answered, N: 2, Outcome: event.Unanswered})
		ended()
	}
	for shard := range pool.ClientShards {
		j.Advance(shard, now.Add(time.Minute))
	}
	open()
	for k, name := range []string{"a", "b"} {
		tell(event.Event{Kind: event.Requested, N: int32(k + 1), Name: name})
		tell(event.Event{Kind: event.Answered, N: int32(k + 1)})
	}
	ended()
	j.Finish()
	list := j.Pools()
	if len(list) != 1 {
		t.Fatalf("%d pools", len(list))
	}
	if p := list[0]; p.PerhapsNeeded.Sum() != 3 || p.PerhapsAvoidable != 3 || p.ReusedUnanswered != 3 || p.Connections != 10 {
		t.Errorf("excused %d, unsure %d, in vain %d, want 3 of each; %d connections", p.PerhapsNeeded.Sum(), p.PerhapsAvoidable, p.ReusedUnanswered, p.Connections)
	}
}

// What was opened after the first request of either name was not opened ahead of the first; a name
// whose response said close, on a connection that is open still, has nothing outstanding; and each
// server is one of the pool's once.
func TestJoinedStates(t *testing.T) {
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		j := pool.New(0)
		conns := map[int64]*pool.Conn{}
		packet, now := int64(0), segment.Time(0)
		open := func(id int64, server uint64) {
			packet, now = packet+1, now.Add(10*time.Millisecond)
			conns[id] = j.Open(0, &event.Opening{ID: id, Time: now, Packet: packet, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)},
				Server: segment.Endpoint{Addr: segment.Addr{Lo: server}, Port: 80}})
		}
		tell := func(id int64, e event.Event) {
			packet, now = packet+1, now.Add(10*time.Millisecond)
			e.Time, e.Packet = now, packet
			j.Handle(conns[id], &e)
		}
		asks := func(id int64, n int32, name string, saysClose bool) {
			tell(id, event.Event{Kind: event.Requested, N: n, Name: name})
			tell(id, event.Event{Kind: event.Answered, N: n, SaysClose: saysClose})
		}
		open(1, 7)
		asks(1, 1, names[0], true)
		open(2, 7) // never used
		for id := int64(3); id < 6; id++ {
			open(id, 7+uint64(id)%2)
			asks(id, 1, names[1], false)
		}
		asks(5, 2, names[0], false) // on one of the second name's: one pool from now on
		asks(5, 3, names[1], false)
		for id := range int64(5) {
			tell(id+1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}})
		}
		j.Finish()
		list := j.Pools()
		if len(list) != 1 {
			t.Fatalf("%v: %d pools", names, len(list))
		}
		if p := list[0]; p.Unused != 1 || p.Speculative != 0 || p.Peak != 1 || len(p.Servers) != 2 || p.Servers[0] == p.Servers[1] {
			t.Errorf("%v: %d unused, %d of them ahead of the first request; %d at once; servers %v", names, p.Unused, p.Speculative, p.Peak, p.Servers)
		}
	}
}
