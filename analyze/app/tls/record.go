package tls

import (
	"bytes"
	"encoding/binary"
)

// Types of records (RFC 8446 section 5.1).
const (
	recordChange    = 20
	RecordAlert     = 21
	recordHandshake = 22
	RecordData      = 23
)

const (
	headerLen     = 5
	messageHeader = 4
	maxFragment   = 1<<14 + 2048 // RFC 5246 section 6.2.3
	minSealed     = 17           // bytes of a fragment that carries something, in TLS 1.3
	maxMessage    = 64 << 10     // bytes of a handshake message that are kept
)

// A half is one direction: it puts records together out of bytes, and handshake
// messages out of records.
type half struct {
	conn *Conn
	side int

	buf   []byte // a record that is not complete; while lost, all since the gap that may be one's begin
	start Mark   // of buf's first byte
	skip  int    // bytes of a record that are no use: part of it is missing
	cut   cut    // the record that skip belongs to, where its length is all that is read
	lost  bool   // where records begin is not known
	dead  bool   // what comes is no TLS

	msg     []byte // a handshake message that is not complete
	msgSkip int    // bytes of one that nobody wants
	torn    bool   // part of the handshake is missing: where messages begin is not known
	holed   bool   // there was a gap
	done    bool   // a ServerHelloDone was seen

	sealed  bool // TLS 1.2: after the ChangeCipherSpec
	open    *opener
	stage   int // TLS 1.3: which secret open belongs to
	missing missing
	failed  int      // records in a row that did not open
	tried   int      // bytes tried since one did, a number at a time
	vain    *secrets // that they did not open with, where no more are tried
}

// missing is what came since the latest record that opened.
type missing struct {
	records uint64 // that did not open, or were captured in part
	bytes   int64  // that hold an unknown number of others
}

// fewest and most bound how many records there were.
func (m *missing) fewest() uint64 { return m.records + uint64(m.bytes)/(headerLen+maxFragment) }
func (m *missing) most() uint64 {
	if m.bytes == 0 {
		return m.records
	}
	return m.records + uint64(m.bytes)/(headerLen+minSealed) + 2
}

func (h *half) bytes(b []byte, at Mark) {
	for len(b) > 0 && !h.dead {
		switch {
		case h.lost:
			h.seek(b, at)
			return
		case h.skip > 0:
			n := min(h.skip, len(b))
			if h.skip -= n; h.skip == 0 {
				h.passed(at)
			}
			b = b[n:]
		case len(h.buf) == 0 && whole(b) > 0:
			n := whole(b)
			h.record(b[:n], at, at)
			b = b[n:]
		default:
			b = h.collect(b, at)
		}
	}
}

// whole returns the length of the record that b begins with, 0 if it is not all
// there or none.
func whole(b []byte) int {
	if len(b) < headerLen || !isHeader(b) {
		return 0
	}
	if n := recordLen(b); n <= len(b) {
		return n
	}
	return 0
}

func recordLen(b []byte) int { return headerLen + int(binary.BigEndian.Uint16(b[3:])) }

// isHeader reports whether a record may begin with b, which has five bytes.
func isHeader(b []byte) bool {
	n := recordLen(b) - headerLen
	return b[0] >= recordChange && b[0] <= RecordData && b[1] == 3 && b[2] <= 4 && n <= maxFragment && (n > 0 || b[0] == RecordData)
}

// collect adds to the record being put together.
func (h *half) collect(b []byte, at Mark) []byte {
	if len(h.buf) == 0 {
		h.start = at
	}
	if len(h.buf) < headerLen {
		n := min(headerLen-len(h.buf), len(b))
		h.buf = append(h.buf, b[:n]...)
		b = b[n:]
		if len(h.buf) < headerLen {
			return nil
		}
		if !isHeader(h.buf) {
			h.buf, h.dead = nil, true
			return nil
		}
	}
	n := min(recordLen(h.buf)-len(h.buf), len(b))
	h.buf = append(h.buf, b[:n]...)
	if len(h.buf) == recordLen(h.buf) {
		h.record(h.buf, h.start, at)
		h.buf = h.buf[:0]
	}
	return b[n:]
}

// A cut is a protected record of which not all was captured, as where the snap length cut it
// off. Without keys nothing is missed of it: its header says all that can be known.
type cut struct {
	on     bool
	typ    uint8
	length int
	start  Mark
}

// gap says that n bytes are missing. Within one record they cost that record;
// beyond it, where the next begins must be found.
func (h *half) gap(n int64, at Mark) {
	if h.dead {
		return
	}
	h.holed = true
	if n = h.within(n, at); n == 0 {
		return
	}
	h.conn.to.Gap(h.side == fromClient, n, at)
	left := 0
	switch {
	case h.lost:
	case h.skip > 0:
		left = h.skip
	case len(h.buf) >= headerLen:
		left = recordLen(h.buf) - len(h.buf)
		h.unfinished()
		h.missing.records++
	}
	if left > 0 && n <= int64(left) {
		h.skip, h.buf = left-int(n), h.buf[:0]
		return
	}
	h.unfinished()
	h.skip, h.buf, h.lost = 0, h.buf[:0], true
	h.msg, h.msgSkip, h.torn = nil, 0, true
	h.missing.bytes += n - int64(left)
}

// within takes what of n missing bytes belongs to a record whose header is there, if that
// suffices. It returns the rest.
func (h *half) within(n int64, at Mark) int64 {
	switch {
	case h.lost || h.conn.HasKeys():
		return n
	case h.skip > 0 && h.cut.on:
	case len(h.buf) >= headerLen && h.protected(h.buf[0]):
		h.cut = cut{true, h.buf[0], recordLen(h.buf) - headerLen, h.start}
		h.skip, h.buf = recordLen(h.buf)-len(h.buf), h.buf[:0]
	default:
		return n
	}
	m := min(n, int64(h.skip))
	if h.skip -= int(m); h.skip == 0 {
		h.passed(at)
	}
	return n - m
}

// passed tells of a record that was cut and is over.
func (h *half) passed(at Mark) {
	if x := h.cut; x.on {
		h.cut = cut{}
		h.missing.records++
		h.conn.to.Record(Record{FromClient: h.side == fromClient, Type: x.typ, Version: h.conn.info.Version,
			Length: x.length, Start: x.start, At: at})
	}
}

// again reports whether a record of data begins with b, the first bytes of a segment, where records
// had been lost. Other bytes look like such a header once in 2^26 times, so it need not be
// followed by another: where the snap length cuts segments off, none can be.
func (h *half) again(b []byte) bool {
	return !h.conn.HasKeys() && len(b) >= headerLen && b[0] == RecordData && h.isSure(b) && recordLen(b) >= headerLen+minSealed
}

// seek looks for the next record after a gap: a header that makes sense, of a
// record that opens or, without keys, is followed by another. It keeps at most the
// longest record beside b.
func (h *half) seek(b []byte, at Mark) {
	if h.again(b) {
		h.lost, h.buf = false, h.buf[:0]
		h.bytes(b, at)
		return
	}
	h.buf = append(h.buf, b...)
	i := 0
	for ; i+headerLen <= len(h.buf); i++ {
		if !h.isSure(h.buf[i:]) {
			continue
		}
		if len(h.buf) < i+recordLen(h.buf[i:]) {
			break // it may still become one
		}
		if h.fits(h.buf[i:]) {
			rest := bytes.Clone(h.buf[i:])
			h.lost, h.buf = false, h.buf[:0]
			h.bytes(rest, at)
			return
		}
	}
	h.missing.bytes += int64(i)
	h.buf = h.buf[:copy(h.buf, h.buf[i:])]
}

// isSure is isHeader for bytes that may be anything: it wants the version that
// all records have after the hellos (RFC 8446 section 5.1).
func (h *half) isSure(b []byte) bool {
	return isHeader(b) && (binary.BigEndian.Uint16(b[1:]) == version12 || binary.BigEndian.Uint16(b[1:]) == h.conn.info.Version) &&
		(b[0] != recordChange || recordLen(b) == headerLen+1)
}

// fits reports whether a record begins b, which holds it whole.
func (h *half) fits(b []byte) bool {
	n := recordLen(b)
	if h.protected(b[0]) && h.conn.HasKeys() {
		missing := h.missing
		_, _, ok := h.decrypt(b[0], b[headerLen:n])
		if ok {
			h.open.seq-- // it will be opened once more
		} else {
			h.missing = missing
		}
		return ok
	}
	return len(b) < n+headerLen || h.isSure(b[n:])
}

func (h *half) protected(typ uint8) bool { return typ == RecordData || h.sealed }

// record takes a whole record.
func (h *half) record(b []byte, start, at Mark) {
	typ, fragment, c := b[0], b[headerLen:], h.conn
	if !h.protected(typ) {
		h.content(typ, fragment, start, at)
		return
	}
	plain, inner, ok := h.decrypt(typ, fragment)
	if ok {
		h.content(inner, plain, start, at)
		return
	}
	h.missing.records++
	if h.side == fromClient && c.early.offered && h.stage < stageHandshake && c.HasKeys() {
		c.early.unread(len(fragment), at, c.to)
		return
	}
	if c.info.Decrypted && typ == RecordData {
		c.to.Gap(h.side == fromClient, int64(len(fragment)), at)
	}
	c.to.Record(Record{FromClient: h.side == fromClient, Type: typ, Version: c.info.Version, Length: len(fragment), Start: start, At: at})
}

// content takes what a record carries.
func (h *half) content(typ uint8, b []byte, start, at Mark) {
	c := h.conn
	switch typ {
	case recordHandshake:
		h.handshake(b)
	case recordChange:
		c.changed(h)
	case RecordAlert:
		c.alert(h, b, at)
	case RecordData:
		if len(b) == 0 {
			return
		}
		c.info.Decrypted = true
		client := h.side == fromClient
		switch {
		case client && h.early():
			c.early.add(b, at, c.to)
		case start.Packet != at.Packet && len(b) > 1: // it began earlier than it ended
			c.to.Data(client, b[:1], start)
			c.to.Data(client, b[1:], at)
		default:
			c.to.Data(client, b, at)
		}
	}
}

// handshake puts messages together out of records: several may be in one, one may
// take several.
func (h *half) handshake(b []byte) {
	if h.torn && !h.sealed && h.stage != stageTraffic {
		return
	}
	for len(b) > 0 {
		if h.msgSkip > 0 {
			n := min(h.msgSkip, len(b))
			h.msgSkip -= n
			b = b[n:]
			continue
		}
		if len(h.msg) < messageHeader {
			n := min(messageHeader-len(h.msg), len(b))
			h.msg = append(h.msg, b[:n]...)
			b = b[n:]
			h.noted(h.msg[0])
			if len(h.msg) == messageHeader && (!wanted(h.msg[0]) || messageLen(h.msg) > maxMessage) {
				h.msgSkip, h.msg = messageLen(h.msg), h.msg[:0]
				continue
			}
		} else {
			n := min(messageHeader+messageLen(h.msg)-len(h.msg), len(b))
			h.msg = append(h.msg, b[:n]...)
			b = b[n:]
		}
		if len(h.msg) >= messageHeader && len(h.msg) == messageHeader+messageLen(h.msg) {
			h.conn.message(h, h.msg[0], h.msg[messageHeader:], true)
			h.msg = h.msg[:0]
		}
	}
}

// noted notes what a message's being there shows.
func (h *half) noted(typ uint8) {
	switch {
	case h.side != fromServer:
	case typ == serverHelloDone:
		h.done = true
	case typ == newSessionTicket:
		h.conn.info.Gives = true
	}
}

func messageLen(b []byte) int { return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

func wanted(typ uint8) bool {
	switch typ {
	case clientHello, serverHello, endOfEarlyData, encryptedExtensions, keyUpdate:
		return true
	}
	return false
}

// unfinished reads a hello as far as it was captured: the snap length often cuts
// it.
func (h *half) unfinished() {
	if !h.lost && len(h.buf) > headerLen && h.buf[0] == recordHandshake && !h.protected(recordHandshake) {
		h.handshake(h.buf[headerLen:])
		h.buf, h.torn = h.buf[:0], true
	}
	if len(h.msg) > messageHeader && (h.msg[0] == clientHello || h.msg[0] == serverHello) {
		h.conn.message(h, h.msg[0], h.msg[messageHeader:], false)
	}
	h.msg, h.msgSkip = h.msg[:0], 0
}
