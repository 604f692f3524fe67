package tcp

import "tcpwarm/capture/segment"

// A Sample is one step of how a window grows: the estimate has changed, or something has
// happened to the window.
type Sample struct {
	At       segment.Time // on the sender's clock
	Event    string       // window, or one of Watcher.Event's names
	Estimate Estimate
	RTT      float64 // smoothed, seconds; 0: not known
	Offered  int     // bytes beyond SND.UNA that the peer permits, -1: not known
}

// samples collects the Samples of one direction.
type samples struct{ list []Sample }

// Window takes a changed estimate.
func (l *samples) Window(at segment.Time, e Estimate, s *Sender) {
	if n := len(l.list); n > 0 && l.list[n-1].Event == "window" && l.list[n-1].Estimate == e {
		return
	}
	l.list = append(l.list, Sample{At: at, Event: "window", Estimate: e, RTT: s.SRTT().Seconds(), Offered: s.Offered()})
}

// Event takes what has happened to the window.
func (l *samples) Event(at segment.Time, name string, value, low int, s *Sender) {
	e := Estimate{Best: value, Low: low, Basis: Observed}
	l.list = append(l.list, Sample{At: at, Event: name, Estimate: e, RTT: s.SRTT().Seconds(), Offered: s.Offered()})
}
