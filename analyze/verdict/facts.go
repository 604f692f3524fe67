package verdict

import (
	"fmt"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A Conn is what the rules may know of one connection. It is filled when the
// connection has ended. A mark whose packet is 0 did not happen.
type Conn struct {
	ID             int64 // from 1, in order of first packet
	Client, Server segment.Addr
	Port           uint16        // the server's
	Name           string        // of the authority, by the latest request; "" if it has none
	First          segment.Mark  // its first packet
	LastSYN        segment.Mark  // the latest SYN before the answer, where the client sent several
	RTT            time.Duration // of the handshake, 0 if not known
	Transactions   int64

	Messages
	Closing
	TLS      Handshake
	Restart  IdleRestart
	SlowedBy SlowedBy
	HTTP2    HTTP2
	Fate     Fate
	Unseen
}

// Fate is what became of a connection on its way, and of what was asked on it in vain.
type Fate struct {
	ClientPort uint16
	ClientSent bool // at least a byte, captured or not; TLS's own do not count
	SYNACK     segment.Mark
	Latest     segment.Time // the server's latest packet
	SeenUntil  segment.Time // the capture's end, or when the connection was let go

	Unacked       tcp.Unacked   // of what the client sent
	Origin        [2]tcp.Origin // of the client and of the server
	ServerFINSeen bool          // and the client has acknowledged it
	ClientFIN     bool          // the client has sent its own
	GivenUp       event.GivenUp
	Early         event.Response // the first that came before its request's body had
	Orphans       int64          // responses that nobody asked for, of which Orphan was the first
	Orphan        event.Response
	Inferred      bool // requests and responses are told by lengths and times alone
}

// HTTP2 is what a connection has shown of HTTP/2's own errors and limits.
type HTTP2 struct {
	GoAway, ClientGoAway *event.GoAway // of the server and of the client, nil: said none
	Streams              int32         // that the server permits at once, 0: not HTTP/2
	Refused              int64         // streams that the server refused
	FirstRefused         segment.Mark
}

// Messages are what a connection's requests and responses have shown.
type Messages struct {
	FirstEnd         segment.Mark // last byte of the first response that ended
	LastEnd          segment.Mark // last byte of the latest complete response
	LastPromised     bool         // its request and it promised persistence, HTTP/1.1 by default
	ClientPromised   bool         // its request said in words that the connection persists, and it did not say close
	ServerPromised   bool         // it said so in words
	LastComplete     bool         // every transaction has its whole response
	Ignored          segment.Mark // the latest request, sent after LastEnd, if it has no whole response
	SaidClose        segment.Mark // a response that said close ...
	ReusedAfterClose segment.Mark // ... and the request that followed it all the same
	StaleRequest     segment.Mark // a request sent after the server's FIN
}

// Closing is how a connection was closed.
type Closing struct {
	ClosedBy             event.Side
	Closed               segment.Mark // the first FIN or RST
	Reset                bool         // it was a RST
	ClientRST, ServerRST bool         // that side has sent one, whenever
}

// A Handshake is what a connection's TLS handshake has shown.
type Handshake struct {
	Seen    bool // both hellos: there is TLS, and the rest is sure
	Resumed bool // the server took up a session
	Asks    bool // the client would have a ticket
	Takes   bool // the client would have a session taken up
	Gives   bool // the server gave a session to take up later
	Read    bool // the messages after the hellos could be read; else Gives may be hidden
	Name    string
	Who     event.Who // the client, of those at the same address
}

// An IdleRestart is the first transaction that found its sender's congestion
// window taken back by idling (RFC 5681 section 4.1, RFC 2861) and needed more
// than one round.
type IdleRestart struct {
	Before    segment.Mark // last byte of the transaction before
	Start     segment.Mark
	N         int64 // of the transaction
	Rounds    int64 // in which its content was sent
	Low, High int64 // bounds of the window it began with, segments
	Observed  bool  // the window was seen, not only inferred
}

// SlowedBy is what slowed down the direction that carries the content.
type SlowedBy struct {
	AtReceiver bool       // captured there: what its sender knew when is inferred
	ACKs, Full int64      // ACKs of it; and those before which the offered window was full to within a segment
	FullAt     int64      // packet that filled it first
	IdleStalls tcp.Pauses // within a message: all is acknowledged, and nothing comes
	NagleWaits tcp.Pauses // within a message: a small segment is out, and nothing comes before its delayed ACK

	Segments, Resent int64
	ResentUnacked    int64 // of Resent, those at the end that were never acknowledged
	ResentAt         int64 // packet of the first resend
	Losses, Timeouts int64 // episodes in which the window was reduced
}

// Unseen is what the capture lacks of a connection.
type Unseen struct {
	Missing int64 // bytes, of both directions
	OneWay  bool  // one direction, wholly

	Inconsistent bool // segments may be forged, or repeat other bytes: what was read may not have been taken
	Midstream    bool // its begin
}

// A ColdStart is the first transaction of a connection that was opened without
// need.
type ColdStart struct {
	Conn, InsteadOf int64
	Opened, Start   int64 // packets: of the connection and of the transaction
	Rounds          int64 // in which its content was sent
	Content, Window int64 // bytes: of the content, and the window that it began with
}

// peerName is how people call a server: by its name, quoted, or its address.
func peerName(name string, server segment.Addr) string {
	if name != "" {
		return fmt.Sprintf("%q", name)
	}
	return server.Netip().String()
}
