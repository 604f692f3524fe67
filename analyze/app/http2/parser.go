package http2

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/net/http2/hpack"

	"tcpwarm/capture/segment"
)

// A Mark says when, and in which packet, something was captured.
type Mark = segment.Mark

// Limits of what one direction keeps.
const (
	maxBlock   = 256 << 10 // bytes of a field section, compressed
	maxTable   = 1 << 20   // bytes of HPACK's table, whatever the peer allows
	maxString  = 64 << 10  // bytes of a field's name or value
	maxPayload = 1 << 14   // bytes of a frame that are kept; longer ones can only be data
	maxSeek    = 1 << 10   // bytes looked at for the next frame, after a gap
)

// A Sink takes what a Parser reads.
type Sink interface {
	// Headers is a whole field section: of a request, a response, or trailers.
	Headers(h *Headers)
	// Data is a DATA frame's end, n bytes long without its padding.
	Data(stream uint32, n int, end bool, at Mark)
	// Reset ends a stream (RFC 9113 section 6.4).
	Reset(stream uint32, code uint32, at Mark)
	// GoAway begins the end of the connection: streams above last will not be
	// served (section 6.8). debug is what the frame says beside, valid only
	// during the call and at most maxPayload long.
	GoAway(last uint32, code uint32, debug []byte, at Mark)
	// Streams is the most streams that this side lets the other open at once
	// (section 6.5.2).
	Streams(most uint32)
	// Table is the largest HPACK table that this side lets the other use.
	Table(size uint32)
}

// Headers are a field section. What it points to is valid only during the call.
type Headers struct {
	Stream uint32
	End    bool // the stream's direction ends with it
	Start  Mark // first byte
	At     Mark // last byte
	Bytes  int  // frames, headers included
	Known  bool // the fields could be decoded; else those below are empty

	Method, Target, Authority, Protocol string // :method, :path, :authority, :protocol
	Status                              int    // :status, 0 if absent
	ContentType                         string
	Host, UserAgent, Via                string
}

// A Parser reads one direction. Reset a zero one before use.
type Parser struct {
	sink    Sink
	preface int // bytes of the client's preface still to come
	dead    bool

	buf   []byte // the frame being read: its header, and payload that is wanted
	left  int    // bytes of its payload still to come
	lost  bool   // where frames begin is not known
	start Mark   // of the frame being read

	block    []byte // the field section being collected
	headers  Headers
	blocking bool // more of it must come

	hpack       *hpack.Decoder
	tableFields string // of HPACK's table while there is no Decoder
	unknown     bool   // HPACK's table is not what the sender thinks
	table       uint32 // the most bytes of it that the other side permits
	size        uint32 // the most that the sender uses
	decoded     int64  // bytes that HPACK's table may have grown by, since it began
}

// Reset readies p for a new direction. A client's begins with the preface.
func (p *Parser) Reset(client bool, sink Sink) {
	*p = Parser{sink: sink, buf: p.buf[:0], block: p.block[:0], table: usualTable, size: usualTable}
	if client {
		p.preface = len(Preface)
	}
}

// Midstream says that the direction does not begin with its first byte.
func (p *Parser) Midstream() { p.preface, p.unknown, p.lost = 0, true, true }

// AllowTable says that the other side permits a table of size bytes.
func (p *Parser) AllowTable(size uint32) {
	p.table = min(size, maxTable)
	if p.hpack != nil {
		p.hpack.SetAllowedMaxDynamicTableSize(p.table)
	}
}

// Feed takes the next bytes.
func (p *Parser) Feed(b []byte, at Mark) {
	for len(b) > 0 && !p.dead {
		switch {
		case p.preface > 0:
			n := min(p.preface, len(b))
			if string(b[:n]) != Preface[len(Preface)-p.preface:][:n] {
				p.dead = true
			}
			p.preface -= n
			b = b[n:]
		case p.lost:
			b = p.seek(b)
		default:
			b = p.frame(b, at)
		}
	}
}

// Content returns how many of the next bytes are content: whatever they are, they change nothing.
func (p *Parser) Content() int64 {
	if p.lost || p.preface > 0 || len(p.buf) < headerLen || p.buf[3] != typeData {
		return 0
	}
	return int64(p.left)
}

// seek finds where frames begin again; what goes before is passed over. Frames
// often begin where a segment, or a record, does.
func (p *Parser) seek(b []byte) []byte {
	for i := range min(len(b), maxSeek) {
		if DetectMidstream(b[i:]) == Yes {
			p.lost = false
			return b[i:]
		}
	}
	return nil
}

// frame reads on in a frame.
func (p *Parser) frame(b []byte, at Mark) []byte {
	if len(p.buf) < headerLen {
		if len(p.buf) == 0 {
			p.start = at
		}
		n := min(headerLen-len(p.buf), len(b))
		p.buf = append(p.buf, b[:n]...)
		b = b[n:]
		if len(p.buf) < headerLen {
			return b
		}
		p.left = length(p.buf)
		if p.buf[3] != typeData && p.left > maxPayload && !p.skippable() {
			p.dead = true // the largest that anybody must take (RFC 9113 section 4.2), and nobody asks for more
			return nil
		}
	}
	n := min(p.left, len(b))
	if p.wants() {
		p.buf = append(p.buf, b[:n]...)
	} else if p.buf[3] == typeData && p.buf[4]&flagPadded != 0 && len(p.buf) == headerLen && n > 0 {
		p.buf = append(p.buf, b[0]) // the padding's length
	}
	p.left -= n
	if p.left == 0 {
		p.done(at)
		p.buf = p.buf[:0]
	}
	return b[n:]
}

// skippable reports whether the frame's payload is of no interest.
func (p *Parser) skippable() bool { return p.buf[3] > typeContinuation }

// wants reports whether the frame's payload is kept.
func (p *Parser) wants() bool {
	switch p.buf[3] {
	case typeHeaders, typePush, typeContinuation, typeReset, typeSettings, typeGoAway:
		return true
	}
	return false
}

// done takes a whole frame.
func (p *Parser) done(at Mark) {
	flags, id, b := p.buf[4], stream(p.buf), p.buf[headerLen:]
	switch p.buf[3] {
	case typeData:
		n := length(p.buf)
		if len(b) > 0 {
			n = max(0, n-1-int(b[0]))
		}
		p.sink.Data(id, n, flags&flagEndStream != 0, at)
	case typeHeaders:
		if b = unpad(b, flags); flags&flagPriority != 0 {
			b = b[min(5, len(b)):]
		}
		p.begin(Headers{Stream: id, End: flags&flagEndStream != 0})
		p.fields(b, flags, at)
	case typePush: // its fields matter for the table only; the stream is the server's
		if b = unpad(b, flags); len(b) >= 4 {
			p.begin(Headers{})
			p.fields(b[4:], flags, at)
		}
	case typeContinuation:
		p.fields(b, flags, at)
	case typeReset:
		if len(b) == 4 {
			p.sink.Reset(id, binary.BigEndian.Uint32(b), at)
		}
	case typeSettings:
		if flags&flagAck == 0 {
			p.settings(b)
		}
	case typeGoAway:
		if len(b) >= 8 {
			p.sink.GoAway(binary.BigEndian.Uint32(b)&(1<<31-1), binary.BigEndian.Uint32(b[4:]), b[8:], at)
		}
	}
}

// unpad takes the padding off (RFC 9113 section 6.2).
func unpad(b []byte, flags byte) []byte {
	if flags&flagPadded == 0 || len(b) == 0 {
		return b
	}
	n := int(b[0])
	return b[1:max(1, len(b)-n)]
}

// settings reads RFC 9113 section 6.5.2.
func (p *Parser) settings(b []byte) {
	const tableSize, maxStreams = 1, 3
	for ; len(b) >= 6; b = b[6:] {
		switch v := binary.BigEndian.Uint32(b[2:]); binary.BigEndian.Uint16(b) {
		case tableSize:
			p.sink.Table(v)
		case maxStreams:
			p.sink.Streams(v)
		}
	}
}

// begin begins a field section. Stream 0 stands for one that nobody wants.
func (p *Parser) begin(h Headers) {
	h.Start = p.start
	p.headers, p.block, p.blocking = h, p.block[:0], true
}

// fields takes a piece of a field section: all of it, nearly always.
func (p *Parser) fields(b []byte, flags byte, at Mark) {
	if !p.blocking {
		p.unknown = true // its beginning is missing
		return
	}
	h := &p.headers
	h.At = at
	h.Bytes += len(p.buf)
	if len(p.block)+len(b) > maxBlock {
		p.unknown = true
	} else {
		p.block = append(p.block, b...)
	}
	if flags&flagEndHeaders == 0 {
		return
	}
	p.blocking = false
	p.decode(h)
	if h.Stream != 0 {
		p.sink.Headers(h)
	}
}

// decode reads a section's fields (RFC 7541).
func (p *Parser) decode(h *Headers) {
	if p.unknown {
		return
	}
	d := p.decoder()
	d.SetEmitFunc(func(f hpack.HeaderField) {
		p.decoded += int64(f.Size())
		h.field(f)
	})
	if _, err := d.Write(p.block); err != nil || d.Close() != nil {
		p.unknown, p.hpack = true, nil
		*h = Headers{Stream: h.Stream, End: h.End, Start: h.Start, At: h.At, Bytes: h.Bytes}
		return
	}
	p.size = sizeAfter(p.block, p.size)
	h.Known = true
}

func (h *Headers) field(f hpack.HeaderField) {
	switch f.Name {
	case ":method":
		h.Method = f.Value
	case ":path":
		h.Target = f.Value
	case ":authority":
		h.Authority = f.Value
	case ":protocol":
		h.Protocol = f.Value
	case ":status":
		h.Status = 0
		for _, c := range f.Value {
			if c < '0' || c > '9' || h.Status > 99 {
				h.Status = 0
				return
			}
			h.Status = h.Status*10 + int(c-'0')
		}
	case "content-type":
		h.ContentType = f.Value
	case "host":
		h.Host = f.Value
	case "user-agent":
		h.UserAgent = f.Value
	case "via":
		h.Via = f.Value
	}
}

// Gap says that n bytes are missing. A gap within data costs nothing but these;
// any other may hide field sections, and with them HPACK's table.
func (p *Parser) Gap(n int64, at Mark) {
	if p.dead || n <= 0 {
		return
	}
	if p.preface > 0 {
		p.Midstream()
		return
	}
	if len(p.buf) >= headerLen && p.buf[3] == typeData && n <= int64(p.left) {
		if p.left -= int(n); p.left == 0 {
			p.done(at)
			p.buf = p.buf[:0]
		}
		return
	}
	p.cut(at)
	p.lost, p.unknown, p.blocking = true, true, false
	p.buf, p.left = p.buf[:0], 0
}

// Lost reports whether p does not know where frames begin: what it has missed may have been any.
func (p *Parser) Lost() bool { return p.lost }

// cut makes the best of a frame whose rest is missing: that its stream was opened,
// or ended, its header has said.
func (p *Parser) cut(at Mark) {
	if len(p.buf) < headerLen {
		return
	}
	flags, id := p.buf[4], stream(p.buf)
	switch p.buf[3] {
	case typeData:
		p.sink.Data(id, length(p.buf), flags&flagEndStream != 0, at)
	case typeHeaders:
		h := Headers{Stream: id, End: flags&flagEndStream != 0, Start: p.start, At: at, Bytes: len(p.buf)}
		p.sink.Headers(&h)
	}
}

// Memory returns how many bytes p holds beside itself.
func (p *Parser) Memory() int {
	n := cap(p.buf) + cap(p.block) + len(p.tableFields)
	if p.hpack != nil {
		n += int(unsafe.Sizeof(*p.hpack)) + int(min(int64(p.table), p.decoded))
	}
	return n
}

// Trim gives back what p has grown beyond what most field sections take.
func (p *Parser) Trim() {
	if cap(p.buf) > usualSection {
		p.buf = nil
	}
	if cap(p.block) > usualSection {
		p.block = nil
	}
	p.hpack, p.tableFields, p.headers = nil, "", Headers{}
}

// usualSection is how many bytes of room for frames and field sections a parser keeps for the
// next connection.
const usualSection = 4 << 10
