package pool

import (
	"time"

	"tcpwarm/capture/segment"
)

// A token is a connection of the ideal client, tied to the real one that carried the latest
// transaction on it. HTTP/2's carries several at once, and stays tied to one.
type token struct {
	conn    *Conn
	freedAt segment.Time // when its latest transaction ended
	last    lastUse      // that transaction's
	inUse   int32        // transactions on it
	lost    bool         // the server has ended it

	onStack      bool
	above, below *token
}

// hasRoom reports whether t can take a transaction whose need arose at an instant. Until
// the client knew how many streams the server permits, it took one.
func (t *token) hasRoom(at segment.Time) bool {
	c := t.conn
	return t.inUse == 0 || t.inUse < c.streamLimit && c.limitKnownAt <= at
}

// returnTime is how much later than the wire shows a client may have a connection back in its
// pool, and how much earlier it may decide to dial.
const returnTime = 10 * time.Millisecond

// roomSince returns since when t, of which one more transaction is in use by now, could have
// taken that one.
func (t *token) roomSince() segment.Time {
	switch before := t.inUse - 1; {
	case before == 0:
		return t.freedAt
	case before == t.conn.streamLimit-1:
		return max(t.freedAt, t.conn.limitKnownAt)
	}
	return t.conn.limitKnownAt
}

// tokens is the ideal client's stack: of tokens with room for a transaction, the latest
// to become so on top. It is a list that each connection has a way into, so that there may
// be many.
type tokens struct {
	top, bottom *token
	n           int
}

// push puts t, which is not on the stack, on top.
func (s *tokens) push(t *token) { s.insert(t, s.top) }

// insert puts t above another, nil for at the bottom.
func (s *tokens) insert(t, below *token) {
	t.onStack, t.below, t.conn.token = true, below, t
	s.n++
	t.conn.shard.idleTokens++
	t.conn.clientServer.tokens++
	if below == nil {
		t.above, s.bottom = s.bottom, t
	} else {
		t.above, below.above = below.above, t
	}
	if t.above == nil {
		s.top = t
	} else {
		t.above.below = t
	}
}

// remove takes t off the stack, if it is there.
func (s *tokens) remove(t *token) {
	if !t.onStack {
		return
	}
	if t.above == nil {
		s.top = t.below
	} else {
		t.above.below = t.below
	}
	if t.below == nil {
		s.bottom = t.above
	} else {
		t.below.above = t.above
	}
	if t.conn.token == t {
		t.conn.token = nil
	}
	t.onStack, t.above, t.below = false, nil, nil
	s.n--
	t.conn.shard.idleTokens--
	t.conn.clientServer.tokens--
}

// merge moves the tokens of from among those of s, in the order in which they became free.
func (s *tokens) merge(from *tokens) {
	for t := from.bottom; t != nil; {
		next, below := t.above, s.top
		from.remove(t)
		for below != nil && below.freedAt > t.freedAt {
			below = below.below
		}
		s.insert(t, below)
		t = next
	}
}

// maxTokensSearched is how many tokens are looked at for one that fits: where a name has
// thousands of addresses, one further down is taken for none.
const maxTokensSearched = 4096

// find returns the topmost token that fits, nil if none does. It reports false if it had to
// stop before the last one.
func (s *tokens) find(fits func(*token) bool) (*token, bool) {
	t := s.top
	for range maxTokensSearched {
		if t == nil || fits(t) {
			return t, true
		}
		t = t.below
	}
	return nil, t == nil
}

// findToken returns the topmost token of p that fits, nil if none does, or none of those
// looked at: that is counted.
func (s *clientShard) findToken(p *Pool, fits func(*token) bool) *token {
	t, all := p.tokens.find(fits)
	if !all {
		s.decidedEarly++
		p.OutOfOrder++
	}
	return t
}

// reservableToken returns the token of p to c's server that has most recently become idle
// and whose connection takes no other transaction before o, c's first, has ended.
func (s *clientShard) reservableToken(p *Pool, c *Conn, o *occupation) *token {
	if c.clientServer.tokens == 0 {
		return nil
	}
	return s.findToken(p, func(t *token) bool {
		r := t.conn
		switch {
		case r.server() != c.server(), !t.serves(o, o.demand):
			return false
		case r.streamLimit > 0:
			return t.hasRoom(o.demand)
		}
		return len(r.undecided) == 0 || o.endKnown && r.undecided[0].demand >= o.end
	})
}

// topToken returns the token of p to a server that has most recently become idle, or has
// room, and may serve o.
func (s *clientShard) topToken(p *Pool, server *clientServer, o *occupation, at segment.Time) *token {
	if server.tokens == 0 {
		return nil
	}
	return s.findToken(p, func(t *token) bool { return t.conn.server() == server.server && t.hasRoom(at) && t.serves(o, at) })
}

// tokenAt returns the token of p to a server that has most recently become idle, or has room,
// whatever it may serve.
func (s *clientShard) tokenAt(p *Pool, server *clientServer, at segment.Time) *token {
	if server.tokens == 0 {
		return nil
	}
	return s.findToken(p, func(t *token) bool { return t.conn.server() == server.server && t.hasRoom(at) })
}

// openToken has the ideal client open a connection for o, as the real one did.
func (p *Pool) openToken(o *occupation) {
	if o.token = &p.inline.token; o.token.conn != nil {
		o.token = new(token)
	}
	*o.token = token{conn: o.conn, freedAt: o.demand, inUse: 1}
	if o.conn.streamLimit > 1 {
		p.tokens.push(o.token)
	}
}

// useToken puts o on t, which stays on the stack only if it has room for more.
func (p *Pool) useToken(t *token, o *occupation) *token {
	t.inUse++
	o.token = t
	if t.inUse >= t.conn.streamLimit {
		p.tokens.remove(t)
	}
	return t
}

// freeToken takes a transaction off t, which ended on c at an instant, and puts t on top of
// the stack. What carries one at a time is tied to c from now on.
func (p *Pool) freeToken(t *token, c *Conn, at segment.Time, last lastUse) {
	t.freedAt, t.last = at, last
	if t.conn.streamLimit == 0 || t.inUse == 0 {
		p.tokens.remove(t)
		t.conn = c
	}
	if !t.onStack {
		p.tokens.push(t)
	}
}

// loseToken takes t, whose connection the ideal client has lost, off the stack.
func (p *Pool) loseToken(t *token) {
	t.lost = true
	p.tokens.remove(t)
}
