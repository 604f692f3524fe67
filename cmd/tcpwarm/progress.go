package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tcpwarm/capture/segment"
)

// How long the work may take before its progress is told, and how often it is.
const (
	patience  = time.Second
	tellEvery = 200 * time.Millisecond
)

// A progress tells, on one line, how far the reading of captures has come.
type progress struct {
	input
	to    io.Writer // nil: nobody sees it
	next  time.Time // when to tell again
	width int       // of what stands on the line
}

// newProgress returns src, and if errw is a terminal it tells there how far it is.
func newProgress(src input, errw io.Writer) *progress {
	p := &progress{input: src, next: time.Now().Add(patience)}
	if terminal(errw) >= 0 {
		p.to = errw
	}
	return p
}

// Fill is the input's.
func (p *progress) Fill(b *segment.Batch) error {
	err := p.input.Fill(b)
	if now := time.Now(); p.to != nil && now.After(p.next) {
		p.next = now.Add(tellEvery)
		p.write(p.text())
	}
	return err
}

func (p *progress) text() string {
	text := fmt.Sprintf("%d packets", p.Totals().Packets)
	if read, size := p.Progress(); size > 0 {
		text += fmt.Sprintf(", %d %%", 100*read/size)
	}
	return text
}

// write replaces what stands on the line.
func (p *progress) write(text string) {
	fmt.Fprintf(p.to, "\r%s%s", text, strings.Repeat(" ", max(0, p.width-len(text))))
	p.width = len(text)
}

// clear empties the line, before something else is written.
func (p *progress) clear() {
	if p.width > 0 {
		p.write("")
		fmt.Fprint(p.to, "\r")
	}
}
