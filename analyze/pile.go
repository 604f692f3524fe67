package analyze

// A pile is a list that grows piece by piece: nothing in it is moved, and its pieces serve
// others' turn after turn.
type pile[T any] struct{ pieces [][]T } // all but the last are full

// pieceSize is how many a piece of a pile takes.
const pieceSize = 32

// spare are pieces that no pile uses. Many piles share them: now one is high, now another.
type spare[T any] struct{ pieces [][]T }

// next returns room for one more, which may hold anything.
func (p *pile[T]) next(s *spare[T]) *T {
	n := len(p.pieces) - 1
	if n < 0 || len(p.pieces[n]) == pieceSize {
		p.pieces = append(p.pieces, s.get())
		n++
	}
	k := len(p.pieces[n])
	p.pieces[n] = p.pieces[n][:k+1]
	return &p.pieces[n][k]
}

// len returns how many p holds.
func (p *pile[T]) len() int {
	n := len(p.pieces) - 1
	if n < 0 {
		return 0
	}
	return n*pieceSize + len(p.pieces[n])
}

// clear empties p and gives its pieces to s.
func (p *pile[T]) clear(s *spare[T]) {
	for i, piece := range p.pieces {
		s.pieces = append(s.pieces, piece[:0])
		p.pieces[i] = nil
	}
	p.pieces = p.pieces[:0]
}

func (s *spare[T]) get() []T {
	n := len(s.pieces) - 1
	if n < 0 {
		return make([]T, 0, pieceSize)
	}
	x := s.pieces[n]
	s.pieces = s.pieces[:n]
	return x
}
