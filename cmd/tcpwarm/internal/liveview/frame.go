package liveview

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tcpwarm/analyze/report/printable"
)

// A Frame is what a view shows in the last lines of a terminal.
type Frame struct {
	Columns int // for which it was made
	Rows    []string
}

// frameOf draws w as a Split shows it on a terminal with so many columns and lines. It has no rows where there is no
// room for them.
func frameOf(w *Watch, o Options, columns, lines int) Frame {
	n := RowsOf(columns, lines)
	if n == 0 {
		return Frame{Columns: columns}
	}
	o.beside = true
	m := &model{Options: o, watch: w, title: printable.Clean(o.Title), snap: w.Latest(), width: columns, height: n - 1}
	all := append([]line{{strings.Repeat("─", columns), faint}}, m.lines()...)
	return Frame{columns, strings.Split(paint(all, columns, o.Color), "\n")}
}

// nothingYet is how long there is no frame while there is no request.
const nothingYet = 3 * time.Second

// SendFrames writes frames of w, for ReadFrame, whenever there is something else to see, until ctx ends or nobody reads
// them any more. size tells of the terminal.
func SendFrames(ctx context.Context, to io.Writer, w *Watch, o Options, size func() (columns, lines int)) {
	var last Frame
	for began := time.Now(); ; {
		columns, lines := size()
		f := frameOf(w, o, columns, lines)
		some := w.Latest().Sums.Requests > 0 || time.Since(began) > nothingYet
		if some && (f.Columns != last.Columns || !slices.Equal(f.Rows, last.Rows)) {
			last = f
			if _, err := fmt.Fprintf(to, "%d %d\n%s\n", f.Columns, len(f.Rows), strings.Join(f.Rows, "\n")); err != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(redraw):
		}
	}
}

// ReadFrame reads one. It does not trust who has sent it.
func ReadFrame(from *bufio.Reader) (*Frame, error) {
	head, err := frameLine(from)
	if err != nil {
		return nil, err
	}
	var f Frame
	var n int
	if _, err := fmt.Sscanf(head, "%d %d", &f.Columns, &n); err != nil || n < 0 || n > mostRows {
		return nil, errors.New("this is no frame")
	}
	for range max(1, n) {
		row, err := frameLine(from)
		if err != nil {
			return nil, err
		}
		f.Rows = append(f.Rows, row)
	}
	f.Rows = f.Rows[:n]
	return &f, nil
}

// frameLine reads a line that fits in the buffer.
func frameLine(from *bufio.Reader) (string, error) {
	b, err := from.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return string(b[:len(b)-1]), nil
}
