// Package http1 reads HTTP/1 messages from one direction of a connection.
//
// Bytes come in, in order, cut anywhere, with gaps of known length; heads and
// ends of messages go out to a Sink. Bodies are stepped over, never kept. A
// Parser is fed from one goroutine, never blocks and never keeps what it is
// given; it allocates only while its buffer for heads grows.
//
// It reads what was sent, not what should have been: whatever a server or a
// client would take for a message is one, however sloppy.
package http1
