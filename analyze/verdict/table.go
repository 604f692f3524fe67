package verdict

import "tcpwarm/analyze/pool"

// table has every finding, in the order in which they are listed.
var table = []Finding{
	{"header-lies", "keep-alive was promised and not kept", &headerLies},
	{"pool-too-small", "the pool keeps fewer idle connections than its bursts need", &poolTooSmall},
	{"after-status", "connections were left each time after one status", &afterStatus},
	{"pool-at-its-limit", "all connections are in use, and requests wait in the client", &poolAtItsLimit},
	{"parallel-pools", "several pools side by side serve one authority in turns", &parallelPools},
	{"spread-uneven", "one of several addresses gets nearly all", &spreadUneven},
	{"port-exhaustion-risk", "closed connections hold the client's ports", &portExhaustionRisk},
	{"pool-key-split", "the same server was reached under several keys, each with a pool of its own", &poolKeySplit},
	{"connect-per-request", "each request has a tunnel of its own", &connectPerRequest},
	{"idle-timeout", "one side closes idle connections after a constant time", &idleTimeout},
	{"timeout-mismatch-risk", "connections are reused just before the server would close them", &timeoutMismatchRisk},
	{"stale-reuse-race", "a request was sent on a connection that the server was closing", &staleReuseRace},
	{"silent-drop", "a connection had died, and nobody said so", &silentDrop},
	{"middlebox-reset", "something on the way reset a connection", &middleboxReset},
	{"request-abandoned", "the client gave up before a byte of the answer", &requestAbandoned},
	{"unsolicited-response", "a response came that nobody had asked for", &unsolicitedResponse},
	{"early-response-reset", "the server answered and reset before it had the request", &earlyResponseReset},
	{"close-wait-leak", "the client never closes what the server has closed", &closeWaitLeak},
	{"keepalive-probes-only", "TCP keep-alive is on, HTTP keep-alive is not used", &keepaliveProbesOnly},
	{"blind-proxy", "a relay passes on keep-alive that it does not know", &blindProxy},
	{"syn-resent", "a connection attempt had to be repeated", &synResent},
	{"window-lost-after-idle", "a reused connection had lost its congestion window", &windowLostAfterIdle},
	{"tls-not-resumed", "new connections repeat the whole TLS handshake", &tlsNotResumed},
	{"cold-window", "connections opened without need began with a cold window", &coldWindow},
	{"receiver-limited", "the receiver's window limits the transfer", &receiverLimited},
	{"sender-idle", "the sender had nothing to send in the middle of a message", &senderIdle},
	{"lossy", "losses keep the window small", &lossy},
	{"nagle-delayed-ack", "a message waited for a delayed ACK", &nagleDelayedACK},
	{"goaway", "HTTP/2 said why a connection ends", &goaway},
	{"max-requests", "the server ends connections after so many requests", &maxRequests},
	{"max-age", "the server ends connections at a certain age", &maxAge},
	{"h2-stream-limit", "HTTP/2 streams are at the server's limit", &h2StreamLimit},
	{"h2-not-negotiated", "the server declined HTTP/2", &h2NotNegotiated},
	{"h2-not-coalesced", "an HTTP/2 connection to the same address was left for another name", &h2NotCoalesced},
	{"capture-incomplete", "the capture misses packets that the verdict needs", &captureIncomplete},
}

// A Finding is a kind of diagnosis: its stable ID, and what it says in a line.
type Finding struct {
	ID    string
	Title string

	rule *rule
}

// Explanation returns what f means and what to do about it.
func (f *Finding) Explanation() *Explanation { return &f.rule.Explanation }

// An Explanation says what a finding, a cause or a verdict means and what to do
// about it. What does not apply is "".
type Explanation struct {
	Meaning   string
	Evidence  string // what it is told by, in packets
	RefutedBy string // what would show it to be wrong
	Remedy    string // hedged: packets do not name a library
	AtServer  string // what comes first where the capture was taken at the server, or at a balancer
	Knobs     []Knob
}

// A Knob is a library or a program, and the setting of it that helps.
type Knob [2]string

// Library returns the library or program.
func (k Knob) Library() string { return k[0] }

// Setting returns what to set there.
func (k Knob) Setting() string { return k[1] }

// A rule says when there is a finding. It has exactly one of the forms below, by
// what the finding has to see.
type rule struct {
	Explanation

	connection *connectionRule
	pool       poolRule
	poolCut    func(*pool.Pool) bool // with pool, nil: never; whether a bound may have hidden a finding
	coldStart  coldStartRule
	across     acrossRule
}

// A connectionRule looks at one connection, when it has ended. Many connections
// may have the same finding, of which few are kept: so it is counted by holds,
// which must not allocate, and evidence is asked only for those that are kept.
type connectionRule struct {
	applies  func(*Conn) bool
	evidence func(*Conn) Evidence // its Connections may be left out: they are the one looked at
}

// A poolRule looks at a pool, when all of it is decided.
type poolRule func(*pool.Pool) (Evidence, bool)

// A coldStartRule looks at the first transaction of a connection that was
// opened without need.
type coldStartRule func(*ColdStart) (Evidence, bool)

// An acrossRule makes a tracker for one capture: for what takes several
// connections to see.
type acrossRule func() tracker

// A tracker remembers connections. What it keeps is bounded.
type tracker interface {
	// note takes a connection that has ended, and returns what was found with it.
	// They come in the order of their ends.
	note(*Conn) (Evidence, bool)
	// conclude returns what can be said only once all connections are known.
	conclude() []Evidence
	// cut reports whether a bound has left out what may have been found, too.
	cut() bool
}

// A bound is what a tracker keeps at most; it has acted once something was left out.
type bound struct{ acted bool }

func (b *bound) cut() bool { return b.acted }

// Findings returns all kinds of findings, in the order in which they are listed.
func Findings() []Finding { return table }

// Lookup returns the finding of an ID.
func Lookup(id string) (Finding, bool) {
	for _, f := range table {
		if f.ID == id {
			return f, true
		}
	}
	return Finding{}, false
}
