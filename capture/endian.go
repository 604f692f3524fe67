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

func (e endian) append16(b []byte, v uint16) []byte {
	if e == bigEndian {
		v = bits.ReverseBytes16(v)
	}
	return binary.LittleEndian.AppendUint16(b, v)
}

func (e endian) append32(b []byte, v uint32) []byte {
	if e == bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return binary.LittleEndian.AppendUint32(b, v)
}
