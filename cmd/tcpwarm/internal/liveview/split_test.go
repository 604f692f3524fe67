package liveview

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// What sequences do to a view below, however they are cut; where one takes the whole screen it is found where it begins.
func TestScan(t *testing.T) {
	for b, want := range map[string]effect{
		"plain \x1b[31mred\x1b[m \t\r\n ü 漢字":     harmless,
		"\x1b[2K\x1b[1A\x1b[10D\x1b[?25l\x1b[?7l": harmless,
		"\x1b]0;a title [?1049h\x07":              harmless,
		"\x1b]8;;http://a/\x1b\\link\x1bM\x1b(0":  harmless,
		"\x1bPq#0;2\x1b\\":                        harmless,
		"\x1b[>1u\x1b[?u":                         harmless, // asks about keys; who takes them changes the modes
		"\x1b\x1b[31m":                            harmless,
		"\x1b[3\x1b[31m":                          harmless,
		"\x1b[H\x1b[2J\x1b[3J":                    erasing,
		"\x1b[1;1H":                               erasing,
		"\x1b[J":                                  erasing,
		"\x1b[01;H":                               erasing,
		"\x1b[11;1H":                              claiming,
		"\x1b[10;1H":                              claiming,
		"\x1b[100H":                               claiming,
		"\x1b[2;5f":                               claiming,
		"\x1b[?1049h":                             claiming,
		"\x1b[?25;47h":                            claiming,
		"\x1b[?47l":                               claiming,
		"\x1b[4h":                                 claiming,
		"\x1b[1;5r":                               claiming,
		"\x1b7":                                   claiming,
		"\x1b8":                                   claiming,
		"\x1bc":                                   claiming,
		"\x1b#8":                                  claiming,
		"\x1b[!p":                                 claiming,
		"\x1b[s":                                  claiming,
		"\x1b[5d":                                 claiming,
	} {
		text := "before " + b + " after"
		for cut := range len(text) {
			var s scanner
			first := s.scan([]byte(text[:cut]))
			at := 0
			if first.claims < 0 {
				at = first.whole
			}
			second := scanned{claims: -1}
			if first.claims < 0 {
				second = s.scan([]byte(text[at:]))
			}
			got := harmless
			switch {
			case first.claims >= 0 || second.claims >= 0:
				got = claiming
			case first.erases || second.erases:
				got = erasing
			}
			if got != want {
				t.Errorf("%q cut at %d: effect %d, want %d", b, cut, got, want)
			}
			if begin := max(first.claims, at+second.claims); got == claiming && !strings.HasPrefix(text[begin:], "\x1b") {
				t.Errorf("%q cut at %d: takes the screen at %q", b, cut, text[begin:])
			}
			if got != claiming && at+second.whole != len(text) {
				t.Errorf("%q cut at %d: only %d of %d bytes are whole", b, cut, at+second.whole, len(text))
			}
		}
	}
}

// What is no sequence of any length is not waited for: a tail that grows is read again and again.
func TestScanWaitsForNoLongSequence(t *testing.T) {
	for _, begin := range []string{"\x1b", "\x1b["} {
		var s scanner
		if b := []byte(begin + strings.Repeat(" ", 2*longestSequence)); s.scan(b).whole != len(b) {
			t.Errorf("%q and spaces are waited for", begin)
		}
	}
}

// printing is what a program may print that leaves the view alone: lines that scroll, bars, colours, letters of several
// bytes, titles, and lines that it goes back to.
func printing() string {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "line %d \x1b[3%dmcoloured\x1b[m ü漢\r\n", i, i%8)
		if i%7 == 0 {
			fmt.Fprintf(&b, "\x1b]0;title %d\x07one\r\ntwo\r\n\x1b[2A\x1b[2Kup\x1b[2B\r\x1b[1;4m%s\x1b[22m", i, strings.Repeat("long ", 30))
			for j := range 5 {
				fmt.Fprintf(&b, "\r\x1b[Kbar %d%%", j*20)
			}
			b.WriteString("\x1b[m\r\n")
		}
	}
	return b.String() + "a prompt: "
}

// Whatever comes in whatever pieces, and whenever the view is drawn between: above it is what a terminal of that many
// lines would show, with its cursor, and below is the view.
func TestSplitIsTwoTerminals(t *testing.T) {
	const columns, lines = 80, 30
	n := RowsOf(columns, lines)
	frame := &Frame{Columns: columns}
	for i := range n {
		frame.Rows = append(frame.Rows, fmt.Sprintf("\x1b[7m%02d\x1b[m%s", i, strings.Repeat("─", columns-2))) // of full width
	}
	text := printing()
	alone := vt.NewEmulator(columns, lines-n)
	alone.WriteString(text)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		e := vt.NewEmulator(columns, lines)
		s := &Split{out: e, columns: columns, lines: lines}
		at := 0
		for rest := text; rest != ""; {
			if at++; at == 1+int(seed)%3 || r.IntN(3) == 0 {
				frame.Rows[r.IntN(n)] = fmt.Sprintf("another %4d%s", at, strings.Repeat("─", columns-12)) // of full width
				s.Show(frame)
			}
			cut := min(len(rest), 1+r.IntN(1+r.IntN(200)))
			s.Write([]byte(rest[:cut]))
			rest = rest[cut:]
		}
		s.Show(frame)
		got := strings.Split(e.String(), "\n")
		if want := strings.Split(alone.String(), "\n"); !slices.Equal(got[:lines-n], want) {
			t.Fatalf("%d: above is\n%s\nwant\n%s", seed, strings.Join(got[:lines-n], "\n"), strings.Join(want, "\n"))
		}
		for i, row := range frame.Rows {
			if shown := strings.TrimRight(got[lines-n+i], " "); strings.HasPrefix(row, "another") && shown != row {
				t.Errorf("%d: row %d is %q, want %q", seed, i, shown, row)
			}
		}
		if e.CursorPosition() != alone.CursorPosition() {
			t.Errorf("%d: the cursor is at %v, want %v", seed, e.CursorPosition(), alone.CursorPosition())
		}
		s.End()
		if after := strings.TrimRight(e.String(), "\n "); after != strings.TrimRight(alone.String(), "\n ") {
			t.Errorf("%d: in the end there is\n%s", seed, after)
		}
	}
}

// A program that clears the screen clears the view, which is drawn anew; one that takes it has all of it, and all of what
// it prints comes.
func TestSplitIsCleared(t *testing.T) {
	const columns, lines = 80, 30
	frame := &Frame{columns, make([]string, RowsOf(columns, lines))}
	frame.Rows[3] = "a row"
	e := vt.NewEmulator(columns, lines)
	s := &Split{out: e, columns: columns, lines: lines}
	s.Show(frame)
	s.Write([]byte("some\r\n\x1b[H\x1b[2Jother"))
	if shown := e.String(); !strings.HasPrefix(shown, "other") || strings.Contains(shown, "some") || !strings.Contains(shown, "a row") {
		t.Errorf("cleared:\n%s", shown)
	}
	s.Write([]byte("\x1b[30;1Hbottom"))
	s.Show(frame)
	if shown := e.String(); !s.Over() || s.Rows() != 0 || strings.Contains(shown, "a row") || !strings.HasSuffix(strings.TrimRight(shown, " "), "\nbottom") {
		t.Errorf("taken:\n%s", shown)
	}
}

// Frames come as they were sent, only where there is something else to see; who sends what is none is refused.
func TestFrames(t *testing.T) {
	w := watchedFiles(t, nil, "axios/axios-each.pcap")
	var b bytes.Buffer
	ctx, end := context.WithCancel(t.Context())
	asked := 0
	SendFrames(ctx, &b, w, Options{Title: "tcpwarm on lo"}, func() (int, int) {
		if asked++; asked == 4 {
			end()
		}
		return map[bool]int{true: 60, false: 20}[asked < 3], 40
	})
	from := bufio.NewReaderSize(&b, 4096)
	for i, n := range []int{RowsOf(60, 40), 0} {
		f, err := ReadFrame(from)
		if err != nil || len(f.Rows) != n || n > 0 && (!strings.Contains(f.Rows[2], "10 requests on 10 connections") || f.Columns != 60) {
			t.Fatalf("frame %d: %v, %+v", i, err, f)
		}
	}
	if f, err := ReadFrame(from); err == nil {
		t.Errorf("one more: %+v", f)
	}
	for _, hostile := range []string{"", "\n", "80 -1\n", "80 1000000000\n\n", "80 12\nrow\n", "80 1\n" + strings.Repeat("x", 5000) + "\n"} {
		if f, err := ReadFrame(bufio.NewReaderSize(strings.NewReader(hostile), 4096)); err == nil {
			t.Errorf("%.20q: %+v", hostile, f)
		}
	}
}

// Where the terminal is low or narrow there is no view, and elsewhere never more of it than of what is printed and 5 lines.
func TestRowsOf(t *testing.T) {
	for lines := range 200 {
		n := RowsOf(100, lines)
		if n > 0 && lines-n < leastAbove || n > mostRows || (n == 0) != (lines < leastRows+leastAbove) || RowsOf(leastWide-1, lines) != 0 {
			t.Errorf("%d lines: %d", lines, n)
		}
	}
}
