package pool

import (
	"encoding/binary"
	"hash/maphash"

	"tcpwarm/capture/segment"
)

// Where there are too many pools some are evicted, and their clients may come back. They begin other pools then, which do not
// know what the evicted ones had idle: a connection that was avoidable seems to be the first. So whose pools were evicted
// is remembered, by fingerprints, and where a client comes back nothing is taken for needed.

// A fingerprintSet holds fingerprints of 32 bits in tables with linear probing, each four times as large as the one before, for
// a fingerprint does not tell where it belongs in a larger one. One that was not put is found once in some hundred million
// times.
type fingerprintSet struct {
	tables [][]uint32 // 0: empty
	room   int        // in the latest
	n      int
	full   bool // there were more: any may have been put
}

// put puts the fingerprint of a hash, unless there are as many as may be. It returns how many bytes f has grown by.
func (f *fingerprintSet) put(hash uint64, most int) (grown int) {
	if f.has(hash) {
		return 0
	}
	if f.room == 0 {
		if f.n >= most {
			f.full = true
			return 0
		}
		slots := 256 << (2 * len(f.tables))
		f.tables, f.room = append(f.tables, make([]uint32, slots)), slots/4*3
		grown = 4 * slots
	}
	latest := f.tables[len(f.tables)-1]
	latest[place(latest, hash)] = fingerprint(hash)
	f.room--
	f.n++
	return grown
}

// has reports whether the fingerprint of a hash was put, or may have been.
func (f *fingerprintSet) has(hash uint64) bool {
	for _, t := range f.tables {
		if t[place(t, hash)] != 0 {
			return true
		}
	}
	return f.full
}

// place returns the slot in a table of the fingerprint of a hash, or the empty one where it belongs.
func place(table []uint32, hash uint64) int {
	mask, is := len(table)-1, fingerprint(hash)
	at := int(hash) & mask
	for table[at] != 0 && table[at] != is {
		at = (at + 1) & mask
	}
	return at
}

// fingerprint returns the part of a hash that tells no slot.
func fingerprint(hash uint64) uint32 { return max(1, uint32(hash>>32)) }

// What is remembered of an evicted pool.
const (
	byName    = iota // the client and a key
	atAddress        // the client and the address of a server, for what has no name
	nameless         // likewise, of a pool without a name, which would have taken any
)

// hash returns the hash of a client's address, and what is remembered of a pool: an address, or a key.
func (j *Judge) hash(client segment.Addr, what byte, server segment.Addr, key poolKey) uint64 {
	var b [36]byte
	binary.BigEndian.PutUint64(b[0:], client.Hi)
	binary.BigEndian.PutUint64(b[8:], client.Lo)
	binary.BigEndian.PutUint64(b[16:], server.Hi)
	binary.BigEndian.PutUint64(b[24:], server.Lo)
	binary.BigEndian.PutUint16(b[32:], key.port)
	b[34] = what
	if key.tls {
		b[35] = 1
	}
	return maphash.Bytes(j.seed, b[:]) ^ 3*maphash.String(j.seed, key.name)
}

// rememberEvicted remembers p, which is evicted, if it decides what becomes of its client's other connections.
func (s *clientShard) rememberEvicted(p *Pool) {
	if p.Used+p.Opaque == 0 {
		return
	}
	j, most := s.judge, mostFingerprints
	if j.KeepMemory > 0 {
		most = min(most, j.KeepMemory/16/4/ClientShards)
	}
	for _, key := range p.keys {
		key.identity = 0
		s.taken += s.evicted.put(j.hash(p.Client, byName, segment.Addr{}, key), most)
	}
	for _, at := range p.Servers {
		s.taken += s.evicted.put(j.hash(p.Client, atAddress, at.Addr, poolKey{port: at.Port}), most)
		if p.Name == "" {
			s.taken += s.evicted.put(j.hash(p.Client, nameless, at.Addr, poolKey{port: at.Port}), most)
		}
	}
}

// mostFingerprints is with how many fingerprints a shard begins no other table, wherever there is memory for it: those of about
// a million pools are kept in all.
const mostFingerprints = 1 << 13

// cameBack reports whether the client of c had a pool which is evicted, and which c would be in by key.
func (s *clientShard) cameBack(c *Conn, key poolKey) bool {
	if s.evicted.n == 0 && !s.evicted.full {
		return false
	}
	j, client, at := s.judge, c.clientServer.client.addr, c.server()
	here := poolKey{port: at.Port}
	if key.name == "" {
		return s.evicted.has(j.hash(client, atAddress, at.Addr, here))
	}
	key.identity = 0
	return s.evicted.has(j.hash(client, byName, segment.Addr{}, key)) || s.evicted.has(j.hash(client, nameless, at.Addr, here))
}
