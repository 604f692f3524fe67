package report

import (
	"fmt"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
)

// The sample reports are built by hand: each is a story that a reader of the
// golden file can check against its picture.

var zero = Instant(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())

func at(d time.Duration) Instant { return zero + Instant(d) }

func seconds(d time.Duration) *Seconds { s := Seconds(d); return &s }

func number(n int64) *int64 { return &n }

func truth(b bool) *bool { return &b }

const (
	us = time.Microsecond
	ms = time.Millisecond
)

// connection is a connection that begins at a time and is closed at another.
func connection(id int64, start, end time.Duration, closer string) *Connection {
	closed := at(end)
	return &Connection{
		ID: id, Pool: 1, Client: fmt.Sprintf("127.0.0.1:%d", 40000+id), Server: "127.0.0.1:8080", RoleBasis: "syn",
		Start: at(start), End: closed, FirstPacket: id*6 - 5, LastPacket: id * 6, Handshake: "full",
		History: "ShADadFf", Protocol: "http/1.1", TransactionBasis: transaction.Parsed,
		Closed:         Closed{First: closer, How: "fin", At: &closed, Packet: id * 6},
		ClientToServer: Half{Packets: 4, RTT: &RTT{Handshake: seconds(20 * us), Samples: 2}},
	}
}

// get adds a transaction.
func (c *Connection) get(start, wait, receive time.Duration, target string) *Connection {
	n := int64(len(c.Transactions) + 1)
	c.Transactions = append(c.Transactions, &Transaction{
		N: n, Method: "GET", Target: target, Status: 200, Start: at(start), StartPacket: c.FirstPacket + 3,
		EndPacket: c.FirstPacket + 5, Wait: seconds(wait), Receive: seconds(receive), Duration: seconds(wait + receive),
		RequestBytes: 80, ResponseBytes: 200, Reused: n > 1, PromisesPersistence: true, Complete: true,
	})
	if n > 1 {
		before := c.Transactions[n-2]
		idle := Seconds(at(start)-before.Start) - *before.Duration
		c.Transactions[n-1].IdleBefore = &idle
	}
	c.TransactionCount, c.Requests, c.Responses = n, n, n
	return c
}

// opened sets why c was opened.
func (c *Connection) opened(cause pool.Cause, instead int64, text, refuted string, packets ...int64) *Connection {
	c.OpenedBecause = &OpenedBecause{Cause: cause, InsteadOf: instead, Confidence: pool.Certain,
		Packets: packets, Text: text, RefutedBy: refuted}
	return c
}

// whole makes a report of one pool, with totals as the pool's.
func whole(p *Pool, conns ...*Connection) *Report {
	start, end := zero, at(time.Minute)
	p.ID, p.Client, p.FirstPacket = 1, "127.0.0.1", 1
	if p.Server == nil {
		p.Server = []string{"127.0.0.1:8080"}
	}
	if p.Protocol == "" {
		p.Protocol = "http/1.1"
	}
	p.Connections = p.Used + p.Unused
	return &Report{
		Schema: Schema,
		Capture: Capture{Files: []string{"a.pcap"}, Packets: int64(len(conns)) * 10, Segments: int64(len(conns)) * 10,
			Bytes: 4000, Start: &start, End: &end, Vantage: AtBoth, Loopback: true},
		Connections: conns,
		Pools:       []*Pool{p},
		Totals: Totals{Connections: p.Connections, Used: p.Used, Unused: p.Unused, Transactions: p.Transactions,
			Reused: p.ReusedCount, Needed: p.Needed, Avoidable: p.Avoidable, ServerEnded: p.ServerEnded,
			Promised: p.Promised, Shared: p.Shared, Causes: p.Causes},
		Verdict: p.Verdict,
	}
}

// missedReport: two requests, two connections, one needed.
func missedReport() *Report {
	one := connection(1, 0, 167500*us, "client").get(2*ms, 800*us, 200*us, "/a").opened(pool.First, 0, "", "")
	two := connection(2, 28500*us, 167800*us, "client").get(29*ms, 500*us, 300*us, "/b").opened(pool.Missed, 1,
		"#1 had been idle for 25.5 ms: response ended in packet 6, nothing outstanding, no FIN, RST or close; "+
			"it stayed open for 139 ms more (until packet 16).",
		"packets 4 and 11 come from two programs", 6, 8, 16)
	two.FirstPacket = 8
	return whole(&Pool{
		Used: 2, Transactions: 2, Needed: 1, Avoidable: 1, Causes: map[pool.Cause]int64{pool.First: 1, pool.Missed: 1},
		Peak: 1, Promised: 2, ColdCost: seconds(20 * us), ColdRoundTrips: 1, Verdict: pool.NotReused,
	}, one, two)
}

// reusedReport: six requests over one TLS connection.
func reusedReport() *Report {
	c := connection(1, 0, 9*time.Second, "server")
	c.TLS = &TLS{Version: "1.3", ServerName: "api.example.com", ALPN: "http/1.1", Decrypted: true}
	c.TransactionBasis = transaction.Decrypted
	c.ClientToServer.RTT.Handshake = seconds(48 * ms)
	for i, start := range []time.Duration{110 * ms, 408 * ms, 700 * ms, 900 * ms, 1000 * ms, 3950 * ms} {
		c.get(start, 51*ms, time.Duration(10+20*i)*ms/2, "/v1/items")
	}
	c.opened(pool.First, 0, "", "")
	r := whole(&Pool{
		Name: "api.example.com", TLS: true, Server: []string{"10.0.0.9:443"}, Used: 1, Transactions: 6, ReusedCount: 5,
		Needed: 1, Causes: map[pool.Cause]int64{pool.First: 1}, Promised: 6, Shared: 6, SavedRoundTrips: 10,
		SavedCost: seconds(480 * ms), LongestIdle: seconds(2854 * ms), ServerTimeout: seconds(5 * time.Second), Verdict: pool.Reused,
	}, c)
	r.Pools[0].Client = "10.0.0.5"
	r.Capture.Loopback, r.Capture.Vantage, r.Capture.QUICPackets = false, AtClient, 12
	return r
}

// preventedReport: a server that says close each time.
func preventedReport() *Report {
	var conns []*Connection
	for i := range int64(4) {
		start := time.Duration(i) * 100 * ms
		c := connection(i+1, start, start+12*ms, "server").get(start+2*ms, 8*ms, 1*ms, "/")
		c.opened(pool.First, 0, "", "")
		if i > 0 {
			c.opened(pool.ServerSaidClose, i, fmt.Sprintf("The response in packet %d said Connection: close.", i*6-1),
				"another response follows on that connection", i*6-1)
		}
		conns = append(conns, c)
	}
	return whole(&Pool{
		Used: 4, Transactions: 4, Needed: 4, ServerEnded: 4, Promised: 4, Verdict: pool.ServerPrevents,
		Causes: map[pool.Cause]int64{pool.First: 1, pool.ServerSaidClose: 3},
	}, conns...)
}

// burstReport: bursts of eight over a pool that keeps two.
func burstReport() *Report {
	var conns []*Connection
	id := int64(0)
	for burst := range 3 {
		start := time.Duration(burst) * 200 * ms
		for i := range 8 {
			if burst > 0 && i < 2 {
				conns[i].get(start, 5*ms, 3*ms, "/item")
				continue
			}
			id++
			end := start + 9*ms
			if burst == 0 && i < 2 || burst == 2 {
				end = 700 * ms
			}
			c := connection(id, start+time.Duration(i)*100*us, end, "client").get(start+time.Duration(i)*100*us+300*us, 5*ms, 3*ms, "/item")
			c.opened(pool.Concurrent, 0, "", "")
			if id == 1 {
				c.opened(pool.First, 0, "", "")
			}
			if burst > 0 {
				c.opened(pool.ClientClosed, id-6, fmt.Sprintf("#%d was closed by the client 0.8 ms after its response.", id-6),
					"the program had ended in between", id*6-7)
			}
			conns = append(conns, c)
		}
	}
	r := whole(&Pool{
		Used: 20, Unused: 1, Transactions: 24, ReusedCount: 4, Needed: 8, Avoidable: 12, Promised: 24, Shared: 6,
		Causes: map[pool.Cause]int64{pool.First: 1, pool.Concurrent: 7, pool.ClientClosed: 12}, Peak: 8,
		ColdCost: seconds(240 * us), ColdRoundTrips: 12, Verdict: pool.PartlyReused,
		Curve: []CurvePoint{{0, 24, 0}, {1, 22, Seconds(110 * ms)}, {2, 20, Seconds(110 * ms)}, {4, 16, Seconds(110 * ms)},
			{6, 12, Seconds(110 * ms)}, {8, 8, Seconds(110 * ms)}},
	}, conns...)
	r.Findings = []Finding{{ID: "pool-too-small", Title: "The client keeps 2 idle connections; its bursts need 8", Pool: 1,
		Confidence: pool.Likely, Connections: []int64{3, 4}, Packets: []int64{55, 61, 79},
		Text: "After each of 2 bursts the client closed all but 2 connections.", RefutedBy: "the number left differs"}}
	r.Expectations = []Expectation{
		{Text: "avoidable == 0", Held: truth(false), Measured: "12", Packets: []int64{79, 85, 91, 97, 103, 109, 115, 121, 127, 133, 139, 145}},
		{Text: "connections <= 20", Held: truth(true), Measured: "20"},
		{Text: "cold <= 4", Held: nil, Measured: "4 to 9"},
	}
	r.Outcome = verdict.Failed
	r.Command = &Command{Args: []string{"node", "client.js"}, Exit: -1, Signal: "terminated", Scope: "the command's connections"}
	r.Capture.MissingBytes = 1460
	r.Capture.Problems = []Problem{
		{"file-cut-short", 1, 200, "the file ends within a packet"},
		{"records-not-kept", 12, 0, "12 connections are in the totals only"},
	}
	return r
}

// hostile is what a capture may hold to harm a terminal or a layout.
const hostile = "a\x1b[31m\x1b]0;title\x07b\r\nc\u202egnp\u2066\x9b2J\xff\xfe\u200b界世\U000e0041\t"

// hostileReport has it in every string.
func hostileReport() *Report {
	r := missedReport()
	r.Pools[0].Name, r.Pools[0].Server = hostile, []string{hostile, hostile}
	r.Pools[0].Client, r.Pools[0].Protocol = hostile, hostile
	r.Pools[0].Verdict, r.Verdict = pool.NotKnown, pool.NotKnown
	r.Pools[0].WithheldBecause = hostile
	long := ""
	for range 30 {
		long += hostile
	}
	for _, c := range r.Connections {
		c.Closed.First = hostile
		c.TLS = &TLS{Version: hostile, ServerName: hostile}
		c.OpenedBecause.Text, c.OpenedBecause.RefutedBy = long, hostile
		c.Transactions[0].Target, c.Transactions[0].Method = long, hostile
	}
	r.Findings = []Finding{{ID: hostile, Title: hostile, Text: long, RefutedBy: hostile, Remedy: hostile, Confidence: hostile, Pool: 1}}
	r.Expectations = []Expectation{{Text: hostile, Measured: long}}
	r.Outcome = verdict.Undecided
	r.Capture.Files = []string{hostile}
	r.Capture.Problems = []Problem{{hostile, 3, 7, long}}
	return r
}

// manyReport has more pools than are shown, of all verdicts.
func manyReport() *Report {
	r := missedReport()
	r.Connections[0].Pool, r.Connections[1].Pool = 2, 2
	r.Pools = nil
	for i, v := range []pool.Verdict{pool.Reused, pool.NotReused, pool.NoOpportunity, pool.NotKnown, pool.PartlyReused} {
		n := int64(i)
		r.Pools = append(r.Pools, &Pool{ID: n + 1, Client: "10.0.0.5", Name: "s.example", Server: []string{"[2001:db8::1]:443"},
			TLS: true, Protocol: "http/2", Used: n + 1, Transactions: n + 2, Needed: 1, Avoidable: n, Verdict: v,
			TransactionLow: number(n + 1), TransactionHigh: number(n + 4), WithheldBecause: "no SYN was captured"})
	}
	r.Capture.Loopback, r.Capture.Vantage = false, InTheMiddle
	return r
}

func samples() map[string]*Report {
	return map[string]*Report{
		"missed":    missedReport(),
		"reused":    reusedReport(),
		"prevented": preventedReport(),
		"burst":     burstReport(),
		"hostile":   hostileReport(),
		"many":      manyReport(),
		"empty":     {Schema: Schema, Verdict: pool.NoOpportunity},
	}
}
