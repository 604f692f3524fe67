package tcp

import (
	"time"

	"tcpwarm/capture/segment"
)

// sameMachine is a bound on handshakes that never left the machine: what they show is the
// time that its scheduler took, not a path's.
const sameMachine = 200 * time.Microsecond

// A Handshake holds the three segments that open a connection (RFC 9293 section 3.5),
// where the capture has them: a mark with packet 0 was not seen. The gaps between them
// tell where on the path the capture was made.
type Handshake struct {
	SYN, SYNACK, ACK segment.Mark // the latest SYN before the answer, the first SYN-ACK, the client's first ACK
	SYNResent        bool         // the client has sent its SYN again
	SYNData          bool         // the SYN carried data (RFC 7413) ...
	SYNDataTaken     bool         // ... and the server has taken some: fast open
}

// RTTs returns the handshake's two gaps: from the capture to the server and back, and
// from the capture to the client and back. Each is 0 where it was not seen.
func (h *Handshake) RTTs() (toServer, toClient time.Duration) {
	if h.SYN.Packet != 0 && h.SYNACK.Packet != 0 {
		toServer = max(0, h.SYNACK.Time.Sub(h.SYN.Time))
	}
	if h.SYNACK.Packet != 0 && h.ACK.Packet != 0 {
		toClient = max(0, h.ACK.Time.Sub(h.SYNACK.Time))
	}
	return toServer, toClient
}

// ClientClockOffset is how far the client's clock is from the capture's: half the time
// from SYN-ACK to ACK. It is 0 where the capture was made at the client, and within one
// machine.
func (h *Handshake) ClientClockOffset() time.Duration {
	toServer, toClient := h.RTTs()
	if toServer+toClient < sameMachine || toClient < toServer/8 {
		return 0
	}
	return toClient / 2
}

// A Vantage is where on the path a capture was made.
type Vantage string

// The vantages.
const (
	AtClient       Vantage = "client"
	AtServer       Vantage = "server"
	InTheMiddle    Vantage = "middle"
	AtBoth         Vantage = "both" // loopback
	UnknownVantage Vantage = "unknown"
)

// Vantage tells by the handshake's two gaps where it was captured: the gap to the nearer
// end is the small one.
func (h *Handshake) Vantage() Vantage {
	toServer, toClient := h.RTTs()
	switch {
	case h.SYNACK.Packet == 0 || h.SYN.Packet == 0 || h.ACK.Packet == 0:
		return UnknownVantage
	case toServer+toClient < sameMachine:
		return AtBoth
	case toClient < toServer/8:
		return AtClient
	case toServer < toClient/8:
		return AtServer
	}
	return InTheMiddle
}
