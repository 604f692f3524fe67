package conn

import (
	"tcpwarm/analyze/app"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// This file is what a Conn has come to. It is asked for once that has ended, and before it
// serves again.

// Identity returns what c is known by.
func (c *Conn) Identity() *Identity { return c.id }

// Client returns the direction in which the client sends.
func (c *Conn) Client() segment.Dir { return c.client }

// RoleBasis says how the client was told: syn, syn-ack, payload or port.
func (c *Conn) RoleBasis() string { return c.roleBasis }

// Half returns direction d.
func (c *Conn) Half(d segment.Dir) *Half { return &c.half[d] }

// Handshake returns the segments that opened c.
func (c *Conn) Handshake() *tcp.Handshake { return &c.shake }

// Last returns when and where the latest segment of c was.
func (c *Conn) Last() segment.Mark { return c.last }

// EndedAt returns when and where c has ended.
func (c *Conn) EndedAt() segment.Mark { return c.endedAt }

// Midstream reports whether the capture has nothing of c's SYN, nor of the answer to it.
func (c *Conn) Midstream() bool { return !c.half[c.client].SawSYN && (c.id.Midstream || !c.opened) }

// ClientKnown reports whether the sink was told who the client is.
func (c *Conn) ClientKnown() bool { return c.opened }

// History returns c's life in letters; see history.
func (c *Conn) History() string { return string(c.history.letters) }

// Closing returns how c's end began.
func (c *Conn) Closing() *Closing { return &c.closing }

// App returns what was spoken on c.
func (c *Conn) App() *app.Layer { return &c.app }

// ProxiedClient returns whom the client, a proxy, has said that it speaks for; zero if it
// has said nothing.
func (c *Conn) ProxiedClient() segment.Addr { return c.proxiedClient }

// Overflows returns how many holes were given up because too much waited behind them.
func (c *Conn) Overflows() int64 {
	return c.half[0].stream.Overflows() + c.half[1].stream.Overflows()
}

// SeenUntil returns when the capture ended, or c was let go: what has not happened by then
// is not seen.
func (c *Conn) SeenUntil() segment.Time { return c.env.Now.Time }

// State returns how far c has got.
func (c *Conn) State() State {
	switch {
	case !c.ended && c.reset.exists() && !c.reset.doubtful:
		return JustReset
	case !c.ended:
		return Open
	case c.half[0].SawRST || c.half[1].SawRST:
		return Reset
	case c.half[0].FinAcked() && c.half[1].FinAcked():
		return FinsAcked
	}
	return Closed
}

// A State says how far a connection has got.
type State uint8

// The states.
const (
	Open      State = iota
	Closed          // both directions have ended, and acknowledgements may still come
	FinsAcked       // both FINs are acknowledged: nothing more is expected
	JustReset       // by a RST, which may yet turn out to have ended nothing: ConcludeReset concludes it
	Reset           // by a RST
)

// warmths counts the transactions that are judged by what they found the window like, as
// far as they are kept.
func (c *Conn) warmths() (w event.Warmths) {
	midstream := c.Midstream()
	for i := range *c.http.judgedRecords() {
		r := &(*c.http.judgedRecords())[i]
		if r.Ignored {
			continue
		}
		switch r.Warmth(midstream) {
		case transaction.Cold:
			w.Cold++
		case transaction.Warm:
			w.Warm++
		case transaction.Cooled:
			w.Cooled++
		}
	}
	return w
}

// ClientShown returns the client's endpoint as a report may show it.
func (c *Conn) ClientShown() segment.Endpoint {
	return c.env.Readers.Names.Client(c.id.Key.Sender(c.client))
}
