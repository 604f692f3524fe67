package explain

import "tcpwarm/analyze/verdict"

// term makes the entry of a word, and of others that mean the same.
func term(id, title, meaning string, also ...string) Entry {
	return Entry{ID: id, Title: title, Also: also, Explanation: verdict.Explanation{Meaning: meaning}}
}

// counted are the metrics of --expect, and the counts of a pool. The others are in the
// glossary; reused is among the verdicts.
var counted = []Entry{
	term("connections", "TCP connections seen, used or not",
		"One TCP connection is one SYN's four numbers until they are used anew. A SYN sent again is none, nor is the same "+
			"connection captured at two places. Of them, used ones carried a request, unused ones did not.", "connection", "opened"),
	term("used", "connections that carried at least one request",
		"used = needed + avoidable, always. What the others are is told by unused."),
	term("unused", "connections that never carried a request",
		"Speculative dials, the loser of happy eyeballs, attempts that were refused. They are counted apart and never blamed.",
		"unused connection"),
	term("speculative", "unused connections opened before the first request of their pool",
		"In HTTP/2 one connection does for many requests, but a client that has several to send does not know that before the first "+
			"handshake is over: some open one for each, and drop what they do not need. A client that waits for the first opens one.",
		"unused-speculative"),
	term("findings", "what was found beside the causes",
		"How many findings there are, of all kinds; --forbid names one kind. tcpwarm explain lists the kinds.", "finding"),
	term("unread", "packets that may hold TCP and were not looked into",
		"Their protocol is not read, they are encrypted, or broken: the report counts them by name. --expect unread==0 demands that "+
			"there are none."),
	term("warm", "a transaction on a connection whose window had grown",
		"The sender's congestion window is estimated to be above the initial one, so that the content needs fewer round trips than "+
			"on a new connection. See cold, cooled."),
	term("cooled", "a transaction on a connection that had lost its window again",
		"The window had grown, and was likely taken back: the connection had idled for longer than the sender's retransmission "+
			"timeout (Linux halves it once for each, net.ipv4.tcp_slow_start_after_idle), or a loss had reduced it."),
	term("needed-bounds", "needed, or avoidable, as a range",
		"Where requests or answers could not be read, some connections may have been needed or not. Then the count is a range, and an "+
			"expectation that the range does not decide is undecided.", "perhaps", "excused"),
	term("ended-by-the-server", "used connections whose first FIN, RST or close_notify was the server's",
		"A count, whatever the reason: an idle timeout, a limit on requests, a close that was announced.", "server-ended"),
	term("peak-concurrency", "most requests that were under way at once",
		"Of a pool: the requests between demand and the end of the response. With HTTP/1 no client can do with fewer connections than "+
			"that, with HTTP/2 with one for as many streams as the server permits.", "peak", "peak concurrency"),
}

// graded are how sure a statement is, and what a number rests on.
var graded = []Entry{
	term("confidence", "how sure a cause or a finding is",
		"certain: the packets leave no other reading for one client. likely: they fit, and another reading is unusual. "+
			"hint: worth a look. "+
			"Each is said with what would refute it.", "refuted if", "consistent with"),
	term("certain", "confidence: the packets leave no other reading",
		"For one client behind the address. What would refute it is said all the same."),
	term("likely", "confidence: the packets fit, and another reading is unusual",
		"What was captured away from the client's side is likely at most: the client's side of the wire is inferred."),
	term("hint", "confidence: worth a look", "It may be chance, or rest on numbers that are inferred."),
	term("parsed", "basis: read in clear text", "Requests and responses were read from the packets themselves.", "read in clear"),
	term("decrypted", "basis: read with TLS keys",
		"The keys came with --tls-keys, SSLKEYLOGFILE, a pcapng's secrets, or from the command that was run."),
	term("inferred", "basis: concluded, not seen",
		"Of transactions: from the sizes and times of TLS records, with a lowest and a highest count. Of a window: from when the sender "+
			"stopped, or what it did before."),
	term("observed", "basis: seen in flight", "The sender had exactly this much sent and not acknowledged when it stopped to wait."),
	term("assumed", "basis: a default", "Nothing was seen that tells; a window is taken for ten segments (RFC 6928)."),
	term("none", "basis: not HTTP", "No request could be told apart, so none was counted. As the side that closed first: nobody did."),
}

// outcomes are what expectations, and comparisons, come to.
var outcomes = []Entry{
	term("passed", "every expectation held", "Exit code 0.", "pass"),
	term("failed-expectation", "an expectation failed", "Exit code 1. The line with x has what was measured, and the packets.", "fail"),
	term("undecided", "there is not enough evidence to judge",
		"A metric is only bounded and the bounds do not decide, nothing was judged at all, or one of two reports to compare does not "+
			"say. Exit code 4: never a pass."),
	term("better", "compare: fewer avoidable connections for each request than before", "Exit code 0."),
	term("same", "compare: as many avoidable connections for each request as before", "Exit code 0."),
	term("worse", "compare: more avoidable connections for each request than before", "Exit code 1."),
	term("declined", "challenge: the client does not do what the scenario is about",
		"It speaks no HTTP/2, follows no redirects, or does not send what the scenario asks for beyond URLs: neither a pass nor a "+
			"failure. tcpwarm challenge --list has what each asks for."),
	term("left-out", "challenge: the scenario was not played",
		"It needs pauses between URLs, and the command gets all of them at once, or fetches nothing before its input ends; or the "+
			"challenge ended before. Neither a pass nor a failure."),
}

// shown are the words of the text report, of its columns and of its drawing.
var shown = []Entry{
	term("verdict", "how well connections were reused",
		"Of a pool, or of the whole by the sums of its pools: not-reused, partly-reused, server-prevents, not-known, reused or "+
			"no-opportunity."),
	term("cause", "why a connection was opened",
		"Of needed ones what made it so, of avoidable ones what had become of the connection that could have served. Each has an entry "+
			"of its own, such as missed."),
	term("scenario", "challenge: one way in which a server behaves, and what is fetched from it",
		"tcpwarm challenge --list has them all, with what a good client does. passed: all was fetched as asked, and no connection was "+
			"opened that the ideal client does without. failed: one was, or what the server had ended was not asked again. not-known: "+
			"too little was fetched, or other things than asked.", "challenge"),
	term("asked", "challenge: requests that the server has read",
		"Redirected ones, those sent again and those with credentials count, too."),
	term("evidence", "challenge: what the verdicts rest on",
		"wire: the packets, captured by root or with --isolated. server: what the server saw of its connections, counts and who ended "+
			"them: it sees no packets, nothing that never reached it, and not when the client was ready for more.", "on the wire", "wire"),
	term("requests", "transactions, in the text report", "See transaction.", "request"),
	term("destination", "the server of a pool, by its name and port",
		"With one client each pool is one destination. Where there are several clients each of them has a pool of its own for it."),
	term("why", "column: the most frequent cause of a pool's avoidable connections", "Each cause has an entry of its own, such as missed."),
	term("first-seen", "column: the first packet of the first connection that was too many", "With the request that it was opened for."),
	term("on-a-used-connection", "requests that were not the first on their connection", "The count behind reuse."),
	term("headers", "the promise beside the wire",
		"How many requests promised that their connection persists (HTTP/1.1 without close, or keep-alive), and how many of these shared "+
			"a connection with another.", "promised", "shared", "keep-alive"),
	term("cost", "what the avoidable connections cost",
		"The time from the SYN to the first byte of the request on each of them, as it was captured: TCP's handshake, TLS's, and what "+
			"the program computed meanwhile. Beside it the round trips of their handshakes, and what these would take on a path of 50 ms.",
		"cold cost", "handshakes of avoidable"),
	term("saved", "what reuse saved",
		"The round trips of the handshakes that the reused transactions would have needed on connections of their own, and about how "+
			"long these would have taken."),
	term("margin", "how near reuse came to the server's idle timeout",
		"The longest idle time after which a connection was used again, and the timeout that the server announced."),
	term("not-judged", "why there is no verdict", "What the capture lacks, in words; see not-known."),
	term("start", "column: when the request began, after the connection's begin", "By the first byte of the request."),
	term("idle", "column: how long the connection had been idle before the request",
		"From the end of the response before to the first byte of the request. In the drawing a connection is idle where it is open and "+
			"nothing is outstanding.", "open", "idle before"),
	term("wait", "column: from the last byte of the request to the first of the response",
		"The server's time and one round trip, as seen at the capture point."),
	term("receive", "column: from the first byte of the response to the last", "What a cold window makes longer."),
	term("rounds", "column: in how many round trips the content was sent",
		"Flights of the side that sends the content: the response, or an upload. A warm window needs fewer.", "round trips", "round trip"),
	term("window", "the congestion window: how much a sender may have in flight",
		"It is in no packet. tcpwarm estimates it for each direction from what was in flight when the sender stopped, from losses and "+
			"from idling, with bounds and a basis. It begins small on each new connection and grows with each round trip (RFC 5681, RFC "+
			"6928).", "window at start", "congestion window"),
	term("kernel", "what the sender's own kernel said of its congestion window",
		"Captured live on the sender's own machine (Linux), its kernel is asked about its sockets every 50 ms, and when a message begins. "+
			"Its answers are a basis of their own, in segments as the kernel counts them. They go into nothing that is inferred: what an "+
			"observer elsewhere would say stands beside them. At a request's start there is one only where nothing can have changed the "+
			"window between it and the answer.", "kernel says", "answers", "slow start to"),
	term("handshake", "TCP's and TLS's, before the first request",
		"TCP's costs one round trip, TLS 1.3 another, TLS 1.2 two. JSON says of TCP's: full, fast-open (with data on the SYN), half (no "+
			"ACK of the client), refused, missed (not in the capture).", "full", "fast-open", "half", "refused"),
	term("response", "the final response to a request", "Interim ones (1xx but 101) count with it."),
	term("could-have-been-used", "in the drawing: when another connection was opened though this one was idle",
		"The mark ^ stands at the time of the other's SYN."),
	term("closed", "who ended a connection, and how",
		"The side of the first FIN, RST or close_notify. JSON says how: fin, rst, timeout (nothing answered), open (nobody did while the "+
			"capture lasted).", "fin", "rst"),
	term("time-cut-out", "in the drawing: a stretch of time in which nothing happened is left out", "Marked // on the axis."),
	term("idle-connections-kept", "the pool curve's first line", "See pool-curve.", "connections then opened", "curve"),
	term("seen", "the last line: what was read", "How many packets, how many bytes are missing of them, and what was not judged."),
	term("note", "a reason why part of the capture was not used", "Its kind has an entry of its own, such as records-not-kept.", "problem"),
	term("vantage", "where the capture was taken",
		"At the client, at the server, in the middle (client and server are some way off), or at both (loopback): the handshake's two "+
			"gaps tell. Times count as the client could know them.", "client", "server", "middle", "both",
		"at the client", "at the server", "captured on loopback"),
	term("limited-by", "what kept a sender from sending more",
		"congestion: its window was full. receiver: the window that the other side offered was full. sender: its own buffer. "+
			"application: there was nothing to send. As shares of rounds.", "congestion", "receiver", "sender", "application"),
	term("phase", "what a congestion window did",
		"slow-start: it doubles with each round trip. congestion-avoidance: it grows slowly. recovery: after a loss. timeout: after a "+
			"retransmission timeout. not-limited: the sender did not need it. Of a sender that goes by BBR: startup, until its rate grows "+
			"no more; drain, until what that sent too much is gone; probe-bandwidth, from then on. several: what did not fit.",
		"slow-start", "congestion-avoidance", "recovery", "timeout", "not-limited", "startup", "drain", "probe-bandwidth", "several"),
	term("role-basis", "what tells the client from the server",
		"syn: who sent it. syn-ack: who received it. payload: who sent the request or the ClientHello. port: the lower one serves.",
		"syn", "syn-ack", "payload", "port"),
	term("tunnel", "what ran inside a connection after CONNECT, 101 or the handshake with a SOCKS proxy",
		"Where it can be read it is judged as if it were the connection.", "connect", "websocket", "socks", "other"),
}
