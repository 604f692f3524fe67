package engine

import (
	"context"
	"slices"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/build"
	"tcpwarm/analyze/report/series"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A collector takes the workers' output, has the pools judged and keeps records: whatever
// needs more than one connection happens here. It is one goroutine, but for what the judge
// does with one shard of clients beside another.
type collector struct {
	o      Options
	faults *faults
	clock  segment.Time

	judgement
	records
	scratch
}

// A judgement is what the collector judges.
type judgement struct {
	judge     *pool.Judge
	judging   []judging    // by goroutine that judges
	advanced  segment.Time // clock when the pools last decided
	client    segment.Addr // of the first connection, where all are one client's
	findings  *verdict.Collector
	sightings synSightings
}

// Records are what the collector keeps for the report.
type records struct {
	full         bool  // no more transactions are kept
	seq          int64 // the latest ID that was given
	kept         []*report.Connection
	transactions int                          // kept
	memory       int64                        // bytes of what is kept
	undecided    map[int64]*report.Connection // finished, but why they were opened is not final
	unfinished   unfinished                   // the other way round
	placed       []build.Placed
	vantages     map[tcp.Vantage]int64
	blamed       blamed
	lost         build.Lost
	series       *series.Writer // nil: nobody wants it
	err          error          // of Options.Final
}

// A scratch is room that serves again.
type scratch struct {
	order   packetOrder
	begun   [][]opened
	ended   [][]ended
	fetched int // what prefetch comes to: kept, or the compiler would leave it out
}

func newCollector(o Options, f *faults) *collector {
	k := &collector{o: o, faults: f}
	k.sightings.Most = maxSightings
	k.judge, k.findings = pool.New(o.Limits.PendingPerPool), verdict.NewCollector(o.Limits.FindingsPerID)
	k.undecided, k.unfinished = map[int64]*report.Connection{}, unfinished{map[int64]pool.PackedDecision{}, map[int64]*pool.Decision{}}
	k.vantages = map[tcp.Vantage]int64{}
	k.blamed.most = int(max(64, min(maxBlamed, o.Limits.share(blamedShare)/blamedMemory)))
	k.judge.KeepPools = min(o.Limits.KeptPools, max(64, int(o.Limits.share(poolsShare)/poolMemory)))
	k.judge.KeepIdle = max(1024, int(o.Limits.share(idleShare)/idleMemory))
	k.judge.KeepMemory = max(int(o.Limits.share(poolsShare+idleShare)), 2*k.judge.KeepPools*poolMemory, k.judge.KeepIdle*idleMemory)
	k.judge.TrackVerdicts = o.VerdictChanged != nil
	k.judging = make([]judging, o.Workers)
	if o.Series != nil {
		k.series = series.NewWriter(o.Series)
	}
	return k
}

// What a pool takes, with its client and a few names, and what an idle connection does that an
// ideal client keeps: about so many bytes.
const (
	poolMemory = 3 << 10
	idleMemory = 512
)

// take handles the output for one batch: first what was opened, then what happened, shard by
// shard, last what has ended.
func (k *collector) take(b *batch) {
	k.clock = max(k.clock, b.clock)
	k.takeOpened(b)
	k.judgeEvents(b)
	k.faults.guard(func() { k.tellEvents(b) })
	k.faults.guard(func() { k.writeSamples(b) })
	k.faults.guard(func() { k.tellSteps(b) })
	gaveUp := k.lost.GaveUp
	k.takeEnded(b)
	k.faults.guard(k.decide)
	k.faults.guard(k.tellVerdicts)
	if k.o.Standing != nil {
		k.faults.guard(func() { k.o.Standing(k.judge, k.findings.Counts) })
	}
	b.full, b.none, b.live = k.full, k.keepsNone(), k.liveShare(b)
	b.short = k.lost.GaveUp-gaveUp >= manyGivenUp>>b.fewer
}

// liveShare returns how many bytes connections may take that have not ended: what their pools leave of what both may take
// together, or where both take more, as large a part of it as they have of what both take. Of a pool nothing can go as long as
// a connection of it is open, and with each connection that is given up some of its pool goes too.
func (k *collector) liveShare(b *batch) int {
	taken := 0
	for i := range b.output {
		taken += b.output[i].taken
	}
	return liveOf(taken, k.judge.MemoryOfOpen(), int(k.o.Limits.share(liveShare)), int(k.o.Limits.share(poolsShare)))
}

// liveOf is liveShare where connections take so much now, and their pools so much, by the shares of both.
func liveOf(taken, pools, liveShare, poolsShare int) int {
	most := liveShare + poolsShare/2 // the rest is for pools of which nothing is open
	part := int(int64(taken) * int64(most) / int64(max(1, taken+pools)))
	return max(shards, min(liveShare, max(part, most-pools)))
}

// takeOpened takes over what the workers have seen begin.
func (k *collector) takeOpened(b *batch) {
	k.begun = k.begun[:0]
	for i := range b.output {
		k.begun = append(k.begun, b.output[i].opened)
	}
	inPacketOrder(k, k.begun, k.open)
}

// open numbers a connection, and once its client is known decides whether it is to be
// judged.
func (k *collector) open(o *opened) {
	h := o.handle
	if o.client && k.sightings.natDuplicate(h) {
		h.mark(duplicate)
		return
	}
	k.number(h)
	if o.client && k.o.Judged != nil {
		if !k.o.Judged(h.Key.Sender(h.Client), h.Key.Sender(1-h.Client)) {
			h.mark(foreign)
		}
	}
}

// number gives a connection its ID with its first event: they are in order of first packet.
func (k *collector) number(h *handle) {
	if h.id() == 0 {
		k.seq++
		h.number(k.seq)
	}
}

// takeEnded takes over what the workers are done with.
func (k *collector) takeEnded(b *batch) {
	k.ended = k.ended[:0]
	for i := range b.output {
		w := &b.output[i]
		k.ended = append(k.ended, w.ended.chunks...)
		k.lost.Late.Add(w.late.N, w.late.First)
		k.lost.Unacceptable.Add(w.unacceptable.N, w.unacceptable.First)
		k.lost.Inconsistent.Add(w.inconsistent.N, w.inconsistent.First)
	}
	inPacketOrder(k, k.ended, k.end)
}

func (k *collector) end(e *ended) {
	if e.gaveUp {
		k.lost.GaveUp++
	}
	k.sightings.ends(e.handle, e.facts.Transactions)
	if e.handle.is(duplicate) {
		k.lost.Duplicates.Add(1, e.handle.First.Packet)
	} else {
		k.finish(e)
	}
	freeHandles.Put(e.handle)
}

// finish takes over a connection its worker is done with.
func (k *collector) finish(e *ended) {
	id, first := e.handle.id(), e.handle.First.Packet
	k.vantages[e.vantage]++
	k.lost.Overflows += e.overflows
	k.lost.Ignored += e.ignored
	k.lost.Missing.Add(e.facts.Missing, first)
	if e.facts.OneWay {
		k.lost.OneWay.Add(1, first)
	}
	if e.handle.is(foreign) {
		k.lost.Foreign++
	} else {
		e.facts.ID = id
		k.findings.Connection(&e.facts)
	}
	none := k.keepsNone()
	fits := k.o.Final != nil || !none && !k.full && k.transactions+e.kept <= k.o.Limits.KeptTransactions &&
		k.memory+int64(e.record.Memory()) <= k.mostMemory()
	if fits {
		k.lost.Transactions += int64(e.unkept)
		k.transactions += e.kept
	} else {
		k.full = true
		k.lost.Transactions += e.facts.Transactions
	}
	d := k.unfinished.take(k.judge, id)
	if none {
		k.lost.Connections++
		if d != nil {
			k.judge.Done(d)
		}
		return
	}
	r := e.record
	if r.ID, r.Other = id, e.handle.is(foreign); !fits {
		r.Forget()
	}
	k.keep(r, d)
}

// keepsNone reports whether no connection that finishes from now on is kept.
func (k *collector) keepsNone() bool {
	return k.o.Final == nil && (len(k.kept) >= k.o.Limits.KeptConnections || k.memory >= k.mostMemory())
}

// mostMemory returns how many bytes the connections may take that are kept.
func (k *collector) mostMemory() int64 { return k.o.Limits.share(keptShare) }

// keep keeps r. d is why its connection was opened, nil while that is not known.
func (k *collector) keep(r *report.Connection, d *pool.Decision) {
	if k.o.Final == nil {
		k.kept = append(k.kept, r)
		k.memory += int64(r.Memory())
	}
	switch {
	case d != nil:
		k.decided(r, d)
	case r.TransactionCount > 0 && !r.Other:
		k.undecided[r.ID] = r
	default:
		k.final(r)
	}
}

// decided writes into r why its connection was opened. Nothing of r changes
// any more.
func (k *collector) decided(r *report.Connection, d *pool.Decision) {
	r.OpenedBecause = build.OpenedBecause(d)
	if list := r.Judged(); d.Cause.Avoidable() && len(list) > 0 {
		if cold, ok := build.Cold(list[0], d, r.FirstPacket); ok {
			k.findings.ColdStart(&cold)
		}
	}
	if k.o.Final == nil {
		k.placed = append(k.placed, build.Placed{Record: r, Pool: d.Pool})
	}
	k.judge.Done(d)
	k.final(r)
}

func (k *collector) final(r *report.Connection) {
	if k.o.Final != nil && k.err == nil {
		k.err = k.o.Final(r)
	}
}

// decide takes the decisions that have become final to their records.
func (k *collector) decide() {
	k.judge.Decisions(func(d *pool.Decision) {
		if k.o.Watch != nil {
			k.o.Watch(d)
		}
		k.blamed.note(d)
		switch r := k.undecided[d.Conn]; {
		case r != nil:
			k.decided(r, d)
			delete(k.undecided, d.Conn)
		case k.keepsNone():
			k.judge.Done(d)
		default:
			k.unfinished.add(k.judge, d)
		}
	})
}

// tellVerdicts tells of the pools whose verdicts have changed, after the openings that have
// changed them.
func (k *collector) tellVerdicts() {
	k.judge.VerdictChanges(func(t *pool.VerdictChange) { k.o.VerdictChanged(t.Pool, t.Now, t.Was, t.Is) })
}

// writeSamples writes how windows have grown, in one order however many workers there are.
func (k *collector) writeSamples(b *batch) {
	if k.series == nil && k.o.Samples == nil {
		return
	}
	var all []samplesOf
	for i := range b.output {
		all = append(all, b.output[i].samples...)
	}
	slices.SortStableFunc(all, func(a, b samplesOf) int { return a.before(b.instant) })
	for i := range all {
		s := &all[i]
		if k.o.Samples != nil {
			k.o.Samples(s.handle.id(), s.dir == s.handle.Client, s.list)
		}
		if k.series == nil {
			continue
		}
		from, to := s.handle.Key.Sender(s.dir), s.handle.Key.Sender(1-s.dir)
		if s.dir == s.handle.Client {
			from = k.o.Redact.Client(from)
		} else {
			to = k.o.Redact.Client(to)
		}
		k.series.Write(s.handle.id(), from, to, s.list)
	}
}

// tellSteps hands on what time-sequence graphs show, in one order however many workers there are.
func (k *collector) tellSteps(b *batch) {
	if k.o.Steps == nil {
		return
	}
	var all []stepsOf
	for i := range b.output {
		all = append(all, b.output[i].steps...)
	}
	slices.SortStableFunc(all, func(a, b stepsOf) int { return a.before(b.instant) })
	for _, s := range all {
		if !s.handle.is(duplicate | foreign) {
			k.o.Steps(s.handle.id(), s.handle.Client, s.list)
		}
	}
}

// conclude takes the last decisions: nothing happens any more.
func (k *collector) conclude(t segment.Totals) {
	for _, p := range t.Problems {
		switch p.Kind {
		case segment.KernelDropped:
			k.judge.WithheldBecause = "the kernel dropped packets of the capture"
		case segment.OwnerNotKnown:
			k.judge.WithheldBecause = "some of the command's connections are not told from others'"
		}
	}
	if k.sightings.unproven {
		k.judge.WithheldBecause = "what was taken for a second capture of a connection has carried more than that: its SYN may be forged"
	}
	k.faults.guard(k.judge.Finish)
	k.faults.guard(k.decide)
}

// report puts everything together, once all is concluded.
func (k *collector) report(ctx context.Context, t segment.Totals) (*report.Report, error) {
	pools := k.judge.Pools()
	alone := k.evidence(ctx, pools)
	k.findings.Conclude(pools)
	r := &build.Result{Totals: t, Connections: k.kept, Placed: k.placed, Alone: alone,
		Pools: pools, Number: k.judge.PoolID, Findings: k.findings,
		Demands: k.o.Demands, Vantages: k.vantages, Lost: k.lost, Forced: k.judge.DecidedEarly(),
		KeptConnections: k.o.Limits.KeptConnections, KeptPools: k.judge.KeepPools, KeptTransactions: k.o.Limits.KeptTransactions,
		Memory:    k.o.Limits.Memory,
		OneClient: k.o.OneClient, Redacted: k.o.Redact != nil}
	r.Evicted, r.EvictedVerdicts = k.judge.Evicted()
	r.Lost.Pools = r.EvictedVerdicts.Pools()
	return build.Report(r), k.err
}
