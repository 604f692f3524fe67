package capture

import (
	"encoding/binary"
	"math/bits"
)

// An endian is the byte order of a file. Unlike binary.ByteOrder it is inlined.
type endian bool

const (
	littleEndian endian = false
	bigEndian    endian = true
)

func (e endian) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if e == bigEndian {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (e endian) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if e == bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (e endian) uint64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if e == bigEndian {
		v = bits.ReverseBytes64(v)
	}
	return v
}
