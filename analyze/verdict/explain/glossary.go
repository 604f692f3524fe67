package explain

import "tcpwarm/analyze/verdict"

// glossary has the terms of the reports, with what exactly they count.
var glossary = []Entry{
	{
		ID:    "reuse",
		Title: "the share of requests that were not the first on their connection",
		Explanation: verdict.Explanation{
			Meaning: "reused / transactions. A fact, no blame: four requests at once need four connections, and a " +
				"reuse of 0 is then right. What could have been better is said by avoidable.",
		},
	},
	{
		ID:    "needed",
		Title: "connections that the ideal client opens too",
		Explanation: verdict.Explanation{
			Meaning: "Counted by replaying the same requests at the same times. used = needed + avoidable, always.",
		},
	},
	{
		ID:    "avoidable",
		Also:  []string{"too many"},
		Title: "used connections beyond those needed",
		Explanation: verdict.Explanation{
			Meaning: "Each has a cause: missed, undrained, client-said-close, client-closed, client-idle-timeout or " +
				"opened-ahead.",
		},
	},
	{
		ID:    "ideal-client",
		Also:  []string{"ideal"},
		Title: "the client that others are measured against",
		Explanation: verdict.Explanation{
			Meaning: "It sends the same requests at the same times, never closes a connection, takes an idle one " +
				"whenever there is one, and opens another only if it has none. What the server ends, it loses too.",
		},
	},
	{
		ID:    "used-connection",
		Also:  []string{"used connections"},
		Title: "a connection that carried at least one request",
		Explanation: verdict.Explanation{
			Meaning: "Others are unused: speculative dials, the loser of happy eyeballs. They are counted apart " +
				"and never blamed.",
		},
	},
	{
		ID:    "transaction",
		Also:  []string{"transactions"},
		Title: "one request with its final response",
		Explanation: verdict.Explanation{
			Meaning: "Interim responses (1xx but 101) belong to it. In HTTP/2 it is one stream opened by the " +
				"client. A request never answered counts too.",
		},
	},
	{
		ID:    "authority",
		Title: "who a request is meant for",
		Explanation: verdict.Explanation{
			Meaning: "TLS or not, the name (TLS server name, else Host, else the address) and the TCP port " +
				"connected to. Requests to two authorities cannot share a connection, unless one connection is " +
				"seen to carry both.",
		},
	},
	{
		ID:    "pool",
		Also:  []string{"pools"},
		Title: "a client and an authority, with all connections between them",
		Explanation: verdict.Explanation{
			Meaning: "Reuse is judged within a pool. The addresses of one name are one pool; a forward proxy is " +
				"the pool of all that is sent through it in the clear.",
		},
	},
	{
		ID:    "cold",
		Title: "a transaction that starts with the initial window",
		Explanation: verdict.Explanation{
			Meaning: "The first on its connection; or on a reused one whose window never grew. A large response " +
				"then needs several round trips. The others are warm (window above the initial one) or cooled (it " +
				"was, but was likely taken back while idle).",
		},
	},
	{
		ID:    "flight",
		Title: "bytes sent and not yet acknowledged",
		Explanation: verdict.Explanation{
			Meaning: "As seen in the capture (RFC 5681 section 2). The congestion window is in no packet: flight " +
				"bounds it from below.",
		},
	},
	{
		ID:    "basis",
		Title: "what a count rests on",
		Explanation: verdict.Explanation{
			Meaning: "parsed: read in clear text. decrypted: read with TLS keys. inferred: from sizes and times of " +
				"TLS records, always with a lowest and a highest value; the highest leaves out that several " +
				"requests travel in one record and are answered in one. none: not HTTP.",
		},
	},
	{
		ID:    "pool-curve",
		Title: "how many connections a client opens that keeps a given number idle",
		Explanation: verdict.Explanation{
			Meaning: `From the same replay: "8 kept idle for 0.2 s would do with 8 connections instead of 20". The ` +
				"times of the requests are taken as given.",
		},
	},
}
