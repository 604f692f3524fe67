// Package reporttest has reports to try writers on. They are built by hand: each
// is a story that a reader of a golden file can check against its picture.
package reporttest

import (
	"fmt"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
)

// Zero is when the stories begin.
var Zero = report.Instant(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())

// At is d after Zero.
func At(d time.Duration) report.Instant { return Zero + report.Instant(d) }

func seconds(d time.Duration) *report.Seconds { s := report.Seconds(d); return &s }

func number(n int64) *int64 { return &n }

func truth(b bool) *bool { return &b }

const (
	us = time.Microsecond
	ms = time.Millisecond
)

// A Conn is a connection being built.
type Conn struct{ *report.Connection }

// NewConn returns a connection that begins at a time and is closed at another.
func NewConn(id int64, start, end time.Duration, closer string) Conn {
	closed := At(end)
	return Conn{&report.Connection{
		ID: id, Pool: 1, Client: fmt.Sprintf("127.0.0.1:%d", 40000+id), Server: "127.0.0.1:8080", RoleBasis: "syn",
		Start: At(start), End: closed, FirstPacket: id*6 - 5, LastPacket: id * 6, Handshake: "full",
		History: "ShADadFf", Protocol: "http/1.1", TransactionBasis: transaction.Parsed,
		Closed:         report.Closed{First: closer, How: "fin", At: &closed, Packet: id * 6},
		ClientToServer: report.Half{Packets: 4, RTT: &report.RTT{Handshake: seconds(20 * us), Samples: 2}},
	}}
}

// Get adds a transaction, which begins at a time and waits and receives for
// others.
func (c Conn) Get(start, wait, receive time.Duration, target string) Conn {
	n := int64(len(c.Transactions) + 1)
	c.Transactions = append(c.Transactions, &report.Transaction{
		N: n, Method: "GET", Target: target, Status: 200, Start: At(start), StartPacket: c.FirstPacket + 3,
		EndPacket: c.FirstPacket + 5, Wait: seconds(wait), Receive: seconds(receive), Duration: seconds(wait + receive),
		RequestBytes: 80, ResponseBytes: 200, Reused: n > 1, PromisesPersistence: true, Complete: true,
	})
	if n > 1 {
		before := c.Transactions[n-2]
		idle := report.Seconds(At(start)-before.Start) - *before.Duration
		c.Transactions[n-1].IdleBefore = &idle
	}
	c.TransactionCount, c.Requests, c.Responses = n, n, n
	return c
}

// Opened sets why c was opened.
func (c Conn) Opened(cause pool.Cause, instead int64, text, refuted string, packets ...int64) Conn {
	c.OpenedBecause = &report.OpenedBecause{Cause: cause, InsteadOf: instead, Confidence: pool.Certain,
		Packets: packets, Text: text, RefutedBy: refuted}
	return c
}

// whole makes a report of one pool, with totals as the pool's.
func whole(p *report.Pool, built ...Conn) *report.Report {
	conns := make([]*report.Connection, len(built))
	for i, c := range built {
		conns[i] = c.Connection
	}
	start, end := Zero, At(time.Minute)
	p.ID, p.Client, p.FirstPacket = 1, "127.0.0.1", 1
	if p.Server == nil {
		p.Server = []string{"127.0.0.1:8080"}
	}
	if p.Protocol == "" {
		p.Protocol = "http/1.1"
	}
	p.Connections = p.Used + p.Unused
	return &report.Report{
		Schema: report.Schema,
		Capture: report.Capture{Files: []string{"a.pcap"}, Packets: int64(len(conns)) * 10, Segments: int64(len(conns)) * 10,
			Bytes: 4000, Start: &start, End: &end, Vantage: report.AtBoth, Loopback: true},
		Connections: conns,
		Pools:       []*report.Pool{p},
		Totals: report.Totals{Connections: p.Connections, Used: p.Used, Unused: p.Unused, Transactions: p.Transactions,
			Reused: p.ReusedCount, Needed: p.Needed, Avoidable: p.Avoidable, ServerEnded: p.ServerEnded,
			Promised: p.Promised, Shared: p.Shared, Causes: p.Causes},
		Verdict: p.Verdict,
	}
}

// Missed returns a report of two requests, two connections, one needed.
func Missed() *report.Report {
	one := NewConn(1, 0, 167500*us, "client").Get(2*ms, 800*us, 200*us, "/a").Opened(pool.First, 0, "", "")
	two := NewConn(2, 28500*us, 167800*us, "client").Get(29*ms, 500*us, 300*us, "/b").Opened(pool.Missed, 1,
		"#1 had been idle for 25.5 ms: response ended in packet 6, nothing outstanding, no FIN, RST or close; "+
			"it stayed open for 139 ms more (until packet 16).",
		"packets 4 and 11 come from two programs", 6, 8, 16)
	two.FirstPacket = 8
	return whole(&report.Pool{
		Used: 2, Transactions: 2, Needed: 1, Avoidable: 1, Causes: map[pool.Cause]int64{pool.First: 1, pool.Missed: 1},
		UserAgent: "axios/1.7.2",
		Peak:      1, Promised: 2, SaidKeepAlive: 2, ColdCost: seconds(20 * us), ColdRoundTrips: 1, Verdict: pool.NotReused,
	}, one, two)
}

// Reused returns a report of six requests over one TLS connection.
func Reused() *report.Report {
	c := NewConn(1, 0, 9*time.Second, "server")
	c.TLS = &report.TLS{Version: "1.3", ServerName: "api.example.com", ALPN: "http/1.1", Decrypted: true}
	c.TransactionBasis = transaction.Decrypted
	c.ClientToServer.RTT.Handshake = seconds(48 * ms)
	for i, start := range []time.Duration{110 * ms, 408 * ms, 700 * ms, 900 * ms, 1000 * ms, 3950 * ms} {
		c.Get(start, 51*ms, time.Duration(10+20*i)*ms/2, "/v1/items")
	}
	c.Opened(pool.First, 0, "", "")
	r := whole(&report.Pool{
		Name: "api.example.com", TLS: true, Server: []string{"10.0.0.9:443"}, Used: 1, Transactions: 6, ReusedCount: 5,
		Needed: 1, Causes: map[pool.Cause]int64{pool.First: 1}, Promised: 6, SaidKeepAlive: 6, Shared: 6, SavedRoundTrips: 10,
		SavedCost: seconds(480 * ms), LongestIdle: seconds(2854 * ms), ServerTimeout: seconds(5 * time.Second), Verdict: pool.Reused,
	}, c)
	r.Pools[0].Client = "10.0.0.5"
	r.Capture.Loopback, r.Capture.Vantage, r.Capture.QUICPackets = false, report.AtClient, 12
	return r
}

// Witnessed returns a report of three requests, captured on the server's own machine, whose kernel
// has said how its window went.
func Witnessed() *report.Report {
	const segment = 1448
	c := NewConn(1, 0, 4*time.Second, "client")
	c.Get(100*ms, 52*ms, 197*ms, "/a").Get(350*ms, 52*ms, 82*ms, "/b").Get(2*time.Second, 52*ms, 173*ms, "/c")
	c.Opened(pool.First, 0, "", "")
	starts := []struct {
		warmth    report.Warmth
		low, high int64
		kernel    int64
	}{{report.Cold, 10, 22, 10}, {report.Warm, 75, 253, 0}, {report.Cooled, 10, 294, 40}}
	for i, t := range c.Transactions {
		s := starts[i]
		t.Warmth, t.Rounds = s.warmth, 4
		t.WindowAtStart = &report.Window{Low: s.low * segment, Best: s.low * segment, High: s.high * segment,
			Basis: "inferred", Segment: segment}
		if n := s.kernel * segment; n > 0 { // the second began too soon after the first
			t.KernelWindowAtStart = &report.Window{Low: n, Best: n, High: n, Basis: report.Kernel, Segment: segment}
		}
	}
	c.ServerToClient.Window = &report.HalfWindow{InitialSegments: 10, Segment: segment, Initial: 10 * segment,
		InitialBasis: "observed", Last: 253 * segment, Max: 294 * segment, Basis: "inferred", Rounds: 12, IdleRestarts: 1,
		Phases: []report.WindowPhase{},
		Growth: []int64{10, 20, 40, 80, 160, 294, 10, 20}, LimitedBy: report.ByLimit[float64]{tcp.Application: 1},
		LimitedACKs: report.ByLimit[int64]{tcp.Application: 249}}
	c.ServerToClient.KernelWindow = &report.KernelWindow{Basis: report.Kernel, Algorithm: "cubic", Answers: 41, Segment: segment,
		First: 10 * segment, Min: 10 * segment, Max: 281 * segment, Last: 80 * segment, Threshold: number(211 * segment),
		DeliveryRate: 2_500_000, RTT: seconds(52 * ms), MinRTT: seconds(50 * ms)}
	return whole(&report.Pool{
		Used: 1, Transactions: 3, ReusedCount: 2, Needed: 1, Causes: map[pool.Cause]int64{pool.First: 1}, Promised: 3,
		SaidKeepAlive: 3, Shared: 3, SavedRoundTrips: 2, SavedCost: seconds(104 * ms), LongestIdle: seconds(1516 * ms),
		Verdict: pool.Reused,
	}, c)
}

// Prevented returns a report of a server that says close each time.
func Prevented() *report.Report {
	var conns []Conn
	for i := range int64(4) {
		start := time.Duration(i) * 100 * ms
		c := NewConn(i+1, start, start+12*ms, "server").Get(start+2*ms, 8*ms, 1*ms, "/")
		c.Opened(pool.First, 0, "", "")
		if i > 0 {
			c.Opened(pool.ServerSaidClose, i, fmt.Sprintf("The response in packet %d said Connection: close.", i*6-1),
				"another response follows on that connection", i*6-1)
		}
		conns = append(conns, c)
	}
	return whole(&report.Pool{
		Used: 4, Transactions: 4, Needed: 4, ServerEnded: 4, Promised: 4, SaidKeepAlive: 4, Verdict: pool.ServerPrevents,
		Causes: map[pool.Cause]int64{pool.First: 1, pool.ServerSaidClose: 3},
	}, conns...)
}

// curve gives all its points but the first the same idle timeout.
func curve(timeout time.Duration, opened [][2]int64) []report.CurvePoint {
	var all []report.CurvePoint
	for i, o := range opened {
		p := report.CurvePoint{IdleKept: o[0], Connections: o[1]}
		if i > 0 {
			p.IdleTimeout = report.Seconds(timeout)
		}
		all = append(all, p)
	}
	return all
}

// Burst returns a report of bursts of eight over a pool that keeps two.
func Burst() *report.Report {
	var conns []Conn
	id := int64(0)
	for burst := range 3 {
		start := time.Duration(burst) * 200 * ms
		for i := range 8 {
			if burst > 0 && i < 2 {
				conns[i].Get(start, 5*ms, 3*ms, "/item")
				continue
			}
			id++
			end := start + 9*ms
			if burst == 0 && i < 2 || burst == 2 {
				end = 700 * ms
			}
			c := NewConn(id, start+time.Duration(i)*100*us, end, "client").Get(start+time.Duration(i)*100*us+300*us, 5*ms, 3*ms, "/item")
			c.Opened(pool.Concurrent, 0, "", "")
			if id == 1 {
				c.Opened(pool.First, 0, "", "")
			}
			if burst > 0 {
				c.Opened(pool.ClientClosed, id-6, fmt.Sprintf("#%d was closed by the client 0.8 ms after its response.", id-6),
					"the program had ended in between", id*6-7)
			}
			conns = append(conns, c)
		}
	}
	r := whole(&report.Pool{
		Used: 20, Unused: 1, Transactions: 24, ReusedCount: 4, Needed: 8, Avoidable: 12, Promised: 24, SaidKeepAlive: 24, Shared: 6,
		Causes: map[pool.Cause]int64{pool.First: 1, pool.Concurrent: 7, pool.ClientClosed: 12}, Peak: 8,
		ColdCost: seconds(240 * us), ColdRoundTrips: 12, Verdict: pool.PartlyReused,
		Curve: curve(110*ms, [][2]int64{{0, 24}, {1, 22}, {2, 20}, {4, 16}, {6, 12}, {8, 8}}),
	}, conns...)
	r.Findings = []report.Finding{{ID: "pool-too-small", Title: "The client keeps 2 idle connections; its bursts need 8", Pool: 1,
		Confidence: pool.Likely, Connections: []int64{3, 4}, Packets: []int64{55, 61, 79},
		Text: "After each of 2 bursts the client closed all but 2 connections.", RefutedBy: "the number left differs"}}
	r.Expectations = []report.Expectation{
		{Text: "avoidable == 0", Held: truth(false), Measured: "12"},
		{Text: "connections <= 20", Held: truth(true), Measured: "20"},
		{Text: "cold <= 4", Held: nil, Measured: "4 to 9"},
	}
	r.Outcome = verdict.Failed
	r.Command = &report.Command{Args: []string{"node", "client.js"}, Exit: -1, Signal: "terminated", Scope: "the command's connections"}
	r.Capture.MissingBytes = 1460
	r.Capture.Problems = []report.Problem{
		{Kind: "file-cut-short", Count: 1, FirstPacket: 200, Text: "the file ends within a packet"},
		{Kind: "records-not-kept", Count: 12, Text: "12 connections are in the totals only"},
	}
	return r
}

// HostileText is what a capture may hold to harm a terminal or a layout.
const HostileText = "a\x1b[31m\x1b]0;title\x07b\r\nc\u202egnp\u2066\x9b2J\xff\xfe\u200b界世\U000e0041\t"

// Hostile returns a report that has HostileText in every string.
func Hostile() *report.Report {
	r := Missed()
	r.Pools[0].UserAgent = HostileText
	r.Pools[0].Name, r.Pools[0].Server = HostileText, []string{HostileText, HostileText}
	r.Pools[0].Client, r.Pools[0].Protocol = HostileText, HostileText
	r.Pools[0].Verdict, r.Verdict = pool.NotKnown, pool.NotKnown
	r.Pools[0].WithheldBecause = HostileText
	long := ""
	for range 30 {
		long += HostileText
	}
	for _, c := range r.Connections {
		c.Closed.First = HostileText
		c.TLS = &report.TLS{Version: HostileText, ServerName: HostileText}
		c.OpenedBecause.Text, c.OpenedBecause.RefutedBy = long, HostileText
		c.Transactions[0].Target, c.Transactions[0].Method = long, HostileText
	}
	r.Findings = []report.Finding{{ID: HostileText, Title: HostileText, Pool: 1, Confidence: HostileText,
		Text: long, RefutedBy: HostileText, Remedy: HostileText}}
	r.Expectations = []report.Expectation{{Text: HostileText, Measured: long}}
	r.Outcome = verdict.Undecided
	r.Capture.Files = []string{HostileText}
	r.Capture.Problems = []report.Problem{{Kind: HostileText, Count: 3, FirstPacket: 7, Text: long}}
	return r
}

// Many returns a report with more pools than are shown, of all verdicts.
func Many() *report.Report {
	r := Missed()
	r.Connections[0].Pool, r.Connections[1].Pool = 2, 2
	r.Pools = nil
	for i, v := range []pool.Verdict{pool.Reused, pool.NotReused, pool.NoOpportunity, pool.NotKnown, pool.PartlyReused} {
		n := int64(i)
		r.Pools = append(r.Pools, &report.Pool{ID: n + 1, Client: "10.0.0.5", Name: "s.example", Server: []string{"[2001:db8::1]:443"},
			TLS: true, Protocol: "http/2", Used: n + 1, Transactions: n + 2, Needed: 1, Avoidable: n, Verdict: v,
			TransactionLow: number(n + 1), TransactionHigh: number(n + 4), WithheldBecause: "no SYN was captured"})
	}
	r.Capture.Loopback, r.Capture.Vantage = false, report.InTheMiddle
	return r
}

// Samples returns all of them by name.
func Samples() map[string]*report.Report {
	return map[string]*report.Report{
		"missed":    Missed(),
		"witnessed": Witnessed(),
		"reused":    Reused(),
		"prevented": Prevented(),
		"burst":     Burst(),
		"hostile":   Hostile(),
		"many":      Many(),
		"empty":     {Schema: report.Schema, Verdict: pool.NoOpportunity},
	}
}
