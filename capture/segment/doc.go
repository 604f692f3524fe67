// Package segment holds the words every other package shares: what a captured
// TCP segment is, its sequence numbers, the key of the connection it belongs to,
// and the time it was captured.
//
// It decides nothing and imports nothing of this module. A segment comes out of
// package capture and is read, never written, by package analyze.
package segment
