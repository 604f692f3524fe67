package tls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// A suite is a cipher suite as far as its records are concerned.
type suite struct {
	kind kind
	key  int // bytes
	mac  func() hash.Hash
	prf  func() hash.Hash // of the handshake: HKDF's in TLS 1.3
}

type kind uint8

const (
	gcm kind = iota
	chacha
	cbc
	cbc3DES
)

// suites by their number: IANA's registry (RFC 8446 appendix B.4, RFC 5246
// appendix A.5, RFC 5288, 5289, 7905).
var suites = map[uint16]suite{
	0x1301: {gcm, 16, nil, sha256.New},
	0x1302: {gcm, 32, nil, sha512.New384},
	0x1303: {chacha, 32, nil, sha256.New},

	0x009c: {gcm, 16, nil, sha256.New}, // RSA
	0x009d: {gcm, 32, nil, sha512.New384},
	0x009e: {gcm, 16, nil, sha256.New}, // DHE-RSA
	0x009f: {gcm, 32, nil, sha512.New384},
	0x00a2: {gcm, 16, nil, sha256.New}, // DHE-DSS
	0x00a3: {gcm, 32, nil, sha512.New384},
	0x00a8: {gcm, 16, nil, sha256.New}, // PSK
	0x00a9: {gcm, 32, nil, sha512.New384},
	0xc02b: {gcm, 16, nil, sha256.New}, // ECDHE-ECDSA
	0xc02c: {gcm, 32, nil, sha512.New384},
	0xc02f: {gcm, 16, nil, sha256.New}, // ECDHE-RSA
	0xc030: {gcm, 32, nil, sha512.New384},
	0xcca8: {chacha, 32, nil, sha256.New},
	0xcca9: {chacha, 32, nil, sha256.New},
	0xccaa: {chacha, 32, nil, sha256.New},

	0x002f: {cbc, 16, sha1.New, sha256.New}, // RSA
	0x0032: {cbc, 16, sha1.New, sha256.New}, // DHE-DSS
	0x0033: {cbc, 16, sha1.New, sha256.New}, // DHE-RSA
	0x0035: {cbc, 32, sha1.New, sha256.New},
	0x0038: {cbc, 32, sha1.New, sha256.New},
	0x0039: {cbc, 32, sha1.New, sha256.New},
	0x003c: {cbc, 16, sha256.New, sha256.New},
	0x003d: {cbc, 32, sha256.New, sha256.New},
	0x0067: {cbc, 16, sha256.New, sha256.New},
	0x006b: {cbc, 32, sha256.New, sha256.New},
	0xc009: {cbc, 16, sha1.New, sha256.New}, // ECDHE-ECDSA
	0xc00a: {cbc, 32, sha1.New, sha256.New},
	0xc013: {cbc, 16, sha1.New, sha256.New}, // ECDHE-RSA
	0xc014: {cbc, 32, sha1.New, sha256.New},
	0xc023: {cbc, 16, sha256.New, sha256.New},
	0xc024: {cbc, 32, sha512.New384, sha512.New384},
	0xc027: {cbc, 16, sha256.New, sha256.New},
	0xc028: {cbc, 32, sha512.New384, sha512.New384},

	0x000a: {cbc3DES, 24, sha1.New, sha256.New},
	0xc008: {cbc3DES, 24, sha1.New, sha256.New},
	0xc012: {cbc3DES, 24, sha1.New, sha256.New},
}

// sizes returns the lengths of a direction's MAC key, key and IV in the key block
// of TLS 1.2 (RFC 5246 section 6.3).
func (s *suite) sizes() (mac, key, iv int) {
	switch s.kind {
	case gcm:
		return 0, s.key, 4 // RFC 5288 section 3: the rest is in the record
	case chacha:
		return 0, s.key, chacha20poly1305.NonceSize
	}
	return s.mac().Size(), s.key, 0 // an IV in each record
}

// An opener decrypts the records of one direction that one key protects.
type opener struct {
	version uint16
	suite   suite
	seq     uint64  // of the record due
	last    uint64  // explicit nonce of the one before it
	secret  *[]byte // TLS 1.3: the traffic secret, where the log has it if it is the first

	key, macKey []byte // for what follows, which rest drops
	aead        cipher.AEAD
	iv          [12]byte
	block       cbcDecrypter
	mac         hash.Hash
	etm         bool // encrypt-then-MAC (RFC 7366)

	nonce [12]byte // scratch
	ad    [13]byte
	sum   []byte
}

// newOpener13 makes an opener of a TLS 1.3 traffic secret (RFC 8446 section 7.3),
// nil if the secret is none of the suite's.
func newOpener13(s suite, secret *[]byte) *opener {
	if secret == nil || len(*secret) != s.prf().Size() {
		return nil
	}
	o := &opener{version: Version13, suite: s, secret: secret}
	if o.expand() != nil {
		return nil
	}
	return o
}

// expand has o open records by its secret.
func (o *opener) expand() error {
	key, err := expandLabel(o.suite.prf, *o.secret, "key", o.suite.key)
	if err != nil {
		return err
	}
	iv, err := expandLabel(o.suite.prf, *o.secret, "iv", len(o.iv))
	if err != nil {
		return err
	}
	copy(o.iv[:], iv)
	return o.setKey(key, nil)
}

// next returns the opener after a KeyUpdate (RFC 8446 section 7.2).
func (o *opener) next() *opener {
	secret, err := expandLabel(o.suite.prf, *o.secret, "traffic upd", len(*o.secret))
	if err != nil {
		return nil
	}
	return newOpener13(o.suite, &secret)
}

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
func expandLabel(h func() hash.Hash, secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := []byte{byte(n >> 8), byte(n), byte(len(label))}
	info = append(append(info, label...), 0)
	return hkdf.Expand(h, secret, string(info), n)
}

// newOpeners12 makes both directions' openers of a TLS 1.2 master secret (RFC 5246
// section 6.3). nil if the secret cannot be one.
func newOpeners12(s suite, etm bool, master []byte, client, server random) (fromClient, fromServer *opener) {
	macLen, keyLen, ivLen := s.sizes()
	seed := append(append([]byte("key expansion"), server[:]...), client[:]...)
	block := prf12(s.prf, master, seed, 2*(macLen+keyLen+ivLen))
	part := func(n int) []byte { p := block[:n]; block = block[n:]; return p }
	macs := [2][]byte{part(macLen), part(macLen)}
	keys := [2][]byte{part(keyLen), part(keyLen)}
	ivs := [2][]byte{part(ivLen), part(ivLen)}
	var both [2]*opener
	for i := range both {
		o := &opener{version: version12, suite: s, etm: etm}
		copy(o.iv[:], ivs[i])
		if err := o.setKey(keys[i], macs[i]); err != nil {
			return nil, nil
		}
		both[i] = o
	}
	return both[0], both[1]
}

// prf12 is the PRF of TLS 1.2; seed begins with the label (RFC 5246 section 5).
func prf12(h func() hash.Hash, secret, seed []byte, n int) []byte {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

func (o *opener) setKey(key, mac []byte) (err error) {
	o.key, o.macKey = key, mac
	var block cipher.Block
	switch o.suite.kind {
	case cbc:
		block, err = aes.NewCipher(key)
	case cbc3DES:
		block, err = des.NewTripleDESCipher(key)
	default:
		return o.setAEAD(key)
	}
	if err != nil {
		return err
	}
	o.block = cipher.NewCBCDecrypter(block, make([]byte, block.BlockSize())).(cbcDecrypter)
	o.mac = hmac.New(o.suite.mac, mac)
	return nil
}

// rest drops what follows from o's secret, or else from its keys, until ready is called.
func (o *opener) rest() {
	o.aead, o.block, o.mac, o.sum, o.nonce, o.ad = nil, nil, nil, nil, [12]byte{}, [13]byte{}
	if o.secret != nil {
		o.key, o.iv = nil, [12]byte{}
	}
}

// ready has o open records, when it has rested, as it could before.
func (o *opener) ready() {
	switch {
	case o.aead != nil || o.block != nil:
	case o.secret != nil:
		o.expand()
	default:
		o.setKey(o.key, o.macKey)
	}
}

// A cbcDecrypter takes a new IV for each record: crypto/tls relies on that too.
type cbcDecrypter interface {
	cipher.BlockMode
	SetIV([]byte)
}

func (o *opener) setAEAD(key []byte) (err error) {
	if o.suite.kind == chacha {
		o.aead, err = chacha20poly1305.New(key)
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	o.aead, err = cipher.NewGCM(block)
	return err
}

// overhead is how much longer a record's fragment is than what it carries, at
// least.
func (o *opener) overhead() int {
	switch {
	case o.version == Version13:
		return o.aead.Overhead() + 1 // the inner type
	case o.suite.kind == gcm:
		return 8 + o.aead.Overhead()
	case o.suite.kind == chacha:
		return o.aead.Overhead()
	}
	return o.block.BlockSize() + o.mac.Size() + 1
}

// explicit reports whether records bring part of their nonce (RFC 5288 section 3).
func (o *opener) explicit() bool { return o.version == version12 && o.suite.kind == gcm }

// counted guesses a record's number by its nonce: most senders count it up by
// one a record.
func (o *opener) counted(fragment []byte) (seq uint64, ok bool) {
	if !o.explicit() || len(fragment) < 8 || o.seq == 0 {
		return 0, false
	}
	return o.seq - 1 + binary.BigEndian.Uint64(fragment) - o.last, true
}

var errSealed = errors.New("record does not open")

// open decrypts a record's fragment as the one of number seq and appends what it
// carries to dst. It returns the content's type, in TLS 1.3 the inner one.
func (o *opener) open(dst []byte, typ uint8, fragment []byte, seq uint64) ([]byte, uint8, error) {
	if len(fragment) < o.overhead() {
		return dst, 0, errSealed
	}
	switch {
	case o.version == Version13:
		return o.open13(dst, fragment, seq)
	case o.aead != nil:
		out, err := o.openAEAD12(dst, typ, fragment, seq)
		return out, typ, err
	}
	out, err := o.openCBC(dst, typ, fragment, seq)
	return out, typ, err
}

// open13 follows RFC 8446 section 5.2.
func (o *opener) open13(dst, fragment []byte, seq uint64) ([]byte, uint8, error) {
	ad := append(o.ad[:0], RecordData, 3, 3, byte(len(fragment)>>8), byte(len(fragment)))
	out, err := o.aead.Open(dst, o.numbered(seq), fragment, ad)
	if err != nil {
		return dst, 0, errSealed
	}
	end := len(out)
	for end > len(dst) && out[end-1] == 0 { // padding
		end--
	}
	if end == len(dst) {
		return dst, 0, errSealed
	}
	return out[:end-1], out[end-1], nil
}

// numbered returns the nonce that the record's number is mixed into (RFC 8446
// section 5.3, RFC 7905 section 2).
func (o *opener) numbered(seq uint64) []byte {
	o.nonce = o.iv
	tail := o.nonce[len(o.nonce)-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^seq)
	return o.nonce[:]
}

// pseudo writes the header that the MAC covers (RFC 5246 section 6.2.3.1).
func (o *opener) pseudo(seq uint64, typ uint8, n int) []byte {
	ad := binary.BigEndian.AppendUint64(o.ad[:0], seq)
	return append(ad, typ, byte(o.version>>8), byte(o.version), byte(n>>8), byte(n))
}

// openAEAD12 follows RFC 5288 section 3 and RFC 7905 section 2.
func (o *opener) openAEAD12(dst []byte, typ uint8, fragment []byte, seq uint64) ([]byte, error) {
	nonce := o.nonce[:]
	if o.suite.kind == gcm {
		copy(nonce, o.iv[:4])
		copy(nonce[4:], fragment[:8])
		fragment = fragment[8:]
	} else {
		nonce = o.numbered(seq)
	}
	out, err := o.aead.Open(dst, nonce, fragment, o.pseudo(seq, typ, len(fragment)-o.aead.Overhead()))
	if err != nil {
		return dst, errSealed
	}
	return out, nil
}

// openCBC follows RFC 5246 section 6.2.3.2 and RFC 7366 section 3.
func (o *opener) openCBC(dst []byte, typ uint8, fragment []byte, seq uint64) ([]byte, error) {
	size, macLen := o.block.BlockSize(), o.mac.Size()
	if o.etm {
		body := fragment[:len(fragment)-macLen]
		if !o.genuine(seq, typ, body, fragment[len(body):]) {
			return dst, errSealed
		}
		fragment = body
	}
	if len(fragment)%size != 0 || len(fragment) < 2*size {
		return dst, errSealed
	}
	out := append(dst, fragment[size:]...)
	plain := out[len(dst):]
	o.block.SetIV(fragment[:size])
	o.block.CryptBlocks(plain, plain)
	end := len(plain) - 1 - int(plain[len(plain)-1])
	if end < 0 {
		return dst, errSealed
	}
	for _, b := range plain[end:] {
		if b != plain[len(plain)-1] {
			return dst, errSealed
		}
	}
	if o.etm {
		return out[:len(dst)+end], nil
	}
	if end -= macLen; end < 0 || !o.genuine(seq, typ, plain[:end], plain[end:end+macLen]) {
		return dst, errSealed
	}
	return out[:len(dst)+end], nil
}

func (o *opener) genuine(seq uint64, typ uint8, body, sum []byte) bool {
	o.mac.Reset()
	o.mac.Write(o.pseudo(seq, typ, len(body)))
	o.mac.Write(body)
	o.sum = o.mac.Sum(o.sum[:0])
	return hmac.Equal(o.sum, sum)
}
