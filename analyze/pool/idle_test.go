package pool

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tcpwarm/analyze/event"
)

// How long a connection had idled when it was closed counts from its latest response,
// also where that is told of only after the close; and not at all where the close was
// announced, or a request was waiting that nothing had come before.
func TestIdleIsOfTheLatestResponse(t *testing.T) {
	const ms = time.Millisecond
	for _, x := range []struct {
		name   string
		answer event.Event // of the second request, told of after the server's close
		want   []time.Duration
	}{
		{"told of late", event.Event{Time: 310e6}, []time.Duration{1990 * ms}},
		{"announced", event.Event{Time: 310e6, SaysClose: true}, nil},
		{"crossed by a request", event.Event{Time: 2400e6, Outcome: event.Unanswered}, []time.Duration{2295 * ms}},
		{"left by the client", event.Event{Time: 310e6, Outcome: event.Abandoned, Certain: true}, nil},
	} {
		steps := parseHistory(t, "0:1:syn 1:1:req 5:1:ok 300:1:req 2300:1:sfin 2400:1:ok 2500:1:end")
		e := &steps[5].Event
		x.answer.Kind, x.answer.N, x.answer.Packet = event.Answered, 2, e.Packet
		*e = x.answer
		_, _, pools := judge(steps, func() bool { return true })
		c := pools[0].ServerCloses()
		if len(c.Longest) != len(x.want) || len(x.want) > 0 && c.Min.For != x.want[0] {
			t.Errorf("%s: %d closes, after %v; want %v", x.name, len(c.Longest), c.Min.For, x.want)
		}
	}
}

// The longest idle times are kept, in whatever order they come.
func TestLongestCloses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var c Closes
		var all []time.Duration
		for range 1 + r.IntN(3*maxLongest) {
			d := time.Duration(r.IntN(100)) * time.Second
			all = append(all, d)
			c.add(Idle{For: d})
		}
		slices.Sort(all)
		slices.Reverse(all)
		for i, x := range c.Longest {
			if x.For != all[i] {
				t.Fatalf("the %d. longest of %v is %v", i, all, x.For)
			}
		}
		if len(c.Longest) != min(len(all), maxLongest) || c.Min.For != all[len(all)-1] {
			t.Fatalf("%d of %d kept; the least %v", len(c.Longest), len(all), c.Min.For)
		}
		for i := range all {
			if alike := i < len(c.Alike()); i < len(c.Longest) && alike != (all[0]-all[i] <= max(all[0]/20, 20*time.Millisecond)) {
				t.Fatalf("%v alike to %v: %v", all[i], all[0], alike)
			}
		}
	}
}

// A client that closes right after a response of which nothing could be read may have been
// told to: that is not known. Where its head was cut off it is likely that it closed
// unasked; where only the request could not be read too, for that may have asked.
func TestClosedAfterWhatCouldNotBeRead(t *testing.T) {
	for _, x := range []struct {
		request, response, all bool // could not be read
		want                   Verdict
		excused                int64
		confidence             Confidence
	}{
		{false, false, false, NotReused, 0, Certain},
		{true, false, false, NotReused, 0, Likely},
		{false, true, false, NotReused, 0, Likely},
		{true, true, true, NotKnown, 1, Likely},
	} {
		steps := parseHistory(t, "0:1:syn 1:1:req 5:1:ok 6:1:cfin 7:1:end 10:2:syn 11:2:req 15:2:ok")
		for i := range steps {
			steps[i].MayHideClose, steps[i].Inferred = x.request, x.all
			if steps[i].Kind == event.Answered {
				steps[i].MayHideClose = x.response
			}
		}
		_, decisions, pools := judge(steps, func() bool { return true })
		if p := pools[0]; p.Verdict != x.want || p.PerhapsNeeded.Sum() != x.excused || decisions[2].Cause != ClientClosed || decisions[2].Confidence != x.confidence {
			t.Errorf("%+v: %s, excused %d, %s %s", x, p.Verdict, p.PerhapsNeeded.Sum(), decisions[2].Cause, decisions[2].Confidence)
		}
	}
}

// A close that is taken back leaves the others as they were, and the least of those that are left is the least.
func TestCloseIsTakenBack(t *testing.T) {
	closes := func(of ...time.Duration) *Closes {
		c := new(Closes)
		for i, d := range of {
			c.add(Idle{For: d, Conn: int64(i + 1), Packet: int64(10 * (i + 1))})
		}
		return c
	}
	for _, x := range []struct {
		conn, packet int64
		least        time.Duration
		left         int
	}{{1, 10, 20, 2}, {2, 20, 10, 2}, {3, 30, 10, 2}, {1, 20, 10, 3}, {2, 10, 10, 3}} {
		idle := idleTimes{byServer: closes(10, 20, 30), byClient: closes(10)}
		idle.takeBack(x.conn, x.packet)
		if c := valueOf(idle.byServer); len(c.Longest) != x.left || c.Min.For != x.least {
			t.Errorf("without #%d in %d: %+v", x.conn, x.packet, c)
		}
		if taken := x.conn == 1 && x.packet == 10; (idle.byClient == nil) != taken {
			t.Errorf("without #%d in %d: %+v of the client", x.conn, x.packet, idle.byClient)
		}
	}
}
