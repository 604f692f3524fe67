package event

import (
	"time"

	"tcpwarm/capture/segment"
)

// A Kind says what an Event tells.
type Kind uint8

// The kinds of events. A connection begins with an Opening and ends with ConnEnded. Of each
// transaction Requested is told, then later Answered. Requested of transaction n+1 may come
// before Answered of n (pipelining), and Answered may come long after the instant it states
// (a response that turns out never to have been read).
const (
	Requested Kind = iota
	Answered
	ConnClosing // the first FIN, RST or close_notify
	ConnResumed // what ConnClosing told of has ended nothing: both sides have gone on
	ConnCrossed // the server closed too, before it knew that the client had
	ConnEnded   // nothing more will come
)

// A Side is one end of a connection.
type Side uint8

// The sides; Nobody where nothing has happened.
const (
	Nobody Side = iota
	Client
	Server
)

// An Outcome says how a transaction ended.
type Outcome uint8

// The outcomes of a transaction.
const (
	Complete   Outcome = iota // the response was seen to its end
	Abandoned                 // the client stopped reading before the end
	Unanswered                // the connection ended, or the capture did, without a final response's end
	Consumed                  // the connection became a tunnel (101, 2xx to CONNECT), or an event stream was left
)

// Warmths count transactions by the congestion window that they began with: an initial one,
// one that had grown, or one that had been taken back after idling. Those of which nothing
// is known are in none.
type Warmths struct{ Cold, Warm, Cooled int64 }

// Add adds the counts of v.
func (w *Warmths) Add(v Warmths) {
	w.Cold += v.Cold
	w.Warm += v.Warm
	w.Cooled += v.Cooled
}

// An Opening is a connection's first sign of life.
type Opening struct {
	ID             int64
	Time           segment.Time
	Packet         int64
	Client, Server segment.Endpoint
	SYN            SYN
	Midstream      bool // neither SYN nor SYN-ACK in the capture: opened before it began
	SYNUnseen      bool // no SYN: where not Midstream, it was opened a round trip before Time
}

// A Who is what the wire shows of a connection's client beyond its address: behind one
// address there may be several, of which none can use another's connections. What is not
// known fits anything.
type Who struct {
	SYN           SYN
	Hello         uint32       // of its ClientHello, a hash of what depends on the program; 0: none seen
	ProxiedClient segment.Addr // whom a proxy before the server speaks for; zero: none said so
}

// A SYN is what the SYNs of one machine have in common, whatever they ask for: the hop
// limit they arrive with, and which options the system was told to use. Left out is what
// differs between one machine's connections: the segment size follows the path's, the
// window scale a program's buffer, and some options are for servers known before (RFC 7413).
type SYN struct {
	Known            bool
	TTL              uint8
	SACK, Timestamps bool
}

// An Event is something that happened on a connection. Which fields count depends on Kind.
type Event struct {
	// Time is the capture's. A response that was Abandoned ended when the right edge of the
	// client's receive window last moved, or at its FIN or RST if that was earlier.
	Time   segment.Time
	Packet int64

	// ClockOffset leads from the capture's clock to the client's: what the client sent counts
	// that much earlier, what the server sent that much later. It is half the gap from
	// SYN-ACK to ACK, 0 at the client. RTT is the handshake's, 0 if not known.
	ClockOffset, RTT time.Duration

	// Requested.
	Name            string        // authority's name, lower case, no port; CONNECT's target with its port; "" if it has none
	N               int32         // number of the transaction on its connection, from 1; Answered has it too
	Who             *Who          // what the connection had shown of its client by its first request, nil for nothing
	StreamLimit     int32         // transactions that the connection may carry at once (RFC 9113 section 5.1.2); 0: one
	SetupRoundTrips int32         // that the connection's handshakes took, TCP's and TLS's
	Waited          time.Duration // of a connection's first: how long the client could have sent it before; 0: not known

	Kind Kind

	// Requested.
	TLS           bool
	Proxied       bool // the target is in absolute form: it was sent to a proxy (RFC 9112 section 3.2.2)
	Tunnel        bool // it is a CONNECT, or inside a tunnel: that serves one authority alone
	AsksClose     bool // it says close, or is HTTP/1.0 without keep-alive (RFC 9112 section 9.3)
	Promises      bool // it promised persistence
	SaysKeepAlive bool // and that in words, by a header
	Browser       bool // its client calls itself a browser, which keeps connections apart by more than their authority
	ServerUnseen  bool // the capture has nothing of what the server sent: what became of earlier requests is not known
	Inferred      bool // it is told of by lengths and times alone
	Binds         bool // it ties its connection to a user, by NTLM or Negotiate
	Ignored       bool // it occupies its connection, but is not judged: never a connection's first

	// Requested and Answered.
	MayHideClose bool // it may say more than was read of it, such as close

	// Answered.
	Outcome   Outcome
	Dead      bool          // of Unanswered: from Time on what the client sent was sent again and never acknowledged
	Status    uint16        // of the final response, 0 if it could not be read
	SaysClose bool          // it said close, or can only end by closing, and the request did not ask
	Refused   bool          // the server refused the stream by REFUSED_STREAM (RFC 9113 section 8.7)
	Unserved  bool          // of Unanswered: the server's GOAWAY says that it does not serve the stream (RFC 9113 section 6.8)
	Certain   bool          // of Abandoned: certain, else likely
	Acked     segment.Time  // when the client had acknowledged all of the response; 0: not known
	KeepAlive time.Duration // the timeout in its Keep-Alive field, 0 if it said none

	// ConnClosing.
	By          Side
	Reset       bool    // by RST
	FINUnseen   bool    // by a FIN that was not captured: Packet acknowledges it
	GoAway      *GoAway // by HTTP/2's, nil if it was not. It does not change any more
	Outstanding bool    // by the client, with a transaction going on: the server may not have known of it

	// ConnEnded. It is apart because it comes once for each connection.
	End *Ending
}

// An Unread is a complete transaction whose response was perhaps never read, as the end of its
// connection has it. What that proves depends on what the client does elsewhere.
type Unread struct {
	N        int32 // its number, 0 if there is none
	Bytes    int64 // of the response
	ByWindow bool  // the client's receive window has not opened again by them
	ByReset  bool  // the client ended the connection by a RST, with all acknowledged
	Shown    bool  // the client's window would have shown that it was read
	ByStops  bool  // ByReset, and it stopped reading others, of which it had no more
}

// Reads are what a connection shows of how its client reads.
type Reads struct {
	Reopened int64 // bytes of the shortest response after which its window has opened again by as many, 0: none
	Stopped  int64 // bytes that had come of a response in the middle of which it ended the connection, 0: none
}

// A GoAway is what one side of HTTP/2 said when it began to end the connection (RFC 9113
// section 6.8).
type GoAway struct {
	FromClient bool
	Code       uint32 // why, as section 7 has it; 0: for no error
	LastStream uint32 // streams above it are not served
	Debug      string // what it says beside, as it came: cut, and empty where the report is redacted
	ForAge     bool   // that says that the connection has come to its age
	BlamesPeer bool   // the code says that the other side did wrong
	At         segment.Mark
}

// Holes says between which packets bytes are missing from the capture; of several holes, between
// which all lie. It is zero where there are none.
type Holes struct{ After, Before int64 }

// Add widens a to where b is too.
func (a *Holes) Add(b Holes) {
	switch {
	case b.Before == 0:
	case a.Before == 0:
		*a = b
	default:
		a.After, a.Before = min(a.After, b.After), max(a.Before, b.Before)
	}
}

// Between reports whether bytes may be missing from between two packets. A response that ends in a
// hole ends with the packet behind it, so from counts too.
func (a Holes) Between(from, to int64) bool { return a.Before > 0 && a.After < to && a.Before >= from }

// Probing is what a connection has shown of TCP's keep-alive probes after its latest transaction.
type Probing struct {
	Probes     int64
	FirstProbe int64 // packet of the first
}

// Versions are what shows of segments that came with other content at the same sequence numbers.
type Versions struct {
	Inconsistent int64 // packet of the first of which that is so, 0: none
	Garbled      bool  // that is no HTTP message where one should begin; nothing else speaks against it
	SYN          SYN   // what the client's shows in the end: nothing if which of several is its own is not known
}

// An Ending is what is known of a connection in the end.
type Ending struct {
	Probing

	Refused    bool  // it was never answered, or the SYN was answered by RST
	Gaps       bool  // the capture lacks bytes that the client sent: requests may hide there
	ServerGaps bool  // the capture lacks bytes that the server sent, which may hold responses or their ends
	Holes      Holes // where what Gaps and ServerGaps say is missing
	Untimed    bool  // some of its packets have no time of their own

	Versions

	GaveUp   bool // it was given up: there were too many, or it was broken; what came of it is not known
	Snapped  bool // no request could be read, for the snap length cut off what the client sent
	NotHTTP  bool // no request could be read, for what was spoken is not HTTP
	Declined bool // it offered HTTP/2, and the server took another protocol
	Unread   Unread
	Dead     segment.Time // from when on nothing that the client sent was acknowledged, though it was sent again; 0: not so
	Reads    Reads
	MaxOver  int64 // how many transactions too many may have been told of, where they are inferred
	MaxUnder int64 // likewise too few; also where some may be hidden
	Warmth   Warmths
	Spoken   string // instead of HTTP, where the first bytes tell: one of a few names
	Agent    string // what the client calls itself, "" if it did not say, or that could not be read
	OldEnds  int64  // responses to HTTP/1.0 without a length, which only closing could end
}
