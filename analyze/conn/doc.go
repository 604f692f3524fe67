// Package conn follows one TCP connection.
//
// Its segments come in, in capture order; what happens on it goes to a Sink: who the client
// is, requests, responses, how it was closed, how windows grew. Read conn.go first: Segment is
// the one place where the order of steps is written, and it knows no goroutine, no batch and
// no report. env.go says what a connection is given and to whom it tells; handshake.go tells
// who the client is and which SYN begins another connection, close.go what ends it, tracker.go
// turns the application's transactions into events, outcome.go decides what became of those
// that did not end, window.go feeds the estimate of the congestion window, tunnel.go looks
// into a CONNECT or an upgraded connection, goaway.go hears what HTTP/2 says of its own end,
// record.go keeps transactions for the report.
//
// One connection never needs another: that is package pool's.
package conn
