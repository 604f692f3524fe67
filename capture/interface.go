package capture

import (
	"errors"
	"math/bits"

	"tcpwarm/capture/segment"
)

// Options of an interface description (draft-ietf-opsawg-pcapng section 4.2).
const (
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset
)

// An iface is one interface description.
type iface struct {
	link   uint32
	snap   uint32 // bytes, 0: no limit
	units  uint64 // of its clock in a second; 0: there are 2^shift
	shift  uint
	offset int64 // seconds to add
	still  bool  // a unit is so short that 64 bits hold no second: all times are the same
}

// newIface reads the body of an interface description block.
func newIface(b []byte, order endian) (iface, error) {
	if len(b) < 8 {
		return iface{}, errors.New("an interface description is too short")
	}
	i := iface{link: uint32(order.uint16(b)), snap: order.uint32(b[4:]), units: 1e6}
	err := options(b[8:], order, func(code uint16, v []byte) error {
		switch {
		case code == optionResolution && len(v) >= 1:
			i.resolution(v[0])
		case code == optionOffset && len(v) >= 8:
			i.offset = int64(order.uint64(v))
		}
		return nil
	})
	return i, err
}

// resolution reads if_tsresol: a negative power of 10, or of 2 if the top bit is
// set.
func (i *iface) resolution(v byte) {
	exp := uint(v & 0x7f)
	if v&0x80 != 0 {
		i.units, i.shift, i.still = 0, exp, exp > 63
		return
	}
	i.units, i.still = 1, exp > 19
	for range min(exp, 19) {
		i.units *= 10
	}
}

// at turns a count of the clock's units into an instant. It uses integers only
// and 128 bits where needed, so that no nanosecond is lost. It is not ok if the
// instant is beyond segment.Latest (the year 2200), or where the clock stands still.
func (i *iface) at(t uint64) (at segment.Time, ok bool) {
	if i.still {
		return 0, false
	}
	var sec, ns uint64
	switch i.units {
	case 1e9:
		sec, ns = t/1e9, t%1e9
	case 1e6:
		sec, ns = t/1e6, t%1e6*1000
	case 0:
		sec = t >> i.shift
		hi, lo := bits.Mul64(t&(1<<i.shift-1), 1e9)
		ns = lo>>i.shift | hi<<(64-i.shift)
	default:
		sec = t / i.units
		hi, lo := bits.Mul64(t%i.units, 1e9)
		ns, _ = bits.Div64(hi, lo, i.units)
	}
	const most = int64(segment.Latest/1e9) - 1 // seconds
	if sec > uint64(most) || i.offset > most || i.offset < -most || int64(sec)+i.offset > most {
		return 0, false
	}
	return segment.Time((int64(sec)+i.offset)*1e9 + int64(ns)), true
}
