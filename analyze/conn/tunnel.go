package conn

import (
	"bytes"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/app/http2"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A tunnel is what runs inside a connection after 101 or a 2xx to CONNECT: looked at
// like a connection within. After CONNECT its transactions are judged as the
// connection's, read or inferred; the CONNECT is where there are none.
type tunnel struct {
	outer   *httpTracker
	app     app.Layer
	records []Record
	count   int64
	before  int32                   // transactions of the connection before the first inside
	shown   transaction.Transaction // the latest, as one of the connection's
}

func newTunnel(outer *httpTracker) *tunnel {
	t := &tunnel{outer: outer}
	a := &outer.conn.app
	t.app.Begin(t, nil, a.Readers(), a.KeepsTargets())
	return t
}

func (t *tunnel) bytes(fromClient bool, b []byte, at segment.Mark) {
	if len(bytes.TrimSpace(b)) == 0 && t.app.Protocol() == app.Undecided {
		return
	}
	if t.app.Bytes(transaction.Direction(fromClient), b, at); t.app.Protocol() == app.Other {
		t.outer.flushConnect()
	}
}

// outside returns u as one of the connection's transactions, valid until it is called again.
func (t *tunnel) outside(u *transaction.Transaction) *transaction.Transaction {
	t.shown = *u
	t.shown.N += t.before
	return &t.shown
}

// Requested takes a request inside for one of the connection's.
func (t *tunnel) Requested(u *transaction.Transaction, _ []byte) {
	t.count++
	x := t.outer
	if x.connectElsewhere {
		x.flushConnect()
	}
	if x.connect != nil {
		x.reviseStart()
		t.before = x.connect.N - 1
		x.judgesTunnel, x.connect = true, nil
	}
	if x.judgesTunnel {
		o := t.outside(u)
		x.begun(o.N)
		x.emitRequest(o)
	}
}

// Began is told of a response inside.
func (t *tunnel) Began(u *transaction.Transaction) {
	if t.outer.judgesTunnel {
		t.outer.Began(t.outside(u))
	}
}

// Answered is told of the end of a response inside.
func (t *tunnel) Answered(u *transaction.Transaction) {
	x := t.outer
	if !x.judgesTunnel { // shown, not judged
		x.record(&t.records, u)
		return
	}
	o := t.outside(u)
	x.done(u)
	x.keep(u, o.N)
	x.emitResponse(o)
}

// Tunnel takes what follows an upgrade to HTTP/2 or TLS. A tunnel within a tunnel is not looked into.
func (t *tunnel) Tunnel(fromClient bool, b []byte, at segment.Mark) {
	if a := t.app.Upgrade(); a != nil {
		a.Bytes(a.Direction(fromClient), b, at)
	}
}

// TunnelGap says that bytes of that are missing.
func (t *tunnel) TunnelGap(fromClient bool, n int64, at segment.Mark) {
	if a := t.app.Upgrade(); a != nil {
		a.Gap(a.Direction(fromClient), n, at)
	}
}

// HasRead reports whether the proxy is seen to have acknowledged all of x's request.
func (t *tunnel) HasRead(x *transaction.Transaction) bool { return t.outer.HasRead(x) }

// Crosses is not looked for: a proxy passes on what came to it in whatever segments it likes.
func (t *tunnel) Crosses(*transaction.Transaction) bool { return false }

// GoAway begins the end of the tunnel, and with it of the connection.
func (t *tunnel) GoAway(fromClient bool, last uint32, code http2.Code, debug []byte, at segment.Mark) {
	if t.outer.judgesTunnel {
		t.outer.GoAway(fromClient, last, code, debug, at)
	}
}

// StreamReset is told of a stream inside.
func (t *tunnel) StreamReset(u *transaction.Transaction, fromClient bool, code http2.Code, at segment.Mark) {
	if t.outer.judgesTunnel {
		t.outer.StreamReset(t.outside(u), fromClient, code, at)
	}
}
