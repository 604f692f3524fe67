package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/tcp"
)

// mostTransactions is how many transactions of one connection are listed.
const mostTransactions = 10

// windowsMattered reports whether a window made a transaction slower than it might have been: it
// had been lost, or one round did not do.
func windowsMattered(conns []*report.Connection) bool {
	return slices.ContainsFunc(conns, func(c *report.Connection) bool {
		return slices.ContainsFunc(c.Judged(), func(t *report.Transaction) bool {
			return t.Warmth == report.Cooled || t.Rounds > 1
		})
	})
}

// transactions lists the transactions of a pool that needed one connection only:
// with several, the lanes say more.
func (p *page) transactions(pl *report.Pool, conns []*report.Connection) {
	if pl.Verdict != pool.Reused || pl.Used != 1 {
		return
	}
	for _, c := range conns {
		list := c.Judged()
		if len(list) < 2 {
			continue
		}
		p.line("")
		windows := c.ServerToClient.Window != nil
		heading := "  #       start        idle        wait     receive"
		rows, more := []string{heading}, []string{""}
		if windows {
			heading = "  rounds  window at start"
			more[0] = heading
		}
		for i, t := range list {
			if i == mostTransactions {
				break
			}
			rows = append(rows, fmt.Sprintf("  %-3d%10s  %10s  %10s  %10s", t.N, strconv.FormatFloat(
				time.Duration(t.Start-c.Start).Seconds(), 'f', 3, 64)+" s",
				spanOf(t.IdleBefore), spanOf(t.Wait), spanOf(t.Receive)))
			window := ""
			if w := t.WindowAtStart; w != nil && windows {
				window = fmt.Sprintf("  %6d  %-7s %s", t.Rounds, t.Warmth, segments(w))
				if k := t.KernelWindowAtStart; k != nil {
					window += ", kernel " + segments(k)
				}
			}
			more = append(more, window)
		}
		p.beside(rows, more)
		if n := len(list) - mostTransactions; n > 0 {
			p.line(fmt.Sprintf("  and %d more", n))
		}
	}
}

// beside writes each of rows with what belongs to it behind it, or below where a line has no room.
func (p *page) beside(rows, more []string) {
	width := 0
	for i := range rows {
		width = max(width, printable.Columns(rows[i]+more[i]))
	}
	for i := range rows {
		if width <= p.width {
			p.line(rows[i] + more[i])
			continue
		}
		p.line(rows[i])
		if more[i] != "" {
			p.line(strings.Repeat(" ", 13) + more[i])
		}
	}
}

// segments prints w in segments: one number, or its bounds.
func segments(w *report.Window) string {
	if w.Low == w.High {
		return strconv.FormatInt(w.Low/w.Segment, 10)
	}
	return fmt.Sprintf("%d to %d", w.Low/w.Segment, w.High/w.Segment)
}

// window says how the largest congestion window of the pool's servers grew.
func (p *page) window(conns []*report.Connection) {
	var most *report.Connection
	for _, c := range conns {
		if w := c.ServerToClient.Window; w != nil && w.Max > w.InitialSegments*w.Segment &&
			(most == nil || w.Max > most.ServerToClient.Window.Max) {
			most = c
		}
	}
	if most == nil {
		return
	}
	w := most.ServerToClient.Window
	values := []string{fmt.Sprintf("#%d  %d %s %d segments in %s",
		most.ID, w.InitialSegments, spark(w.Growth), w.Max/w.Segment, plural.Count(w.Rounds, "round trip"))}
	limit, acks := w.MostLimiting()
	if limit != tcp.UnknownLimit {
		values = append(values, fmt.Sprintf("limited by %s at %d of %d ACKs", limit, w.LimitedACKs[limit], acks))
	}
	for _, e := range []struct {
		n    int64
		what string
	}{{w.Losses, "loss episode"}, {w.Timeouts, "timeout"}, {w.IdleRestarts, "idle restart"}} {
		if e.n > 0 {
			values = append(values, plural.Count(e.n, e.what))
		}
	}
	p.facts("window", values)
	p.kernelWindow(most)
}

// kernelWindow says what the kernel said of the window of c's server, if it is the capturing machine's.
func (p *page) kernelWindow(c *report.Connection) {
	w := c.ServerToClient.KernelWindow
	if w == nil {
		return
	}
	said := fmt.Sprintf("#%d  %d", c.ID, w.First/w.Segment)
	if w.Min != w.Max {
		said = fmt.Sprintf("#%d  %d to %d segments, %d at last", c.ID, w.Min/w.Segment, w.Max/w.Segment, w.Last/w.Segment)
	} else {
		said += " segments"
	}
	values := []string{said, plural.Count(w.Answers, "answer")}
	if w.Algorithm != "" {
		values = append(values, name(w.Algorithm))
	}
	if w.Threshold != nil {
		values = append(values, fmt.Sprintf("slow start to %d", *w.Threshold/w.Segment))
	}
	p.facts("kernel says", values)
}

// spark draws values as bars.
func spark(values []int64) string {
	const bars = "▁▂▃▄▅▆▇█"
	if len(values) == 0 {
		return "-"
	}
	most := slices.Max(values)
	var b strings.Builder
	for _, v := range values {
		i := 0
		if most > 0 {
			i = int(v * 7 / most)
		}
		b.WriteRune([]rune(bars)[i])
	}
	return b.String()
}
