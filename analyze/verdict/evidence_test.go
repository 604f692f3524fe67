package verdict

import (
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

func atMS(ms int64) segment.Mark {
	return segment.Mark{Packet: ms + 1, Time: segment.Time(time.Duration(ms) * time.Millisecond)}
}

// A response is unsolicited only where all that the client sent was seen, and where it did not
// answer what was no request.
func TestAnsweredUnasked(t *testing.T) {
	for _, x := range []struct {
		what   string
		change func(*Conn)
		want   bool
	}{
		{"as it is", func(*Conn) {}, true},
		{"none", func(c *Conn) { c.Fate.Orphans = 0 }, false},
		{"without a status", func(c *Conn) { c.Fate.Orphan.Status = 0 }, false},
		{"begun before the capture", func(c *Conn) { c.Midstream = true }, false},
		{"one direction", func(c *Conn) { c.OneWay = true }, false},
		{"bytes lack", func(c *Conn) { c.Missing = 1 }, false},
		{"nothing was asked", func(c *Conn) { c.Transactions = 0 }, true},
		{"what the client sent was no request", func(c *Conn) { c.Transactions, c.Fate.ClientSent = 0, true }, false},
		{"the client had sent requests", func(c *Conn) { c.Fate.ClientSent = true }, true},
	} {
		c := Conn{Transactions: 1}
		c.Fate.Orphans, c.Fate.Orphan.Status = 1, 408
		x.change(&c)
		if got := answeredUnasked(&c); got != x.want {
			t.Errorf("%s: %v", x.what, got)
		}
	}
}

// A connection is dropped silently where what was sent again three times, or for a second, was never
// acknowledged; until when is the next resend's time, or when the client gave it up.
func TestDropped(t *testing.T) {
	until := atMS(5000).Time.Add(3500*time.Millisecond + tcp.DeadAfter)
	for _, x := range []struct {
		what   string
		change func(*Conn)
		want   segment.Time // 0: it is none
	}{
		{"as it is", func(*Conn) {}, until},
		{"all was acknowledged", func(c *Conn) { c.Fate.Unacked.First = segment.Mark{} }, 0},
		{"sent again twice for a second", func(c *Conn) { c.Fate.Unacked.Resends, c.Fate.Unacked.Last = 2, atMS(2500) }, atMS(4500).Time},
		{"sent again twice for less", func(c *Conn) { c.Fate.Unacked.Resends, c.Fate.Unacked.Last = 2, atMS(2499) }, 0},
		{"sent again three times for less", func(c *Conn) { c.Fate.Unacked.Last = atMS(2499) }, atMS(2499).Time.Add(999*time.Millisecond + tcp.DeadAfter)},
		{"never sent again", func(c *Conn) { c.Fate.Unacked.Resends = 0 }, 0},
		{"one that every path takes", func(c *Conn) { c.Fate.Unacked.Longest, c.Fate.Unacked.Len = true, tcp.FitsEverywhere }, until},
		{"one that no path need take", func(c *Conn) { c.Fate.Unacked.Longest, c.Fate.Unacked.Len = true, tcp.FitsEverywhere+1 }, 0},
		{"a long one, as had passed before", func(c *Conn) { c.Fate.Unacked.Len = tcp.FitsEverywhere + 1 }, until},
		{"one direction", func(c *Conn) { c.OneWay = true }, 0},
		{"never open", func(c *Conn) { c.Fate.SYNACK = segment.Mark{} }, 0},
		{"begun before, with one request", func(c *Conn) { c.Midstream, c.Transactions = true, 1 }, 0},
		{"begun before, with two", func(c *Conn) { c.Midstream, c.Transactions = true, 2 }, until},
		{"heard of a round trip later", func(c *Conn) { c.Fate.Unacked.Heard, c.RTT = atMS(1600).Time, 100*time.Millisecond }, until},
		{"heard of later", func(c *Conn) { c.Fate.Unacked.Heard, c.RTT = atMS(1601).Time, 100*time.Millisecond }, 0},
		{"the client gave it up", func(c *Conn) { c.ClosedBy, c.Closed = event.Client, atMS(6000) }, atMS(6000).Time},
		{"the client gave it up later", func(c *Conn) { c.ClosedBy, c.Closed = event.Client, atMS(60000) }, until},
		{"the client had closed before", func(c *Conn) { c.ClosedBy, c.Closed = event.Client, atMS(1500) }, until},
		{"the server closed", func(c *Conn) { c.ClosedBy, c.Closed = event.Server, atMS(6000) }, until},
	} {
		c := Conn{ID: 1}
		c.Fate.SYNACK = atMS(1)
		c.Fate.Unacked = tcp.Unacked{First: atMS(1500), Last: atMS(5000), Resends: tcp.DeadResends}
		x.change(&c)
		if d, ok := dropped(&c); ok != (x.want != 0) || d.until != x.want {
			t.Errorf("%s: %v, until %v, want %v", x.what, ok, d.until, x.want)
		}
	}
}

// Another connection shows that the server worked meanwhile by what came while the dead one was
// in vain, or that it worked afterwards if it was opened within as long again.
func TestDeadMeetsAlive(t *testing.T) {
	for _, x := range []struct {
		what          string
		opened, spoke int64 // ms
		beside, after bool
	}{
		{"opened when it died", 1000, 0, false, false},
		{"opened while it was dead", 1001, 0, true, false},
		{"opened at the end", 3000, 0, true, false},
		{"opened afterwards", 3001, 3001, false, true},
		{"opened as long again afterwards", 5000, 5000, false, true},
		{"opened later", 5001, 5001, false, false},
		{"spoke as it died", 1, 1000, false, false},
		{"spoke while it was dead", 1, 1001, true, false},
		{"spoke at the end", 1, 3000, true, false},
		{"spoke afterwards", 1, 3001, false, false},
	} {
		d := dead{first: atMS(1000), until: atMS(3000).Time}
		d.meets(alive{7, atMS(x.opened).Time, atMS(x.spoke).Time})
		if d.beside != 0 != x.beside || d.after != 0 != x.after {
			t.Errorf("%s: beside %d, after %d", x.what, d.beside, d.after)
		}
	}
}

// What findings say in words is what was counted.
func TestWordsOfFindings(t *testing.T) {
	lossy := Conn{ID: 3, SlowedBy: SlowedBy{Losses: 3, Timeouts: 2, Resent: 9, Segments: 100, ResentAt: 44}}
	if got := reductions(&lossy).Text; !strings.HasSuffix(got, "reduced 5 times, 2 of them by a timeout") {
		t.Error(got)
	}
	given := func(n int64, least, most time.Duration) Conn {
		var c Conn
		c.Fate.GivenUp.N, c.Fate.GivenUp.Least, c.Fate.GivenUp.Most = n, least, most
		return c
	}
	for _, x := range []struct {
		conns []Conn
		want  string
	}{
		{[]Conn{given(2, time.Second, time.Second), given(3, time.Second, time.Second)}, "gave up 5 requests of which no head of the final response had come, after about 1.00 s each time: a deadline"},
		{[]Conn{given(1, time.Second, time.Second), given(1, 1250*time.Millisecond, 1250*time.Millisecond)}, "after about 1.00 s each time: a deadline"},
		{[]Conn{given(1, time.Second, time.Second), given(1, 1251*time.Millisecond, 1251*time.Millisecond)}, "after 1.00 s to 1.25 s"},
		{[]Conn{given(1, time.Second, time.Second)}, "gave up 1 request of which no head of the final response had come, after 1.00 s"},
	} {
		a := new(abandonments)
		for i := range x.conns {
			a.note(&x.conns[i])
		}
		if found := a.conclude(); len(found) != 1 || !strings.HasSuffix(found[0].Text, x.want) {
			t.Errorf("%+v, want %s", found, x.want)
		}
	}
	for before, want := range map[int64]string{5: "5.0 ms before", 0: "0.00 ms after", -5: "5.0 ms after"} {
		if got := relative(atMS(100-before).Time, atMS(100).Time); got != want {
			t.Errorf("%d ms before: %s", before, got)
		}
	}
	i := new(incomplete)
	i.note(&Conn{Unseen: Unseen{Midstream: true}, Transactions: 1})
	if found := i.conclude(); len(found) != 1 || found[0].Text != "connections opened before the capture began: 1" {
		t.Errorf("%+v", found)
	}
}

// A broken promise counts only if the connection that followed promised the same, by the same side.
func TestFollowedBySuchAPromise(t *testing.T) {
	for _, x := range []struct {
		by             event.Side
		client, server bool
		want           bool
	}{
		{event.Client, true, false, true}, {event.Client, false, true, false}, {event.Client, false, false, false},
		{event.Server, false, true, true}, {event.Server, true, false, false}, {event.Server, true, true, true},
	} {
		p := promises{waiting: []brokenPromise{{by: x.by, closed: atMS(10)}}}
		p.follow(&Conn{Transactions: 1, First: atMS(10), Messages: Messages{ClientPromised: x.client, ServerPromised: x.server}})
		if got := p.n == 1; got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
	p := promises{waiting: []brokenPromise{{by: event.Client, closed: atMS(10)}}}
	p.follow(&Conn{Transactions: 1, First: atMS(9), Messages: Messages{ClientPromised: true}})
	p.follow(&Conn{First: atMS(11), Messages: Messages{ClientPromised: true}})
	if p.n != 0 {
		t.Error("opened before, or without a request: it could not have been spared")
	}
}

// Pairs that a bound left out may have had dead connections.
func TestDeadPairsAreCut(t *testing.T) {
	for _, more := range []int{0, 1} {
		var d drops
		for i := range peersKept + more {
			d.dead.get(&Conn{Client: segment.Addr{Lo: uint64(i)}})
		}
		if d.cut() != (more > 0) {
			t.Errorf("%d more than the bound: %v", more, d.cut())
		}
	}
}
