package main

import (
	"io"
	"net/netip"
	"time"

	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/series"
	"tcpwarm/capture/segment"
	"tcpwarm/capture/sockdiag"
)

// kernelWindows join to a report what the kernel says of this machine's sockets. Nil has
// nothing to say.
type kernelWindows struct {
	poller   *sockdiag.Poller
	streamed []*report.Connection // written in a line each, which only a series will look at
}

// mostStreamed is of how many connections that are written in a line each a series gets the kernel's word.
const mostStreamed = 50_000

// askKernel begins to ask, if this system answers. Reports call sockets by what r makes of them.
func askKernel(r *redact.Redactor) *kernelWindows {
	poller, err := sockdiag.New(func(e sockdiag.Ends) []sockdiag.Ends {
		if r == nil {
			return []sockdiag.Ends{e}
		}
		local, remote := r.Endpoint(e.Local), r.Endpoint(e.Remote)
		return []sockdiag.Ends{{Local: local, Remote: r.Client(remote)}, {Local: r.Client(local), Remote: remote}}
	})
	if err != nil {
		return nil // another system, or a kernel without: the inferred windows are all there is
	}
	return &kernelWindows{poller: poller}
}

// look has the kernel asked where a message begins.
func (k *kernelWindows) look(b *segment.Batch) {
	if k != nil {
		k.poller.Look(b)
	}
}

// close ends the asking.
func (k *kernelWindows) close() {
	if k != nil {
		k.poller.Close()
	}
}

// attachAll adds to the connections of r what their kernels said.
func (k *kernelWindows) attachAll(r *report.Report) {
	if k == nil {
		return
	}
	for _, c := range r.Connections {
		k.attach(c)
	}
}

// attach adds to c what its ends' kernel said.
func (k *kernelWindows) attach(c *report.Connection) {
	k.halves(c, func(h *report.Half, answers []sockdiag.Answer, algorithm string) {
		h.KernelWindow = kernelWindow(answers, algorithm)
		all := c.Judged()
		for _, t := range all {
			if contentHalf(c, t) == h {
				t.KernelWindowAtStart = kernelStart(c, t, all, answers, algorithm)
			}
		}
	})
}

// contentHalf returns the half that carries the content of t.
func contentHalf(c *report.Connection, t *report.Transaction) *report.Half {
	if t.ByClient() {
		return &c.ClientToServer
	}
	return &c.ServerToClient
}

// keptOpen is how long after a connection's last packet its sockets are still its own.
const keptOpen = segment.Time(100 * time.Millisecond)

// halves calls f with the answers of each end of c that this machine has.
func (k *kernelWindows) halves(c *report.Connection, f func(h *report.Half, answers []sockdiag.Answer, algorithm string)) {
	client, err1 := netip.ParseAddrPort(c.Client)
	server, err2 := netip.ParseAddrPort(c.Server)
	if k == nil || err1 != nil || err2 != nil {
		return
	}
	end := func(a netip.AddrPort) segment.Endpoint {
		return segment.Endpoint{Addr: segment.AddrFrom(a.Addr()), Port: a.Port()}
	}
	k.poller.With(func(l *sockdiag.Log) {
		for _, x := range []struct {
			h    *report.Half
			ends sockdiag.Ends
		}{
			{&c.ClientToServer, sockdiag.Ends{Local: end(client), Remote: end(server)}},
			{&c.ServerToClient, sockdiag.Ends{Local: end(server), Remote: end(client)}},
		} {
			for _, s := range l.Of(x.ends) {
				if answers := during(s.Answers, c); len(answers) > 0 {
					f(x.h, answers, s.Algorithm)
					break
				}
			}
		}
	})
}

// during returns those of answers that were given while c was there.
func during(answers []sockdiag.Answer, c *report.Connection) []sockdiag.Answer {
	from, to := 0, len(answers)
	for from < to && answers[from].Until < segment.Time(c.Start) {
		from++
	}
	for from < to && answers[to-1].From > segment.Time(c.End)+keptOpen {
		to--
	}
	return answers[from:to]
}

// kernelWindow sums answers up.
func kernelWindow(answers []sockdiag.Answer, algorithm string) *report.KernelWindow {
	bytes := func(a *sockdiag.Answer) int64 { return int64(a.Window) * int64(a.MSS) }
	first, last := &answers[0], &answers[len(answers)-1]
	w := &report.KernelWindow{Basis: report.Kernel, Algorithm: algorithm, Answers: int64(len(answers)), Segment: int64(last.MSS),
		First: bytes(first), Min: bytes(first), Last: bytes(last), DeliveryRate: last.Rate}
	for i := range answers {
		w.Min, w.Max = min(w.Min, bytes(&answers[i])), max(w.Max, bytes(&answers[i]))
	}
	if last.Threshold > 0 {
		n := int64(last.Threshold) * int64(last.MSS)
		w.Threshold = &n
	}
	for _, x := range []struct {
		from time.Duration
		to   **report.Seconds
	}{{last.RTT, &w.RTT}, {last.MinRTT, &w.MinRTT}} {
		if x.from > 0 {
			s := report.Seconds(x.from)
			*x.to = &s
		}
	}
	return w
}

// kernelStart returns the window in force when the content of t began, nil if no answer is of that
// instant. One is if it was given before, when nothing was in flight and after what was sent before
// had ended, and idling since did not reach the retransmission timeout, upon which the kernel may
// shrink the window as it sends again (RFC 5681 section 4.1). Or if it was given after, before an
// ACK of the content can have come.
func kernelStart(c *report.Connection, t *report.Transaction, all []*report.Transaction,
	answers []sockdiag.Answer, algorithm string) *report.Window {
	began, ok := contentBegan(c, t)
	if !ok {
		return nil
	}
	quietSince := segment.Time(c.Start)
	if c.TLS != nil { // its handshake had to be sent before
		quietSince = segment.Time(t.Start)
	}
	nextBegins := segment.Time(c.End) + keptOpen
	for _, u := range all {
		switch {
		case u == t:
		case segment.Time(u.Start) >= began:
			nextBegins = min(nextBegins, segment.Time(u.Start))
		case u.Duration == nil:
			return nil // it may still be sent
		default:
			quietSince = max(quietSince, segment.Time(u.Start)+segment.Time(*u.Duration))
		}
	}
	var found *sockdiag.Answer
	for i := range answers {
		switch a := &answers[i]; {
		case a.Until <= began:
			idle := began.Sub(a.From) + a.SinceSent
			if a.From >= quietSince && a.InFlight == 0 && (idle < a.RTO-jiffies || algorithm == "bbr") {
				found = a
			}
		case a.From >= began && quietSince <= began && a.Until <= min(began.Add(a.MinRTT), nextBegins):
			found = a
		}
	}
	if found == nil {
		return nil
	}
	n := int64(found.Window) * int64(found.MSS)
	return &report.Window{Low: n, Best: n, High: n, Basis: report.Kernel, Segment: int64(found.MSS)}
}

// jiffies is by how much the kernel's timers may be off: two of 4 ms, and the millisecond that it
// rounds to.
const jiffies = 9 * time.Millisecond

// contentBegan returns when the content of t began to be sent.
func contentBegan(c *report.Connection, t *report.Transaction) (at segment.Time, ok bool) {
	switch {
	case contentHalf(c, t) == &c.ClientToServer:
		return segment.Time(t.Start), true
	case t.Duration == nil || t.Receive == nil:
		return 0, false
	}
	return segment.Time(t.Start) + segment.Time(*t.Duration-*t.Receive), true
}

// note keeps a connection that is written in a line, for a series.
func (k *kernelWindows) note(c *report.Connection) {
	if k != nil && len(k.streamed) < mostStreamed {
		k.streamed = append(k.streamed, &report.Connection{ID: c.ID, Client: c.Client, Server: c.Server, Start: c.Start, End: c.End})
	}
}

// writeSeries writes all answers as lines of a series.
func (k *kernelWindows) writeSeries(w io.Writer, r *report.Report) error {
	if k == nil {
		return nil
	}
	s := series.Continue(w)
	for _, list := range [][]*report.Connection{r.Connections, k.streamed} {
		for _, c := range list {
			k.halves(c, func(h *report.Half, answers []sockdiag.Answer, algorithm string) {
				from, to := c.Server, c.Client
				if h == &c.ClientToServer {
					from, to = c.Client, c.Server
				}
				s.WriteKernel(c.ID, netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), kernelSamples(answers, algorithm))
			})
		}
	}
	return s.Close()
}

// kernelSamples writes answers down for a series.
func kernelSamples(answers []sockdiag.Answer, algorithm string) []report.KernelSample {
	list := make([]report.KernelSample, len(answers))
	for i := range answers {
		a := &answers[i]
		mss := int64(a.MSS)
		list[i] = report.KernelSample{At: report.Instant(a.From + (a.Until-a.From)/2), Window: int64(a.Window) * mss,
			Threshold: int64(a.Threshold) * mss, InFlight: int64(a.InFlight) * mss, Offered: int64(a.Offered),
			Phase: a.Phase(), Algorithm: algorithm, RTT: report.Seconds(a.RTT), Rate: a.Rate}
	}
	return list
}
