package tls

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Keys is a key log in the format that NSS defined (SSLKEYLOGFILE): one secret
// a line, found by the ClientHello's random. It may grow while it is used, and by
// several goroutines.
type Keys struct {
	mu   sync.RWMutex
	by   map[random]*secrets
	more uint64 // counts additions
	base *Keys  // asked where by has nothing

	most   int      // connections it keeps the secrets of
	oldest int      // in order, once that is full
	order  []random // in which they came
}

// mostKept is of how many connections the secrets that a capture holds are kept: those that came last. Each worker
// has them. So it is of the logs that a user names, which all workers share: one may be a pipe, and never end.
const mostKept = 100_000

// longestSecret is of TLS 1.2 and 1.3 (RFC 5246 section 8.1, RFC 8446 appendix B.4): 48 bytes.
const longestSecret = 64

type random [32]byte

// secrets are what the log holds of one connection. A nil one is not known.
type secrets struct {
	master                           []byte // TLS 1.2 and before
	early                            []byte
	clientHandshake, serverHandshake []byte
	clientTraffic, serverTraffic     []byte
}

// NewKeys returns an empty key log.
func NewKeys() *Keys { return &Keys{by: map[random]*secrets{}, most: mostKept} }

// On returns a log that can grow apart from k and knows all that k does. k may be
// nil. It is for what a capture holds, and bounded.
func (k *Keys) On() *Keys { return &Keys{by: map[random]*secrets{}, base: k, most: mostKept} }

// maxLine bounds a line of a key log; a real one has under 300 bytes.
const maxLine = 4096

// Add reads a key log to its end. Lines with labels it does not know, comments and
// empty lines are passed over. A line that is none ends the reading with an error
// that has its number; what came before counts.
func (k *Keys) Add(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if err := k.line(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

var errNotKeyLog = errors.New("not a key log: a line is LABEL RANDOM SECRET, the last two in hex")

func (k *Keys) line(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) == 0 || b[0] == '#' {
		return nil
	}
	f := bytes.Fields(b)
	if len(f) != 3 {
		return errNotKeyLog
	}
	id, err := unhex(f[1])
	if err != nil {
		return errNotKeyLog
	}
	secret, err := unhex(f[2])
	if err != nil {
		return errNotKeyLog
	}
	if len(secret) > longestSecret {
		return nil
	}
	if len(id) != len(random{}) { // RSA lines have eight bytes of a ciphertext
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.by[random(id)]
	if s == nil {
		s = new(secrets)
	} else {
		c := *s // the old one may be in use
		s = &c
	}
	if field := s.field(string(f[0])); field != nil {
		*field = secret
		if k.by[random(id)] == nil {
			k.makeRoom(random(id))
		}
		k.by[random(id)] = s
		k.more++
	}
	return nil
}

// makeRoom forgets the secrets that came first, where there are as many as may be: id's come.
func (k *Keys) makeRoom(id random) {
	if len(k.order) < k.most {
		k.order = append(k.order, id)
		return
	}
	delete(k.by, k.order[k.oldest])
	k.order[k.oldest] = id
	k.oldest = (k.oldest + 1) % k.most
}

func unhex(b []byte) ([]byte, error) {
	out := make([]byte, hex.DecodedLen(len(b)))
	_, err := hex.Decode(out, b)
	return out, err
}

// field returns where the secret of a label goes, nil if it has no use here.
func (s *secrets) field(label string) *[]byte {
	switch label {
	case "CLIENT_RANDOM":
		return &s.master
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		return &s.early
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		return &s.clientHandshake
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		return &s.serverHandshake
	case "CLIENT_TRAFFIC_SECRET_0":
		return &s.clientTraffic
	case "SERVER_TRAFFIC_SECRET_0":
		return &s.serverTraffic
	}
	return nil
}

// of returns what is known of a connection, nil if nothing. version changes with
// each addition.
func (k *Keys) of(r random) (s *secrets, version uint64) {
	if k == nil {
		return nil, 0
	}
	s, version = k.base.of(r)
	k.mu.RLock()
	defer k.mu.RUnlock()
	if own := k.by[r]; own != nil {
		s = own
	}
	return s, version + k.more
}

// version counts additions: while it stands still, to ask again is useless.
func (k *Keys) version() uint64 {
	if k == nil {
		return 0
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.version() + k.more
}
