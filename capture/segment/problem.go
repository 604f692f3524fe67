package segment

import (
	"errors"
	"slices"
)

// A Problem is a counted reason why part of a capture was not used, or a limit
// that was reached. It never stops the analysis.
type Problem struct {
	Kind        string // stable: lower case words joined by hyphens
	Count       int64
	FirstPacket int64  // number of the first packet concerned, 0 if none
	Text        string // one line for people
}

// Kinds of what was met and is not read: there is one problem for each protocol or link
// type, which its text names.
const (
	NotRead         = "not-read"
	UnknownLinkType = "unknown-link-type"
)

// Kinds of problems that leave out packets which were to be judged, or mix up their order,
// or leave out a file that was to be written.
const (
	FilesOverlap  = "files-overlap"   // files are no parts of one capture
	KernelDropped = "kernel-dropped"  // packets that were lost before the capture could take them
	FileCutShort  = "file-cut-short"  // a file ends within a record
	NotReadable   = "not-readable"    // a file or an interface cannot be read further
	InterfaceGone = "interface-gone"  // it went down, or away
	Interrupted   = "interrupted"     // by a signal, before all was read
	NotWritten    = "not-written"     // a file that was asked for
	InternalError = "internal-error"  // of tcpwarm itself: what it concerned was given up
	OwnerNotKnown = "owner-not-known" // connections of a command that are not told from others'
)

var lacking = []string{
	FilesOverlap, KernelDropped, FileCutShort, NotReadable, InterfaceGone, Interrupted, NotWritten, InternalError, OwnerNotKnown,
}

// Lacking reports whether a problem of this kind means that not all was done that
// was asked for: then nothing passes, for no verdict can rest on what is not there, or
// not in its place.
func Lacking(kind string) bool { return slices.Contains(lacking, kind) }

// ProblemOf returns the problem that an error is which ended the reading of a
// capture.
func ProblemOf(err error) Problem {
	var p interface{ Problem() Problem }
	if errors.As(err, &p) {
		return p.Problem()
	}
	return Problem{Kind: NotReadable, Count: 1, Text: err.Error()}
}

// A WriteError is a file that could not be written.
type WriteError struct{ Err error }

// Error says what went wrong.
func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *WriteError) Unwrap() error { return e.Err }

// Problem returns e as a problem.
func (e *WriteError) Problem() Problem {
	return Problem{Kind: NotWritten, Count: 1, Text: e.Error()}
}
