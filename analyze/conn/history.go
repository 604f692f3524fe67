package conn

import "tcpwarm/capture/segment"

// A history tells a connection's life in letters, as Zeek's conn.log does: upper
// case for the client, lower case for the server; S SYN, H SYN-ACK, A pure ACK,
// D data, F FIN, R RST, each once; T resent data and W zero window at
// the 1st, 10th, 100th time.
type history struct {
	letters []byte
	once    [2]uint32   // letters already there, by bit
	counts  [2][2]int64 // of T and W
}

const (
	resentCount = iota
	zeroCount
)

// add notes segment s, of whose payload fresh bytes were new.
func (h *history) add(s *segment.Segment, own *Half, client bool, fresh int) {
	who := 1
	if client {
		who = 0
	}
	f := s.Flags
	switch {
	case f.Has(segment.SYN) && f.Has(segment.ACK):
		h.first(who, 'H')
	case f.Has(segment.SYN):
		h.first(who, 'S')
	}
	switch {
	case s.Len > 0 && fresh == 0:
		h.repeated(who, resentCount, 'T')
	case s.Len > 0:
		h.first(who, 'D')
	case f&(segment.SYN|segment.FIN|segment.RST) == 0:
		h.first(who, 'A')
	}
	if own.Window.Known && own.Window.Offered == 0 && !f.Has(segment.RST) {
		h.repeated(who, zeroCount, 'W')
	}
	if f.Has(segment.FIN) {
		h.first(who, 'F')
	}
	if f.Has(segment.RST) {
		h.first(who, 'R')
	}
}

func (h *history) first(who int, letter byte) {
	if bit := uint32(1) << (letter - 'A'); h.once[who]&bit == 0 {
		h.once[who] |= bit
		h.write(who, letter)
	}
}

func (h *history) repeated(who, what int, letter byte) {
	h.counts[who][what]++
	for n := h.counts[who][what]; ; n /= 10 {
		if n == 1 {
			h.write(who, letter)
		}
		if n%10 != 0 || n == 0 {
			return
		}
	}
}

// write appends a letter. The counts bound how many there can be.
func (h *history) write(who int, letter byte) {
	if h.letters == nil {
		h.letters = make([]byte, 0, 12)
	}
	h.letters = append(h.letters, letter+byte(who)*('a'-'A'))
}
