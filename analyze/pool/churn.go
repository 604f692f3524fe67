package pool

// The churn detector watches a client that closes connections and then opens others: how many
// it left open each time shows how many idle ones it keeps.
type churn struct {
	closing      int   // connections closed since the last opening
	count        int64 // openings after closes
	least, most  int   // connections left open then
	conn, packet int64 // the first opened although another had just been closed, 0: none
}

// closed notes that the client has closed a connection.
func (c *churn) closed() { c.closing++ }

// opened notes that it opens another while so many are open.
func (c *churn) opened(open int) {
	if c.closing == 0 {
		return
	}
	if c.count == 0 || open < c.least {
		c.least = open
	}
	c.most = max(c.most, open)
	c.count++
	c.closing = 0
}

// avoidable notes a connection that was opened although another had just been closed.
func (c *churn) avoidable(conn, packet int64) {
	if c.packet == 0 {
		c.conn, c.packet = conn, packet
	}
}

// merge adds what was seen of a pool that is the same one.
func (c *churn) merge(o *churn) {
	c.closing += o.closing
	if o.count > 0 && (c.count == 0 || o.least < c.least) {
		c.least = o.least
	}
	c.most = max(c.most, o.most)
	c.count += o.count
	if c.packet == 0 || o.packet != 0 && o.packet < c.packet {
		c.conn, c.packet = o.conn, o.packet
	}
}

// Churn returns how often the client opened connections after it had closed
// others, the fewest and the most it had left open then, and the first such
// connection that could have been saved, 0 if none.
func (p *Pool) Churn() (count int64, least, most int, conn, packet int64) {
	c := &p.seen().churn
	return c.count, c.least, c.most, c.conn, c.packet
}
