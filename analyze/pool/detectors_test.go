package pool

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// Two names that one connection carries in the end are one pool. What its detectors know
// is what they would know had there been one name from the beginning.
func TestJoinedPoolsKeepWhatTheirDetectorsSaw(t *testing.T) {
	seeds := uint64(2000)
	if testing.Short() {
		seeds = 300
	}
	closes, ends := 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 4))
		history := withDetails(r, randomHistory(r))
		joined := judgedAs(history, func(conn int64) string { return []string{"a", "b"}[conn%2] })
		one := judgedAs(history, func(int64) string { return "a" })
		for name, get := range map[string]func(*Pool) any{
			"ServerCloses": func(p *Pool) any { return idleTimesOf(p.ServerCloses()) },
			"ClientCloses": func(p *Pool) any { return idleTimesOf(p.ClientCloses()) },
			"Hint":         func(p *Pool) any { return p.KeepAlive() },
			"LongestReuse": func(p *Pool) any { return p.LongestReuse().For },
			"AtLimit":      func(p *Pool) any { return countOf(p.AtLimit()) },
			"Probed":       func(p *Pool) any { return countOf(p.Probed()) },
			"Declined":     func(p *Pool) any { return countOf(p.Declined()) },
			"Followed": func(p *Pool) any {
				var n [3]int64
				by := p.Statuses()
				for _, x := range by.Of[:len(by.Of)] {
					n[x.Status%3] += x.Followed
				}
				return n
			},
			"Single":  func(p *Pool) any { return p.Turns().Single },
			"Tunnels": func(p *Pool) any { return p.Tunnels() },
			"Lifetimes": func(p *Pool) any {
				l := p.Lifetimes()
				return [...]int64{l.Count, l.Fewest, l.Most, int64(l.Youngest), int64(l.Oldest), int64(len(l.Conns))}
			},
		} {
			if got, want := get(joined), get(one); got != want {
				t.Fatalf("seed %d: %s is %v of two joined pools, %v of one\n%s", seed, name, got, want, tell(history))
			}
		}
		closes += len(one.ServerCloses().Longest)
		ends += int(one.Lifetimes().Count)
	}
	if closes == 0 || ends == 0 {
		t.Errorf("%d idle times, %d lifetimes: nothing was compared", closes, ends)
	}
}

// withDetails adds to a history what only detectors look at.
func withDetails(r *rand.Rand, history []step) []step {
	for i := range history {
		switch e := &history[i]; {
		case e.open:
		case e.Kind == event.Answered && r.IntN(4) == 0:
			e.KeepAlive = time.Duration(1+r.IntN(9)) * time.Second
			e.Status = uint16(200 + r.IntN(3))
		case e.Kind == event.ConnEnded:
			e.End.Probes, e.End.FirstProbe = int64(r.IntN(2)), e.Packet
			e.End.Declined = r.IntN(2) == 0
		}
	}
	return history
}

// judgedAs judges a history of connections to what names says; at last one connection is
// to both "a" and "b".
func judgedAs(history []step, names func(conn int64) string) *Pool {
	const last = 1 << 40
	history = slices.Clone(history)
	for i := range history {
		history[i].Name = names(history[i].conn)
	}
	end := slices.MaxFunc(history, func(a, b step) int { return cmp.Compare(a.Time, b.Time) }).Time
	packet := int64(len(history))
	for _, e := range []step{
		opens(last, testEndpoint(1, 9999), testEndpoint(10, 80)),
		of(last, event.Event{Kind: event.Requested, N: 1, Name: names(0)}), of(last, event.Event{Kind: event.Answered, N: 1}),
		of(last, event.Event{Kind: event.Requested, N: 2, Name: names(1)}), of(last, event.Event{Kind: event.Answered, N: 2}),
		of(last, event.Event{Kind: event.ConnEnded, End: &event.Ending{}}),
	} {
		end, packet = end+1e6, packet+1
		e.Time, e.Packet = end, packet
		history = append(history, e)
	}
	_, _, pools := judge(history, func() bool { return true })
	return pools[0]
}

func idleTimesOf(c Closes) (all [maxLongest + 1]Idle) {
	slices.SortFunc(c.Longest, func(a, b Idle) int { return cmp.Or(cmp.Compare(a.For, b.For), cmp.Compare(a.Conn, b.Conn)) })
	copy(all[:], c.Longest)
	all[maxLongest].For = c.Min.For
	return all
}

func countOf(n, _, _ int64) int64 { return n }

// The pool curve knows how long connections had idled that were used again, whichever of
// two joined pools they were of.
func TestCurveOfJoinedPools(t *testing.T) {
	for _, idles := range []string{"a", "b"} {
		var history []step
		now, packet := segment.Time(0), int64(0)
		tell := func(s step) {
			now, packet = now+1e6, packet+1
			s.Time, s.Packet = now, packet
			history = append(history, s)
		}
		ask := func(conn int64, n int32, name string) {
			tell(of(conn, event.Event{Kind: event.Requested, N: n, Name: name}))
			tell(of(conn, event.Event{Kind: event.Answered, N: n}))
		}
		for i, name := range []string{"a", "b", "b"} {
			tell(opens(int64(i+1), testEndpoint(1, uint16(i+1)), testEndpoint(10, 80)))
			ask(int64(i+1), 1, name)
		}
		now += segment.Time(5 * time.Second)
		ask(map[string]int64{"a": 1, "b": 3}[idles], 2, idles)
		ask(2, 2, "a")
		_, _, pools := judge(history, func() bool { return false })
		if curve := pools[0].Curve; len(pools) != 1 || curve[len(curve)-1].IdleTimeout < 5*time.Second {
			t.Errorf("%s idles for 5 s: %d pools, curve %v", idles, len(pools), curve)
		}
	}
}

// Churn comes to the same whichever pool is joined to the other.
func TestChurnIsJoined(t *testing.T) {
	a, b, none := churn{count: 2, least: 1, most: 4, conn: 7, packet: 70}, churn{closing: 1, count: 1, least: 2, most: 5, conn: 3, packet: 30}, churn{}
	for _, x := range []struct{ to, from, want churn }{
		{a, b, churn{closing: 1, count: 3, least: 1, most: 5, conn: 3, packet: 30}},
		{b, a, churn{closing: 1, count: 3, least: 1, most: 5, conn: 3, packet: 30}},
		{a, none, a},
		{none, a, a},
	} {
		if x.to.merge(&x.from); x.to != x.want {
			t.Errorf("%+v, want %+v", x.to, x.want)
		}
	}
}

// The pool curve counts what two joined pools had idle once, whichever of them had one
// connection, and whichever was the heavier.
func TestCurveOfJoinedPoolsKeepsWhatIdles(t *testing.T) {
	for name, more := range map[string][]string{"one connection joins two": nil, "two join one": {"a2", "a3"}} {
		var history []step
		now, packet := segment.Time(0), int64(0)
		asked := map[int64]int32{}
		tell := func(s step) {
			now, packet = now+1e6, packet+1
			s.Time, s.Packet = now, packet
			history = append(history, s)
		}
		open := func(conn int64) { tell(opens(conn, testEndpoint(1, uint16(conn)), testEndpoint(10, 80))) }
		ask := func(name string, conns ...int64) { // all at once
			for _, c := range conns {
				asked[c]++
				tell(of(c, event.Event{Kind: event.Requested, N: asked[c], Name: name}))
			}
			for _, c := range conns {
				tell(of(c, event.Event{Kind: event.Answered, N: asked[c]}))
			}
		}
		open(1)
		ask("a", 1)
		for _, another := range more {
			ask(another, 1)
		}
		open(5)
		tell(of(5, event.Event{Kind: event.ConnEnded, End: &event.Ending{}})) // by now the first is known to idle
		open(2)
		open(3)
		ask("b", 2, 3)
		ask("a", 2) // here they join
		open(4)
		ask("a", 1, 2, 3, 4)
		_, _, pools := judge(history, func() bool { return true })
		if curve := pools[0].Curve; len(pools) != 1 || curve[len(curve)-1].Connections != 4 {
			t.Errorf("%s: %d pools, curve %v; want 4 connections for four requests at once", name, len(pools), curve)
		}
	}
}

// However many pools are joined, the losses that still explain something are bounded, and
// the latest stay.
func TestLossesOfJoinedPoolsAreBounded(t *testing.T) {
	r := replay{curve: curveReplay{clients: new(keepingClients)}}
	for n := range int64(3) {
		o := replay{curve: curveReplay{clients: new(keepingClients)}}
		for i := range int64(maxLosses) {
			o.addLoss(loss{packet: n*maxLosses + i})
		}
		r.merge(&o)
	}
	for i := range int64(10) {
		r.addLoss(loss{packet: 3*maxLosses + i})
	}
	if n := len(r.losses); n != maxLosses || r.losses[n-1].packet != 3*maxLosses+9 {
		t.Errorf("%d losses, the latest in packet %d", n, r.losses[n-1].packet)
	}
}

// Of two joined pools the avoidable connection that was opened last is the one that turns
// out to be early, whichever was the heavier.
func TestTheLatestOfJoinedPoolsIsEarly(t *testing.T) {
	for _, heavy := range []string{"a", "b"} {
		var history []step
		now, packet := segment.Time(0), int64(0)
		asked := map[int64]int32{}
		tell := func(s step) {
			now, packet = now+1e6, packet+1
			s.Time, s.Packet = now, packet
			history = append(history, s)
		}
		ask := func(name string, conns ...int64) { // all at once
			for _, c := range conns {
				if asked[c]++; asked[c] == 1 {
					tell(opens(c, testEndpoint(1, uint16(c)), testEndpoint(10, 80)))
				}
				tell(of(c, event.Event{Kind: event.Requested, N: asked[c], Name: name}))
			}
			for _, c := range conns {
				tell(of(c, event.Event{Kind: event.Answered, N: asked[c]}))
			}
		}
		ask("a", 1)
		ask("a", 2) // could have had the first
		ask("b", 3)
		ask("b", 4) // could have had the third
		for n := range 3 {
			ask(fmt.Sprint(heavy, n), map[string]int64{"a": 1, "b": 3}[heavy])
		}
		ask("a", 4)       // here they join
		ask("a", 1, 2, 3) // for the third the ideal client opens another
		_, decisions, pools := judge(history, func() bool { return true })
		if len(pools) != 1 || decisions[2].Cause != Missed || decisions[4].Cause != Early {
			t.Errorf("%s is heavier: %d pools, the second was opened because of %s, the fourth because of %s",
				heavy, len(pools), decisions[2].Cause, decisions[4].Cause)
		}
	}
}

// However many pools are joined, avoidable connections that can still become early are
// bounded; what is no longer among them is final.
func TestProvisionalOfJoinedPoolsIsBounded(t *testing.T) {
	j := feed(New(0))
	now, id := segment.Time(0), int64(0)
	tell := func(s step) {
		now++
		s.Time, s.Packet = now*1000, int64(now)
		j.handle(&s)
	}
	open := func() { id++; tell(opens(id, testEndpoint(1, uint16(id)), testEndpoint(10, 80))) }
	ask := func(conn int64, n int32, name string) {
		tell(of(conn, event.Event{Kind: event.Requested, N: n, Name: name}))
		tell(of(conn, event.Event{Kind: event.Answered, N: n}))
	}
	const pools = 4
	for p := range pools {
		for range maxProvisional + 10 {
			open()
			ask(id, 1, fmt.Sprint(p))
		}
	}
	for p := range pools {
		ask(id, int32(p+2), fmt.Sprint(p))
	}
	if n := len(j.pools()); n != 1 || len(j.pools()[0].provisional) > maxProvisional {
		t.Errorf("%d pools, %d connections of the first may become early", n, len(j.pools()[0].provisional))
	}
	j.Finish()
	decided := 0
	j.Decisions(func(*Decision) { decided++ })
	if decided != pools*(maxProvisional+10) {
		t.Errorf("%d decisions of %d", decided, pools*(maxProvisional+10))
	}
}

// What has been handed over as avoidable stays as it was told, whatever its connection does later.
func TestHandedOverDecisionsStay(t *testing.T) {
	j := feed(New(0))
	packet := int64(0)
	tell := func(at time.Duration, s step) {
		packet++
		s.Time, s.Packet = segment.Time(at), packet
		j.handle(&s)
	}
	use := func(at time.Duration, id int64) {
		tell(at, opens(id, testEndpoint(1, uint16(id)), testEndpoint(10, 80)))
		tell(at, of(id, event.Event{Kind: event.Requested, N: 1, Name: "a"}))
		tell(at, of(id, event.Event{Kind: event.Answered, N: 1}))
	}
	told := map[Cause]int64{}
	count := func() {
		j.advance(segment.Time(time.Second))
		j.Decisions(func(d *Decision) { told[d.Cause]++ })
	}
	use(0, 1)
	for id := range int64(maxProvisional + 10) {
		use(500*time.Millisecond+time.Duration(id), id+2)
	}
	count()
	tell(500*time.Millisecond+time.Microsecond*2, of(1, event.Event{Kind: event.ConnClosing, By: event.Client}))
	j.Finish()
	count()
	for _, p := range j.Pools() {
		for cause, n := range told {
			if p.Causes.Of(cause) != n {
				t.Errorf("%d openings were told as %s, %d are counted", n, cause, p.Causes.Of(cause))
			}
		}
	}
}

// Beyond the bound of addresses the shares are not all there are, also of a pool that another one
// turned out to be.
func TestSharesAreCut(t *testing.T) {
	var d, of rareDetectors
	for i := range maxAddresses {
		d.shareOf(testEndpoint(uint64(i), 80))
		of.shareOf(testEndpoint(uint64(i), 80))
	}
	if d.sharesCut {
		t.Errorf("%d addresses: cut", maxAddresses)
	}
	if d.shareOf(testEndpoint(maxAddresses, 80)) != nil || !d.sharesCut {
		t.Error("one address more: not cut")
	}
	if of.mergeShares(&d); !of.sharesCut {
		t.Error("what was cut is whole after it was merged")
	}
}

// What an address has got is added up where two pools turn out to be one.
func TestSharesAreMerged(t *testing.T) {
	one, two := testEndpoint(1, 80), testEndpoint(2, 80)
	d := rareDetectors{shares: []Share{{one, 1, 50, 2, 3, 4}, {Server: two}}}
	d.mergeShares(&rareDetectors{shares: []Share{{two, 10, 40, 20, 30, 40}, {one, 10, 40, 20, 30, 40}}})
	if want := []Share{{one, 11, 40, 22, 33, 44}, {two, 10, 40, 20, 30, 40}}; !slices.Equal(d.shares, want) {
		t.Errorf("%v, want %v", d.shares, want)
	}
}

// A status has left no connection where the one opened instead was needed after all.
func TestStatusOfOneTakenBack(t *testing.T) {
	steps := parseHistory(t, "0:1:syn 1:1:req 5:1:ok 20:2:syn 21:2:reqb 25:2:ok 30:1:reqb 35:1:ok")
	for i := range steps {
		if steps[i].Kind == event.Answered {
			steps[i].Status = 404
		}
	}
	_, decisions, pools := judge(steps, func() bool { return true })
	if decisions[2].Cause != Early {
		t.Fatalf("opened because %s, want %s", decisions[2].Cause, Early)
	}
	for _, s := range pools[0].Statuses().Of {
		if s.Left != 0 {
			t.Errorf("after a %d %d connections were left, want none", s.Status, s.Left)
		}
	}
}
