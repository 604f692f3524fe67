package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/redact"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// A Source gives captured segments in the order of the capture.
type Source interface {
	// Fill replaces b's segments with the next ones. At the end it returns
	// io.EOF, where the capture cannot be read further another error; b holds
	// what came before either. What b's segments point to stays until b is
	// filled again.
	Fill(b *segment.Batch) error
	// Totals returns what was seen so far.
	Totals() segment.Totals
}

// Options say how to analyse. The zero value is usable.
type Options struct {
	Workers int // goroutines that follow connections, at most as many as shards; 0: as many as processors. Never changes the result
	Limits  Limits
	Keys    *tls.Keys        // opens TLS, beside the secrets that the capture holds; nil: none
	Demands *verdict.Demands // what the report is held against; nil: nothing

	Ignore    transaction.Patterns // transactions that are shown and not judged
	OneClient bool                 // all client addresses, and all behind them, are one client's
	Redact    *redact.Redactor     // puts stand-ins for addresses and names and leaves targets out; nil: all is shown

	// Again, where set, opens the capture once more: where not all connections can be kept in
	// full, it is read again for those that the worst pools' blame rests on.
	Again func() (Source, error)

	// Series, where set, gets how congestion windows grow, as CSV.
	Series io.Writer

	// Samples, where set, is called with the same, in the order of the CSV's lines: of a connection,
	// by its ID, what one side sent. They are its own only until it returns.
	Samples func(connection int64, byClient bool, list []tcp.Sample)

	// Steps, where set, is called with what time-sequence graphs of a connection show, by its ID: of both sides,
	// in the order of the capture. There is nothing of a connection of few segments, none of them unusual, nor of one that
	// is not judged.
	// They are its own only until it returns.
	Steps func(connection int64, client segment.Dir, list []tcp.Step)

	// Judged, where set, tells whether a connection is judged: one of a command's, which
	// at each of its addresses is one client. The others are kept in the report and
	// counted, no more.
	Judged func(client, server segment.Endpoint) bool

	// Watch, where set, is called with each opening of a used connection as soon as
	// its cause is known, in a fixed order, by another goroutine than Run's.
	Watch func(*pool.Decision)

	// VerdictChanged, where set, is called likewise when a pool's verdict has changed, as far as
	// it stands then: what it was, "" at first, and what it is.
	VerdictChanged func(p *pool.Pool, now segment.Time, was, is pool.Verdict)

	// Standing, where set, is called likewise after each batch, also where there is none while a
	// capture goes on: j.Standing and j.Evicted tell then how all stands, found what was found so far
	// on connections that have ended.
	Standing func(j *pool.Judge, found verdict.Counts)

	// Happened, where set, is called likewise with what has happened on each connection that is judged,
	// in the order of that connection's packets: first that it was opened, with e nil. Neither may be kept.
	Happened func(o *event.Opening, e *event.Event)

	// Final, where set, is called with each connection once nothing of it can
	// change, in a fixed order; such connections are then not kept in the report.
	Final func(*report.Connection) error
}

// Run reads src to its end and reports. If src fails, or ctx is cancelled, the
// report holds what was learned until then, has a problem that says so, and comes with
// the error: of a context an *Interrupted, of this program a *Fault.
func Run(ctx context.Context, src Source, o Options) (*report.Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Workers = min(o.Workers, shards) // more would have nothing to do, and each takes its memory
	o.Limits.setDefaults()
	r := newReader(src, o)
	err := r.run(ctx)
	totals := src.Totals()
	switch {
	case errors.Is(err, io.EOF):
		err = nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		err = interrupted(ctx, src, totals.Packets)
	}
	if err != nil {
		totals.Problems = append(slices.Clip(totals.Problems), segment.ProblemOf(err))
	}
	if s := r.collector.series; s != nil {
		if serr := s.Close(); serr != nil {
			serr = &segment.WriteError{Err: fmt.Errorf("series: %w", serr)}
			totals.Problems = append(slices.Clip(totals.Problems), segment.ProblemOf(serr))
			err = cmp.Or(err, serr)
		}
	}
	r.forget()
	r.collector.conclude(totals)
	if fault := r.faults.err(); fault != nil {
		totals.Problems = append(slices.Clip(totals.Problems), segment.ProblemOf(fault))
		err = cmp.Or(err, fault)
	}
	rep, ferr := r.collector.report(ctx, totals)
	return rep, cmp.Or(err, ferr)
}
