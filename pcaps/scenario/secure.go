package scenario

// secure are HTTP/1.1 in TLS.
var secure = []Scenario{
	{
		Name: "tls-one-after-another", Family: TLS,
		About: "Five requests in TLS, one after another: all on one connection, which saves two or three round trips " +
			"each.",
		steps: oneByOne(5),
	},
	{
		Name: "tls-resumption", Family: TLS,
		About: "The server ends each connection, announced: a good client takes up its TLS session on the next one " +
			"(RFC 8446 section 2.2), and spares the certificates.",
		steps: oneByOne(4),
		serve: behaviour{answer: func(x *exchange) {
			x.ends = true
			x.respond("200 OK", "Connection: close\r\n", smallBody)
		}},
		Prevents: true,
		Forbids:  "tls-not-resumed",
	},
}
