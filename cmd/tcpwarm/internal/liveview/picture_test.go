package liveview

import (
	"flag"
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

var update = flag.Bool("update", false, "rewrite the picture of README")

// README shows the screen as it is, of captures in pcaps.
func TestREADMEPicture(t *testing.T) {
	const picture = "screen.svg"
	m := screenOf(watchedFiles(t, nil, "path-warm.pcap", "axios/axios-each.pcap"), 110, 24)
	at := *m.snap
	at.Packets = Packets{Captured: packetsOf(t, "path-warm.pcap") + packetsOf(t, "axios/axios-each.pcap")}
	for i := range at.Lanes {
		at.Now = max(at.Now, at.Lanes[i].Until)
	}
	at.Now = at.Now.Add(10 * time.Millisecond)
	m.snap = &at
	got := svgOf(m)
	if *update {
		if err := os.WriteFile(picture, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("the screen is otherwise than README's picture of it: rewrite that with -update")
	}
}

// packetsOf counts the packets of a capture.
func packetsOf(t *testing.T, name string) int64 {
	src, err := capture.Open("../../../../pcaps/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b segment.Batch
	for err == nil {
		err = src.Fill(&b)
	}
	return src.Totals().Packets
}

// svgOf is what a terminal shows of m, as a picture.
func svgOf(m *model) string {
	const columnWidth, lineHeight = 8, 18
	e := vt.NewEmulator(m.width, m.height)
	e.WriteString(strings.ReplaceAll(m.View().Content, "\n", "\r\n"))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="13">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#16181d"/>`+"\n", m.width*columnWidth+16, m.height*lineHeight+16)
	for y := range m.height {
		text, x := "", 0
		var looks look
		flush := func(to int) {
			if strings.TrimSpace(text) != "" || looks == chosen && text != "" {
				b.WriteString(svgText(x*columnWidth+8, y*lineHeight+8, (to-x)*columnWidth, lineHeight, text, looks))
			}
			text, x = "", to
		}
		for column := range m.width {
			c := e.CellAt(column, y)
			var l look
			switch s := c.Style; {
			case strings.Contains(s.String(), "[7m"):
				l = chosen
			case strings.Contains(s.String(), "[1m"):
				l = bold
			case strings.Contains(s.String(), "[2m"):
				l = faint
			case strings.Contains(s.String(), "31m"):
				l = red
			case strings.Contains(s.String(), "32m"):
				l = green
			case strings.Contains(s.String(), "33m"):
				l = yellow
			}
			if l != looks {
				flush(column)
				looks = l
			}
			text += c.Content
		}
		flush(m.width)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// inks are the colours of the picture.
var inks = map[look]string{plain: "#d8dee9", bold: "#ffffff", faint: "#8b93a1", red: "#ff7b72", green: "#7ee787", yellow: "#e3b341", chosen: "#16181d"}

func svgText(x, y, width, height int, text string, l look) string {
	ground := ""
	if l == chosen {
		ground = fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" fill="#d8dee9"/>`, x, y, width, height)
	}
	return fmt.Sprintf(`%s<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="%s">%s</text>`+"\n",
		ground, x, y+height-5, width, inks[l], html.EscapeString(text))
}
