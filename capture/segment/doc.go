// Package segment holds the words every other package shares: what a captured
// TCP segment is, its sequence numbers, the key of the connection it belongs to,
// the time it was captured, and what was wrong with a capture.
//
// It imports nothing of this module, and decides only which problems leave nothing
// that could pass. A segment comes out of package capture, or of a packet script,
// and is read, never written, by package analyze.
package segment
