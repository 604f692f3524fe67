package analyze

import (
	"context"

	"tcpwarm/analyze/engine"
	"tcpwarm/analyze/report"
)

// A Source gives captured segments in the order of the capture.
type Source = engine.Source

// A Sized source knows how large it is.
type Sized = engine.Sized

// Options say how to analyse. The zero value is usable.
type Options = engine.Options

// Limits bound everything that grows. Each one that is reached is counted and
// shown in the report.
type Limits = engine.Limits

// DefaultMemory is Limits.Memory where nobody says otherwise, in bytes.
const DefaultMemory = engine.DefaultMemory

// A Fault is an error of this program that a capture has brought about.
type Fault = engine.Fault

// An Interrupted says how far Run had come when its context ended.
type Interrupted = engine.Interrupted

// Run reads src to its end and reports. If src fails, or ctx is cancelled, the
// report holds what was learned until then, has a problem that says so, and comes with
// the error: of a context an *Interrupted, of this program a *Fault.
func Run(ctx context.Context, src Source, o Options) (*report.Report, error) {
	return engine.Run(ctx, src, o)
}
