package liveview

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// A Split is a terminal on which somebody else's program prints, and whose last lines are a view's. What is printed
// goes to the terminal as it is, progress bars and colours too, and scrolls in the lines above: those are the scrolling
// region (DECSTBM), as apt has it for its bar. The cursor is always where the program has left it, and the terminal's
// modes are not touched: so the program may read from it. A program that takes the whole screen gets it, for good.
//
// Nothing of it is safe for use by several goroutines.
type Split struct {
	out     io.Writer
	tty     *os.File // the same, nil in tests
	columns int
	lines   int
	rows    int      // the view's, 0 while it is not there
	drawn   []string // as they stand there
	over    bool     // it does not come back
	scan    scanner
	tail    []byte // of what was printed: a sequence or a character of which more is to come
	guard   *guard // nil: there is none
}

// NewSplit returns one of tty without a view.
func NewSplit(tty *os.File, columns, lines int) *Split {
	return &Split{out: tty, tty: tty, columns: columns, lines: lines}
}

// Sizes of the view.
const (
	leastRows  = 14 // for two pools, three lanes and a cause
	mostRows   = 20
	leastAbove = 5 // lines that are left above it
	leastWide  = 40
)

// RowsOf is how many lines of a terminal are a view's, 0 where it has no room for one.
func RowsOf(columns, lines int) int {
	n := min(mostRows, max(leastRows, lines/2))
	if columns < leastWide || lines-n < leastAbove {
		return 0
	}
	return n
}

// Rows is how many lines the view has now.
func (s *Split) Rows() int { return s.rows }

// Over reports whether the terminal is the program's alone, for good.
func (s *Split) Over() bool { return s.over }

// Show draws a frame, if it was made for the terminal as it is now.
func (s *Split) Show(f *Frame) {
	n := RowsOf(s.columns, s.lines)
	if s.over || s.scan.inString || len(s.tail) > 0 || n == 0 || n != len(f.Rows) || s.columns != f.Columns {
		return
	}
	if s.rows == 0 {
		if s.guard == nil && s.tty != nil {
			s.guard, _ = startGuard(s.tty, s.tty, leavesSplit)
		}
		s.enter(n)
	}
	for i, row := range f.Rows {
		if s.drawn[i] != row {
			s.drawn[i] = row
			s.draw(i)
		}
	}
}

// enter makes room for n lines at the bottom, wherever the cursor is.
func (s *Split) enter(n int) {
	s.rows, s.drawn = n, make([]string, n)
	fmt.Fprintf(s.out, "%s\x1b[%dA\x1b7\x1b[1;%dr\x1b8", strings.Repeat("\x1bD", n), n, s.lines-n)
}

// draw draws a line of the view: by one write without a line break, which what the terminal echoes does not get into. In
// the end the cursor leaves the last column: not all terminals forget, when it is put back, that the next character was
// to begin another line.
func (s *Split) draw(i int) {
	fmt.Fprintf(s.out, "\x1b7\x0f\x1b(B\x1b[m\x1b[%d;1H\x1b[2K%s\x1b[m\x1b[G\x1b8", s.lines-s.rows+1+i, s.drawn[i])
}

// Write has what the program prints printed. It never fails: of a terminal that is gone nothing is to be seen.
func (s *Split) Write(b []byte) (int, error) {
	all := append(s.tail, b...)
	s.tail = nil
	if s.over {
		s.out.Write(all)
		return len(b), nil
	}
	f := s.scan.scan(all)
	if f.claims >= 0 {
		s.out.Write(all[:f.claims])
		s.End()
		s.out.Write(all[f.claims:])
		return len(b), nil
	}
	s.out.Write(all[:f.whole])
	s.tail = bytes.Clone(all[f.whole:])
	if f.erases && s.rows > 0 && !s.scan.inString {
		for i := range s.drawn {
			s.draw(i)
		}
	}
	return len(b), nil
}

// Flush prints what is kept back of a sequence whose rest has not come.
func (s *Split) Flush() {
	s.out.Write(s.tail)
	s.tail = nil
}

// Resize has the terminal be of another size. The view is gone until the next Show: where its lines are by now depends
// on the terminal, but they are below the cursor.
func (s *Split) Resize(columns, lines int) {
	if s.rows > 0 {
		io.WriteString(s.out, leavesSplit)
		s.rows = 0
	}
	s.columns, s.lines = columns, lines
}

// Leave takes the view away, until the next Show.
func (s *Split) Leave() {
	if s.rows == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\x1b7\x1b[m\x1b[r")
	for i := range s.rows {
		fmt.Fprintf(&b, "\x1b[%d;1H\x1b[2K", s.lines-s.rows+1+i)
	}
	b.WriteString("\x1b8")
	io.WriteString(s.out, b.String())
	s.rows = 0
}

// End takes the view away for good.
func (s *Split) End() {
	s.Leave()
	s.over = true
	s.guard.release()
	s.guard = nil
}

// leavesSplit takes a view away that is below the cursor.
const leavesSplit = "\x1b7\x1b[m\x1b[J\x1b[r\x1b8"
