package pool_test

import (
	"reflect"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// one runs one connection with n transactions through a judge.
func one(j *pool.Judge, id int64, n int32, opening event.Opening, request event.Event, end event.Ending) {
	at := func(ms int64) segment.Time { return segment.Time(1000*id+ms) * segment.Time(time.Millisecond) }
	opening.ID, opening.Time, opening.Packet = id, at(0), 100*id
	opening.Client, opening.Server = segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, segment.Endpoint{Port: 80}
	c := j.Open(0, &opening)
	for k := range n {
		e := request
		e.Kind, e.N, e.Name, e.Time, e.Packet = event.Requested, k+1, "a", at(10+2*int64(k)), 100*id+10+int64(k)
		j.Handle(c, &e)
		j.Handle(c, &event.Event{Kind: event.Answered, N: k + 1, Time: e.Time.Add(time.Millisecond), Packet: e.Packet})
	}
	j.Handle(c, &event.Event{Kind: event.ConnClosing, By: event.Client, Time: at(500), Packet: 100*id + 90})
	j.Handle(c, &event.Event{Kind: event.ConnEnded, Time: at(500), Packet: 100*id + 90, End: &end})
}

// What connections come to in the end is added up, whatever became of them.
func TestEndingsAddUp(t *testing.T) {
	j := pool.New(0)
	one(j, 1, 3, event.Opening{}, event.Event{Promises: true, SaysKeepAlive: true, SetupRoundTrips: 2, RTT: 20 * time.Millisecond}, event.Ending{MaxOver: 1, MaxUnder: 2, Gaps: true, Warmth: event.Warmths{Cold: 1, Warm: 2}})
	one(j, 2, 1, event.Opening{}, event.Event{Promises: true, SetupRoundTrips: 2, RTT: 20 * time.Millisecond}, event.Ending{MaxOver: 3, MaxUnder: 4, Warmth: event.Warmths{Cooled: 1}})
	one(j, 3, 0, event.Opening{}, event.Event{}, event.Ending{MaxUnder: 1})
	one(j, 4, 0, event.Opening{}, event.Event{}, event.Ending{})
	one(j, 5, 2, event.Opening{Midstream: true}, event.Event{ServerUnseen: true}, event.Ending{Gaps: true})
	j.Finish()
	list := j.Pools()
	if len(list) != 1 {
		t.Fatalf("%d pools", len(list))
	}
	p := list[0]
	for _, x := range []struct {
		what      string
		got, want int64
	}{
		{"connections", p.Connections, 5}, {"used", p.Used, 3}, {"unused", p.Unused, 2}, {"opaque", p.Opaque, 1},
		{"transactions", p.Transactions, 6}, {"reused", p.Reused, 3}, {"most of one", p.MostOnOne, 3},
		{"too many perhaps", p.MaxOver, 4}, {"too few perhaps", p.MaxUnder, 6}, {"with gaps", p.Gaps, 2},
		{"cold", p.Warmths.Cold, 1}, {"warm", p.Warmths.Warm, 2}, {"cooled", p.Warmths.Cooled, 1},
		{"promised", p.Promised, 4}, {"in words", p.SaidKeepAlive, 3}, {"of them on shared connections", p.Shared, 3},
		{"round trips saved", p.Saved.RoundTrips, 4}, {"time saved, ms", p.Saved.Time.Milliseconds(), 80},
		{"needed", p.Needed, 2}, {"avoidable", p.Avoidable, 1}, {"begun before", p.Causes.Of(pool.Unknown), 1},
		{"cold round trips", p.Cold.RoundTrips, 2}, {"at once", p.Peak, 1},
	} {
		if x.got != x.want {
			t.Errorf("%s: %d, want %d", x.what, x.got, x.want)
		}
	}
}

// The idle times that a server or a client ends are kept apart, and what comes at once is
// none: not within a tenth of a second, nor within two round trips.
func TestIdleTimesOfBothSides(t *testing.T) {
	for _, x := range []struct {
		by    event.Side
		after time.Duration // the response
		rtt   time.Duration
		want  bool
	}{
		{event.Server, 100 * time.Millisecond, 0, true}, {event.Server, 99 * time.Millisecond, 0, false},
		{event.Client, 100 * time.Millisecond, 0, true}, {event.Client, 99 * time.Millisecond, 0, false},
		{event.Client, 300 * time.Millisecond, 150 * time.Millisecond, true}, {event.Client, 299 * time.Millisecond, 150 * time.Millisecond, false},
	} {
		j := pool.New(0)
		c := j.Open(0, &event.Opening{ID: 1, Time: 1, Packet: 1, Client: segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: 1}, Server: segment.Endpoint{Port: 80}})
		at := segment.Time(time.Second)
		j.Handle(c, &event.Event{Kind: event.Requested, N: 1, Name: "a", Time: at, Packet: 2, RTT: x.rtt})
		j.Handle(c, &event.Event{Kind: event.Answered, N: 1, Time: at, Packet: 3})
		j.Handle(c, &event.Event{Kind: event.ConnClosing, By: x.by, Time: at.Add(x.after), Packet: 4})
		j.Handle(c, &event.Event{Kind: event.ConnEnded, Time: at.Add(x.after), Packet: 4, End: &event.Ending{}})
		j.Finish()
		for _, p := range j.Pools() {
			client, server := p.ClientCloses(), p.ServerCloses()
			mine, others := &client, &server
			if x.by == event.Server {
				mine, others = others, mine
			}
			if got := len(mine.Longest) == 1 && mine.Min.For == x.after && mine.Longest[0].Packet == 4; got != x.want || len(others.Longest) > 0 {
				t.Errorf("closed after %v, by %v: client's %+v, server's %+v", x.after, x.by, client, server)
			}
		}
	}
}

// All that a pool has counted is added up.
func TestSumsAddAll(t *testing.T) {
	n := int64(0)
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Int64:
			n++
			v.SetInt(n)
		case reflect.Slice:
		default:
			t.Fatalf("what is to become of %s?", v.Type())
		}
	}
	var a, twice, b, zero pool.Sums
	fill(reflect.ValueOf(&a).Elem())
	a.Causes = pool.Causes{{Cause: pool.First, N: 3}, {Cause: pool.Missed, N: 4}}
	b.Add(&a)
	if !reflect.DeepEqual(b, a) {
		t.Errorf("added to nothing: %+v, want %+v", b, a)
	}
	if b.Add(&zero); !reflect.DeepEqual(b, a) {
		t.Errorf("and nothing to it: %+v, want %+v", b, a)
	}
	twice.Add(&a)
	twice.Add(&a)
	if twice.NotHTTP != 2*a.NotHTTP || twice.Causes.Of(pool.Missed) != 8 {
		t.Errorf("twice: %+v", twice)
	}
}
