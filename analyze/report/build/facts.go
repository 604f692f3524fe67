package build

import (
	"tcpwarm/analyze/app"
	"tcpwarm/analyze/app/tls"
	"tcpwarm/analyze/conn"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
)

// Facts writes into v what findings need to know of c, which has ended, but for its ID. It
// must be called before Connection, which puts c's records in another order.
func Facts(c *conn.Conn, v *verdict.Conn) {
	id, f := c.Identity(), c.Facts()
	client, server := c.Half(c.Client()), c.Half(1-c.Client())
	from, to := id.Key.Sender(c.Client()), id.Key.Sender(1-c.Client())
	toServer, toClient := c.Handshake().RTTs()
	how := c.Closing()
	last, lastEnd, promised := c.LastResponse()
	*v = verdict.Conn{
		Client: from.Addr, Server: to.Addr, Port: to.Port, Name: c.Name(), First: id.First, RTT: toServer + toClient,
		Transactions: f.Count, Restart: idleRestart(c),
		Messages: verdict.Messages{
			FirstEnd: f.FirstEnd, LastEnd: lastEnd, LastComplete: int64(last) == f.Count,
			LastPromised: promised.Both, ClientPromised: promised.Client, ServerPromised: promised.Server,
			SaidClose: f.SaidCloseAt, ReusedAfterClose: f.ReusedAfterClose, StaleRequest: f.StaleRequest,
		},
		Closing: verdict.Closing{
			ClosedBy: how.By, Closed: how.At, Reset: how.Reset,
			ClientRST: client.SawRST, ServerRST: server.SawRST,
		},
		HTTP2: verdict.HTTP2{
			GoAway: f.GoAway, ClientGoAway: f.ClientGoAway, Streams: f.Streams, Refused: f.Refused, FirstRefused: f.FirstRefused,
		},
		Unseen: verdict.Unseen{
			Missing: client.MissingBytes() + server.MissingBytes(), OneWay: c.Unseen(0) || c.Unseen(1), Midstream: !client.SawSYN,
			Inconsistent: c.Contradicted() != 0,
		},
	}
	fate(c, &v.Fate)
	if h := c.Handshake(); h.SYNResent {
		v.LastSYN = h.SYN
	}
	slowedBy(c, &v.SlowedBy)
	if info := c.App().TLSInfo(); info != nil {
		v.TLS = verdict.Handshake{Seen: info.Hellos, Resumed: info.Resumed, Asks: info.Asks, Takes: info.Takes, Gives: info.Gives,
			Name: info.ServerName, Read: info.Decrypted || info.Version < tls.Version13,
			Who: event.Who{SYN: c.ClientSYN(), Hello: info.Hello, ProxiedClient: c.ProxiedClient()}}
	}
	if !v.LastComplete && f.Latest.Time > lastEnd.Time {
		v.Ignored = f.Latest
	}
}

// fate writes into v what became of c on its way.
func fate(c *conn.Conn, v *verdict.Fate) {
	client, server, f := c.Half(c.Client()), c.Half(1-c.Client()), c.Facts()
	sums := c.App().FinalLayer().Sums()
	*v = verdict.Fate{
		ClientPort: c.Identity().Key.Sender(c.Client()).Port,
		ClientSent: client.PayloadBytes+client.Unseen > 0 && c.App().TLSInfo() == nil,
		SYNACK:     c.Handshake().SYNACK, Latest: server.Latest, SeenUntil: c.SeenUntil(),
		Unacked: client.Unacked, Origin: [2]tcp.Origin{client.Origin, server.Origin},
		ServerFINSeen: server.FinAcked(), ClientFIN: client.SawFIN,
		GivenUp: f.GivenUp, Early: f.Early, Orphans: sums.Orphans, Orphan: event.Response(sums.Orphan),
		Inferred: c.App().FinalLayer().Protocol() == app.Sealed,
	}
}

// slowedBy writes into p what slowed c down: of the direction that carried more, as far
// as it was looked at, and for waits for ACKs of the one that had more of them.
func slowedBy(c *conn.Conn, p *verdict.SlowedBy) {
	content := c.Half(0)
	if c.Half(1).PayloadBytes > content.PayloadBytes {
		content = c.Half(1)
	}
	if w := content.View; w != nil {
		*p = verdict.SlowedBy{
			AtReceiver: w.AtReceiver, ACKs: w.Stalls.ACKs, Full: w.Stalls.Full, FullAt: w.Stalls.FullAt,
			IdleStalls: w.Stalls.Idle, NagleWaits: w.Stalls.Nagle,
			Segments: content.WireSegments, Resent: content.ResentSegments, ResentAt: content.ResentAt,
			Losses: w.Sums.Losses, Timeouts: w.Sums.Timeouts}
		if !content.Unacked.Probe { // these were not sent again but asked again
			p.ResentUnacked = content.Unacked.Resends
		}
	}
	if list := c.JudgedRecords(); p.AtReceiver && len(list) > 0 { // which ACKs its sender had seen is what the estimator knows
		w := content.View
		p.ACKs, p.Full, p.FullAt = 0, w.Sums.By[tcp.Receiver], list[0].FirstByte.Packet
		for _, n := range w.Sums.By {
			p.ACKs += n
		}
	}
	for _, w := range [2]*tcp.SenderView{c.Half(0).View, c.Half(1).View} {
		if w != nil && w.Stalls.Nagle.N > p.NagleWaits.N {
			p.NagleWaits = w.Stalls.Nagle
		}
	}
}

// idleRestart finds the first transaction that needed more than one round because
// idling had taken its window. A pause shorter than any retransmission timeout takes none: it
// began while the flight after an earlier pause was still on its way.
func idleRestart(c *conn.Conn) verdict.IdleRestart {
	list := c.JudgedRecords()
	for i := 1; i < len(list); i++ {
		b, r := &list[i-1], &list[i]
		v := c.Half(r.Dir).View
		if v == nil || !r.Window.Restarted || r.Rounds < 2 || r.N != b.N+1 || !b.ResponseDone ||
			r.Start.Time.Sub(b.LastByte.Time) < tcp.LeastRTO {
			continue
		}
		w := &r.Window
		return verdict.IdleRestart{Before: b.LastByte, Start: r.Start, N: int64(r.N), Rounds: int64(r.Rounds),
			Low: int64(w.Low / w.MSS), High: int64(w.High / w.MSS), Observed: w.Basis == tcp.Observed}
	}
	return verdict.IdleRestart{}
}
