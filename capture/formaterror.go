package capture

import (
	"errors"
	"fmt"
	"io"

	"tcpwarm/capture/segment"
)

// A FormatError is a capture that could not be read further.
type FormatError struct {
	File   string
	Packet int64 // packets read before it, over all files
	Offset int64 // bytes from the start of the file, uncompressed
	Err    error
}

// Error says what is wrong, and where in the file.
func (e *FormatError) Error() string {
	if e.Packet == 0 && e.Offset == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s: after packet %d, offset %d: %v", e.File, e.Packet, e.Offset, e.Err)
}

// Unwrap returns what was wrong.
func (e *FormatError) Unwrap() error { return e.Err }

// Problem returns e as a problem: of the packet that could not be read.
func (e *FormatError) Problem() segment.Problem {
	p := segment.Problem{Kind: segment.NotReadable, Count: 1, FirstPacket: e.Packet + 1, Text: e.Error()}
	if errors.Is(e.Err, errCut) {
		p.Kind = segment.FileCutShort
	}
	return p
}

// errCut says that a file ends within a record.
var errCut = errors.New("the file is cut short")

// cut turns an end where none is due into errCut.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}
