package analyze

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// report concludes the pools and puts everything together.
func (k *collector) report(t segment.Totals) (*report.Report, error) {
	for _, p := range t.Problems {
		if p.Kind == segment.KernelDropped {
			k.judge.WithheldBecause = "the kernel dropped packets of the capture"
		}
	}
	k.judge.Finish()
	k.decide()
	pools := k.judge.Pools()
	k.findings.Pools(pools)
	for _, p := range k.placed {
		p.record.Pool = k.judge.PoolID(p.pool)
	}
	folded, n := k.judge.Evicted()
	k.lost.pools = n
	all := pools
	if n > 0 {
		all = append(slices.Clip(pools), folded)
	}
	slices.SortFunc(k.kept, func(a, b *report.Connection) int { return int(a.ID - b.ID) })
	r := &report.Report{Schema: report.Schema, Capture: k.capture(t), Connections: k.kept, Verdict: pool.Worst(all), Totals: k.totals(all)}
	if t.Segments == 0 && t.Unread > 0 { // nothing was seen, but there may be something
		r.Verdict = pool.NotKnown
	}
	for _, p := range pools {
		r.Pools = append(r.Pools, poolRecord(p))
	}
	for _, p := range k.placed { // the first kept connection names the protocol
		if id := p.record.Pool; id > 0 && r.Pools[id-1].Protocol == "" {
			r.Pools[id-1].Protocol = p.record.Protocol
		}
	}
	for _, f := range k.findings.Found() {
		r.Findings = append(r.Findings, finding(f))
	}
	if d := k.o.Demands; d != nil {
		var held []verdict.Held
		held, r.Outcome = d.Judge(all, k.findings.Counts)
		for _, h := range held {
			r.Expectations = append(r.Expectations, expectation(h))
		}
	}
	return r, k.err
}

func (k *collector) capture(t segment.Totals) report.Capture {
	c := report.Capture{Files: t.Files, Packets: t.Packets, Segments: t.Segments, Unread: t.Unread, Bytes: t.Bytes, QUICPackets: t.QUICPackets,
		Loopback: t.Loopback, Vantage: k.vantage(t.Loopback), MissingBytes: k.lost.missing, OneClient: k.o.OneClient, Redacted: k.o.Redact != nil}
	if t.Timed {
		start, end := report.Instant(t.Start), report.Instant(t.End)
		c.Start, c.End = &start, &end
	}
	for _, p := range t.Problems {
		c.Problems = append(c.Problems, report.Problem(p))
	}
	for _, p := range k.problems() {
		if p.Count > 0 {
			c.Problems = append(c.Problems, p)
		}
	}
	return c
}

// problems are the limits that were reached.
func (k *collector) problems() []report.Problem {
	l := &k.lost
	return []report.Problem{
		{Kind: "bytes-missing", Count: l.missing, FirstPacket: l.missingFirst, Text: "bytes that were acknowledged, or sent before others, and are not in the capture"},
		{Kind: "one-direction-only", Count: l.oneWay, FirstPacket: l.oneWayFirst, Text: "connections of which the capture has what one side sent, and nothing of the other's"},
		{Kind: "connections-given-up", Count: l.gaveUp, Text: "more connections at once than the limit; those idle longest were given up"},
		{Kind: "records-not-kept", Count: l.connections, Text: fmt.Sprintf("closed connections beyond the %d kept in full; totals and pools count them", k.o.Limits.KeptConnections)},
		{Kind: "pools-not-kept", Count: l.pools, Text: fmt.Sprintf("pools beyond about %d; totals count them, a client that came back later began a new one", k.o.Limits.KeptPools)},
		{Kind: "transactions-not-kept", Count: l.transactions, Text: fmt.Sprintf("transactions beyond the %d kept in full; totals and pools count them", k.o.Limits.KeptTransactions)},
		{Kind: "other-connections", Count: l.others, Text: "connections that are not the command's; they were not judged"},
		{Kind: "seen-twice", Count: l.twins, FirstPacket: l.twinFirst, Text: "connections captured at a second place too, behind an address translator; judged once, where they were nearest to the client"},
		{Kind: "stray-segments", Count: l.strays, FirstPacket: l.strayFirst, Text: "segments of connections that had ended and were let go; not counted with them"},
		{Kind: "stream-overflow", Count: l.overflows, Text: "holes given up because too many bytes waited behind them"},
		{Kind: "decided-early", Count: k.judge.DecidedEarly(), Text: "openings judged before all that bears on them was seen: too much was waiting"},
	}
}

// vantage is what most handshakes say.
func (k *collector) vantage(loopback bool) report.Vantage {
	best, n := report.UnknownVantage, int64(0)
	for _, v := range []report.Vantage{report.AtClient, report.AtServer, report.InTheMiddle, report.AtBoth} {
		if k.vantages[v] > n {
			best, n = v, k.vantages[v]
		}
	}
	if loopback && n > 0 {
		return report.AtBoth
	}
	return best
}

func (k *collector) totals(pools []*pool.Pool) report.Totals {
	var sums pool.Sums
	for _, p := range pools {
		sums.Add(&p.Sums)
	}
	return report.Totals{Connections: sums.Connections, Used: sums.Used, Unused: sums.Unused, Transactions: sums.Transactions, Reused: sums.Reused,
		Needed: sums.Needed, Avoidable: sums.Avoidable, Perhaps: sums.PerhapsAvoidable, Excused: sums.PerhapsNeeded, ServerEnded: sums.ServerEnded,
		Promised: sums.Promised, Shared: sums.Shared, Causes: sums.Causes.Map(), Findings: k.findings.Counts, Ignored: k.lost.ignored}
}

func poolRecord(p *pool.Pool) *report.Pool {
	r := &report.Pool{ID: p.ID, Client: p.Client.String(), Name: p.Name, TLS: p.TLS, Connections: p.Connections, Unused: p.Unused,
		Used: p.Used, Transactions: p.Transactions, ReusedCount: p.Reused, Needed: p.Needed, Avoidable: p.Avoidable, Perhaps: p.PerhapsAvoidable, Excused: p.PerhapsNeeded,
		ServerEnded: p.ServerEnded, Causes: p.Causes.Map(), Peak: p.Peak, Promised: p.Promised, Shared: p.Shared, Verdict: p.Verdict,
		WithheldBecause: p.WithheldBecause, FirstPacket: p.FirstPacket, ColdRoundTrips: p.Cold.RoundTrips, SavedRoundTrips: p.Saved.RoundTrips}
	r.ToldBy = toldBy(p)
	if p.Cold.Time > 0 {
		r.ColdCost = seconds(p.Cold.Time)
	}
	if p.Saved.Time > 0 {
		r.SavedCost = seconds(p.Saved.Time)
	}
	if idle := p.LongestReuse().For; idle > 0 {
		r.LongestIdle = seconds(idle)
	}
	if hint := p.KeepAlive(); hint > 0 {
		r.ServerTimeout = seconds(hint)
	}
	if w := p.Warmths; w != (event.Warmths{}) {
		r.Warmth = map[report.Warmth]int64{report.Cold: w.Cold, report.Warm: w.Warm, report.Cooled: w.Cooled}
	}
	if p.Used == 0 && p.Opaque > 0 {
		r.Protocol = "tls"
	}
	if p.MaxOver+p.MaxUnder > 0 {
		low, high := p.Transactions-p.MaxOver, p.Transactions+p.MaxUnder
		r.TransactionLow, r.TransactionHigh = &low, &high
	}
	for _, s := range p.Servers {
		r.Server = append(r.Server, s.String())
	}
	if p.Transactions > 0 {
		reuse := float64(p.Reused) / float64(p.Transactions)
		r.Reuse = &reuse
	}
	for _, c := range p.Curve {
		r.Curve = append(r.Curve, report.CurvePoint{IdleKept: c.IdleKept, Connections: c.Connections, IdleTimeout: report.Seconds(c.IdleTimeout)})
	}
	return r
}

// toldBy says what tells p's client from others at its address, "" if there are none.
func toldBy(p *pool.Pool) string {
	w, by := p.Who()
	var all []string
	if by.ProxiedClient {
		all = append(all, "the proxy speaks for "+w.ProxiedClient.String())
	}
	if by.Hello {
		all = append(all, fmt.Sprintf("ClientHello %08x", w.Hello))
	}
	if s := w.SYN; by.SYN {
		all = append(all, fmt.Sprintf("SYN with TTL %d, %s SACK, %s timestamps", s.TTL, with(s.SACK), with(s.Timestamps)))
	}
	return strings.Join(all, "; ")
}

func with(has bool) string {
	if has {
		return "with"
	}
	return "without"
}

func openedBecause(d *pool.Decision) *report.OpenedBecause {
	o := &report.OpenedBecause{Cause: d.Cause, InsteadOf: d.InsteadOf, Confidence: d.Confidence, Packets: d.Packets(),
		Text: d.Text(), RefutedBy: d.RefutedBy()}
	if d.HasIdle {
		o.Idle = seconds(max(0, d.Idle))
	}
	return o
}

func finding(f verdict.Found) report.Finding {
	e, _ := report.Explain(f.ID)
	return report.Finding{ID: f.ID, Title: e.Title, Confidence: f.Confidence, Connections: f.Connections, Pool: f.Pool,
		Packets: f.Packets, Text: f.Text, RefutedBy: e.RefutedBy, Remedy: e.Remedy}
}

func expectation(h verdict.Held) report.Expectation {
	e := report.Expectation{Text: h.Text, Measured: h.Measured.String()}
	if h.OK {
		e.Held = &h.Held
	}
	if !math.IsInf(h.Measured.High, 0) {
		e.Low, e.High = &h.Measured.Low, &h.Measured.High
	}
	return e
}
