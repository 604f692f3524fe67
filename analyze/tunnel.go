package analyze

import (
	"bytes"

	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A tunnel is what runs inside a connection after 101 or a 2xx to CONNECT: looked at
// like a connection within. After CONNECT its transactions are judged as the
// connection's, read or inferred; the CONNECT is where there are none.
type tunnel struct {
	outer   *exchange
	app     app
	records []record
	count   int64
	before  int32                   // transactions of the connection before the first inside
	shown   transaction.Transaction // the latest, as one of the connection's
}

func newTunnel(outer *exchange) *tunnel {
	t := &tunnel{outer: outer}
	a := &outer.conn.app
	t.app.to, t.app.texts, t.app.spares = t, a.texts, a.spares
	return t
}

func (t *tunnel) bytes(fromClient bool, b []byte, at segment.Mark) {
	if len(bytes.TrimSpace(b)) == 0 && t.app.proto == undecided {
		return
	}
	if t.app.bytes(direction(fromClient), b, at); t.app.proto == isOther {
		t.outer.alone()
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
	if x.elsewhere {
		x.alone()
	}
	if x.connect != nil {
		x.settleStart()
		t.before = x.connect.N - 1
		x.inside, x.connect = true, nil
	}
	if x.inside {
		x.begun()
		x.asked(t.outside(u))
	}
}

// Began is told of a response inside.
func (t *tunnel) Began(u *transaction.Transaction) {
	if t.outer.inside {
		t.outer.Began(t.outside(u))
	}
}

// Answered is told of the end of a response inside.
func (t *tunnel) Answered(u *transaction.Transaction) {
	x := t.outer
	if !x.inside { // shown, not judged
		x.record(&t.records, u)
		return
	}
	x.done(u)
	x.keep(u)
	x.answered(t.outside(u))
}

// Tunnel ends here: a tunnel within a tunnel is not looked into.
func (t *tunnel) Tunnel(bool, []byte, segment.Mark) {}

// TunnelGap ends here too.
func (t *tunnel) TunnelGap(bool, int64, segment.Mark) {}

// GoAway begins the end of the tunnel, and with it of the connection.
func (t *tunnel) GoAway(fromClient bool, at segment.Mark) {
	if t.outer.inside {
		t.outer.GoAway(fromClient, at)
	}
}
