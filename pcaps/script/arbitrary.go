package script

import (
	"bytes"
	"encoding/binary"

	"tcpwarm/capture/segment"
)

// Arbitrary turns any bytes into segments of a few connections, for fuzzing: mostly such as
// follow each other, some with numbers, flags and clocks from anywhere. At most 2000.
func Arbitrary(b []byte) []segment.Segment {
	d := segmentDecoder{b: b, at: 1e18}
	var list []segment.Segment
	for len(d.b) > 0 && len(list) < 2000 {
		list = append(list, d.segment(int64(len(list)+1)))
	}
	return list
}

// pieces are what the payloads of Arbitrary are made of. Whatever says who and what in them
// ends with ".example", or is an address.
var pieces = [...]string{
	"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"POST / HTTP/1.1\r\nHost: b.example\r\nContent-Length: 100000\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 3000000000\r\n\r\n",
	"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end",
	"CONNECT c.example:443 HTTP/1.1\r\nHost: c.example:443\r\n\r\n",
	"HTTP/1.1 200 Connection established\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00",
	// HEADERS of a request
	"\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x86\x84",
	// of a response
	"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88",
	// GOAWAY
	"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00",
	// DATA, and a part
	"\x00\x00\x04\x00\x01\x00\x00\x00\x01body\x00\x00\x04\x08\x00\x00\x00\x00",
	// ClientHello
	"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x00\x04\x13\x01\x13\x02\x01\x00",
	// ServerHello
	"\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x13\x01\x00\x00\x00",
	"\x17\x03\x03\x00\x20" + "0123456789abcdef0123456789abcdef",
	"\x15\x03\x03\x00\x02\x01\x00",
	"PROXY TCP4 10.1.1.1 10.1.1.2 1 80\r\n",
	"\x05\x01\x00",
	"x",
	"GET http://g.example/p.example HTTP/1.1\r\nHost: g.example\r\nUser-Agent: agent.example\r\nVia: 1.1 via.example\r\n\r\n",
	"METHOD.example /q.example HTTP/1.1\r\nHost: i.example:8443\r\nContent-Length: 0\r\n\r\n",
	// HEADERS with a target and an authority
	"\x00\x00\x1e\x01\x05\x00\x00\x00\x03\x82\x86\x44\x0f/target.example\x41\x09d.example",
	// ClientHello with a server's name
	"\x16\x03\x01\x00\x43\x01\x00\x00\x3f\x03\x03" + "0123456789abcdef0123456789abcdef" +
		"\x00\x00\x04\x13\x01\x13\x02\x01\x00" + "\x00\x12\x00\x00\x00\x0e\x00\x0c\x00\x00\x09e.example",
	"\x05\x01\x00\x03\x09f.example\x00\x50",
	"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00",
}

// A segmentDecoder makes segments of bytes: mostly such as follow each other, some that lie
// anywhere.
type segmentDecoder struct {
	b    []byte
	at   segment.Time
	next [4][2]segment.Seq
}

func (d *segmentDecoder) byte() int {
	if len(d.b) == 0 {
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return int(v)
}

func (d *segmentDecoder) number() segment.Seq {
	var v [4]byte
	d.b = d.b[copy(v[:], d.b):]
	return segment.Seq(binary.BigEndian.Uint32(v[:]))
}

// near returns a number at from: there, close by, far off, or anywhere.
func (d *segmentDecoder) near(from segment.Seq, how int) segment.Seq {
	switch how & 3 {
	case 1:
		return from.Add(int(int8(d.byte())))
	case 2:
		return from.Add(int(int8(d.byte())) << 24)
	case 3:
		return from + d.number()
	}
	return from
}

// tick has time go on as a capture's reader hands it on, which never goes back: up to two
// seconds, by centuries, or not at all where a packet's own time cannot be used.
func (d *segmentDecoder) tick(clock int) (untimed bool) {
	by := segment.Time(1) << (clock & 31)
	if clock>>6&1 != 0 {
		if untimed = clock>>4&1 == 0; untimed {
			by = 0
		} else {
			by = segment.Time(d.number()) << 30
		}
	}
	d.at += min(by, segment.Latest-d.at)
	return untimed
}

// segment takes the next segment. How far what follows goes on from it is a matter of the
// bytes, too.
func (d *segmentDecoder) segment(packet int64) segment.Segment {
	how, flags, what, clock := d.byte(), d.byte(), d.byte(), d.byte()
	conn, dir := how&3, how>>2&1
	untimed := d.tick(clock)
	client := segment.Endpoint{Addr: segment.Addr4([]byte{10, 0, 0, byte(conn / 3)}), Port: uint16(4000 + conn)}
	server := segment.Endpoint{Addr: segment.Addr4([]byte{10, 0, 1, 0}), Port: uint16(80 + conn/2)}
	s := segment.Segment{Packet: packet, Time: d.at, Untimed: untimed, TTL: 64, IPID: uint16(packet),
		Flags: segment.Flags(flags), Window: 5000}
	from, to := client, server
	if dir == 1 {
		from, to = server, client
	}
	s.Key, s.Dir = segment.MakeKey(from, to)
	own, peer := &d.next[conn][dir], &d.next[conn][1-dir]
	s.Seq, s.Ack = d.near(*own, how>>3), d.near(*peer, how>>5)
	s.Payload = []byte(pieces[what&31%len(pieces)])
	switch what >> 5 {
	case 0, 1:
		s.Payload = nil
	case 5: // snapped
		s.Payload = s.Payload[:len(s.Payload)/2]
		s.Len = 2 * len(s.Payload)
	case 6:
		s.Len = 1 << (d.byte() & 31)
		s.Payload = s.Payload[:min(s.Len, len(s.Payload))]
	case 7:
		s.Payload = bytes.Repeat(s.Payload, 20)
	}
	s.Len = max(s.Len, len(s.Payload))
	if how>>7 != 0 {
		d.options(&s, *peer)
	}
	if clock>>7 == 0 {
		*own = s.End()
	}
	if clock>>5&1 != 0 {
		*peer = s.Ack
	}
	return s
}

func (d *segmentDecoder) options(s *segment.Segment, peer segment.Seq) {
	which := d.byte()
	o := &s.Options
	if o.HasTimestamps = which&1 != 0; o.HasTimestamps {
		o.TSVal, o.TSEcr = uint32(d.near(segment.Seq(s.Time>>20), which>>4)), uint32(d.near(segment.Seq(s.Time>>20), which>>6))
	}
	if o.HasMSS = which&2 != 0; o.HasMSS {
		o.MSS = uint16(d.byte()) << (which >> 5)
	}
	if o.HasWindowScale = which&4 != 0; o.HasWindowScale {
		o.WindowScale, o.SACKPermitted = uint8(min(d.byte(), 14)), true
	}
	if which&8 == 0 {
		return
	}
	s.Window = uint16(d.byte()) << 8
	o.SACKBlocks = uint8(which >> 4 & 3)
	for i := range o.SACKBlocks {
		start := d.near(peer, which>>i)
		o.SACK[i] = segment.Block{Start: start, End: d.near(start, which>>(i+2))}
	}
}
