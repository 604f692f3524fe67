package conn

import "tcpwarm/analyze/redact"

// Names are what hosts' names are shown as, made before: many connections carry the same
// few.
type Names map[string]string

// Bounds of names: how many there are, then it begins anew; and how long one is (RFC
// 1035 section 2.3.4, and a port).
const (
	maxNames = 4096
	maxName  = 255 + len(":65535")
)

// of returns b as r shows it.
func (n *Names) of(b []byte, r *redact.Redactor) string {
	b = b[:min(len(b), maxName)]
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	if *n == nil || len(*n) >= maxNames {
		*n = Names{}
	}
	plain := string(b)
	s := r.Name(plain)
	(*n)[plain] = s
	return s
}
