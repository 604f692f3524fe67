package build

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A Result is what an analysis has come to.
type Result struct {
	Totals          segment.Totals
	Connections     []*report.Connection // kept ones, in any order
	Placed          []Placed
	Alone           []pool.Decision // that connections were avoidable which are not among these
	Pools           []*pool.Pool    // kept ones, by first packet
	Evicted         *pool.Pool      // sums of the others, of which there are Lost.Pools
	EvictedVerdicts *pool.Verdicts  // of those
	Number          func(serial int64) int64
	Findings        *verdict.Collector
	Demands         *verdict.Demands // nil: none
	Vantages        map[tcp.Vantage]int64
	Lost            Lost
	Forced          int64 // openings judged before all that bears on them was seen

	// Limits that were in force.
	KeptConnections, KeptPools, KeptTransactions int
	Memory                                       int64 // bytes permitted

	OneClient, Redacted bool
}

// A Placed record's pool has a number last.
type Placed struct {
	Record *report.Connection
	Pool   int64 // its serial
}

// Lost counts what limits have cost, and what was not judged.
type Lost struct {
	Connections, Transactions, Pools int64 // not kept in full
	GaveUp                           int64 // connections that were given up
	Overflows                        int64 // holes that were given up
	Foreign                          int64 // connections that were not to be judged
	Ignored                          int64 // transactions likewise
	Late                             Tally // segments of connections that had ended
	Unacceptable                     Tally // segments that could not be of their connection
	Inconsistent                     Tally // segments with other bytes than others at the same sequence numbers
	Duplicates                       Tally // connections captured at a second place
	OneWay                           Tally // connections with one direction only
	Missing                          Tally // bytes
}

// A Tally counts something, and says where the earliest of it was.
type Tally struct {
	N     int64
	First int64 // packet
}

// Add counts n more, at a packet. They need not come in order: shards are followed one
// after the other.
func (t *Tally) Add(n, packet int64) {
	if n > 0 && (t.N == 0 || packet < t.First) {
		t.First = packet
	}
	t.N += n
}

// Report makes the report of what an analysis came to. It takes over r's connections, sorts them by ID and writes into
// them which pools they are of.
func Report(r *Result) *report.Report {
	for _, p := range r.Placed {
		p.Record.Pool = r.Number(p.Pool)
	}
	all := r.Pools
	if r.Lost.Pools > 0 {
		all = append(slices.Clip(all), r.Evicted)
	}
	slices.SortFunc(r.Connections, func(a, b *report.Connection) int { return int(a.ID - b.ID) })
	asked, verdicts := askedFor(r, all)
	rep := &report.Report{Schema: report.Schema, Capture: capture(r), Connections: r.Connections,
		Verdict: verdictOf(r, verdicts), Totals: totals(r, asked, verdicts)}
	judged := map[*pool.Pool]bool{}
	for _, p := range asked {
		judged[p] = true
	}
	for _, p := range r.Pools {
		record := poolRecord(p)
		record.Other = !judged[p]
		rep.Pools = append(rep.Pools, record)
	}
	for i := range r.Alone {
		d := &r.Alone[i]
		if id := r.Number(d.Pool); id > 0 {
			first, _ := d.FirstPackets()
			rep.Pools[id-1].Blamed = append(rep.Pools[id-1].Blamed,
				report.Opening{Connection: d.Conn, FirstPacket: first, OpenedBecause: *OpenedBecause(d)})
		}
	}
	for _, p := range r.Placed { // the first kept connection names the protocol
		id := p.Record.Pool
		if id == 0 {
			continue
		}
		if rep.Pools[id-1].Protocol == "" {
			rep.Pools[id-1].Protocol = p.Record.Protocol
		}
		if r.Pools[id-1].ServerGaps > 0 {
			doubtConcurrent(p.Record.OpenedBecause)
		}
		if r.Pools[id-1].Inconsistent > 0 {
			doubtNeeded(p.Record.OpenedBecause)
		}
	}
	for _, f := range r.Findings.Found() {
		rep.Findings = append(rep.Findings, finding(f))
	}
	if r.Demands != nil {
		check(r, rep, all)
	}
	if slices.ContainsFunc(r.Totals.Problems, func(p segment.Problem) bool { return segment.Lacking(p.Kind) }) {
		rep.Withdraw()
	}
	return rep
}

// check holds rep against what was demanded. Where nothing was judged, nothing is known.
func check(r *Result, rep *report.Report, all []*pool.Pool) {
	seen := verdict.Seen{Packets: r.Totals.Packets, Filtered: r.Totals.Filtered,
		NotRead: rep.Capture.NotRead(), QUIC: r.Totals.QUICPackets,
		Unread: r.Totals.Unread, Ignored: r.Lost.Ignored, Others: r.Lost.Foreign}
	var held []verdict.Held
	if r.Demands.Look {
		rep.Unjudged = r.Demands.Nothing(all, seen)
	} else {
		held, rep.Outcome, rep.Unjudged = r.Demands.Judge(all, r.Findings.Counts, seen)
	}
	for _, h := range held {
		rep.Expectations = append(rep.Expectations, expectation(h))
	}
	if rep.Unjudged != "" {
		rep.Verdict = pool.NotKnown
	}
}

// askedFor returns those of all pools that a user asked for, by the server, with their
// verdicts. Expectations and the headline speak of these.
func askedFor(r *Result, all []*pool.Pool) ([]*pool.Pool, *pool.Verdicts) {
	verdicts := new(pool.Verdicts)
	if r.Demands != nil && r.Demands.Server != "" {
		all = r.Demands.Of(all)
	} else if r.Lost.Pools > 0 {
		verdicts.Merge(r.EvictedVerdicts)
	}
	for _, p := range all {
		if p != r.Evicted {
			verdicts.Add(p)
		}
	}
	return all, verdicts
}

// verdictOf returns the verdict of the whole.
func verdictOf(r *Result, verdicts *pool.Verdicts) pool.Verdict {
	switch {
	case slices.ContainsFunc(r.Totals.Problems, func(p segment.Problem) bool { return p.Kind == segment.InternalError }):
		return pool.NotKnown // a packet that goes wrong may be one that nothing shows any more
	case r.Demands != nil && r.Demands.Server != "" && verdicts.Pools() == 0: // of what is not kept apart some may be its
		return pool.NotKnown
	case r.Totals.Segments == 0 && r.Totals.Unread+r.Totals.Filtered > 0: // nothing was seen, but there may be something
		return pool.NotKnown
	}
	return verdicts.Whole()
}

func capture(r *Result) report.Capture {
	t := &r.Totals
	c := report.Capture{Files: t.Files, Packets: t.Packets, Filtered: t.Filtered, Segments: t.Segments, Unread: t.Unread,
		Bytes: t.Bytes, QUICPackets: t.QUICPackets, Loopback: t.Loopback, Vantage: vantage(r),
		MissingBytes: r.Lost.Missing.N, OneClient: r.OneClient, Redacted: r.Redacted}
	if t.Timed {
		start, end := report.Instant(t.Start), report.Instant(t.End)
		c.Start, c.End = &start, &end
	}
	for _, p := range t.Problems {
		c.Problems = append(c.Problems, report.Problem(p))
	}
	if r.Redacted {
		hideFiles(&c)
	}
	for _, o := range t.Others {
		c.Others = append(c.Others, report.Other(o))
	}
	for _, p := range problems(r) {
		if p.Count > 0 {
			c.Problems = append(c.Problems, p)
		}
	}
	return c
}

// hideFiles puts stand-ins for the names of files: they tell of whom and of what a capture is.
func hideFiles(c *report.Capture) {
	shown := make([]string, len(c.Files))
	for i, name := range c.Files {
		shown[i] = fmt.Sprintf("file-%d", i+1)
		for k := range c.Problems {
			c.Problems[k].Text = strings.ReplaceAll(c.Problems[k].Text, name, shown[i])
		}
	}
	c.Files = shown
}

// vantage is what most handshakes say.
func vantage(r *Result) report.Vantage {
	best, n := report.UnknownVantage, int64(0)
	for _, v := range []report.Vantage{report.AtClient, report.AtServer, report.InTheMiddle, report.AtBoth} {
		if r.Vantages[v] > n {
			best, n = v, r.Vantages[v]
		}
	}
	if r.Totals.Loopback && n > 0 {
		return report.AtBoth
	}
	return best
}

// totals adds up pools.
func totals(r *Result, pools []*pool.Pool, verdicts *pool.Verdicts) report.Totals {
	var sums pool.Sums
	for _, p := range pools {
		sums.Add(&p.Sums)
	}
	return report.Totals{
		Connections: sums.Connections, Used: sums.Used, Unused: sums.Unused, ServerEnded: sums.ServerEnded,
		Transactions: sums.Transactions, Reused: sums.Reused, Promised: sums.Promised, Shared: sums.Shared,
		Needed: sums.Needed, Avoidable: sums.Avoidable,
		PerhapsAvoidable: sums.PerhapsAvoidable, PerhapsNeeded: sums.PerhapsNeeded.Sum(),
		Causes: sums.Causes.Map(), Findings: r.Findings.Counts.Of,
		FindingsAtLeast: slices.Sorted(maps.Keys(r.Findings.Counts.Cut)), Ignored: r.Lost.Ignored,
		Verdicts: verdicts.Map(), Inexact: verdicts.Inexact(),
	}
}

// poolRecord writes p down.
func poolRecord(p *pool.Pool) *report.Pool {
	r := &report.Pool{
		ID: p.ID, Client: p.Client.String(), Name: p.Name, TLS: p.TLS, UserAgent: p.Agent, FirstPacket: p.FirstPacket,
		Connections: p.Connections, Unused: p.Unused, Speculative: p.Speculative, Used: p.Used,
		ServerEnded: p.ServerEnded, OldEnds: p.OldEnds, Peak: p.Peak,
		Transactions: p.Transactions, ReusedCount: p.Reused, Promised: p.Promised, SaidKeepAlive: p.SaidKeepAlive, Shared: p.Shared,
		Needed: p.Needed, Avoidable: p.Avoidable, PerhapsAvoidable: p.PerhapsAvoidable, PerhapsNeeded: p.PerhapsNeeded.Sum(),
		Causes: p.Causes.Map(), Verdict: p.Verdict, WithheldBecause: p.WithheldBecause,
		ColdRoundTrips: p.Cold.RoundTrips, SavedRoundTrips: p.Saved.RoundTrips,
	}
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
	if closes := p.ServerCloses(); len(closes.Longest) > 0 {
		r.ServerClosed = seconds(closes.Min.For)
	}
	if w := p.Warmths; w != (event.Warmths{}) {
		r.Warmth = map[report.Warmth]int64{report.Cold: w.Cold, report.Warm: w.Warm, report.Cooled: w.Cooled}
	}
	if p.Used == 0 && p.Opaque > p.Snapped {
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
		r.Curve = append(r.Curve, report.CurvePoint{IdleKept: c.IdleKept, Connections: c.Connections,
			IdleTimeout: report.Seconds(c.IdleTimeout)})
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

// doubtConcurrent takes certainty from a connection opened because all were in use, in a pool of which the
// capture turned out to lack bytes that the server sent.
func doubtConcurrent(o *report.OpenedBecause) {
	if o.Cause == pool.Concurrent && o.Confidence == pool.Certain {
		o.Confidence, o.Text = pool.Likely, pool.MayBeFree
	}
}

// doubtNeeded takes certainty from a connection that was needed, in a pool whose connections turned out to have bytes in
// two versions: what it was needed for rests on all that was read there. It says so whether that was known when the
// connection was judged or not.
func doubtNeeded(o *report.OpenedBecause) {
	if o.Cause.Avoidable() {
		return
	}
	if o.Confidence == pool.Certain {
		o.Confidence = pool.Likely
	}
	o.Text += "; but segments of the pool's connections may be forged, or repeat other bytes at the same sequence numbers"
}

// OpenedBecause returns d as a report has it.
func OpenedBecause(d *pool.Decision) *report.OpenedBecause {
	o := &report.OpenedBecause{Cause: d.Cause, InsteadOf: d.InsteadOf, Confidence: d.Confidence, Packets: d.Packets(),
		Text: d.Text(), RefutedBy: d.RefutedBy(), Provoked: d.Provoked(), LeftInUse: d.LeftInUse()}
	if d.HasIdle {
		o.Idle = seconds(max(0, d.Idle))
	}
	return o
}

func finding(f verdict.Found) report.Finding {
	kind, _ := verdict.Lookup(f.ID)
	e := kind.Explanation()
	return report.Finding{ID: f.ID, Title: kind.Title, Confidence: f.Confidence, Connections: f.Connections, Pool: f.Pool,
		Packets: f.Packets, Text: f.Text, RefutedBy: e.RefutedBy, Remedy: e.Remedy}
}

func expectation(h verdict.Held) report.Expectation {
	e := report.Expectation{Text: h.Text, Measured: h.Measured.String(), Note: h.Note}
	if h.OK {
		e.Held = &h.Held
	}
	if !math.IsInf(h.Measured.High, 0) {
		e.Low, e.High = &h.Measured.Low, &h.Measured.High
	}
	return e
}

// Cold finds what it cost that a connection, which d says was avoidable, began cold: t is its
// first transaction, opened its first packet.
func Cold(t *report.Transaction, d *pool.Decision, opened int64) (c verdict.ColdStart, ok bool) {
	w := t.WindowAtStart
	if !t.Complete || t.Warmth != report.Cold || w == nil {
		return c, false
	}
	return verdict.ColdStart{Conn: d.Conn, InsteadOf: d.InsteadOf, Opened: opened, Start: t.StartPacket, Rounds: t.Rounds,
		Content: max(t.RequestBytes, t.ResponseBytes), Window: w.Best}, true
}
