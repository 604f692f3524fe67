// Package conn follows one TCP connection.
//
// Its segments come in, in capture order; what happens on it goes to a Sink: who the client is,
// requests, responses, how it was closed, how windows grew. Read conn.go first: Segment is the
// one place where the order of steps is written, and it knows no goroutine, no batch and no
// report. env.go says what a connection is given and to whom it tells; handshake.go tells who the
// client is and which SYN begins another connection, close.go what ends it, finished.go which
// late segments are its own, tracker.go turns the application's transactions into events,
// outcome.go decides what became of those that did not end, window.go feeds the estimate of the
// congestion window, tunnel.go looks into a CONNECT or an upgraded connection, goaway.go hears
// what HTTP/2 says of its own end, record.go keeps transactions for the report.
//
// One connection never needs another: that is package pool's.
//
// What a segment of data and the ACK that answers it meet on a connection of HTTP/1, in this order:
//
//	conn.go             Segment: the order of the steps, and a Half for each direction
//	tcp/acceptable.go   whether it can be the connection's
//	tcp/half.go         SND.NXT and SND.UNA
//	tcp/senderview.go   when its sender saw it
//	tcp/sender.go       what that says of the congestion window
//	stream/stream.go    its bytes in order: they come back by stream.Sink, to conn.go
//	app/layer.go        which protocol they are of
//	transaction/pair.go feeds the parser of each side, and pairs what that finds
//	app/http1/parser.go heads and bodies
//	tracker.go          what the Sink is told of that
//
// A FIN or a RST goes to close.go besides.
//
// Each calls upon files beside it that are named after one rule: synack.go, rto.go, bbr.go, body.go. Below this package
// everything goes up by an interface that the lower one declares: stream.Sink, http1.Sink, transaction.Handler, app.Owner.
// There is no goroutine, channel or lock on the way, but for the one of a TLS
// key log, which several workers ask.
package conn
