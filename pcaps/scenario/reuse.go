package scenario

// reuse are the plain cases.
var reuse = []Scenario{
	{
		Name: "one-after-another", Family: HTTP1,
		About: "Ten requests, each after the response before: all on one connection (RFC 9112 section 9.3).",
		steps: oneByOne(10),
	},
	{
		Name: "five-at-once-twice", Family: HTTP1,
		About: "Five requests at once, and again when all are answered: the second five take the connections of the " +
			"first (RFC 9112 section 9.4 leaves their number to the client; it has to keep what it opened).",
		steps: []step{{5, gap}, {5, gap}},
		serve: behaviour{gather: true},
	},
}
