package tls

// Overhead returns what a record's fragment holds beside its content: most bytes at
// the least, and up to blur more that only decryption would tell (CBC's padding).
// For a suite not known, most suites' values hold. Padding in TLS 1.3 is not told
// apart from content (RFC 8446 section 5.4): hardly anybody pads.
func Overhead(version, number uint16) (least, blur int) {
	const tag = 16
	s, ok := suites[number]
	switch {
	case version == Version13:
		return tag + 1, 0 // RFC 8446 section 5.2: the inner type
	case version == 0: // no hello was seen: as in most connections
		return tag + 1, 0
	case !ok:
		return tag, 32
	case s.kind == gcm:
		return 8 + tag, 0 // RFC 5288 section 3
	case s.kind == chacha:
		return tag, 0 // RFC 7905 section 2
	}
	block := 16
	if s.kind == cbc3DES {
		block = 8
	}
	least = s.mac().Size() + 1 // RFC 5246 section 6.2.3.2
	if version > 0x0301 {
		least += block // the IV
	}
	return least, block - 1
}
