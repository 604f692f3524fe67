package segment

import (
	"encoding/binary"
	"net/netip"
)

// An Addr is an IP address, IPv4 as ::ffff:a.b.c.d. Two words compare and hash
// faster than netip.Addr, which carries a pointer.
type Addr struct{ Hi, Lo uint64 }

const v4in6 = 0xffff << 32

// mappedHi marks an address that an IPv6 packet gives as ::ffff:a.b.c.d: it is not IPv4's,
// though the two look alike (RFC 4291 section 2.5.5.2). No address has these bits of its
// own: 0000::/8 is reserved (section 2.4), and of it only ::/96 and mapped ones were used.
const mappedHi = 1

// Addr4 makes an Addr of the four bytes at b.
func Addr4(b []byte) Addr {
	return Addr{Lo: v4in6 | uint64(binary.BigEndian.Uint32(b))}
}

// Addr16 makes an Addr of the sixteen bytes at b.
func Addr16(b []byte) Addr {
	return Addr{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// AddrIPv6 makes an Addr of the sixteen bytes at b, which an IPv6 packet gives as an end.
// Elsewhere, as in sockets and in text, a mapped address stands for IPv4's: see Addr16.
func AddrIPv6(b []byte) Addr {
	a := Addr16(b)
	if a.Hi == 0 && a.Lo>>32 == v4in6>>32 {
		a.Hi = mappedHi
	}
	return a
}

// AddrFrom makes an Addr of a. A zone is dropped: no packet carries one.
func AddrFrom(a netip.Addr) Addr {
	b := a.As16()
	return Addr16(b[:])
}

// Netip returns a as package net/netip has it, IPv4 as IPv4.
func (a Addr) Netip() netip.Addr {
	var b [16]byte
	if a.Hi == mappedHi && a.Lo>>32 == v4in6>>32 {
		binary.BigEndian.PutUint64(b[8:], a.Lo)
		return netip.AddrFrom16(b)
	}
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// String is a as people write it.
func (a Addr) String() string { return a.Netip().String() }

// Less orders addresses: by value, IPv4 as ::ffff:a.b.c.d.
func (a Addr) Less(b Addr) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// An Endpoint is an address and a TCP port.
type Endpoint struct {
	Addr Addr
	Port uint16
}

// AddrPort returns e as package net/netip has it.
func (e Endpoint) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.Addr.Netip(), e.Port) }

// String returns ip:port, IPv6 in brackets.
func (e Endpoint) String() string { return e.AddrPort().String() }

// Less orders endpoints by address, then port.
func (e Endpoint) Less(f Endpoint) bool {
	if e.Addr != f.Addr {
		return e.Addr.Less(f.Addr)
	}
	return e.Port < f.Port
}

// A Key names a connection whatever the direction: its two endpoints, the
// lesser one first. VLAN tags, tunnels and interfaces are not part of it.
type Key struct{ A, B Endpoint }

// A Dir is a direction within a Key.
type Dir uint8

// The two directions of a Key.
const (
	AtoB Dir = 0 // sent by Key.A
	BtoA Dir = 1 // sent by Key.B
)

// MakeKey returns the key of a segment from src to dst, and which way it goes.
func MakeKey(src, dst Endpoint) (Key, Dir) {
	if dst.Less(src) {
		return Key{dst, src}, BtoA
	}
	return Key{src, dst}, AtoB
}

// Sender returns the endpoint that sends in direction d.
func (k Key) Sender(d Dir) Endpoint {
	if d == AtoB {
		return k.A
	}
	return k.B
}

// Hash spreads keys over 64 bits. It is the same in every run: shards and with
// them results must not depend on a seed.
func (k Key) Hash() uint64 {
	h := k.A.Addr.Hi*0x9E3779B97F4A7C15 ^ k.A.Addr.Lo
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	h ^= k.B.Addr.Hi*0xC2B2AE3D27D4EB4F ^ k.B.Addr.Lo
	h = (h ^ h>>29) * 0x9E3779B97F4A7C15
	h ^= uint64(k.A.Port)<<16 | uint64(k.B.Port)
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	return h ^ h>>31
}
