package engine

import (
	"context"
	"fmt"

	"tcpwarm/analyze/plural"
	"tcpwarm/capture/segment"
)

// A Sized source knows how large it is.
type Sized interface {
	// Progress returns how many bytes have been read and how many there are, 0 if that
	// is not known.
	Progress() (read, size int64)
}

// An Interrupted says how far Run had come when its context ended.
type Interrupted struct {
	Packets int64 // read
	Share   int64 // of the input, in percent; -1 if its size is not known
	Err     error // the context's
}

func interrupted(ctx context.Context, src Source, packets int64) *Interrupted {
	i := &Interrupted{packets, -1, ctx.Err()}
	if s, ok := src.(Sized); ok {
		if read, size := s.Progress(); size > 0 {
			i.Share = min(100, 100*read/size)
		}
	}
	return i
}

// Error says after how much it was.
func (i *Interrupted) Error() string {
	packets := plural.Count(i.Packets, "packet")
	if i.Share < 0 {
		return "interrupted after " + packets
	}
	return fmt.Sprintf("interrupted after %d %% of the input (%s)", i.Share, packets)
}

// Unwrap returns the context's error.
func (i *Interrupted) Unwrap() error { return i.Err }

// Problem returns i as a problem.
func (i *Interrupted) Problem() segment.Problem {
	return segment.Problem{Kind: segment.Interrupted, Count: 1, Text: i.Error()}
}
