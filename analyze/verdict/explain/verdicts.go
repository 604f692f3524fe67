package explain

import "tcpwarm/analyze/verdict"

// verdicts explain the words of a report's first line.
var verdicts = []Entry{
	{
		ID:    "not-reused",
		Title: "verdict: connections could have been reused, and none was",
		Explanation: verdict.Explanation{
			Meaning:   "Every request travelled on a connection of its own, and at least one connection was avoidable.",
			Evidence:  "avoidable > 0 and reused = 0.",
			RefutedBy: "the requests come from several programs behind one address",
			Remedy:    "Look at the causes of the avoidable connections.",
		},
	},
	{
		ID:    "partly-reused",
		Title: "verdict: some requests reused a connection, others opened one without need",
		Explanation: verdict.Explanation{
			Meaning:   "Reuse works, but not always.",
			Evidence:  "avoidable > 0 and reused > 0.",
			RefutedBy: "the avoidable connections come from another program",
			Remedy: "Often a pool smaller than the number of parallel requests, or one code path with its own " +
				"client: compare the causes.",
		},
	},
	{
		ID:    "server-prevents",
		Also:  []string{"server prevents reuse"}, // as text has it
		Title: "verdict: the server ended its connections, so there was nothing to reuse",
		Explanation: verdict.Explanation{
			Meaning: "No client could have done better: the server closed, reset or said close.",
			Evidence: "avoidable = 0, no request on a used connection was answered, and a connection was needed " +
				"because the server had ended one.",
			RefutedBy: "the client had asked for the close",
			Remedy:    "Change the server or what stands before it; the client cannot help.",
		},
	},
	{
		ID:    "not-known",
		Title: "verdict: the capture does not show enough",
		Explanation: verdict.Explanation{
			Meaning: "Evidence is missing: the handshakes were not captured, packets were lost, or TLS hides the " +
				"requests. It is never counted as a pass. Of a transaction's warmth: nothing shows what its " +
				"connection's window was.",
			Evidence:  "Given with the verdict.",
			RefutedBy: "a capture that holds the missing packets",
			Remedy: "Capture before the client starts, without a snap length, and give TLS keys where they can be " +
				"had (--tls-keys).",
		},
	},
	{
		ID:    "reused",
		Title: "verdict: connections were reused as well as could be",
		Explanation: verdict.Explanation{
			Meaning: "At least one request reused a connection, and no client could have done with fewer " +
				"connections. As a metric: how many requests were not the first on their connection.",
			Evidence:  "avoidable = 0 and reused > 0: of those at least one was answered.",
			RefutedBy: "connections of the same client that the capture's filter left out",
		},
	},
	{
		ID:    "no-opportunity",
		Title: "verdict: nothing could have been reused",
		Explanation: verdict.Explanation{
			Meaning: "There was one request only, or all were in flight at once. This says nothing about how the " +
				"client would behave.",
			Evidence:  "avoidable = 0, reused = 0, and no server ended a connection that was wanted.",
			RefutedBy: "a longer capture",
			Remedy:    "Let the client send at least two requests, one after the other's response.",
		},
	},
}
