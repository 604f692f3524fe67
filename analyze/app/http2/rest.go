package http2

import "golang.org/x/net/http2/hpack"

// Between frames all that a Parser has to remember is HPACK's table. A Decoder takes kilobytes for that, and the table's fields
// some hundred bytes.

// CanRest reports whether p is between field sections.
func (p *Parser) CanRest() bool { return !p.blocking && (len(p.buf) < headerLen || !p.wants()) }

// Rest has p, which CanRest, hold no more than it must. What is read next makes it as it was.
func (p *Parser) Rest() {
	p.headers, p.block = Headers{}, p.block[:0]
	if p.hpack != nil && !p.unknown { // else it serves nobody
		p.tableFields = tableOf(p.hpack)
	}
	p.hpack = nil
}

// firstDynamic is the first index of the table that grows: the other one ends before (RFC 7541 appendix A).
const firstDynamic = 62

// tableOf returns what makes another Decoder's table what d's is: its fields as instructions to add them, the oldest first. d
// does not serve any more.
func tableOf(d *hpack.Decoder) string {
	var all []hpack.HeaderField // the latest first
	d.SetEmitFunc(func(f hpack.HeaderField) { all = append(all, f) })
	for i := firstDynamic; ; i++ {
		if _, err := d.Write(appendInt(nil, 0x80, 7, i)); err != nil { // an index beyond the table
			break
		}
	}
	size := 0
	for i := range all {
		size += len(all[i].Name) + len(all[i].Value) + 7 // for the lengths
	}
	b := make([]byte, 0, size)
	for i := len(all) - 1; i >= 0; i-- {
		b = append(b, 0x40) // a literal to be added, with a new name (RFC 7541 section 6.2.1)
		b = append(appendInt(b, 0, 7, len(all[i].Name)), all[i].Name...)
		b = append(appendInt(b, 0, 7, len(all[i].Value)), all[i].Value...)
	}
	return string(b)
}

// appendInt appends an integer behind the bits of a prefix that has n more (RFC 7541 section 5.1).
func appendInt(b []byte, prefix byte, n, v int) []byte {
	most := 1<<n - 1
	if v < most {
		return append(b, prefix|byte(v))
	}
	b = append(b, prefix|byte(most))
	for v -= most; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// sizeAfter returns how many bytes of HPACK's table its sender uses behind a field section, which is valid, if it used size
// before.
func sizeAfter(section []byte, size uint32) uint32 {
	for b := section; len(b) > 0; {
		switch c := b[0]; {
		case c&0x80 != 0: // an indexed field (RFC 7541 section 6.1)
			_, b = readInt(b, 7)
		case c&0x40 != 0:
			b = afterLiteral(b, 6)
		case c&0x20 != 0: // (section 6.3)
			var n int
			n, b = readInt(b, 5)
			size = uint32(n)
		default:
			b = afterLiteral(b, 4)
		}
	}
	return size
}

// afterLiteral returns what follows a literal field whose index begins in so many bits (RFC 7541 section 6.2).
func afterLiteral(b []byte, bits int) []byte {
	name, b := readInt(b, bits)
	for range 2 {
		if name > 0 { // it is in the table
			name = 0
			continue
		}
		var n int
		n, b = readInt(b, 7)
		b = b[min(n, len(b)):]
	}
	return b
}

// readInt reads an integer that begins in the n low bits of b (RFC 7541 section 5.1).
func readInt(b []byte, n int) (v int, rest []byte) {
	if len(b) == 0 {
		return 0, nil
	}
	most := 1<<n - 1
	if v, b = int(b[0])&most, b[1:]; v < most {
		return v, b
	}
	for i, c := range b {
		v += int(c&0x7f) << (7 * min(i, 5))
		if c&0x80 == 0 {
			return v, b[i+1:]
		}
	}
	return v, nil
}

// decoder returns what reads field sections: a new one has the table that p remembers.
func (p *Parser) decoder() *hpack.Decoder {
	if p.hpack != nil {
		return p.hpack
	}
	d := hpack.NewDecoder(usualTable, nil)
	d.SetMaxStringLength(maxString)
	d.SetAllowedMaxDynamicTableSize(maxTable)
	d.SetEmitEnabled(false)
	if p.size != usualTable {
		d.Write(appendInt(nil, 0x20, 5, int(p.size)))
	}
	d.Write([]byte(p.tableFields))
	d.Close()
	d.SetEmitEnabled(true)
	d.SetAllowedMaxDynamicTableSize(p.table)
	p.hpack, p.tableFields = d, ""
	return d
}

// usualTable is how many bytes HPACK's table has where nobody says (RFC 9113 section 6.5.2).
const usualTable = 4096
