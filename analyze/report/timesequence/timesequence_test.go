package timesequence

import (
	"math"
	"testing"
	"unsafe"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A transfer is n segments of 1000 bytes a millisecond apart, each acknowledged; of a hundred one is sent again
// later, which SACK blocks have asked for.
func transfer(n int) (list []tcp.Step) {
	packet := int64(0)
	add := func(i int, kind tcp.StepKind, start, end int) {
		packet++
		list = append(list, tcp.Step{At: segment.Time(i) * 1e6, Packet: packet, Start: int64(start), End: int64(end), Kind: kind, Dir: 1})
	}
	for i := range n {
		add(i, tcp.NewStep, 1+1000*i, 1001+1000*i)
		add(i, tcp.ACKStep, 1001+1000*i, 60_001+1000*i)
		if i%100 == 50 {
			add(i, tcp.SACKStep, 1+1000*i, 1001+1000*i)
			add(i, tcp.ResentStep, 1+1000*(i-20), 1001+1000*(i-20))
		}
	}
	return list
}

// Of however many segments so few strokes are kept, in order of time, which stand for all of them and cover
// them; and those that were sent again stay single as long as there is room for them, however much else there
// is.
func TestBounded(t *testing.T) {
	for _, n := range []int{8, 2*mostStrokes - 1, 2 * mostStrokes, 20_000, 300_000} {
		var r Recorder
		list := transfer(n)
		for len(list) > 0 {
			some := min(512, len(list))
			r.Add(1, 0, list[:some])
			list = list[some:]
		}
		c := r.Most(9)[0]
		g := &c.Server
		if c.Client.Count(tcp.NewStep) != 0 {
			t.Errorf("%d segments: the client has sent %d", n, c.Client.Count(tcp.NewStep))
		}
		lost := int64((n + 49) / 100)
		for kind, want := range map[tcp.StepKind]int64{tcp.NewStep: int64(n), tcp.ACKStep: int64(n), tcp.SACKStep: lost, tcp.ResentStep: lost} {
			strokes := g.Strokes(kind)
			if got := g.Count(kind); got != want || len(strokes) >= 2*mostStrokes || want < 2*mostStrokes && len(strokes) != int(want) {
				t.Errorf("%d segments: %d strokes of kind %d for %d, want %d", n, len(strokes), kind, got, want)
			}
			for i := 1; i < len(strokes); i++ {
				if strokes[i].At < strokes[i-1].At {
					t.Fatalf("%d segments: stroke %d of kind %d is before the one before it", n, i, kind)
				}
			}
		}
		covered := int64(1)
		for _, s := range g.Strokes(tcp.NewStep) {
			if s.From > covered {
				t.Fatalf("%d segments: nothing covers %d to %d", n, covered, s.From)
			}
			covered = max(covered, s.To)
		}
		acks := g.Strokes(tcp.ACKStep)
		if last := acks[len(acks)-1]; covered != int64(1+1000*n) || last.From != covered || last.To != covered+59_000 {
			t.Errorf("%d segments: data to %d, acknowledged to %d, window to %d", n, covered, last.From, last.To)
		}
	}
}

// A hole between SACK blocks, or between segments that were sent again at about the same time, is not painted over.
func TestHolesStay(t *testing.T) {
	var g Graph
	for i := range 100_000 {
		for _, from := range []int64{1, 600_001} {
			g.add(&tcp.Step{At: segment.Time(i) * 1e5, Packet: int64(i), Start: from, End: from + 100_000, Kind: tcp.SACKStep})
		}
	}
	strokes := g.Strokes(tcp.SACKStep)
	if len(strokes) >= 2*mostStrokes || g.Count(tcp.SACKStep) != 200_000 {
		t.Errorf("%d strokes for %d", len(strokes), g.Count(tcp.SACKStep))
	}
	for _, s := range strokes {
		if s.From <= 300_000 && s.To >= 300_000 {
			t.Fatalf("%+v covers the hole", s)
		}
	}
}

// Clocks and numbers that jump as far as they can make no more strokes.
func TestWild(t *testing.T) {
	for kind := range tcp.StepKinds {
		var g Graph
		for i := range 20_000 {
			at, from := segment.Time(i)*1000, int64(i)
			switch i % 3 {
			case 0:
				at, from = segment.Latest-segment.Time(i), int64(i)<<31
			case 1:
				at, from = -segment.Latest/4+segment.Time(i), -int64(i)<<31
			}
			g.add(&tcp.Step{At: at, Packet: int64(i), Start: from, End: from + math.MaxInt32, Kind: tcp.StepKind(kind)})
		}
		if n := len(g.Strokes(tcp.StepKind(kind))); n >= 2*mostStrokes || g.Count(tcp.StepKind(kind)) != 20_000 {
			t.Errorf("kind %d: %d strokes", kind, n)
		}
	}
}

// The connections with the most to see are kept: one whose data was sent again has more than one of as many
// segments that went well.
func TestMostToSee(t *testing.T) {
	var r Recorder
	plain := transfer(40)
	for id := range int64(mostConnections + 10) {
		r.Add(1+id, 0, plain)
	}
	r.Add(1000, 0, transfer(60))
	r.Add(1001, 0, transfer(20))
	all := r.Most(1000)
	if len(all) != mostConnections || all[0].ID != 1000 || all[mostConnections-1].ID != mostConnections-1 {
		t.Errorf("%d connections, from %d to %d", len(all), all[0].ID, all[len(all)-1].ID)
	}
	lossy := plain[:len(plain):len(plain)]
	lossy = append(lossy, tcp.Step{Kind: tcp.ResentStep, At: 1, Start: 1, End: 1001, Dir: 1})
	r.Add(1002, 0, lossy)
	if all := r.Most(2); all[1].ID != 1002 {
		t.Errorf("%d has more to see than the one with a loss", all[1].ID)
	}
	if all := (*Recorder)(nil).Most(3); all != nil {
		t.Errorf("%v of nothing", all)
	}
}

// Thinned has fewer strokes for as many segments.
func TestThinned(t *testing.T) {
	var g Graph
	list := transfer(5000)
	for i := range list {
		g.add(&list[i])
	}
	thin := g.Thinned(100)
	for kind := range tcp.StepKind(tcp.StepKinds) {
		if n := len(thin.Strokes(kind)); n >= 200 || thin.Count(kind) != g.Count(kind) || n > len(g.Strokes(kind)) {
			t.Errorf("kind %d: %d strokes for %d, before %d for %d", kind, n, thin.Count(kind), len(g.Strokes(kind)), g.Count(kind))
		}
	}
	if n := len(thin.Strokes(tcp.ResentStep)); n != 50 {
		t.Errorf("%d strokes for 50 that were sent again", n)
	}
}

// All that can be kept takes no more than is said.
func TestMemory(t *testing.T) {
	strokes := 0
	for kind := range tcp.StepKind(tcp.StepKinds) {
		strokes += 2 * most(kind)
	}
	if n := mostConnections * 2 * strokes * int(unsafe.Sizeof(Stroke{})); n > 16<<20 {
		t.Errorf("%d bytes", n)
	}
}
