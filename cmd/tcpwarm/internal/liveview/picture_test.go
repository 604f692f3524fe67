package liveview

import (
	"encoding/xml"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inks are the colours of the looks in README's pictures.
var inks = map[look]string{bold: "#ffffff", faint: "#8b93a1", red: "#ff7b72", chosen: "#16181d"}

// A picture of a terminal, line by line.
type picture struct {
	Texts []struct {
		Y    int    `xml:"y,attr"`
		Fill string `xml:"fill,attr"`
		Text string `xml:",chardata"`
	} `xml:"text"`
}

// number stands for what is otherwise in each run.
var number = regexp.MustCompile(`\d+`)

// README's pictures, which make terminal-picture takes of live runs, have the words, columns, keys and colours that the
// screen has today: only numbers differ.
func TestREADMEPictures(t *testing.T) {
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const columns, lines = 110, 24
	for name, beside := range map[string]bool{"screen.svg": false, "split.svg": true} {
		if !strings.Contains(string(readme), "internal/liveview/"+name+")") {
			t.Errorf("README does not show %s", name)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var p picture
		if err := xml.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		drawn := func(l line) bool {
			text := number.ReplaceAllString(strings.TrimSpace(l.text), "N")
			for _, one := range p.Texts {
				if number.ReplaceAllString(strings.TrimSpace(one.Text), "N") == text && one.Fill == inks[l.look] {
					return true
				}
			}
			return false
		}
		m := screenOf(watchedFiles(t, nil, "path-warm.pcap", "axios/axios-each.pcap"), columns, lines)
		at := *m.snap
		at.Packets = Packets{Captured: 1000}
		m.snap, m.beside = &at, beside
		fixed := slices.Concat(m.head(), m.table(1)[:1], m.causes(1)[:1], []line{m.foot()})
		if beside {
			fixed = append(fixed, line{strings.Repeat("─", columns), faint})
		}
		for _, l := range fixed {
			if !drawn(l) {
				t.Errorf("%s: nothing like %q: run make terminal-picture", name, l.text)
			}
		}
		legend := m.lanes(1)[0].text
		legend = legend[strings.Index(legend, "h handshake"):]
		has := func(parts ...string) (n int) {
			for _, one := range p.Texts {
				if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(one.Text, part) }) {
					n++
				}
			}
			return n
		}
		if has("lanes of ", legend) != 1 || has("#", "R", "·", "missed") < 3 || has("missed, ", " had been idle for ") < 1 || has("> ", "missed") < 1 {
			t.Errorf("%s: no lanes, causes or pools as they are drawn: run make terminal-picture", name)
		}
		last := p.Texts[len(p.Texts)-1]
		if last.Y != (lines-1)*18+21 || !strings.HasPrefix(last.Text, strings.TrimRight(m.foot().text, " ")) {
			t.Errorf("%s ends with %q at %d", name, last.Text, last.Y)
		}
	}
}
