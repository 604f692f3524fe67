package tls

// The secrets of TLS 1.3 by the order in which a direction uses them (RFC 8446
// section 7.1). The server has no early one.
const (
	stageNone = iota
	stageEarly
	stageHandshake
	stageTraffic
)

// maxMissing bounds the numbers tried for a record after a gap.
const maxMissing = 512

// maxFailed is how many records in a row are tried in vain before a connection is
// left alone, until the log grows.
const maxFailed = 64

// early reports whether the client's latest record was early data.
func (h *half) early() bool { return h.stage == stageEarly }

// decrypt opens a protected record. Whether it is the one due shows by its
// authentication: after a gap, or where the log got its keys late, later numbers
// and later secrets are tried too.
func (h *half) decrypt(typ uint8, fragment []byte) (plain []byte, inner uint8, ok bool) {
	c := h.conn
	if !c.readable && c.info.Version != 0 {
		return nil, 0, false
	}
	s := c.find()
	if s == nil || h.failed >= maxFailed && h.given == c.asked {
		return nil, 0, false
	}
	if plain, inner, ok = h.decryptWith(s, typ, fragment); ok {
		h.failed = 0
	} else if h.failed++; h.failed == maxFailed {
		h.given = c.asked
	}
	return plain, inner, ok
}

func (h *half) decryptWith(s *secrets, typ uint8, fragment []byte) (plain []byte, inner uint8, ok bool) {
	c := h.conn
	if c.info.Version == version12 {
		if h.open == nil && s.master != nil {
			client, server := newOpeners12(c.suite, c.etm, s.master, c.randoms[fromClient], c.randoms[fromServer])
			if h.open = client; h.side == fromServer {
				h.open = server
			}
		}
		return h.try(h.open, typ, fragment)
	}
	if plain, inner, ok = h.try(h.open, typ, fragment); ok || typ != recordData {
		return plain, inner, ok
	}
	for stage := h.stage + 1; stage <= stageTraffic; stage++ {
		for _, suite := range c.candidates(stage) {
			o := newOpener13(suite, s.traffic(h.side, stage))
			if plain, inner, ok = h.try(o, typ, fragment); ok {
				h.open, h.stage = o, stage
				return plain, inner, true
			}
		}
	}
	if h.open != nil && h.missing > 0 { // a KeyUpdate may have been missed
		if o := h.open.next(); o != nil {
			if plain, inner, ok = h.try(o, typ, fragment); ok {
				h.open = o
				return plain, inner, true
			}
		}
	}
	return nil, 0, false
}

// traffic returns the secret of a stage, nil if it is not known.
func (s *secrets) traffic(side, stage int) []byte {
	switch {
	case stage == stageEarly && side == fromClient:
		return s.early
	case stage == stageHandshake && side == fromClient:
		return s.clientHandshake
	case stage == stageHandshake:
		return s.serverHandshake
	case stage == stageTraffic && side == fromClient:
		return s.clientTraffic
	case stage == stageTraffic:
		return s.serverTraffic
	}
	return nil
}

// all13 are the suites of TLS 1.3.
var all13 = []suite{suites[0x1301], suites[0x1302], suites[0x1303]}

// candidates returns the suites that a stage may use: the server's choice, and
// before it is known, as early data must be, any.
func (c *Conn) candidates(stage int) []suite {
	switch {
	case stage == stageEarly:
		return all13
	case c.info.Version == version13:
		return []suite{c.suite}
	}
	return nil
}

// try opens a record with o, which may be nil, and counts it.
func (h *half) try(o *opener, typ uint8, fragment []byte) ([]byte, uint8, bool) {
	if o == nil {
		return nil, 0, false
	}
	for seq := o.seq; seq <= o.seq+min(h.missing, maxMissing); seq++ {
		plain, inner, err := o.open(h.conn.plain[:0], typ, fragment, seq)
		h.conn.plain = plain[:0]
		if err == nil {
			o.seq, h.missing = seq+1, 0
			return plain, inner, true
		}
	}
	return nil, 0, false
}
