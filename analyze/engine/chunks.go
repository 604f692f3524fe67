package engine

// A chunkedList is a list that grows chunk by chunk: nothing in it is moved, and its chunks serve
// others' turn after turn.
type chunkedList[T any] struct{ chunks [][]T } // all but the last are full

// chunkSize is how many a chunk of a list takes.
const chunkSize = 32

// A freeList holds chunks that no list uses. Many lists share them: now one is long, now another.
type freeList[T any] struct{ chunks [][]T }

// next returns room for one more, which may hold anything.
func (p *chunkedList[T]) next(s *freeList[T]) *T {
	n := len(p.chunks) - 1
	if n < 0 || len(p.chunks[n]) == chunkSize {
		p.chunks = append(p.chunks, s.get())
		n++
	}
	k := len(p.chunks[n])
	p.chunks[n] = p.chunks[n][:k+1]
	return &p.chunks[n][k]
}

// len returns how many p holds.
func (p *chunkedList[T]) len() int {
	n := len(p.chunks) - 1
	if n < 0 {
		return 0
	}
	return n*chunkSize + len(p.chunks[n])
}

// clear empties p and gives its chunks to s.
func (p *chunkedList[T]) clear(s *freeList[T]) {
	for i, chunk := range p.chunks {
		s.chunks = append(s.chunks, chunk[:0])
		p.chunks[i] = nil
	}
	p.chunks = p.chunks[:0]
}

func (s *freeList[T]) get() []T {
	n := len(s.chunks) - 1
	if n < 0 {
		return make([]T, 0, chunkSize)
	}
	x := s.chunks[n]
	s.chunks = s.chunks[:n]
	return x
}

// trim leaves so many chunks at most.
func (s *freeList[T]) trim(most int) {
	if len(s.chunks) > most {
		clear(s.chunks[most:])
		s.chunks = s.chunks[:most]
	}
}
