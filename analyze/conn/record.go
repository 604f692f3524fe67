package conn

import (
	"unsafe"

	"tcpwarm/analyze/app"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/transaction"
	"tcpwarm/capture/segment"
)

// A Record is a transaction that is kept for the report, with what its window was.
type Record struct {
	transaction.Transaction
	Window tcp.Start   // that its content began with; N is 0 where nothing is known
	Rounds int         // round trips in which the content was sent
	Dir    segment.Dir // of the content
}

// Warmth says whether the transaction found its connection's window grown. midstream tells
// that the capture began after the connection did.
func (r *Record) Warmth(midstream bool) transaction.Warmth {
	s := &r.Window
	switch {
	case r.N == 1 && midstream:
		return transaction.WarmthUnknown
	case r.N == 1:
		return transaction.Cold
	case s.Restarted:
		return transaction.Cooled
	case s.Grown:
		return transaction.Warm
	case s.Lost:
		return transaction.Cooled
	}
	return transaction.Cold
}

// keptRecords are the Records of one connection.
type keptRecords struct {
	records []Record
	kept    int // records of it, and of its tunnel
	text    int // bytes of their targets
	unkept  int // transactions of which there are none, for there were too many
}

// Records returns the transactions that are kept of c itself.
func (c *Conn) Records() []Record { return c.http.records }

// JudgedRecords returns the kept transactions that are judged: the tunnel's, if it has any,
// else the connection's.
func (c *Conn) JudgedRecords() []Record { return *c.http.judgedRecords() }

// Kept returns how many transactions are kept, and how many are not because there were too
// many.
func (c *Conn) Kept() (kept, unkept int) { return c.http.kept, c.http.unkept }

// keep records t among the transactions that are judged. The connection counts it as n, a tunnel as another.
func (x *httpTracker) keep(t *transaction.Transaction, n int32) {
	if list := x.judgedRecords(); x.record(list, t) {
		x.noteStart(len(*list)-1, n)
	}
	x.ends(n)
}

// record copies t to list, and reports whether it did: where nobody will see it, or
// there are too many, it does not.
func (x *httpTracker) record(list *[]Record, t *transaction.Transaction) bool {
	budget := x.conn.budget
	switch {
	case !x.conn.app.KeepsTargets():
		return false
	case budget.Kept >= budget.Most, budget.Room <= 0:
		x.unkept++
		return false
	}
	budget.Kept++
	x.kept++
	r := Record{Transaction: *t}
	r.Target = x.conn.env.Readers.Names.Target(t.Target)
	r.Method = x.conn.env.Readers.Names.Method(t.Method)
	if n := len(*list); n == cap(*list) { // the double, but no more than there is room for
		*list = append(make([]Record, 0, n+max(1, min(n, budget.Room/int(unsafe.Sizeof(r))))), *list...)
	}
	*list = append(*list, r)
	x.text += len(r.Target)
	budget.Room -= int(unsafe.Sizeof(r)) + len(r.Target)
	return true
}

// judgedApp returns the layer whose transactions are judged: the tunnel's, if it has any,
// else the connection's.
func (x *httpTracker) judgedApp() *app.Layer {
	if x.judgesTunnel {
		return &x.tunnel.app
	}
	return &x.conn.app
}

// judgedRecords returns the records of the transactions that are judged.
func (x *httpTracker) judgedRecords() *[]Record {
	if x.judgesTunnel {
		return &x.tunnel.records
	}
	return &x.records
}

// FreeBudget gives back what c's records have taken of the budget.
func (c *Conn) FreeBudget() { c.budget.Kept -= c.http.kept }

// A Tunnel is what ran inside a connection after 101 or a 2xx to CONNECT.
type Tunnel struct {
	App     *app.Layer
	Count   int64 // transactions
	Records []Record
}

// Tunnel returns what ran inside c; App is nil where nothing did. judged tells that its
// transactions are judged instead of the CONNECT.
func (c *Conn) Tunnel() (t Tunnel, judged bool) {
	if x := c.http.tunnel; x != nil {
		t = Tunnel{&x.app, x.count, x.records}
	}
	return t, c.http.judgesTunnel
}
