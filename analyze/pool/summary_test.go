package pool

import (
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Where transactions are only bounded, a verdict stands if it would for all that
// they may be.
func TestVerdictWithinBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Pool
		want Verdict
	}{
		{"two requests at least", Pool{Sums: Sums{Used: 1, Transactions: 5, Reused: 4, Needed: 1, MaxOver: 3, MaxUnder: 2}}, Reused},
		{"perhaps one request", Pool{Sums: Sums{Used: 1, Transactions: 5, Reused: 4, Needed: 1, MaxOver: 4}}, NotKnown},
		{"one request, perhaps more", Pool{Sums: Sums{Used: 1, Transactions: 1, Needed: 1, MaxUnder: 1}}, NotKnown},
		{"one request", Pool{Sums: Sums{Used: 1, Transactions: 1, Needed: 1}}, NoOpportunity},
		{"one on each connection", Pool{Sums: Sums{Used: 3, Transactions: 3, Needed: 1, Avoidable: 2}}, NotReused},
		{"none on one of them, perhaps", Pool{Sums: Sums{Used: 3, Transactions: 3, Needed: 1, Avoidable: 2, MaxOver: 1}}, NotKnown},
	} {
		if got, why := c.p.verdict(); got != c.want || (got == NotKnown) != (why != "") {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

// Why a verdict is not known is said: what was lacking, or that there was no HTTP.
func TestWhatWasNotThere(t *testing.T) {
	for _, x := range []struct {
		p    Pool
		want string
	}{
		{Pool{}, ""},
		{Pool{Spoken: "redis"}, ""},
		{Pool{Sums: Sums{NotHTTP: 1}}, "what its connections carried is not HTTP"},
		{Pool{Sums: Sums{NotHTTP: 1}, Spoken: "redis"}, "its connections carried redis, not HTTP"},
		{Pool{Sums: Sums{NotHTTP: 1, Used: 1}, Spoken: "redis"}, ""},
		{Pool{Sums: Sums{ServerGaps: 1, Used: 1}}, ""},
		{Pool{Sums: Sums{ServerGaps: 1, Used: 2}}, "the capture lacks bytes that the server sent: responses, or their ends, may hide there"},
		{Pool{Sums: Sums{Used: 1}, conns: connStates{serverUnseen: 1}}, ""},
		{Pool{Sums: Sums{Used: 2}, conns: connStates{serverUnseen: 1}}, "the capture lacks what the server sent"},
		{Pool{Sums: Sums{Used: 1, GivenUp: 1}}, ""},
		{Pool{Sums: Sums{Used: 1}, conns: connStates{midstream: 1}}, ""},
		{Pool{Sums: Sums{Used: 2}, conns: connStates{midstream: 1}}, "some connections were opened before the capture began"},
	} {
		if got := x.p.evidenceMissing(); got != x.want {
			t.Errorf("%+v: %q, want %q", x.p.Sums, got, x.want)
		}
	}
}

// A server of which nothing had been captured when a request was sent is seen once a response has come.
func TestServerIsSeenLater(t *testing.T) {
	for _, last := range []event.Outcome{event.Complete, event.Unanswered} {
		j := feed(New(0))
		for id := range int64(2) {
			outcome := event.Complete
			if id == 1 {
				outcome = last
			}
			for k, e := range []step{
				opens(id+1, segment.Endpoint{Addr: segment.Addr{Lo: 1}, Port: uint16(id)}, segment.Endpoint{Port: 80}),
				of(id+1, event.Event{Kind: event.Requested, N: 1, Name: "a", ServerUnseen: true}),
				of(id+1, event.Event{Kind: event.Answered, N: 1, Outcome: outcome}),
				of(id+1, event.Event{Kind: event.ConnClosing, By: event.Server}),
				of(id+1, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
			} {
				e.Time, e.Packet = segment.Time(id*5+int64(k))*1e9, id*5+int64(k)+1
				j.handle(&e)
			}
		}
		j.Finish()
		p := j.Pools()[0]
		if unseen := p.WithheldBecause == "the capture lacks what the server sent"; unseen == (last == event.Complete) {
			t.Errorf("the last outcome %v: %s, %q", last, p.Verdict, p.WithheldBecause)
		}
	}
}

// Of pools that turn out to be one, what became of connections by their latest status adds up, and
// the first is the first of both.
func TestStatusesOfJoinedPools(t *testing.T) {
	var a, b Statuses
	a.followed(200)
	a.left(304, 7, 70)
	b.followed(200)
	b.left(304, 5, 50)
	b.left(404, 6, 60)
	a.merge(&b)
	want := map[uint16]Status{200: {Status: 200, Followed: 2}, 304: {Status: 304, Left: 2, Conn: 5, Packet: 50}, 404: {Status: 404, Left: 1, Conn: 6, Packet: 60}}
	for i := range a.Of[:len(a.Of)] {
		if got := a.Of[i]; got != want[got.Status] || len(a.Of) != 3 {
			t.Errorf("%+v, want %+v", got, want[got.Status])
		}
	}
}

// Why a pool is not judged says that messages are garbled only where nothing is worse than that.
func TestWhatContradictsIsNamed(t *testing.T) {
	for _, x := range []struct{ inconsistent, garbled int64 }{{1, 1}, {2, 2}, {2, 1}, {1, 0}} {
		p := &Pool{Sums: Sums{Inconsistent: x.inconsistent, Garbled: x.garbled}}
		if onlyGarbled := p.contradiction() == garbled; onlyGarbled != (x.inconsistent == x.garbled) {
			t.Errorf("%d of %d garbled: %q", x.garbled, x.inconsistent, p.contradiction())
		}
	}
}
