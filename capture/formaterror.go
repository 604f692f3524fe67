package capture

import (
	"errors"
	"fmt"
	"io"
)

// A FormatError is a capture that could not be read further.
type FormatError struct {
	File   string
	Packet int64 // packets read before it, over all files
	Offset int64 // bytes from the start of the file, uncompressed
	Err    error
}

func (e *FormatError) Error() string {
	if e.Packet == 0 && e.Offset == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s: after packet %d, offset %d: %v", e.File, e.Packet, e.Offset, e.Err)
}

// Unwrap returns what was wrong.
func (e *FormatError) Unwrap() error { return e.Err }

// errCut says that a file ends within a record.
var errCut = errors.New("the file is cut short")

// cut turns an end where none is due into errCut.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}
