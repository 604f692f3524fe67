// Package tcp keeps what an observer can know of one half of a TCP connection:
// sequence state, flight, resends, round-trip times, and the receive window the
// other side is offered.
//
// Segments of both directions come in, in capture order; numbers stay in Half. A Sender
// goes on from there: it estimates the congestion window of the side that sends.
// It holds no payload and knows no protocol above TCP.
//
// What is where, of one half:
//
//   - half.go has SND.UNA, SND.NXT and what is in flight (ring.go holds the segments); rtt.go round trips,
//     window.go the window that is offered, unacked.go what is sent again and again.
//   - acceptable.go says which segments can be the connection's; synack.go which of two SYN-ACKs counts; reset.go
//     what a RST and a challenge ACK are worth; origin.go whether TTL and IP ID are the half's own.
//   - handshake.go tells from the handshake where the capture was made, and moves times to the client's clock.
//   - steps.go is what a time-sequence graph shows.
//
// Of the sender:
//
//   - senderview.go puts data and ACKs in the order in which their sender saw them, by stamps (senderclock.go) or, without
//     these, by what is lost (firsthole.go); sender.go takes them, and burst.go looks at what each ACK let out: that is where
//     the window shows.
//   - slowstart.go ends slow start, avoidance.go grows the window after it where that does not show, loss.go reduces it,
//     scoreboard.go counts what is in flight then (ranges.go), undo.go takes a reduction back; rto.go is the timeout.
//   - idle.go halves the window after idling, and knows how a transaction found it; bbr.go and clock.go are of
//     senders that pace; mss.go is the size of segments.
//   - estimate.go says what is known, and how surely; sample.go and sums.go keep how it went; stalls.go watches the
//     sender wait.
package tcp
