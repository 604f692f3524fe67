package main

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/vt"
)

// Sizes of a character.
const columnWidth, lineHeight = 8, 18

// inks are the colours of the picture, by what text looks like (ECMA-48 section 8.3.117).
var inks = map[string]string{
	"": "#d8dee9", "1": "#ffffff", "2": "#8b93a1", "31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", reversed: "#16181d",
}

// reversed is text in the colour of the ground, and the ground in that of text.
const reversed = "7"

// lookOf is which of inks a cell has.
func lookOf(e *vt.Emulator, column, line int) string {
	s := e.CellAt(column, line).Style.String()
	for _, look := range []string{reversed, "1", "2", "31", "32", "33"} {
		if strings.Contains(s, "["+look+"m") || strings.Contains(s, ";"+look+"m") || strings.Contains(s, "["+look+";") {
			return look
		}
	}
	return ""
}

// svgOf is what a terminal shows, as a picture.
func svgOf(e *vt.Emulator) string {
	var b strings.Builder
	const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"` +
		` font-family="monospace" font-size="13">` + "\n" + `<rect width="100%%" height="100%%" fill="#16181d"/>` + "\n"
	fmt.Fprintf(&b, head, e.Width()*columnWidth+16, e.Height()*lineHeight+16)
	for y := range e.Height() {
		text, from, look := "", 0, ""
		flush := func(to int) {
			if look != reversed {
				text = strings.TrimRight(text, " ")
				to = from + utf8.RuneCountInString(text) // none takes two columns
			}
			if text != "" {
				b.WriteString(svgText(from*columnWidth+8, y*lineHeight+8, (to-from)*columnWidth, text, look))
			}
			text = ""
		}
		for x := range e.Width() {
			cell, l := e.CellAt(x, y).Content, lookOf(e, x, y)
			blank := cell == " " && l != reversed && look != reversed // it has no look, whatever it was drawn with
			if l != look && !blank {
				flush(x)
				look, from = l, x
			}
			text += cell
		}
		flush(e.Width())
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func svgText(x, y, width int, text, look string) string {
	ground := ""
	if look == reversed {
		ground = fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, x, y, width, lineHeight, inks[""])
	}
	const format = `%s<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" xml:space="preserve"` +
		` fill="%s">%s</text>`
	return fmt.Sprintf(format+"\n", ground, x, y+lineHeight-5, width, inks[look], html.EscapeString(text))
}
