// Package sockdiag asks the kernel for the congestion windows of this machine's own TCP
// sockets, while their packets are captured: what an observer elsewhere can only infer.
//
// Linux answers by netlink (sock_diag(7), INET_DIAG_INFO), for the network namespace of who
// asks, and without any right. The sockets are asked about at intervals, and when a message
// begins. What they say is kept in a Log of bounded size.
package sockdiag

import (
	"time"

	"tcpwarm/capture/segment"
)

// An Answer is what the kernel says of a socket at some time between From and Until.
type Answer struct {
	From, Until segment.Time // asked, answered
	Window      int          // congestion window, segments
	Threshold   int          // of slow start, segments; 0: none yet
	MSS         int          // bytes of a segment
	InFlight    int          // segments sent and not acknowledged
	Offered     int          // bytes that the peer permits
	State       State
	RTT, MinRTT time.Duration
	RTO         time.Duration
	SinceSent   time.Duration // since data was sent, to the millisecond
	Rate        int64         // bytes a second, as delivered of late
}

// A State is what a socket does about losses (Linux's enum tcp_ca_state).
type State uint8

// The states.
const (
	Open     State = iota
	Disorder       // duplicate ACKs, or SACKs, and no reduction yet
	Reduced        // by an ECN echo, or by the machine's own congestion
	Recovery
	Loss // a retransmission timeout
)

// Phase is a's phase, by the words that reports have for those of windows.
func (a *Answer) Phase() string {
	switch {
	case a.State == Loss:
		return "timeout"
	case a.State >= Reduced:
		return "recovery"
	case a.Threshold == 0 || a.Window < a.Threshold:
		return "slow-start"
	}
	return "congestion-avoidance"
}

// Ends are a socket's own address and that of its peer.
type Ends struct{ Local, Remote segment.Endpoint }

// A Socket is one end of a connection that this machine has, and what was said of it, in order.
type Socket struct {
	Ends
	Algorithm string // of congestion control, such as cubic
	Answers   []Answer
	Asked     int64 // how often it has answered; answers that say the same twice are not all kept
}
