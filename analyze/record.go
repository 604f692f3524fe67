package analyze

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// record writes c down for the report, but for its ID.
func (c *conn) record() *report.Connection {
	r := &report.Connection{
		Client: c.key.Sender(c.client).String(), Server: c.key.Sender(1 - c.client).String(), RoleBasis: c.roleBasis,
		Start: report.Instant(c.first.Time), End: report.Instant(c.last.Time), FirstPacket: c.first.Packet, LastPacket: c.last.Packet,
		Handshake: c.handshakeName(), History: string(c.history.letters), Protocol: c.protocol(), Name: c.http.name,
		TransactionBasis: transaction.NoBasis, Transactions: []*report.Transaction{}, Closed: c.closedRecord(),
		ClientToServer: c.halfRecord(c.client), ServerToClient: c.halfRecord(1 - c.client),
	}
	if c.speaksFor != (segment.Addr{}) && c.speaksFor != c.key.Sender(c.client).Addr {
		r.ProxiedFor = c.speaksFor.String()
	}
	if c.app.inside != nil {
		r.TLS = tlsRecord(c.app.inside)
		r.Name = r.TLS.ServerName
	}
	if a := c.app.settled(); a.proto == isHTTP1 || a.proto == isHTTP2 || a.proto == isSealed {
		p := &a.sums
		r.TransactionBasis = c.app.basis()
		r.TransactionCount, r.Requests, r.Responses = p.Requests, p.Requests, p.Responses
		r.GRPC, r.Pushed = p.GRPC, p.Pushed
		r.Transactions = transactions(c.http.records, !c.half[c.client].SawSYN)
		if fewest, most := c.app.bounds(); fewest != most || a.proto == isSealed {
			r.TransactionLow, r.TransactionHigh = &fewest, &most
		}
		if p.Consumed {
			r.Tunnel = c.tunnelRecord()
		}
	}
	return r
}

func (c *conn) protocol() string {
	a := c.app.settled()
	switch p := &a.sums; {
	case a.proto == isHTTP2:
		return "http/2"
	case a.proto == isSealed, c.app.proto == isTLS && a.proto != isHTTP1:
		return "tls"
	case a.proto != isHTTP1:
		return "unknown"
	case p.Consumed && p.Upgrade == "websocket":
		return "websocket"
	case p.Consumed && p.Target != "":
		return "tunnel"
	case p.Minor == 0:
		return "http/1.0"
	case p.Minor < 0:
		return "http/0.9"
	}
	return "http/1.1"
}

func (c *conn) handshakeName() string {
	switch {
	case c.shake.SYN.Packet == 0:
		return "missed"
	case c.refused() && (c.half[0].SawRST || c.half[1].SawRST):
		return "refused"
	case c.shake.SYNData && c.shake.SYNACK.Packet != 0:
		return "fast-open"
	case c.shake.SYNACK.Packet != 0 && c.shake.ACK.Packet != 0:
		return "full"
	}
	return "half"
}

func (c *conn) closedRecord() report.Closed {
	r := report.Closed{First: sideName(c.closing.by), How: "open"}
	if c.closing.by == pool.Nobody {
		return r
	}
	r.How = "fin"
	if c.closing.reset {
		r.How = "rst"
	}
	at := report.Instant(c.closing.at.Time)
	r.Packet, r.At = c.closing.at.Packet, &at
	if end := c.http.last.end; end.Packet != 0 && c.closing.at.Time >= end.Time {
		idle := report.Seconds(c.closing.at.Time.Sub(end.Time))
		r.AfterIdle = &idle
	}
	return r
}

func sideName(s pool.Side) string {
	switch s {
	case pool.Client:
		return "client"
	case pool.Server:
		return "server"
	}
	return "none"
}

func (c *conn) halfRecord(d segment.Dir) report.Half {
	h := &c.half[d]
	r := report.Half{Packets: h.Packets, DuplicatePackets: h.Duplicates, WireSegments: h.WireSegments, PayloadBytes: h.PayloadBytes,
		ResentSegments: h.ResentSegments, ResentBytes: h.ResentBytes, MissingBytes: h.missing(), OutOfOrder: h.OutOfOrder,
		SACK: h.SACKPermitted, Timestamps: h.Timestamps, MaxFlight: int64(h.MaxFlight), RTT: rttRecord(&h.RTT)}
	if h.HasMSS {
		mss := h.MSS
		r.MSS = &mss
	}
	if h.HasWindowScale {
		scale := h.WindowScale
		r.WindowScale = &scale
	}
	if h.view != nil {
		r.Window = c.halfWindow(h.view)
	}
	toServer, toClient := c.shake.RTTs()
	gap := toServer
	if d != c.client {
		gap = toClient
	}
	if gap > 0 {
		if r.RTT == nil {
			r.RTT = &report.RTT{}
		}
		r.RTT.Handshake = seconds(gap)
	}
	return r
}

func (c *conn) halfWindow(v *tcp.SenderView) *report.HalfWindow {
	e, s := v.Estimate(), &v.Sums
	segments, initial, exact := v.Initial()
	w := &report.HalfWindow{InitialSegments: int64(segments), Initial: int64(initial), Segment: int64(v.MSS), InitialBasis: tcp.Assumed.String(), Last: int64(e.Best),
		Max: int64(max(s.Max, e.Best)), Basis: e.Basis.String(), Rounds: s.Rounds, Losses: s.Losses, Timeouts: s.Timeouts, IdleRestarts: s.Restarts,
		LimitedBy: map[string]float64{}, LimitedACKs: map[string]int64{}}
	if exact {
		w.InitialBasis = tcp.Observed.String()
	}
	if s.ExitAt != 0 {
		w.SlowStartExit = seconds(s.ExitAt.Sub(c.first.Time))
	}
	for _, n := range s.Growth {
		w.Growth = append(w.Growth, int64(n))
	}
	for _, p := range s.Phases {
		w.Phases = append(w.Phases, report.WindowPhase{Phase: p.Name, Start: report.Seconds(p.Start.Sub(c.first.Time)), End: report.Seconds(p.End.Sub(c.first.Time)), From: int64(p.From), To: int64(p.To)})
	}
	var acks int64
	for _, n := range s.By {
		acks += n
	}
	for i, n := range s.By {
		if n > 0 {
			w.LimitedACKs[tcp.Limit(i).String()] = n
			w.LimitedBy[tcp.Limit(i).String()] = float64(n) / float64(acks)
		}
	}
	return w
}

func rttRecord(t *tcp.RTT) *report.RTT {
	if t.Samples == 0 {
		return nil
	}
	return &report.RTT{Min: seconds(t.Min), Median: seconds(t.Quantile(0.5)), P90: seconds(t.Quantile(0.9)), Samples: t.Samples}
}

func seconds(d time.Duration) *report.Seconds {
	s := report.Seconds(d)
	return &s
}

func tlsRecord(in *inside) *report.TLS {
	r := &report.TLS{Version: in.info.VersionName(), ServerName: in.info.ServerName, ALPN: in.info.ALPN, Decrypted: in.info.Decrypted}
	if in.info.Hellos || in.info.Resumed {
		r.Resumed = &in.info.Resumed
	}
	return r
}

// basis says where a's messages come from.
func (a *app) basis() transaction.Basis {
	if fewest, most := a.bounds(); a.settled().proto == isSealed || fewest != most {
		return transaction.Inferred
	}
	if a.proto == isTLS {
		return transaction.Decrypted
	}
	return transaction.Parsed
}

// transactions writes down what was kept of one connection, in order.
func transactions(kept []record, midway bool) []*report.Transaction {
	// HTTP/2's end in another order than they begin.
	slices.SortFunc(kept, func(a, b record) int { return cmp.Compare(a.N, b.N) })
	list := make([]*report.Transaction, len(kept))
	var idleSince segment.Time // end of the latest, if all before have ended
	for i := range kept {
		t := &kept[i]
		r := &report.Transaction{N: int64(t.N), Method: t.Method, Target: t.Target, Status: t.Status, Start: report.Instant(t.Start.Time),
			StartPacket: t.Start.Packet, RequestBytes: t.RequestBytes, ResponseBytes: t.ResponseBytes,
			Reused: t.N > 1, PromisesPersistence: t.Promises, Complete: t.ResponseDone && t.HasStatus, Ignored: t.Ignored}
		if t.HasStatus {
			if wait := t.FirstByte.Time.Sub(t.RequestEnd.Time); wait >= 0 { // else it began before the request had ended
				r.Wait = seconds(wait)
			}
			r.EndPacket = t.LastByte.Packet
		}
		if t.ResponseDone && t.HasStatus {
			r.Receive = seconds(t.LastByte.Time.Sub(t.FirstByte.Time))
			r.Duration = seconds(t.LastByte.Time.Sub(t.Start.Time))
		}
		if i > 0 && idleSince <= t.Start.Time {
			r.IdleBefore = seconds(t.Start.Time.Sub(idleSince))
		}
		if s := &t.start; s.N != 0 {
			r.Warmth, r.Rounds = warmth(t, midway), int64(t.rounds)
			r.WindowAtStart = &report.Window{Low: int64(s.Low), Best: int64(s.Best), High: int64(s.High), Basis: s.Basis.String(), Segment: int64(s.MSS)}
		}
		if !t.ResponseDone {
			idleSince = math.MaxInt64
		}
		idleSince = max(idleSince, t.LastByte.Time)
		list[i] = r
	}
	return list
}

// warmth says whether a transaction found its connection's window grown.
func warmth(t *record, midway bool) report.Warmth {
	s := &t.start
	switch {
	case t.N == 1 && midway:
		return report.WarmthUnknown
	case t.N == 1:
		return report.Cold
	case s.Restarted:
		return report.Cooled
	case s.Grown:
		return report.Warm
	case s.Lost:
		return report.Cooled
	}
	return report.Cold
}

// warmths counts c's transactions by warmth, as far as they are kept.
func (c *conn) warmths() (w pool.Warmths) {
	midway := !c.half[c.client].SawSYN
	for _, r := range *c.http.carried() {
		if r.Ignored {
			continue
		}
		switch warmth(&r, midway) {
		case report.Cold:
			w.Cold++
		case report.Warm:
			w.Warm++
		case report.Cooled:
			w.Cooled++
		}
	}
	return w
}

func (c *conn) tunnelRecord() *report.Tunnel {
	p := &c.app.settled().sums
	r := &report.Tunnel{Counts: c.http.inside, Kind: "other", Target: p.Target, Protocol: "unknown", TransactionBasis: transaction.NoBasis}
	switch {
	case p.Target != "":
		r.Kind = "connect"
	case p.Upgrade == "websocket":
		r.Kind, r.Protocol = "websocket", "websocket"
	}
	t := c.http.tunnel
	if t == nil {
		return r
	}
	if t.app.inside != nil {
		r.Protocol, r.TLS = "tls", tlsRecord(t.app.inside)
	}
	switch t.app.settled().proto {
	case isHTTP2:
		r.Protocol = "http/2"
	case isHTTP1:
		r.Protocol = "http/1.1"
	case isSealed:
	default:
		return r
	}
	r.TransactionBasis, r.TransactionCount = t.app.basis(), t.count
	r.Transactions = transactions(t.records, false)
	return r
}

// facts writes into v what findings need to know of c, but for its ID.
func (c *conn) facts(v *verdict.Conn) {
	client, server := &c.half[c.client], &c.half[1-c.client]
	f, last := &c.http.facts, &c.http.last
	toServer, toClient := c.shake.RTTs()
	from, to := c.key.Sender(c.client), c.key.Sender(1-c.client)
	*v = verdict.Conn{
		Client: from.Addr, Server: to.Addr, Port: to.Port, First: c.first, RTT: toServer + toClient,
		Transactions: f.count, Restart: c.idleRestart(),
		Messages: verdict.Messages{
			FirstEnd: f.firstEnd, LastEnd: last.end, LastPromised: last.promised, LastComplete: int64(last.n) == f.count,
			SaidClose: f.saidCloseAt, ReusedAfterClose: f.reusedAfterClose, StaleRequest: f.staleRequest,
		},
		Closing: verdict.Closing{
			ClosedBy: c.closing.by, Closed: c.closing.at, Reset: c.closing.reset,
			ClientRST: client.SawRST, ServerRST: server.SawRST,
		},
		Unseen: verdict.Unseen{
			Missing: client.missing() + server.missing(), OneWay: c.unseen(0) || c.unseen(1), Midstream: !client.SawSYN,
		},
	}
	if c.shake.SYNResent {
		v.LastSYN = c.shake.SYN
	}
	c.paces(v)
	if in := c.app.inside; in != nil {
		v.TLS = verdict.Handshake{Seen: in.info.Hellos, Resumed: in.info.Resumed, Asks: in.info.Asks, Takes: in.info.Takes, Gives: in.info.Gives,
			Name: in.info.ServerName, Who: pool.Who{SYN: c.ticket.who.SYN, Hello: in.info.Hello, For: c.speaksFor}, Read: in.info.Decrypted || in.info.Version < 0x0304}
	}
	if !v.LastComplete && f.latest.Time > last.end.Time {
		v.Ignored = f.latest
	}
}

// paces writes into v what slowed c down: of the direction that carried more, as far
// as it was looked at, and for waits for ACKs of the one that had more of them.
func (c *conn) paces(v *verdict.Conn) {
	content := &c.half[0]
	if c.half[1].PayloadBytes > content.PayloadBytes {
		content = &c.half[1]
	}
	if w := content.view; w != nil {
		v.Pace = verdict.Pace{ACKs: w.Stalls.ACKs, Full: w.Stalls.Full, FullAt: w.Stalls.FullAt, IdleStalls: w.Stalls.Idle, NagleWaits: w.Stalls.Nagle,
			Segments: content.WireSegments, Resent: content.ResentSegments, ResentAt: content.resentAt, Losses: w.Sums.Losses, Timeouts: w.Sums.Timeouts, AtReceiver: w.AtReceiver}
	}
	if list := *c.http.carried(); v.Pace.AtReceiver && len(list) > 0 { // which ACKs its sender had seen is what the estimator knows
		w := content.view
		v.Pace.ACKs, v.Pace.Full, v.Pace.FullAt = 0, w.Sums.By[tcp.Receiver], list[0].FirstByte.Packet
		for _, n := range w.Sums.By {
			v.Pace.ACKs += n
		}
	}
	for d := range c.half {
		if w := c.half[d].view; w != nil && w.Stalls.Nagle.N > v.Pace.NagleWaits.N {
			v.Pace.NagleWaits = w.Stalls.Nagle
		}
	}
}

// idleRestart finds the first transaction that needed more than one round because
// idling had taken its window.
func (c *conn) idleRestart() verdict.IdleRestart {
	list := *c.http.carried()
	for i := 1; i < len(list); i++ {
		b, r := &list[i-1], &list[i]
		v := c.half[r.dir].view
		if v == nil || !r.start.Restarted || r.rounds < 2 || r.N != b.N+1 || !b.ResponseDone || b.LastByte.Time > r.Start.Time {
			continue
		}
		return verdict.IdleRestart{Before: b.LastByte, Start: r.Start, N: int64(r.N), Rounds: int64(r.rounds),
			Low: int64(r.start.Low / r.start.MSS), High: int64(r.start.High / r.start.MSS), Observed: r.start.Basis == tcp.Observed}
	}
	return verdict.IdleRestart{}
}
