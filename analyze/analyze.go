package analyze

import (
	"context"

	"tcpwarm/analyze/engine"
	"tcpwarm/analyze/report"
)

// A Source gives captured segments in the order of the capture.
type Source = engine.Source

// Options say how to analyse. The zero value is usable.
type Options = engine.Options

// Limits bound everything that grows. Each one that is reached is counted and
// shown in the report.
type Limits = engine.Limits

// A Fault is an error of this program that a capture has brought about.
type Fault = engine.Fault

// Run reads src to its end and reports. If src fails, or ctx is cancelled, the
// report holds what was learned until then and comes with the error.
func Run(ctx context.Context, src Source, o Options) (*report.Report, error) {
	return engine.Run(ctx, src, o)
}
