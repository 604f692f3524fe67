package pool

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// The reference is the ideal client again, written down slowly: it knows the whole history
// before it begins, and has lists that it searches from end to end.

const never = segment.Time(1 << 62)

type refOccupation struct {
	at, end     segment.Time // needs a connection; gives it back
	packet      int64
	endPacket   int64
	first       bool
	met         bool // sent on a connection that the server had ended
	last        int32
	answers     int32
	asks, says  bool
	announced   time.Duration // on its connection by its end
	outcome     event.Outcome
	ahead       bool // its connection had been opened before anybody needed it
	dead        bool // what was sent with it was never acknowledged
	binds       bool // authenticates a user, or is told to
	alone       bool // nothing else was outstanding when it was sent
	neverReused bool // nothing came after on its connection
}

type refConn struct {
	id           int64
	server       segment.Endpoint
	opened       segment.Time
	packet       int64
	midstream    bool
	occupations  []*refOccupation
	by           event.Side
	closed       segment.Time
	closedPacket int64
	asked        bool          // the latest request before the close asked for it
	shift        time.Duration // to the client's clock
	refused      bool
	ended        segment.Time
	endedPacket  int64
	unread       event.Unread
	reads        event.Reads
	deadFrom     segment.Time // never: it was not
	byReset      bool
	rtt          time.Duration
	announced    time.Duration
	firstThere   bool         // the first used one to its server, and another went to another
	boundAt      segment.Time // when a request tied it to a user; never: none did
	obeyed       bool         // closed by the client when the server had announced that it would
}

type refToken struct {
	conn *refConn
	occ  *refOccupation // the latest on it
	at   segment.Time

	wanted segment.Time // when a connection was opened instead of it
}

type refLoss struct {
	conn  *refConn
	cause Cause
}

// explains says why another is opened instead, to a server that answers on it.
func (l refLoss) explains(server segment.Endpoint) Cause {
	switch {
	case l.cause != SilentDrop || l.conn.server == server:
		return l.cause
	case l.conn.by == event.Client:
		return RequestAbandoned
	case l.conn.by == event.Server:
		return Reset
	}
	return Concurrent
}

type refStep struct {
	at     segment.Time
	packet int64
	order  int // an end, then a loss, then a demand
	conn   *refConn
	occ    *refOccupation
	do     string
}

// readAll gathers what a history says of each connection.
func readAll(events []step) []*refConn {
	var conns []*refConn
	for _, e := range events {
		if e.open {
			conns = append(conns, &refConn{id: e.conn, server: e.server, opened: e.Time, packet: e.Packet, midstream: e.midstream, boundAt: never, deadFrom: never})
			continue
		}
		c := conns[slices.IndexFunc(conns, func(c *refConn) bool { return c.id == e.conn })]
		c.rtt, c.shift = e.RTT, e.ClockOffset
		sent, got := e.Time.Add(-e.ClockOffset), e.Time.Add(e.ClockOffset)
		var last *refOccupation
		if n := len(c.occupations); n > 0 {
			last = c.occupations[n-1]
		}
		switch e.Kind {
		case event.Requested:
			if c.by == event.Nobody {
				c.asked = e.AsksClose
			}
			if e.Binds {
				c.boundAt = min(c.boundAt, sent)
			}
			if last != nil && last.answers < last.last {
				last.last, last.asks = e.N, e.AsksClose
				continue
			}
			o := &refOccupation{at: sent, packet: e.Packet, last: e.N, answers: e.N - 1, end: never, binds: e.Binds, asks: e.AsksClose, met: c.by == event.Server, neverReused: true}
			switch {
			case last != nil:
				o.at = max(o.at, last.end) // it knew
				last.neverReused = o.met
			case c.midstream:
				o.first = true
			case e.Waited > max(50*time.Millisecond, 2*c.rtt):
				o.first, o.ahead = true, true
			default:
				o.first, o.at, o.packet = true, c.opened.Add(-e.ClockOffset), c.packet
			}
			o.alone = !slices.ContainsFunc(conns, func(x *refConn) bool {
				return slices.ContainsFunc(x.occupations, func(y *refOccupation) bool { return y.answers < y.last })
			})
			if o.first {
				to := func(same bool) bool {
					return slices.ContainsFunc(conns, func(x *refConn) bool { return len(x.occupations) > 0 && (x.server == c.server) == same })
				}
				c.firstThere = to(false) && !to(true)
			}
			c.occupations = append(c.occupations, o)
		case event.Answered:
			at := got
			if e.Outcome == event.Abandoned || e.Outcome == event.Unanswered && c.by == event.Client || e.Dead {
				at = sent // what the client did
			}
			if last.end == never {
				last.end = at
			}
			last.answers = e.N
			last.end, last.endPacket = max(last.end, at, last.at), e.Packet
			if last.outcome != event.Abandoned || e.Outcome != event.Unanswered { // what waits behind it is no other matter
				last.outcome = e.Outcome
			}
			last.says = e.SaysClose
			if e.KeepAlive > 0 {
				c.announced = e.KeepAlive
			}
			last.announced, last.dead = c.announced, e.Dead
			last.binds = last.binds || e.Status == 401
		case event.ConnClosing:
			c.by, c.closed, c.closedPacket, c.byReset = e.By, sent, e.Packet, e.Reset
			if e.By == event.Server {
				c.closed = got
			}
			if idle := last != nil && last.answers == last.last; idle && e.By == event.Client && !c.asked && !last.says {
				idle := c.closed.Sub(last.end)
				c.obeyed = refObeys(idle, c.announced) && idle >= max(100*time.Millisecond, 2*c.rtt)
			}
		case event.ConnEnded:
			c.refused, c.unread, c.ended, c.endedPacket, c.reads = e.End.Refused, e.End.Unread, got, e.Packet, e.End.Reads
			if e.End.Dead != 0 {
				c.deadFrom = e.End.Dead.Add(-e.ClockOffset)
			}
		}
	}
	return conns
}

// endedAs is what the server did to c, which idled, or had the client do.
func (c *refConn) endedAs() Cause {
	if c.by == event.Server && c.byReset {
		return Reset
	}
	return ServerClosed
}

// refObeys: to within a second.
func refObeys(idle, announced time.Duration) bool {
	return announced > 0 && (idle-announced).Abs() <= time.Second
}

// idle is what was seen of the idle times of the whole history.
func reference(events []step, idle *idleTimes) (needed, avoidable int64, causes map[int64]Cause) {
	closes, reused := valueOf(idle.byServer), idle.longestReuse.For
	seen := closes.Longest
	var steps []refStep
	conns := readAll(events)
	for _, c := range conns {
		if c.refused {
			steps = append(steps, refStep{c.ended, c.endedPacket, 1, c, nil, "failed"})
		}
		if len(c.occupations) > 0 && (c.by == event.Server && !c.asked || c.obeyed) {
			steps = append(steps, refStep{c.closed, c.closedPacket, 1, c, nil, "server closes"})
		}
		for _, o := range c.occupations {
			end := o.end
			if end < o.at || end == o.at && o.endPacket <= o.packet {
				end = o.at.Add(1) // not before it began
			}
			steps = append(steps, refStep{o.at, o.packet, 2, c, o, "demand"}, refStep{end, o.endPacket, 0, c, o, "end"})
		}
	}
	slices.SortStableFunc(steps, func(a, b refStep) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.packet, b.packet), cmp.Compare(a.order, b.order))
	})

	causes = map[int64]Cause{}
	var (
		stack       []refToken // the most recently idle one last
		losses      []refLoss  // the latest last
		provisional []int64
		taken       = map[int64]refToken{} // instead of which they were opened
		any         bool                   // a connection was opened
	)
	// search returns the latest that matches, -1 if none does.
	search := func(match func(t refToken) bool) int {
		for k := len(stack) - 1; k >= 0; k-- {
			if match(stack[k]) {
				return k
			}
		}
		return -1
	}
	take := func(k int) (t refToken) {
		t = stack[k]
		stack = append(slices.Clone(stack[:k]), stack[k+1:]...)
		return t
	}
	forget := func(match func(l refLoss) bool) (l refLoss, ok bool) {
		for k := len(losses) - 1; k >= 0; k-- {
			if l = losses[k]; match(l) {
				losses = append(slices.Clone(losses[:k]), losses[k+1:]...)
				return l, true
			}
		}
		return refLoss{}, false
	}
	for _, s := range steps {
		c, o := s.conn, s.occ
		own := search(func(t refToken) bool { return t.conn == c })
		serves := func(t refToken) bool {
			return t.conn == c || !o.binds || t.conn.boundAt > s.at || t.conn.by == event.Client && t.conn.closed <= s.at
		}
		same := search(func(t refToken) bool { return t.conn.server == c.server && (o == nil || serves(t)) })
		switch s.do {
		case "failed":
			losses = append(losses, refLoss{c, Failed})

		case "server closes":
			if own >= 0 {
				take(own)
				losses = append(losses, refLoss{c, c.endedAs()})
			}

		case "end":
			gone := c.by == event.Server && !c.asked && (c.closed < s.at || c.closed == s.at && c.closedPacket < s.packet)
			switch {
			case o.outcome == event.Consumed:
				losses = append(losses, refLoss{c, UsedUp})
			case o.dead:
				losses = append(losses, refLoss{c, SilentDrop})
			case o.met && o.outcome != event.Complete || o.outcome == event.Unanswered && c.by == event.Server:
				losses = append(losses, refLoss{c, Reset})
			case o.outcome == event.Unanswered && c.by == event.Client:
				losses = append(losses, refLoss{c, RequestAbandoned})
			case o.says && o.neverReused:
				losses = append(losses, refLoss{c, ServerSaidClose})
			case gone:
				losses = append(losses, refLoss{c, c.endedAs()})
			default:
				stack = append(stack, refToken{conn: c, occ: o, at: s.at})
			}

		case "demand":
			if o.first {
				cause := Concurrent
				reservable := search(func(t refToken) bool { // takes nothing else before this is answered
					return t.conn.server == c.server && serves(t) && !slices.ContainsFunc(t.conn.occupations, func(x *refOccupation) bool {
						later := x.at > s.at || x.at == s.at && x.packet > s.packet
						return later && x.at < o.end
					})
				})
				if reservable < 0 {
					reservable = same
				}
				switch {
				case c.midstream:
					cause = Unknown
				case !any:
					cause = First
				case reservable >= 0:
					t := take(reservable)
					cause = becameOf(t, s.at, c.opened.Add(-c.shift), conns)
					if cause == Missed && o.ahead {
						cause = OpenedAhead
					}
					t.wanted = s.at
					provisional, taken[c.id] = append(provisional, c.id), t
				default:
					loss, ok := forget(func(l refLoss) bool { return l.conn.server == c.server })
					if !ok {
						loss, ok = forget(func(refLoss) bool { return true })
					}
					if ok {
						cause = loss.explains(c.server)
					} else if search(func(t refToken) bool { return t.conn.server == c.server }) >= 0 {
						cause = Bound
					} else if len(stack) > 0 || o.alone && c.firstThere {
						cause = OtherAddress
					}
				}
				any = true
				causes[c.id] = cause
				continue
			}
			switch {
			case own >= 0:
				take(own)
			case o.met:
				forget(func(l refLoss) bool { return l.conn == c })
			case same >= 0:
				take(same)
			case search(serves) >= 0:
				take(search(serves))
			case len(provisional) > 0:
				causes[provisional[len(provisional)-1]] = Early
				provisional = provisional[:len(provisional)-1]
			}
		}
	}
	for _, id := range provisional {
		t := taken[id]
		if cause := causes[id]; cause.Avoidable() && cause != Missed && cause != OpenedAhead {
			gap := t.wanted.Sub(t.at)
			over := func(most time.Duration) bool { return gap > most && idle.longestKept <= most }
			announced := t.occ.announced > 0 && over(t.occ.announced+time.Second)
			timer := closes.Timeout(reused) != nil && over(seen[0].For+max(20*time.Millisecond, seen[0].For/20))
			if gap > reused && (announced || timer) {
				causes[id] = ServerClosed
			}
		}
		if causes[id] == ClientIdleTimeout {
			idle := t.conn.closed.Sub(t.at)
			if refObeys(idle, t.occ.announced) || slices.ContainsFunc(seen, func(i Idle) bool {
				return idle >= i.For-min(time.Second, i.For/4) && idle <= i.For+max(20*time.Millisecond, i.For/20)
			}) {
				causes[id] = ServerClosed
			}
		}
	}
	for _, cause := range causes {
		if cause.Avoidable() {
			avoidable++
		} else {
			needed++
		}
	}
	return needed, avoidable, causes
}

// becameOf says what had become of an idle connection at an instant, when another was
// opened, or had been ahead of that.
func becameOf(t refToken, at, opened segment.Time, conns []*refConn) Cause {
	c, o := t.conn, t.occ
	closed := c.by == event.Client && c.closed <= at
	idle := c.closed.Sub(t.at)
	atOnce := idle < 100*time.Millisecond || idle < 2*c.rtt
	looked := c.by == event.Client && c.closed.Sub(opened).Abs() <= 5*time.Millisecond // at its pool
	switch {
	case o.asks:
		return ClientSaidClose
	case o.outcome != event.Abandoned && c.deadFrom <= at:
		return SilentDrop
	case o.outcome == event.Abandoned:
		return Undrained
	case c.unread.N != 0 && c.unread.N == o.last && slices.ContainsFunc(conns, func(x *refConn) bool {
		opensAgain := x.reads.Reopened > 0 && 4*x.reads.Reopened <= 5*c.unread.Bytes
		endsFIN := x.by == event.Client && !x.byReset
		stops := x.by == event.Client && x.byReset && x.reads.Stopped > 0 && x.reads.Stopped <= c.unread.Bytes && !(closed && atOnce)
		return len(x.occupations) > 0 && (c.unread.ByWindow && opensAgain || c.unread.ByReset && (endsFIN || stops))
	}):
		return Undrained
	case closed && atOnce:
		return ClientClosed
	case closed || looked && !atOnce:
		return ClientIdleTimeout
	}
	return Missed
}

// A toldLater event comes to the judge at another instant than it states.
type toldLater struct {
	step
	told segment.Time
}

// randomHistory lets a few connections live side by side.
func randomHistory(r *rand.Rand) []step {
	const ms = segment.Time(time.Millisecond)
	var all []toldLater
	shift := time.Duration(0)
	if r.IntN(3) == 0 {
		shift = time.Duration(1+r.IntN(4)) * time.Millisecond
	}
	chance := func(percent int) bool { return r.IntN(100) < percent }
	// Each history has its own habits.
	pipelines, refuses, midstream, second := r.IntN(40), r.IntN(30), r.IntN(2)*r.IntN(30), r.IntN(2)*r.IntN(60)
	odd, announces, ahead := r.IntN(50), r.IntN(2)*r.IntN(40), r.IntN(2)*r.IntN(80)
	stops := r.IntN(2) * r.IntN(50)
	resets, reopens, binds := r.IntN(2)*r.IntN(110), r.IntN(2)*r.IntN(50), r.IntN(2)*r.IntN(2)*r.IntN(110)
	idle := func() segment.Time {
		return segment.Time([]int{0, 1, 2, 3, 5, 8, 20, 60, 99, 100, 101, 150, 300}[r.IntN(13)]) * ms
	}
	conns := 1 + r.IntN(10)
	free := make([]segment.Time, 1+r.IntN(6)) // when another may be opened: so many at once
	for id := int64(1); id <= int64(conns); id++ {
		slot := r.IntN(len(free))
		t := free[slot] + 10*ms
		if id > 1 {
			t += idle()
		}
		emit := func(e event.Event, at segment.Time) {
			e.Time, e.ClockOffset, e.RTT = t, shift, 3*shift
			all = append(all, toldLater{of(id, e), max(at, t)})
		}
		host := uint64(10)
		if id > 1 && chance(second) {
			host = 11
		}
		opened := opens(id, testEndpoint(1, uint16(id)), testEndpoint(host, 80))
		opened.midstream, opened.Time = chance(midstream), t
		all = append(all, toldLater{opened, t})
		if id == 1 {
			t += ms
		} else {
			t += 2*ms + idle()/10
			if host == 10 && chance(refuses) {
				emit(event.Event{Kind: event.ConnEnded, End: &event.Ending{Refused: chance(80)}}, t)
				free[slot] = t
				continue
			}
		}
		var n, answered int32
		var unread event.Unread
		by := event.Nobody
		closing := func(side event.Side) {
			if by == event.Nobody {
				by = side
				emit(event.Event{Kind: event.ConnClosing, By: side, Reset: chance(resets)}, t)
			}
		}
		asked, waited := false, time.Duration(0)
		user, anonymous := chance(binds), r.Int32N(3) // whose requests authenticate it, but the first few
		if chance(ahead) && (id > 1 || refuses == 0) {
			waited = 41*time.Millisecond + time.Duration(idle())
			t += segment.Time(waited)
		}
		lastAsk := t
		ask := func(asks bool) {
			n++
			lastAsk = t
			asked = asks
			emit(event.Event{Kind: event.Requested, N: n, Name: "a", AsksClose: asks, Promises: !asks, Waited: waited, Binds: user && n > anonymous}, t)
			waited = 0
		}
		answer := func(e event.Event, at segment.Time) {
			answered++
			e.Kind, e.N = event.Answered, answered
			if user && answered == anonymous {
				e.Status = 401
			}
			if chance(announces) {
				e.KeepAlive = 1100*time.Millisecond + time.Duration(idle())
			}
			emit(e, at)
		}
		var late []segment.Time // abandoned ones
		behind := false         // another waits behind one
		var dead segment.Time   // from when on nothing is acknowledged
		dying := false          // a request is not
	life:
		for range 1 + r.IntN(4) {
			burst := 1
			if chance(pipelines) {
				burst += r.IntN(3)
			}
			for burst > 0 {
				ask(burst == 1 && chance(odd/3))
				burst--
				if burst > 0 && n-answered > 1 && chance(50) {
					t += idle() / 4
					answer(event.Event{SaysClose: chance(odd / 6)}, t)
				}
				t += ms * segment.Time(r.IntN(3))
			}
			for n-answered > 1 {
				t += ms * segment.Time(1+r.IntN(4))
				answer(event.Event{SaysClose: chance(odd / 6)}, t)
			}
			t += ms*segment.Time(2*shift/time.Millisecond) + ms + idle()/2
			if !chance(odd) {
				answer(event.Event{}, t+ms*segment.Time(r.IntN(2)))
			} else {
				switch r.IntN(11) {
				case 10: // nobody is there any more
					if dying = chance(60); dying {
						dead = lastAsk
					} else { // what was sent beside requests shows it
						answer(event.Event{}, t)
						dead = t + idle()
					}
					t = max(t, dead) + idle()
					break life
				case 0, 1: // says close, and is closed, left or used again
					answer(event.Event{SaysClose: true}, t)
					t += idle() / 10
					switch r.IntN(5) {
					case 0, 1:
						closing(event.Server)
						if chance(20) && !asked { // sent nevertheless
							t += ms
							ask(false)
							t += ms
							answer(event.Event{Outcome: event.Unanswered}, t)
						}
						break life
					case 2:
						closing(event.Client)
						break life
					case 3:
						break life
					}
				case 2: // half closed
					t -= ms
					closing(event.Client)
					t += ms
					answer(event.Event{SaysClose: chance(30)}, t)
					break life
				case 3:
					late = append(late, t)
					if behind = chance(30); behind {
						ask(chance(20))
					}
					t += idle()
					break life
				case 4: // the server leaves it unanswered
					closing(event.Server)
					answer(event.Event{Outcome: event.Unanswered}, t)
					break life
				case 5: // the client does
					closing(event.Client)
					answer(event.Event{Outcome: event.Unanswered}, t)
					break life
				case 6:
					answer(event.Event{Outcome: event.Consumed}, t)
					t += idle()
					break life
				case 7: // never read
					answer(event.Event{}, t)
					unread = event.Unread{N: n, Bytes: 4000 + r.Int64N(1000), ByWindow: chance(60), ByReset: chance(50)}
					t += idle()
					break life
				case 9: // the server ends its side before the transaction ends
					closing(event.Server)
					t += ms * segment.Time(1+r.IntN(9))
					answer(event.Event{}, t)
				case 8:
					answer(event.Event{}, t)
					t += idle() / 4
					closing(event.Server)
					t += ms * segment.Time(r.IntN(3))
					if !asked { // crossed, or followed
						ask(false)
						t += ms
						answer(event.Event{Outcome: event.Unanswered}, t)
					}
					break life
				}
			}
			if by != event.Nobody {
				break
			}
			t += idle()
			if asked {
				closing([]event.Side{event.Client, event.Server}[r.IntN(2)])
				break
			}
		}
		switch r.IntN(5) {
		case 0:
			closing(event.Client)
		case 1:
			t += 120 * ms
			closing(event.Client)
		case 2:
			if len(late) == 0 {
				t += idle()
				closing(event.Server)
			}
		case 3:
			t += 900 * ms // stays open
		}
		t += ms
		told := t
		for _, at := range late {
			t = at
			answer(event.Event{Outcome: event.Abandoned, Certain: true}, told)
		}
		t = told
		if behind {
			answer(event.Event{Outcome: event.Unanswered}, told)
		}
		if dying {
			t = dead
			answer(event.Event{Outcome: event.Unanswered, Dead: true}, told)
			t = told
		}
		end := event.Ending{Unread: unread, Dead: dead}
		if chance(reopens) {
			end.Reads.Reopened = 1000 + r.Int64N(6000)
		}
		if chance(stops) {
			end.Reads.Stopped = 1000 + r.Int64N(6000)
		}
		emit(event.Event{Kind: event.ConnEnded, End: &end}, t)
		free[slot] = max(opened.Time, t-segment.Time(r.IntN(2))*idle()) // the next may come before this one ended
		if by == event.Client && chance(30) {
			free[slot] = max(opened.Time, t-segment.Time(r.IntN(20))*ms) // or this one end because the next is wanted
		}
	}
	// Packets are numbered in order of what happens, and told in order of when it
	// shows.
	slices.SortStableFunc(all, func(a, b toldLater) int { return cmp.Compare(a.Time, b.Time) })
	for k := range all {
		all[k].Packet = int64(k + 1)
	}
	slices.SortStableFunc(all, func(a, b toldLater) int { return cmp.Compare(a.told, b.told) })
	events := make([]step, len(all))
	for k := range all {
		events[k] = all[k].step
	}
	return events
}

func TestJudgeIsTheReference(t *testing.T) {
	seen, histories := map[Cause]int{}, uint64(6000)
	if testing.Short() {
		histories = 1500
	}
	for seed := range histories {
		r := rand.New(rand.NewPCG(seed, 1))
		events := randomHistory(r)
		_, _, pools := judge(events, func() bool { return false })
		needed, avoidable, want := reference(events, &pools[0].detectors.idle)
		closed := map[int64]int64{} // in which packet, by connection; evidence says so even if it is later
		for i := range events {
			if e := &events[i]; e.Kind == event.ConnClosing && !e.open {
				closed[e.conn] = e.Packet
			}
		}
		for _, c := range want {
			seen[c]++
		}
		for name, advance := range map[string]func() bool{
			"never": func() bool { return false }, "always": func() bool { return true }, "at random": func() bool { return r.IntN(4) == 0 },
		} {
			j, decisions, pools := judge(events, advance)
			got := map[int64]Cause{}
			for conn, d := range decisions {
				got[conn] = d.Cause
				if idled := d.Cause.afterIdle(); idled && d.closePacket != closed[d.InsteadOf] {
					t.Fatalf("seed %d, Advance %s: conn %d was opened instead of %d, closed in packet %d, not %d\n%s",
						seed, name, conn, d.InsteadOf, closed[d.InsteadOf], d.closePacket, tell(events))
				}
			}
			if len(pools) != 1 {
				t.Fatalf("seed %d: %d pools", seed, len(pools))
			}
			p := pools[0]
			if err := addsUp(p); err != nil {
				t.Fatalf("seed %d, Advance %s: %v", seed, name, err)
			}
			if !maps.Equal(got, want) || p.Needed != needed || p.Avoidable != avoidable || j.DecidedEarly() != 0 {
				t.Fatalf("seed %d, Advance %s: needed %d, avoidable %d, %v\nreference: needed %d, avoidable %d, %v\n%s",
					seed, name, p.Needed, p.Avoidable, got, needed, avoidable, want, tell(events))
			}
		}
	}
	t.Log(seen)
	if len(seen) != 19 {
		t.Errorf("the histories have %d causes, want all 19: %v", len(seen), seen)
	}
}

// tell writes events, one a line.
func tell(events []step) (s string) {
	for _, e := range events {
		if e.open {
			s += fmt.Sprintf("%v conn %d packet %d opened to %v midway=%v\n", time.Duration(e.Time), e.conn, e.Packet, e.server, e.midstream)
			continue
		}
		kind := [...]string{event.Requested: "requested", event.Answered: "answered", event.ConnClosing: "closing", event.ConnEnded: "ended"}[e.Kind]
		s += fmt.Sprintf("%v conn %d packet %d %s", time.Duration(e.Time), e.conn, e.Packet, kind)
		switch e.Kind {
		case event.Requested:
			s += fmt.Sprintf(" %d asks=%v shift %v", e.N, e.AsksClose, e.ClockOffset)
		case event.Answered:
			s += fmt.Sprintf(" %d outcome %d says=%v", e.N, e.Outcome, e.SaysClose)
		case event.ConnClosing:
			s += fmt.Sprintf(" by %d", e.By)
		case event.ConnEnded:
			s += fmt.Sprintf(" refused=%v unread=%+v", e.End.Refused, e.End.Unread)
		}
		s += "\n"
	}
	return s
}
