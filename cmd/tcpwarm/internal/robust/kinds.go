package main

import "io"

// A kind is one way to be hostile. Its captures have n of something.
type kind struct {
	does string // what a capture holds, as README has it: "n ..."
	n    int    // of the smaller capture, unless that is read too soon
	most int    // where there can be no more in the larger one, 0: there can

	packets func(c *capture, n int)        // a pcap of raw IP
	file    func(w io.Writer, n int) error // or a file of another kind
	want    func(m *measure) error         // what a verdict must be, nil: any
}

// kinds are all of them, in the order in which README lists them.
var kinds = []kind{
	{does: "n SYNs, each of another address", n: 100_000, packets: synFlood},
	{does: "n SYNs of one client, to ever other servers", n: 100_000, packets: synFloodOfOne},
	{does: "n SYNs that are refused, of other addresses", n: 50_000, packets: refusals},
	{does: "n connections half open: SYN, SYN-ACK", n: 50_000, packets: halfOpen},
	{does: "n connections of others, one request each", n: 10_000, packets: churn},
	{does: "n connections between the same two ports", n: 10_000, packets: sameTuple},
	{does: "n connections whose addresses and ports add up to the same", n: 10_000, packets: sameSum},
	{does: "n clients, an open connection each to a server of its own, over IPv6, for names of 250 bytes", n: 10_000, packets: openEach},
	{does: "n connections that stay open, idle", n: 10_000, packets: idle},
	{does: "n connections with 64 kB behind a hole each", n: 200, packets: behindHoles},
	{does: "n connections of one client, open at once", n: 5_000, packets: parallel},
	{does: "n addresses of one name, an idle connection to each", n: 5_000, packets: manyServers},
	{does: "n connections, each packet four times", n: 5_000, packets: fourfold},
	{does: "a body of n bytes, a byte a segment", n: 100_000, packets: bodyByByte},
	{does: "requests of n bytes, a byte a segment", n: 100_000, packets: headByByte},
	{does: "a method and n spaces, a byte a segment", n: 100_000, packets: spacesByByte},
	{does: "n segments, each sent again with other bytes and bounds", n: 50_000, packets: overlaps},
	{does: "n bytes far ahead and out of order", n: 100_000, packets: farAhead},
	{does: "n bytes from the last to the first", n: 100_000, packets: backwards},
	{does: "n ACKs with SACK blocks at random", n: 50_000, packets: sacks},
	{does: "n exchanges with jumps of the sequence numbers", n: 20_000, packets: jumps},
	{does: "n RSTs at random places of one connection", n: 50_000, packets: resets},
	{does: "n keep-alive probes", n: 50_000, packets: probes},

	{does: "n exchanges on one connection", n: 30_000, packets: exchanges},
	{does: "n requests pipelined, never answered", n: 100_000, packets: unanswered},
	{does: "n requests pipelined, and answered", n: 100_000, packets: pipelined},
	{does: "n exchanges on 200 connections that stay open", n: 100_000, packets: liveExchanges},
	{does: "n exchanges with targets of 500 bytes", n: 50_000, packets: longTargets},
	{does: "n lines of one head", n: 100_000, packets: endlessHead},
	{does: "n connections with 60 kB of an unfinished head each", n: 200, packets: largeHeads},
	{does: "n chunks of one byte", n: 200_000, packets: tinyChunks},
	{does: "n host names on one connection", n: 50_000, packets: hostNames},
	{does: "n host names of 250 bytes on one connection", n: 50_000, packets: longHostNames},
	{does: "n names of 250 bytes at one address, an open connection to each", n: 10_000, packets: openOfNames},
	{does: "n connections, each for another name", n: 10_000, packets: nameEach},
	{does: "n clients, one request each", n: 10_000, packets: clients},
	{does: "n connections with broken PROXY headers", n: 10_000, packets: proxyHeaders},
	{does: "n connections with PROXY headers of version 2, each of another client", n: 10_000, packets: proxiedClients},
	{does: "n connections with CONNECT in CONNECT in CONNECT", n: 5_000, packets: connects},
	{does: "n connections with broken SOCKS handshakes", n: 10_000, packets: socks},

	{does: "n streams opened and reset", n: 100_000, packets: rapidReset},
	{does: "n streams opened, never answered", n: 100_000, packets: openStreams},
	{does: "4095 streams open, n more opened and reset", n: 100_000, packets: resetAtLimit},
	{does: "n SETTINGS", n: 100_000, packets: settings},
	{does: "n CONTINUATIONs without an end", n: 20_000, packets: continuations},
	{does: "n CONTINUATIONs of no bytes", n: 200_000, packets: emptyContinuations},
	{does: "n header blocks of 16 000 references to a field of 4 kB", n: 100, packets: hpackBomb},
	{does: "n requests of 3 bytes: fields of 60 kB from the table", n: 50_000, packets: largeFields},
	{does: "n PINGs, n WINDOW_UPDATEs", n: 100_000, packets: pings},
	{does: "n connections beside an idle one of HTTP/2", n: 5_000, packets: besideIdle},

	{does: "n TLS records of 17 bytes", n: 100_000, packets: tinyRecords},
	{does: "n TLS records of no bytes", n: 200_000, packets: emptyRecords},
	{does: "n TLS connections without keys", n: 10_000, packets: sealed},
	{does: "n clients, an open TLS connection each to a server of its own, for names of 250 bytes", n: 10_000, packets: sealedEach},
	{does: "n ClientHellos, a byte a segment", n: 1_000, packets: helloByByte},
	{does: "n TLS connections: a gap of 1.9 GB, then records no key opens", n: 5, file: pcapng(gapThenNoise)},

	{does: "pcapng: n interfaces", n: 200_000, file: pcapng(interfaces)},
	{does: "pcapng: n sections", n: 100_000, file: pcapng(sections)},
	{does: "pcapng: n options of an interface", n: 200_000, file: pcapng(options)},
	{does: "pcapng: n secrets, a block each", n: 50_000, file: pcapng(secretEach)},
	{does: "pcapng: n secrets in one block", n: 50_000, file: pcapng(secretsOfOne)},
	{does: "pcapng: n names, a block each", n: 100_000, file: pcapng(names)},
	{does: "gzip: n MB of zeros", n: 50, most: 5_000, file: zeros},
	{does: "gzip: n packets of 256 kB of zeros", n: 200, most: 20_000, file: largePackets},

	{does: "n packets in GRE in GRE, thousands deep", n: 200, packets: nested(protoGRE)},
	{does: "n packets in IP in IP, thousands deep", n: 200, packets: nested(protoIPIP)},
	{does: "n packets with 16 000 VLAN tags", n: 200, file: tags},
	{does: "n fragments", n: 100_000, packets: fragments},
	{does: "n packets of UDP and of nonsense", n: 100_000, packets: nonsense},

	{does: "n clients; an RST beyond the window", n: 1_000, packets: ignored(500_000_000, rst), want: oneAvoidableEach},
	{does: "n clients; an RST behind the window", n: 1_000, packets: ignored(-1000, rst), want: oneAvoidableEach},
	{does: "n clients; an RST in the window, then data", n: 1_000, packets: ignored(100, rst), want: oneAvoidableEach},
	{does: "n clients; a FIN beyond the window", n: 1_000, packets: ignored(500_000_000, fin|ack), want: oneAvoidableEach},
	{does: "n clients; a SYN that gets a challenge ACK", n: 1_000, packets: ignored(77_777_777, syn), want: oneAvoidableEach},
	{does: "n clients; a request the capture lacks", n: 1_000, packets: lacksRequest, want: nothingCertain},
	{does: "n clients; a response the capture lacks", n: 1_000, packets: lacksResponse, want: nothingCertain},
	{does: "n clients; a request in fragments", n: 1_000, packets: fragmented, want: nothingCertain},
	{does: "n clients; a forged response before the server's own", n: 1_000, packets: forgedResponse, want: nothingCertain},
	{does: "n clients; a forged request for another name", n: 1_000, packets: forgedRequest, want: nothingCertain},
	{does: "n refused SYNs of others between 20 connections", n: 20_000, packets: between, want: clientClosed},
	{does: "n names at one address, a connection each", n: 2_000, packets: namesOfOne, want: noneAvoidable},
	{does: "n clients that come back, when each has had and closed a connection", n: 10_000, packets: comeBack, want: notJudgedAnew},
	{does: "n requests that do not end, at once", n: 2_000, packets: unfinished, want: noneAvoidable},
	{does: "n clients; no two packets apart in time", n: 500, file: clock(still), want: notConcurrent},
	{does: "n clients; a clock that jumps by 250 years", n: 500, file: clock(jumping), want: notConcurrent},
	{does: "n clients; a clock that runs backwards", n: 500, file: clock(reversed), want: notConcurrent},
	{does: "n clients; a clock that goes to and fro by decades", n: 500, file: clock(erratic), want: notConcurrent},
	{does: "n clients; a clock at the end of its range", n: 500, file: clock(last), want: notConcurrent},
}

// pcapng returns what writes a pcapng file with what a function puts in it, and a connection
// as anybody's behind that.
func pcapng(f func(c *capture, n int)) func(io.Writer, int) error {
	return func(w io.Writer, n int) error {
		c := newCapture(w)
		c.section()
		c.iface()
		f(c, n)
		x := c.open(from(0), web)
		x.exchange()
		x.exchange()
		x.close(client)
		return c.w.Flush()
	}
}
