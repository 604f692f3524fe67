package tls

import "encoding/binary"

// The secrets of TLS 1.3 by the order in which a direction uses them (RFC 8446
// section 7.1). The server has no early one.
const (
	stageNone = iota
	stageEarly
	stageHandshake
	stageTraffic
)

// Under which number a record after a gap opens shows by trying one after another.
// These bound the work, in bytes: some milliseconds a record, and for a direction
// less than a second, or so many records, until it is left alone. It is tried again
// once the log has more for it.
const (
	maxTried     = 64 << 20
	maxTriedVain = 256 << 20
	maxFailed    = 64
)

// early reports whether the client's latest record was early data.
func (h *half) early() bool { return h.stage == stageEarly }

// decrypt opens a protected record. Whether it is the one due shows by its
// authentication: after a gap, or where the log got its keys late, later numbers
// and later secrets are tried too.
func (h *half) decrypt(typ uint8, fragment []byte) (plain []byte, inner uint8, ok bool) {
	if !h.conn.HasKeys() {
		return nil, 0, false
	}
	s := h.conn.secrets
	if h.vain == s {
		return nil, 0, false
	}
	if plain, inner, ok = h.decryptWith(s, typ, fragment); ok {
		h.failed, h.tried, h.missing = 0, 0, missing{}
	} else if h.failed++; h.failed >= maxFailed || h.tried >= maxTriedVain {
		h.failed, h.tried, h.vain = 0, 0, s
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
	if plain, inner, ok = h.try(h.open, typ, fragment); ok || typ != RecordData {
		return plain, inner, ok
	}
	for stage := h.stage + 1; stage <= stageTraffic; stage++ {
		for _, number := range c.candidates(stage) {
			o := newOpener13(suites[number], s.traffic(h.side, stage))
			if plain, inner, ok = h.try(o, typ, fragment); ok {
				h.open, h.stage, h.torn = o, stage, false
				if stage != stageEarly {
					c.speaks13(number)
				}
				return plain, inner, true
			}
		}
	}
	if h.open != nil && h.missing.most() > 0 { // a KeyUpdate may have been missed
		if o := h.open.next(); o != nil {
			if plain, inner, ok = h.try(o, typ, fragment); ok {
				h.open = o
				return plain, inner, true
			}
		}
	}
	return nil, 0, false
}

// traffic returns where the secret of a stage is, nil if there is none.
func (s *secrets) traffic(side, stage int) *[]byte {
	switch {
	case stage == stageEarly && side == fromClient:
		return &s.early
	case stage == stageHandshake && side == fromClient:
		return &s.clientHandshake
	case stage == stageHandshake:
		return &s.serverHandshake
	case stage == stageTraffic && side == fromClient:
		return &s.clientTraffic
	case stage == stageTraffic:
		return &s.serverTraffic
	}
	return nil
}

// all13 are the suites of TLS 1.3.
var all13 = []uint16{0x1301, 0x1302, 0x1303}

// candidates returns the suites that a stage may use: the server's choice, and
// where it is not known, as for early data it cannot be, any.
func (c *Conn) candidates(stage int) []uint16 {
	if stage == stageEarly || c.info.Version == 0 {
		return all13
	}
	return []uint16{c.info.Suite}
}

// speaks13 notes what a record that opens shows, where the ServerHello did not.
func (c *Conn) speaks13(number uint16) {
	c.info.Version, c.info.Suite = Version13, number
	c.suite, c.readable = suites[number], true
}

// try opens a record with o, which may be nil, and counts it. After a gap its
// number is not known: those that are possible are tried from the lowest.
func (h *half) try(o *opener, typ uint8, fragment []byte) ([]byte, uint8, bool) {
	if o == nil {
		return nil, 0, false
	}
	first, last := o.seq, o.seq+h.missing.most()
	if o == h.open {
		if n, ok := o.counted(fragment); ok && n > first && n <= last {
			if plain, inner, ok := h.tryAs(o, n, typ, fragment); ok {
				return plain, inner, true
			}
		}
		first += h.missing.fewest()
	}
	last = min(last, first+uint64(maxTried/(len(fragment)+tryCost)))
	for seq := first; seq <= last; seq++ {
		if plain, inner, ok := h.tryAs(o, seq, typ, fragment); ok {
			return plain, inner, true
		}
	}
	return nil, 0, false
}

// tryCost is how many bytes could be opened in the time that it takes to begin: records of a few
// bytes would be tried by the million otherwise.
const tryCost = 512

func (h *half) tryAs(o *opener, seq uint64, typ uint8, fragment []byte) ([]byte, uint8, bool) {
	h.tried += len(fragment) + tryCost
	o.ready()
	plain, inner, err := o.open(h.conn.plain[:0], typ, fragment, seq)
	h.conn.plain = plain[:0]
	if err != nil {
		return nil, 0, false
	}
	o.seq = seq + 1
	if o.explicit() {
		o.last = binary.BigEndian.Uint64(fragment)
	}
	return plain, inner, true
}
