// Package tcp keeps what an observer can know of one half of a TCP connection:
// sequence state, flight, resends, round-trip times, and the receive window the
// other side is offered.
//
// Segments of both directions come in, in capture order; numbers stay in Half. A Sender
// goes on from there: it estimates the congestion window of the side that sends.
// It holds no payload and knows no protocol above TCP.
package tcp
