package http1

// maxHeld is how many bytes are kept of what a client sends after CONNECT
// before the answer tells whether a tunnel has begun, and maxPieces in how many
// pieces. A client that waits for the answer sends none. Beyond, they become a
// gap.
const (
	maxHeld   = 16 << 10
	maxPieces = 64
)

// A held keeps bytes and gaps for later.
type held struct {
	bytes  []byte
	pieces []piece
	closed bool // the stream ends behind them
}

// A piece is what one call brought.
type piece struct {
	bytes int   // of held.bytes
	gap   int64 // or bytes missing
	at    Mark
}

// heldBack returns what p holds.
func (p *Parser) heldBack() *held {
	if p.held == nil {
		p.held = new(held)
	}
	return p.held
}

func (h *held) add(b []byte, at Mark) {
	n := min(len(b), maxHeld-len(h.bytes))
	if len(h.pieces) >= maxPieces {
		n = 0
	}
	if n > 0 {
		h.bytes = append(h.bytes, b[:n]...)
		h.pieces = append(h.pieces, piece{bytes: n, at: at})
	}
	if n < len(b) {
		h.gap(int64(len(b)-n), at)
	}
}

func (h *held) gap(n int64, at Mark) {
	if last := len(h.pieces) - 1; last >= 0 && h.pieces[last].gap > 0 {
		h.pieces[last].gap += n
		h.pieces[last].at = at
		return
	}
	h.pieces = append(h.pieces, piece{gap: n, at: at})
}

// Upgraded says that the connection has become a tunnel: all further bytes, and
// those held since a CONNECT, go to Sink.Tunnel. It may be called from within
// Sink.Head and Sink.End. A request whose body has not ended by then ends here,
// incomplete.
func (p *Parser) Upgraded() {
	was := p.state
	if was == tunnelled {
		return
	}
	kept := p.heldBack()
	p.state, p.held = tunnelled, nil
	p.finish(was == inStart || was == holding)
	if was == inLine || was == inHead {
		p.sink.Tunnel(p.buf, p.start)
		p.clear()
	}
	b := kept.bytes
	for _, piece := range kept.pieces {
		if piece.gap > 0 {
			p.sink.TunnelGap(piece.gap, piece.at)
			continue
		}
		p.sink.Tunnel(b[:piece.bytes], piece.at)
		b = b[piece.bytes:]
	}
}

// Resume says that a CONNECT was refused: what came after it are requests.
func (p *Parser) Resume() {
	if p.state != holding {
		return
	}
	kept := p.heldBack()
	p.state, p.held = inStart, nil
	b := kept.bytes
	for _, piece := range kept.pieces {
		if piece.gap > 0 {
			p.Gap(piece.gap, piece.at)
			continue
		}
		p.Feed(b[:piece.bytes], piece.at)
		b = b[piece.bytes:]
	}
	if kept.closed {
		p.Close()
	}
}
