package report

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// pool writes one pool: who talked to whom, the counts, the drawing, and why.
func (p *page) pool(pl *Pool, x *index) {
	conns := x.connections[pl.ID]
	p.heading(pl, conns, x)
	p.counts(pl)
	if pl.Used > 0 || len(conns) > 0 {
		p.lanes(conns)
	}
	p.exchanges(pl, conns)
	p.window(conns)
	p.curve(pl)
	p.margin(pl)
	p.reasons(conns)
	p.findings(x.findings[pl.ID])
}

// heading names client, server, protocol, and where the capture was taken.
func (p *page) heading(pl *Pool, conns []*Connection, x *index) {
	who := "client " + name(pl.Client)
	if x.oneClient {
		who += " and others"
	}
	who += " -> " + authority(pl)
	values := []string{protocol(pl, conns), where(x)}
	switch {
	case len(conns) > 0 || pl.Protocol != "":
	case pl.Used == 0:
		values[0] = "no request seen"
	default:
		values[0] = "none of its connections kept in full"
	}
	var marks []mark
	if x.sayVerdict {
		who += "   " + label(pl.Verdict)
		marks = append(marks, mark{label(pl.Verdict), verdictStyle(pl.Verdict)})
	}
	if s := who + "   " + strings.Join(values, ", "); columns(s) <= p.width {
		p.line(s, marks...)
	} else {
		p.wrap("", 7, who, marks...)
		p.wrap("       ", 7, strings.Join(values, ", "), marks...)
	}
	if pl.ToldBy != "" {
		p.wrap("       ", 7, "one of several clients at this address, told by: "+name(pl.ToldBy))
	}
}

// authority is the pool's name with its port, or its address.
func authority(pl *Pool) string {
	if len(pl.Server) == 0 {
		return name(pl.Name)
	}
	s := name(pl.Server[0])
	if _, _, err := net.SplitHostPort(pl.Name); err == nil { // what a tunnel leads to
		s = name(pl.Name) + " through " + s
	} else if pl.Name != "" {
		s = name(pl.Name)
		if _, port, err := net.SplitHostPort(pl.Server[0]); err == nil {
			s = name(net.JoinHostPort(pl.Name, port))
		}
	}
	if n := len(pl.Server); n > 1 {
		s += fmt.Sprintf(" (%d addresses)", n)
	}
	return s
}

// protocol says what was spoken and how it could be read.
func protocol(pl *Pool, conns []*Connection) string {
	var tls *TLS
	var basis transaction.Basis
	var grpc, transactions int64
	spoken, where := pl.Protocol, ""
	for _, c := range conns {
		grpc += c.GRPC
		transactions += c.TransactionCount
		inner, from := c.TLS, c.TransactionBasis
		if t := c.tunnelled(); t != nil {
			spoken, where = t.Protocol, ", in a tunnel"
			inner, from = t.TLS, t.TransactionBasis
		}
		if tls == nil {
			tls = inner
		}
		if basis == "" || basis == transaction.NoBasis {
			basis = from
		}
	}
	s := protocolName(spoken)
	switch {
	case grpc > 0 && grpc == transactions:
		s = "gRPC on " + s
	case grpc > 0:
		s += " (" + plural.Count(grpc, "gRPC request") + ")"
	}
	if pl.TLS || tls != nil {
		version := ""
		if tls != nil && tls.Version != "" {
			version = " " + name(tls.Version)
		}
		if s == "TLS" {
			s += version
		} else {
			s += " in TLS" + version
		}
	}
	switch basis {
	case transaction.Parsed:
		s += ", read in clear"
	case transaction.Decrypted:
		s += ", decrypted"
	case transaction.Inferred:
		s += ", requests inferred from sizes and times"
	}
	return s + where
}

// protocolName is a protocol as people write it.
func protocolName(s string) string {
	switch s {
	case "websocket":
		return "WebSocket"
	case "", "unknown":
		return "unknown protocol"
	case "tunnel":
		return "tunnel"
	}
	return strings.ToUpper(name(s))
}

// where is the capture's vantage in words.
func where(x *index) string {
	switch {
	case x.loopback:
		return "captured on loopback"
	case x.vantage == AtClient, x.vantage == AtServer:
		return "at the " + string(x.vantage)
	case x.vantage == InTheMiddle:
		return "in the middle"
	case x.vantage == AtBoth:
		return "at both ends"
	}
	return "vantage not known"
}

// counts writes the facts of a pool, one a line.
func (p *page) counts(pl *Pool) {
	requests := []string{fmt.Sprintf("%-2d", pl.Transactions)}
	if pl.TransactionLow != nil && pl.TransactionHigh != nil && *pl.TransactionLow != *pl.TransactionHigh {
		requests[0] = fmt.Sprintf("%d (%d to %d)", pl.Transactions, *pl.TransactionLow, *pl.TransactionHigh)
	}
	p.facts("requests", append(requests, fmt.Sprintf("on a used connection   %d", pl.ReusedCount)))
	if pl.Used == 0 {
		p.facts("connections", []string{fmt.Sprintf("%-2d", pl.Unused), "none carried a request"})
		p.withheld(pl)
		return
	}
	conns := []string{
		fmt.Sprintf("%-2d", pl.Used),
		"needed " + needed(pl.Needed, pl.Perhaps, pl.Excused),
		fmt.Sprintf("avoidable %d%s", pl.Avoidable, causeList(pl.Causes, pool.Cause.Avoidable)),
		fmt.Sprintf("ended by the server %d", pl.ServerEnded),
	}
	if pl.Unused > 0 {
		conns = append(conns, fmt.Sprintf("%d more carried no request", pl.Unused))
	}
	p.facts("connections", conns)
	if opened := causeList(pl.Causes, func(c pool.Cause) bool { return !c.Avoidable() }); opened != "" &&
		pl.Causes[pool.First] != pl.Needed {
		p.facts("needed", []string{strings.Trim(opened, " ()")})
	}
	p.headers(pl)
	p.cost(pl)
	p.withheld(pl)
}

// withheld says why there is no verdict.
func (p *page) withheld(pl *Pool) {
	if pl.Verdict == pool.NotKnown && pl.WithheldBecause != "" {
		p.facts("not judged", []string{cut(clean(pl.WithheldBecause), mostEvidence)})
	}
}

// causeList is " (missed)", or " (3 missed, 2 undrained)", of the causes that
// fit; empty if none does.
func causeList(causes map[pool.Cause]int64, fits func(pool.Cause) bool) string {
	var list []pool.Cause
	for c, n := range causes {
		if n > 0 && fits(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.SortFunc(list, func(a, b pool.Cause) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]), cmp.Compare(a, b))
	})
	if len(list) == 1 && list[0].Avoidable() {
		return " (" + string(list[0]) + ")"
	}
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = fmt.Sprintf("%d %s", causes[c], name(string(c)))
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// headers holds the promise against the wire.
func (p *page) headers(pl *Pool) {
	if pl.Promised == 0 {
		return
	}
	s := fmt.Sprintf("%d of %d said keep-alive, %d shared a connection", pl.Promised, pl.Transactions, pl.Shared)
	const lies = "<- the header lies"
	if pl.Shared > 0 || pl.Used < 2 || pl.Avoidable == 0 {
		p.facts("headers", []string{s})
		return
	}
	room := p.width - labelColumns - columns(s) - len(lies)
	if room >= 1 {
		p.line(fmt.Sprintf("  %-*s%s%s%s", labelColumns-2, "headers", s, strings.Repeat(" ", min(room, 7)), lies), mark{lies, red})
		return
	}
	p.facts("headers", []string{s, lies}, mark{lies, red})
}

// comparedPath is the round trip the cost is also shown at: loopback makes every
// cost look small, and a path between two regions has about this.
const comparedPath = 50 * time.Millisecond

// cost is what the avoidable connections cost, or what reuse saved.
func (p *page) cost(pl *Pool) {
	if pl.Avoidable > 0 && pl.ColdRoundTrips > 0 {
		here := ""
		if pl.ColdCost != nil {
			here = segment.Span(time.Duration(*pl.ColdCost)) + " here, "
		}
		p.facts("cost", []string{fmt.Sprintf("%s = %s: %s%s at a 50 ms path", plural.Count(pl.Avoidable, "handshake"),
			plural.Count(pl.ColdRoundTrips, "round trip"), here, segment.Span(time.Duration(pl.ColdRoundTrips)*comparedPath))})
	}
	if pl.SavedRoundTrips > 0 {
		s := plural.Count(pl.SavedRoundTrips, "round trip")
		if pl.SavedCost != nil {
			s += ", about " + segment.Span(time.Duration(*pl.SavedCost))
		}
		p.facts("saved", []string{s})
	}
}

// mostExchanges is how many transactions of one connection are listed.
const mostExchanges = 10

// exchanges lists the transactions of a pool that needed one connection only:
// with several, the lanes say more.
func (p *page) exchanges(pl *Pool, conns []*Connection) {
	if pl.Verdict != pool.Reused || pl.Used != 1 {
		return
	}
	for _, c := range conns {
		list := c.Judged()
		if len(list) < 2 {
			continue
		}
		p.line("")
		heading := "  #       start        idle        wait     receive"
		windows := c.ServerToClient.Window != nil
		if windows {
			heading += "  rounds  window at start"
		}
		p.line(heading)
		for i, t := range list {
			if i == mostExchanges {
				p.line(fmt.Sprintf("  and %d more", len(list)-i))
				break
			}
			s := fmt.Sprintf("  %-3d%10s  %10s  %10s  %10s", t.N, strconv.FormatFloat(
				time.Duration(t.Start-c.Start).Seconds(), 'f', 3, 64)+" s",
				spanOf(t.IdleBefore), spanOf(t.Wait), spanOf(t.Receive))
			if w := t.WindowAtStart; w != nil && windows {
				s += fmt.Sprintf("  %6d  %-7s %s", t.Rounds, t.Warmth, w.segments())
			}
			p.line(s)
		}
	}
}

// segments writes w in segments: one number, or its bounds.
func (w *Window) segments() string {
	if w.Low == w.High {
		return strconv.FormatInt(w.Low/w.Segment, 10)
	}
	return fmt.Sprintf("%d to %d", w.Low/w.Segment, w.High/w.Segment)
}

// window says how the largest congestion window of the pool's servers grew.
func (p *page) window(conns []*Connection) {
	var most *Connection
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
	values := []string{fmt.Sprintf("#%d  %d %s %d segments in %s", most.ID, w.InitialSegments, spark(w.Growth), w.Max/w.Segment, plural.Count(w.Rounds, "round trip"))}
	limit, acks := "", int64(0)
	for by, n := range w.LimitedACKs {
		if n > w.LimitedACKs[limit] || n == w.LimitedACKs[limit] && by < limit {
			limit = by
		}
		acks += n
	}
	if limit != "" && limit != "unknown" {
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

// curve says how a client that keeps more idle connections would have done.
func (p *page) curve(pl *Pool) {
	if pl.Avoidable == 0 || len(pl.Curve) < 2 {
		return
	}
	points := pl.Curve
	for 27+6*len(points) > p.width {
		points = points[:len(points)-1]
	}
	kept, opened := "  idle connections kept    ", "  connections then opened  "
	for _, c := range points {
		kept += fmt.Sprintf("%6d", c.IdleKept)
		opened += fmt.Sprintf("%6d", c.Connections)
	}
	p.line("")
	p.line(kept)
	p.line(opened)
	last := pl.Curve[len(pl.Curve)-1]
	p.wrap("  ", 2, fmt.Sprintf("%d kept idle for %s would do with %s.", last.IdleKept,
		segment.SpanUp(time.Duration(last.IdleTimeout)), plural.Count(last.Connections, "connection")))
}

// margin is how close reuse came to the server's idle timeout.
func (p *page) margin(pl *Pool) {
	if pl.LongestIdle == nil {
		return
	}
	s := "longest idle used " + spanOf(pl.LongestIdle)
	if pl.ServerTimeout != nil {
		left, words := time.Duration(*pl.ServerTimeout-*pl.LongestIdle), "to spare"
		if left < 0 { // servers often wait longer than they say
			left, words = -left, "beyond it"
		}
		s += fmt.Sprintf("; server says timeout=%s: %s %s",
			strconv.FormatFloat(time.Duration(*pl.ServerTimeout).Seconds(), 'f', -1, 64), segment.Span(left), words)
	}
	p.facts("margin", []string{s})
}
