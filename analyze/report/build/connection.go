package build

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// Connection writes c, which has ended, down for the report, but for its ID.
func Connection(c *conn.Conn) *report.Connection {
	id, client, layer := c.Identity(), c.Client(), c.App()
	r := &report.Connection{
		Client: c.ClientShown().String(), Server: id.Key.Sender(1 - client).String(), RoleBasis: c.RoleBasis(),
		Start: report.Instant(id.First.Time), End: report.Instant(c.Last().Time), FirstPacket: id.First.Packet, LastPacket: c.Last().Packet,
		Handshake: handshake(c), History: c.History(), Protocol: protocol(layer), Name: c.Name(),
		TransactionBasis: transaction.NoBasis, Transactions: []*report.Transaction{}, Closed: closed(c),
		ClientToServer: half(c, client), ServerToClient: half(c, 1-client),
	}
	if whom := c.ProxiedClient(); whom != (segment.Addr{}) && whom != id.Key.Sender(client).Addr {
		r.ProxiedFor = whom.String()
	}
	if info := layer.TLSInfo(); info != nil {
		r.TLS = tlsRecord(info)
		r.Name = r.TLS.ServerName
	}
	if final := layer.FinalLayer(); carriesHTTP(final) {
		p := final.Sums()
		r.TransactionBasis = layer.Basis()
		r.TransactionCount, r.Requests, r.Responses = p.Requests, p.Requests, p.Responses
		r.GRPC, r.Pushed = p.GRPC, p.Pushed
		r.Transactions = transactions(c.Records(), c.Midstream())
		if fewest, most := layer.Bounds(); fewest != most || final.Protocol() == app.Sealed {
			r.TransactionLow, r.TransactionHigh = &fewest, &most
		}
		if p.Consumed {
			r.Tunnel = tunnel(c)
		}
	}
	if r.Tunnel == nil && c.Target() != "" {
		r.Tunnel = &report.Tunnel{Kind: report.SOCKS, Target: c.Target(), Protocol: r.Protocol, TLS: r.TLS,
			TransactionCount: r.TransactionCount, TransactionBasis: r.TransactionBasis}
	}
	return r
}

// Broken writes down what is known of c though something went wrong with it.
func Broken(c *conn.Conn) *report.Connection {
	id, client := c.Identity(), c.Client()
	return &report.Connection{
		Client: c.ClientShown().String(), Server: id.Key.Sender(1 - client).String(), RoleBasis: "port",
		Start: report.Instant(id.First.Time), End: report.Instant(c.Last().Time), FirstPacket: id.First.Packet, LastPacket: c.Last().Packet,
		Handshake: "missed", Protocol: "unknown", TransactionBasis: transaction.NoBasis, Transactions: []*report.Transaction{},
		Closed: report.Closed{First: "none", How: "open"},
	}
}

// carriesHTTP reports whether transactions were read on final, or inferred.
func carriesHTTP(final *app.Layer) bool {
	switch final.Protocol() {
	case app.HTTP1, app.HTTP2, app.Sealed:
		return true
	}
	return false
}

// protocol names what layer has spoken.
func protocol(layer *app.Layer) string {
	final := layer.FinalLayer()
	switch p := final.Sums(); {
	case final.Protocol() == app.HTTP2:
		return "http/2"
	case final.Protocol() == app.Sealed, layer.Protocol() == app.TLS && final.Protocol() != app.HTTP1:
		return "tls"
	case final.Protocol() != app.HTTP1:
		if name, _ := final.Foreign(); name != "" {
			return name
		}
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

// handshake says how much of it was seen, and how it went.
func handshake(c *conn.Conn) string {
	h := c.Handshake()
	switch {
	case h.SYN.Packet == 0:
		return "missed"
	case c.Refused() && (c.Half(0).SawRST || c.Half(1).SawRST):
		return "refused"
	case h.SYNDataTaken && h.SYNACK.Packet != 0:
		return "fast-open"
	case h.SYNACK.Packet != 0 && h.ACK.Packet != 0:
		return "full"
	}
	return "half"
}

// closed says how c was closed.
func closed(c *conn.Conn) report.Closed {
	how := c.Closing()
	r := report.Closed{First: sideName(how.By), How: "open"}
	if how.By == event.Nobody {
		return r
	}
	r.How = "fin"
	if how.Reset {
		r.How = "rst"
	}
	at := report.Instant(how.At.Time)
	r.Packet, r.At = how.At.Packet, &at
	if _, end, _ := c.LastResponse(); end.Packet != 0 && how.At.Time >= end.Time {
		idle := report.Seconds(how.At.Time.Sub(end.Time))
		r.AfterIdle = &idle
	}
	return r
}

func sideName(s event.Side) string {
	switch s {
	case event.Client:
		return "client"
	case event.Server:
		return "server"
	}
	return "none"
}

// half writes direction d down.
func half(c *conn.Conn, d segment.Dir) report.Half {
	h := c.Half(d)
	r := report.Half{Packets: h.Packets, DuplicatePackets: h.Duplicates, WireSegments: h.WireSegments, PayloadBytes: h.PayloadBytes,
		ResentSegments: h.ResentSegments, ResentBytes: h.ResentBytes, MissingBytes: h.MissingBytes(), OutOfOrder: h.OutOfOrder,
		SACK: h.SACKPermitted, Timestamps: h.Timestamps, MaxFlight: int64(h.MaxFlight), RTT: rttRecord(&h.RTT)}
	if h.HasMSS {
		mss := h.MSS
		r.MSS = &mss
	}
	if h.HasWindowScale {
		scale := h.WindowScale
		r.WindowScale = &scale
	}
	if h.View != nil {
		r.Window = halfWindow(h.View, c.Identity().First.Time)
	}
	toServer, toClient := c.Handshake().RTTs()
	gap := toServer
	if d != c.Client() {
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

// halfWindow writes down what is known of a window. first is when its connection began.
func halfWindow(v *tcp.SenderView, first segment.Time) *report.HalfWindow {
	e, s := v.Estimate(), &v.Sums
	segments, initial, exact := v.Initial()
	w := &report.HalfWindow{
		InitialSegments: int64(segments), Initial: int64(initial), InitialBasis: tcp.Assumed.String(),
		Segment: int64(v.MSS), Last: int64(e.Best), Max: int64(max(s.Max, e.Best)), Basis: e.Basis.String(),
		Rounds: s.Rounds, Losses: s.Losses, Timeouts: s.Timeouts, IdleRestarts: s.Restarts, LimitedACKs: s.By}
	if exact {
		w.InitialBasis = tcp.Observed.String()
	}
	if s.ExitAt != 0 {
		w.SlowStartExit = seconds(s.ExitAt.Sub(first))
	}
	for _, n := range s.Growth {
		w.Growth = append(w.Growth, int64(n))
	}
	for _, p := range s.Phases {
		w.Phases = append(w.Phases, report.WindowPhase{Phase: p.Name, From: int64(p.From), To: int64(p.To),
			Start: report.Seconds(p.Start.Sub(first)), End: report.Seconds(p.End.Sub(first))})
	}
	var acks int64
	for _, n := range s.By {
		acks += n
	}
	for i, n := range s.By {
		if n > 0 {
			w.LimitedBy[i] = float64(n) / float64(acks)
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

func tlsRecord(info *tls.Info) *report.TLS {
	r := &report.TLS{Version: info.VersionName(), ServerName: info.ServerName, ALPN: info.ALPN, Decrypted: info.Decrypted}
	if info.Hellos || info.Resumed {
		r.Resumed = &info.Resumed
	}
	return r
}

// transactions writes down what was kept of one connection, in order.
func transactions(kept []conn.Record, midstream bool) []*report.Transaction {
	// HTTP/2's end in another order than they begin.
	slices.SortFunc(kept, func(a, b conn.Record) int { return cmp.Compare(a.N, b.N) })
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
		if s := &t.Window; s.N != 0 {
			r.Warmth, r.Rounds = t.Warmth(midstream), int64(t.Rounds)
			r.WindowAtStart = &report.Window{Low: int64(s.Low), Best: int64(s.Best), High: int64(s.High),
				Basis: s.Basis.String(), Segment: int64(s.MSS)}
		}
		if !t.ResponseDone {
			idleSince = math.MaxInt64
		}
		idleSince = max(idleSince, t.LastByte.Time)
		list[i] = r
	}
	return list
}

// tunnel writes down what ran inside c.
func tunnel(c *conn.Conn) *report.Tunnel {
	p := c.App().FinalLayer().Sums()
	t, judged := c.Tunnel()
	r := &report.Tunnel{Counts: judged, Kind: "other", Target: p.Target, Protocol: "unknown", TransactionBasis: transaction.NoBasis}
	switch {
	case p.Target != "":
		r.Kind = "connect"
	case p.Upgrade == "websocket":
		r.Kind, r.Protocol = "websocket", "websocket"
	}
	if t.App == nil {
		return r
	}
	if info := t.App.TLSInfo(); info != nil {
		r.Protocol, r.TLS = "tls", tlsRecord(info)
	}
	switch t.App.FinalLayer().Protocol() {
	case app.HTTP2:
		r.Protocol = "http/2"
	case app.HTTP1:
		r.Protocol = "http/1.1"
	case app.Sealed:
	default:
		return r
	}
	r.TransactionBasis, r.TransactionCount = t.App.Basis(), t.Count
	r.Transactions = transactions(t.Records, false)
	return r
}
