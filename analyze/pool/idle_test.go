package pool

import (
	"testing"
	"time"
)

// How long a connection had idled when it was closed counts from its latest response,
// also where that is told of only after the close; and not at all where the close was
// announced, or a request was waiting that nothing had come before.
func TestIdleIsOfTheLatestResponse(t *testing.T) {
	const ms = time.Millisecond
	for _, x := range []struct {
		name   string
		answer Event // of the second request, told of after the server's close
		want   []time.Duration
	}{
		{"told of late", Event{Time: 310e6}, []time.Duration{1990 * ms}},
		{"announced", Event{Time: 310e6, SaysClose: true}, nil},
		{"crossed by a request", Event{Time: 2400e6, Outcome: Unanswered}, []time.Duration{2295 * ms}},
		{"left by the client", Event{Time: 310e6, Outcome: Abandoned, Sure: true}, nil},
	} {
		steps := parseHistory(t, "0:1:syn 1:1:req 5:1:ok 300:1:req 2300:1:sfin 2400:1:ok 2500:1:end")
		e := &steps[5].Event
		x.answer.Kind, x.answer.N, x.answer.Packet = Answered, 2, e.Packet
		*e = x.answer
		_, _, pools := judge(steps, func() bool { return true })
		c := pools[0].ServerCloses()
		if int(c.Count) != len(x.want) || len(x.want) > 0 && c.Min.For != x.want[0] {
			t.Errorf("%s: %d closes, after %v; want %v", x.name, c.Count, c.Min.For, x.want)
		}
	}
}
