package text

import (
	"bufio"
	"io"
	"strings"

	"tcpwarm/analyze/report/printable"
)

// A page writes lines of at most width columns.
type page struct {
	w     *bufio.Writer // keeps the first error for flush
	width int
	color bool
}

// Bounds of a page's width: below the least, nothing but words would fit.
const (
	leastWidth   = 40
	defaultWidth = 80
)

func newPage(w io.Writer, width int, color bool) *page {
	if width <= 0 {
		width = defaultWidth
	}
	return &page{w: bufio.NewWriter(w), width: max(width, leastWidth), color: color}
}

func (p *page) flush() error { return p.w.Flush() }

// A style is a terminal's escape sequence.
type style string

const (
	red    style = "\x1b[1;31m"
	yellow style = "\x1b[1;33m"
	green  style = "\x1b[1;32m"
	plain  style = ""
)

// A mark colors every occurrence of text in a line. Colors go on last, so that
// measuring and cutting never meet an escape sequence.
type mark struct {
	text  string
	style style
}

// tie is a space at which wrap does not break a line. None comes from a packet:
// clean makes it an escape.
const tie = "\u00a0"

// line writes s, cut where it is too long.
func (p *page) line(s string, marks ...mark) {
	s = strings.ReplaceAll(strings.TrimRight(s, " "), tie, " ")
	s = printable.Cut(s, p.width)
	if p.color {
		for _, m := range marks {
			if m.style != plain {
				s = strings.ReplaceAll(s, m.text, string(m.style)+m.text+"\x1b[0m")
			}
		}
	}
	p.w.WriteString(s)
	p.w.WriteByte('\n')
}

// wrap writes text in as many lines as it needs: the first begins with first,
// the others are indented by indent columns. A word longer than a line is cut
// into pieces, since a target may be longer than any terminal is wide. More than
// one space stays as it is within a line.
func (p *page) wrap(first string, indent int, text string, marks ...mark) {
	pad := strings.Repeat(" ", min(indent, p.width/2))
	cur, empty := first, true
	gap := ""
	for word := range strings.SplitSeq(text, " ") {
		if word == "" {
			gap += " "
			continue
		}
		for {
			next := cur + word
			if !empty {
				next = cur + gap + " " + word
			}
			if printable.Columns(next) <= p.width {
				cur, empty = next, false
				break
			}
			if empty {
				head := headColumns(word, p.width-printable.Columns(cur))
				p.line(cur+head, marks...)
				word = word[len(head):]
			} else {
				p.line(cur, marks...)
			}
			cur, empty = pad, true
		}
		gap = ""
	}
	if !empty || cur == first {
		p.line(cur, marks...)
	}
}

// headColumns is as much of s as fits in n columns.
func headColumns(s string, n int) string {
	for i, r := range s {
		n -= printable.RuneColumns(r)
		if n < 0 {
			return s[:i]
		}
	}
	return s
}

// labelColumns is where the values of facts begin.
const labelColumns = 15

// facts writes a label and its values, breaking only between values while each
// of them fits.
func (p *page) facts(label string, values []string, marks ...mark) {
	cur := "  " + label + strings.Repeat(" ", max(1, labelColumns-2-len(label)))
	pad := strings.Repeat(" ", labelColumns)
	empty := true
	for _, v := range values {
		switch {
		case empty:
			cur += v
		case printable.Columns(cur)+3+printable.Columns(v) <= p.width:
			cur += "   " + v
		default:
			p.fit(cur, marks)
			cur = pad + v
		}
		empty = false
	}
	p.fit(cur, marks)
}

// fit writes a line of facts, wrapped at words if a single value is too long.
func (p *page) fit(s string, marks []mark) {
	if printable.Columns(s) <= p.width {
		p.line(s, marks...)
		return
	}
	p.wrap(s[:labelColumns], labelColumns, s[labelColumns:], marks...)
}
