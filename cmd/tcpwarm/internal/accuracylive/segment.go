package main

import "encoding/binary"

// What the kernel says of a frame beside it (struct virtio_net_hdr, linux/virtio_net.h).
const (
	virtioHeader  = 10
	needsChecksum = 1 // VIRTIO_NET_HDR_F_NEEDS_CSUM: only that of the pseudo header is there
	etherHeader   = 14
	etherIPv4     = 0x0800
	etherIPv6     = 0x86dd
	protocolTCP   = 6
	flagFIN       = 0x01
	flagPSH       = 0x08
	flagCWR       = 0x80
)

// A frame is where the parts of an Ethernet frame with TCP are.
type frame struct {
	data         []byte
	ip, tcp, end int // offsets; end is that of the TCP header
	v6           bool
}

// parse finds the parts of a frame. Others than of TCP are not ok.
func parse(b []byte) (f frame, ok bool) {
	f = frame{data: b, ip: etherHeader}
	if len(b) < etherHeader+20 {
		return f, false
	}
	protocol := b[f.ip+9]
	switch binary.BigEndian.Uint16(b[12:]) {
	case etherIPv4:
		f.tcp = f.ip + int(b[f.ip]&15)*4
	case etherIPv6:
		f.v6, f.tcp, protocol = true, f.ip+40, b[f.ip+6]
	default:
		return f, false
	}
	if protocol != protocolTCP || len(b) < f.tcp+20 {
		return f, false
	}
	f.end = f.tcp + int(b[f.tcp+12]>>4)*4
	return f, len(b) >= f.end
}

// content is what the frame carries.
func (f frame) content() int { return len(f.data) - f.end }

// cut makes frames of at most size bytes of content of one, as a device that offers segmentation
// does (Documentation/networking/segmentation-offloads.rst), whole checksums and all.
func (f frame) cut(size int, send func([]byte)) {
	if size <= 0 || f.content() <= size {
		f.checksum()
		send(f.data)
		return
	}
	sequence, id := binary.BigEndian.Uint32(f.data[f.tcp+4:]), binary.BigEndian.Uint16(f.data[f.ip+4:])
	for at := 0; at < f.content(); at += size {
		end := min(at+size, f.content())
		piece := f
		piece.data = append(append([]byte{}, f.data[:f.end]...), f.data[f.end+at:f.end+end]...)
		if f.v6 {
			binary.BigEndian.PutUint16(piece.data[f.ip+4:], uint16(len(piece.data)-f.ip-40))
		} else {
			binary.BigEndian.PutUint16(piece.data[f.ip+2:], uint16(len(piece.data)-f.ip))
			binary.BigEndian.PutUint16(piece.data[f.ip+4:], id+uint16(at/size))
		}
		binary.BigEndian.PutUint32(piece.data[f.tcp+4:], sequence+uint32(at))
		if at > 0 {
			piece.data[f.tcp+13] &^= flagCWR
		}
		if end < f.content() {
			piece.data[f.tcp+13] &^= flagFIN | flagPSH
		}
		piece.checksum()
		send(piece.data)
	}
}

// checksum puts in the checksums of IP and of TCP.
func (f frame) checksum() {
	put := func(at int, sum uint32) {
		for sum > 0xffff {
			sum = sum>>16 + sum&0xffff
		}
		binary.BigEndian.PutUint16(f.data[at:], ^uint16(sum))
	}
	addresses := f.data[f.ip+12 : f.ip+20]
	if f.v6 {
		addresses = f.data[f.ip+8 : f.ip+40]
	} else {
		put(f.ip+10, 0xffff) // as 0
		put(f.ip+10, sum(f.data[f.ip:f.tcp]))
	}
	put(f.tcp+16, 0xffff)
	put(f.tcp+16, sum(addresses)+protocolTCP+uint32(len(f.data)-f.tcp)+sum(f.data[f.tcp:]))
}

// sum adds 16-bit words (RFC 1071).
func sum(b []byte) (s uint32) {
	for ; len(b) > 1; b = b[2:] {
		if s += uint32(binary.BigEndian.Uint16(b)); s >= 1<<31 {
			s = s>>16 + s&0xffff
		}
	}
	if len(b) > 0 {
		s += uint32(b[0]) << 8
	}
	return s>>16 + s&0xffff
}

// mark sets the ECN mark of a frame whose sender knows them (RFC 3168), and says whether it does.
func (f frame) mark() bool {
	if f.v6 {
		if f.data[f.ip+1]&0x30 == 0 { // the two bits lie within the traffic class
			return false
		}
		f.data[f.ip+1] |= 0x30
		return true
	}
	if f.data[f.ip+1]&3 == 0 {
		return false
	}
	f.data[f.ip+1] |= 3
	f.checksum()
	return true
}
