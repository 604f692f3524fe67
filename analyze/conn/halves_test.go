package conn

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// A fed connection is fed with a script's segments, and is the sink of what happens.
type fed struct {
	Conn
	env          Env
	id           Identity
	begun        bool
	events       []*event.Event
	unacceptable int
	opened       int
	steps        []tcp.Step
}

func newFed() *fed { return &fed{env: Env{KeepTargets: true}} }

func (f *fed) segment(g *segment.Segment) {
	f.env.Now = g.Mark()
	if !f.begun {
		f.begun = true
		f.Reset(g, &f.env, &f.env.Readers, &f.id, f, &Budget{Most: 1000, Room: 1 << 20})
	}
	f.Segment(g)
}

func (f *fed) Opened() { f.opened++ }

func (f *fed) Event() *event.Event {
	f.events = append(f.events, new(event.Event))
	return f.events[len(f.events)-1]
}

func (f *fed) Who() *event.Who { return new(event.Who) }

func (f *fed) Ending() *event.Ending { return new(event.Ending) }

func (f *fed) Unacceptable(int64) { f.unacceptable++ }
func (f *fed) Inconsistent(int64) {}

func (f *fed) Samples(segment.Dir, []tcp.Sample) {}

func (f *fed) Steps(list []tcp.Step) { f.steps = append(f.steps, list...) }

// TestHalves runs the scripts that check what is known of a half next to the
// segment that causes it; and again with sequence numbers that wrap within the
// data and with the hosts' order turned round, which must change nothing.
func TestHalves(t *testing.T) {
	archives(t, "half", func(path string, s *script.Script) {
		for name, s := range variants(s) {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name, func(t *testing.T) { checkHalves(t, path, s) })
		}
	})
}

func variants(s *script.Script) map[string]*script.Script {
	return map[string]*script.Script{
		"as written": s,
		"wrapped":    s.WithISN(1<<32-30, 1<<32-20),
		"shifted":    s.Shift(86400 * time.Second),
		"swapped":    s.SwapHosts(),
	}
}

func checkHalves(t *testing.T, path string, s *script.Script) {
	f := newFed()
	s.Each(f.segment, func(k script.Check) {
		for _, p := range k.Pairs {
			if got := f.value(&f.half[k.Dir], p.Name); got != p.Value {
				t.Errorf("%s:%d: %s %s is %s, want %s", path, k.Line, k.To, p.Name, got, p.Value)
			}
		}
	})
}

func viewValue(v *tcp.SenderView, name string) string {
	e := v.Estimate()
	switch name {
	case "cwnd":
		return fmt.Sprint(float64(e.Best) / float64(v.MSS))
	case "basis":
		return e.Basis.String()
	case "phase":
		return e.Phase
	case "limit":
		return e.Limit.String()
	case "message":
		return [...]string{tcp.MessageUnknown: "untold", tcp.UnderWay: "under-way", tcp.Complete: "complete"}[v.Message]
	case "initial":
		n, _, _ := v.Initial()
		return fmt.Sprint(n)
	case "start":
		s := &v.Start
		return fmt.Sprintf("%d,%d,%d", s.Low/s.MSS, s.Best/s.MSS, s.High/s.MSS)
	case "pipe":
		return fmt.Sprint(e.Pipe / v.MSS)
	case "bounds":
		return fmt.Sprintf("%d,%d", e.Low/v.MSS, e.High/v.MSS)
	case "restarted":
		return fmt.Sprint(v.Start.Restarted)
	case "losses":
		return fmt.Sprint(v.Sums.Losses)
	case "timeouts":
		return fmt.Sprint(v.Sums.Timeouts)
	}
	return "no such value"
}

func (f *fed) value(h *Half, name string) string {
	switch name {
	case "flight":
		return fmt.Sprint(h.Flight())
	case "samples":
		return fmt.Sprint(h.RTT.Samples)
	case "rtt":
		return h.RTT.Min.String()
	case "resent":
		return fmt.Sprint(h.ResentSegments)
	case "reordered":
		return fmt.Sprint(h.OutOfOrder)
	case "duplicates":
		return fmt.Sprint(h.Duplicates)
	case "probes":
		return fmt.Sprint(h.KeepAlives)
	case "missing":
		return fmt.Sprint(h.stream.Missing)
	case "wire":
		return fmt.Sprint(h.WireSegments)
	case "unacceptable": // of both halves
		return fmt.Sprint(f.unacceptable)
	case "offered":
		return fmt.Sprint(h.Window.Offered)
	}
	if v := h.View; v != nil {
		return viewValue(v, name)
	}
	return "no such value"
}
