package liveview

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A scanner follows what a program prints to a terminal, as far as it takes to know between which bytes something else
// may be drawn, and whether the program takes the whole screen for itself (ECMA-48 section 5, xterm's control
// sequences).
type scanner struct {
	inString bool // in a control string, such as a window's title, which may be long
}

const (
	esc = 0x1b
	bel = 0x07
	can = 0x18
	sub = 0x1a
)

// longestSequence is how many bytes a control sequence may have to be waited for.
const longestSequence = 256

// A scanned says of some bytes what a scanner has found.
type scanned struct {
	whole  int  // so many bytes end where no sequence or character is open
	claims int  // where a sequence begins that takes the whole screen, which is not in whole any more; -1: there is none
	erases bool // something may have been erased, or drawn over, everywhere
}

// scan reads b, which begins where the last whole ended.
func (s *scanner) scan(b []byte) scanned {
	f := scanned{claims: -1}
	for f.whole < len(b) {
		rest := b[f.whole:]
		if s.inString {
			end := bytes.IndexAny(rest, "\x07\x18\x1a\x1b")
			if end < 0 {
				f.whole = len(b)
				return f
			}
			s.inString = false
			if rest[end] != esc { // which ends it, too, as ST or as what comes next
				end++
			}
			f.whole += end
			continue
		}
		begin := bytes.IndexByte(rest, esc)
		if begin < 0 {
			f.whole += wholeCharacters(rest)
			return f
		}
		f.whole += begin
		n, kind := s.sequence(rest[begin:])
		switch {
		case n == 0:
			return f
		case kind == claiming:
			f.claims = f.whole
			return f
		case kind == erasing:
			f.erases = true
		}
		f.whole += n
	}
	return f
}

// wholeCharacters is how many bytes of b there are without a last character that is cut off.
func wholeCharacters(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if last := b[len(b)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return len(b) - back
			}
			break
		}
	}
	return len(b)
}

// An effect is what a sequence does to lines that are not the program's.
type effect int

const (
	harmless effect = iota
	erasing         // it may erase them
	claiming        // with it, or after it, they cannot stay
)

// sequence returns how long the control sequence is that b begins with, 0 where its end is still to come, and its effect.
func (s *scanner) sequence(b []byte) (n int, e effect) {
	i := 1
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x30 { // intermediate bytes
		i++
	}
	switch {
	case i == len(b) && i > longestSequence:
		return i, harmless
	case i == len(b):
		return 0, harmless
	case i > 1: // of another set of characters; "#" is of what fills the screen (DECALN), and of double lines
		if b[1] == '#' {
			return i + 1, claiming
		}
		return i + 1, harmless
	}
	switch b[1] {
	case '[':
		return controlSequence(b)
	case ']', 'P', 'X', '^', '_':
		s.inString = true
	case '7', '8', 'c': // DECSC and DECRC, for there is one saved cursor; RIS
		return 2, claiming
	case esc: // the next one begins there
		return 1, harmless
	}
	return 2, harmless
}

// controlSequence is sequence for one that begins with CSI.
func controlSequence(b []byte) (n int, e effect) {
	end := bytes.IndexFunc(b[2:], func(r rune) bool { return r < 0x20 || r >= 0x40 })
	if end < 0 {
		if len(b) > longestSequence {
			return len(b), harmless
		}
		return 0, harmless
	}
	end += 2
	if b[end] < 0x20 { // a control within it, which xterm obeys at once
		if b[end] == esc || b[end] == can || b[end] == sub {
			return end, harmless
		}
		return end + 1, erasing
	}
	return end + 1, effectOf(string(b[2:end]), b[end])
}

// effectOf is what a control sequence with parameters does.
func effectOf(parameters string, final byte) effect {
	private := parameters != "" && parameters[0] >= '<'
	switch final {
	case 'J': // ED
		return erasing
	case 'H', 'f': // CUP, HVP
		for one := range strings.SplitSeq(parameters, ";") {
			if n := strings.TrimLeft(one, "0"); n != "" && n != "1" { // to where it begins: without a parameter, too
				return claiming
			}
		}
		return erasing
	case 'd', 'e', 'r', 's': // VPA, VPR, DECSTBM, SCOSC
		if !private {
			return claiming
		}
	case 'u': // SCORC; private ones are of kitty's keyboard protocol
		if !private {
			return claiming
		}
	case 'p': // "!": DECSTR
		if parameters == "!" {
			return claiming
		}
	case 'h', 'l':
		return effectOfMode(parameters)
	}
	return harmless
}

// effectOfMode is what it does to set or reset a mode.
func effectOfMode(parameters string) effect {
	for _, one := range bytes.FieldsFunc([]byte(parameters), func(r rune) bool { return r == ';' || r == '?' }) {
		switch mode := string(one); {
		case parameters[0] != '?':
			if mode == "4" { // IRM
				return claiming
			}
		case mode == "47" || mode == "1047" || mode == "1048" || mode == "1049", // the alternate screen
			mode == "3" || mode == "6" || mode == "69": // DECCOLM, DECOM, DECLRMM
			return claiming
		}
	}
	return harmless
}
